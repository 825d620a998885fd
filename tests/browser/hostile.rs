//! A log, an event or a name that would have the reader's browser obey it.

use serde_json::json;

use crate::browser::Browser;
use crate::pages;

#[tokio::test]
async fn nothing_from_the_cluster_runs_or_fetches_anything() {
    let (page, browser) = (pages::hostile(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    // With an alert that waits for an answer each of these would fail.
    browser.ask("for (const details of document.querySelectorAll('details')) details.open = true;").await;
    browser.ask("for (const link of document.querySelectorAll('svg, a, tr')) link.dispatchEvent(new Event('mouseover'))").await;
    assert_eq!(browser.ask("return window.obeyed ?? null").await, json!(null));
    assert_eq!(browser.ask("return performance.getEntriesByType('resource').length").await, json!(0));
    assert_eq!(browser.traffic().await.asked, [format!("file://{}", page.file.display())]);

    let foreign =
        "img, iframe, link, object, embed, form, base, [onerror], [onload], [onclick], [style], [srcdoc]";
    assert_eq!(browser.ask(&format!("return document.querySelectorAll('{foreign}').length")).await, json!(0));
    assert_eq!(browser.ask("return document.scripts.length").await, json!(1));
    let text = browser.text("return document.body.innerText").await;
    assert!(text.contains("<img src=x onerror=\"window.obeyed = 2\">"), "it is shown as it is");
    for hidden in ['\u{1b}', '\u{202e}', '\u{2066}', '\0'] {
        assert!(!text.contains(hidden), "{hidden:?}");
    }
    browser.close().await;
}

#[tokio::test]
async fn what_the_page_forbids_the_browser_refuses() {
    let (page, browser) = (pages::hostile(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    let policy = browser
        .text("return document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
        .await;
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    browser.traffic().await;
    // Were anything to get through, the policy would stand behind it.
    let tried = "const told = [];
        const done = arguments[0];
        document.addEventListener('securitypolicyviolation', (event) => told.push(event.effectiveDirective));
        const script = document.createElement('script');
        script.textContent = 'window.obeyed = 5';
        const image = document.createElement('img');
        image.src = 'http://192.0.2.1/x';
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.body.append(script, image, style);
        fetch('http://192.0.2.1/y').catch(() => setTimeout(() => done([told.sort(), window.obeyed ?? null])));";
    let told = browser.await_answer(tried).await;
    assert_eq!(told, json!([["connect-src", "img-src", "script-src-elem", "style-src-elem"], null]));
    assert_eq!(browser.ask("return getComputedStyle(document.body).display").await, json!("block"));
    let traffic = browser.traffic().await;
    assert_eq!(traffic.asked.len(), traffic.refused, "{traffic:?}");
    browser.close().await;
}
