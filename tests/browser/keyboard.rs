//! The page without a mouse, and without scripts.

use serde_json::json;
use thirtyfour::prelude::*;

use crate::browser::Browser;
use crate::pages;

/// The focused element: its name, whether its outline is visible, and whether its card is open.
const FOCUS: &str = "const it = document.activeElement;
    const style = getComputedStyle(it);
    const name = it.id || it.parentElement?.id || it.tagName;
    return [name, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, it.parentElement?.open];";

#[tokio::test]
async fn every_card_can_be_opened_with_the_keyboard() {
    let (page, browser) = (pages::usual(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    let cards = browser
        .evaluate("return Array.from(document.querySelectorAll('details.card'), (card) => card.id)")
        .await;
    let mut left: Vec<_> =
        cards.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    assert!(left.len() > 6, "{left:?}");
    left.push("filter".to_owned());
    for _ in 0..400 {
        browser.press(Key::Tab).await;
        let focus = browser.evaluate(FOCUS).await;
        let name = focus[0].as_str().unwrap();
        if name == "BODY" || left.is_empty() {
            break;
        }
        assert_eq!(focus[1], json!(true), "the focus on {name} cannot be seen");
        let Some(place) = left.iter().position(|id| id == name) else { continue };
        left.remove(place);
        if let Some(open) = focus[2].as_bool() {
            browser.press(if open { Key::Enter } else { Key::Space }).await;
            assert_eq!(browser.evaluate(FOCUS).await[2], json!(!open), "no key opens or closes {name}");
            // Leave it open, so that the focus has to pass through its content.
            if open {
                browser.press(Key::Enter).await;
            }
        }
    }
    assert!(left.is_empty(), "the Tab key does not reach {left:?}");
    browser.close().await;
}

#[tokio::test]
async fn the_filter_shows_only_rows_with_all_typed_words() {
    let (page, browser) = (pages::usual(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    browser.evaluate("document.getElementById('filter').focus()").await;
    browser.press("inconc no-image").await;
    let rows = "return Array.from(document.querySelectorAll('#all tbody tr'))
        .filter((row) => row.getClientRects().length).map((row) => row.innerText)";
    let rows = browser.evaluate(rows).await;
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    assert!(rows[0].as_str().unwrap().contains("network/no-image"), "{rows}");
    browser.close().await;
}

#[tokio::test]
async fn the_link_in_a_row_opens_its_card() {
    let (page, browser) = (pages::large(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    browser.evaluate("document.querySelector('#all tbody tr:nth-child(1500) a').focus()").await;
    browser.press(Key::Enter).await;
    browser.wait_until_drawn().await;
    let card = "const card = document.querySelector(location.hash);
        const box = card.getBoundingClientRect();
        return [card.id, card.open, box.top >= 0 && box.top < innerHeight, box.width > 600]";
    assert_eq!(browser.evaluate(card).await, json!(["case-1499", true, true, true]));
    browser.close().await;
}

#[tokio::test]
async fn without_scripts_the_verdict_and_the_findings_are_shown() {
    let (page, browser) = (pages::failed(), Browser::open(1200).await);
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.goto(&page.file).await;
    let text = browser.driver.find(By::Tag("body")).await.unwrap().text().await.unwrap();
    for words in [
        "nonconformant",
        "The cluster contradicted a claim.",
        "FAIL",
        "same-inode",
        "the token abc",
        "nothing",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let filter = browser.driver.find(By::Id("filter")).await.unwrap();
    assert!(!filter.is_displayed().await.unwrap(), "a filter that cannot work is not shown");
    browser.close().await;
}
