//! The look of the page: its contrast in light and dark mode, and its width on small screens.

use std::collections::BTreeSet;

use rstest::rstest;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::pages;
use crate::record::{checked, record_of_prove_run};

/// Opens all details, so that everything is visible.
const OPEN: &str = "for (const details of document.querySelectorAll('details')) details.open = true;";

/// Computes the contrast of every text with its background by the formula of WCAG 2. Returns the number of texts, the
/// words of the badges, and the texts whose contrast is below 4.5.
const CONTRAST: &str = r"
    const parse = (colour) => (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
    const over = ([r, g, b, a = 1], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
    const behind = (element) => {
        if (!element) return [255, 255, 255];
        const own = parse(getComputedStyle(element).backgroundColor);
        return own.length < 4 || own[3] === 1 ? own : over(own, behind(element.parentElement));
    };
    const light = (colour) => {
        const [r, g, b] = colour.map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
        const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const poor = [], badges = new Set();
    let count = 0;
    for (const element of document.body.querySelectorAll('*')) {
        const words = Array.from(element.childNodes).filter((node) => node.nodeType === 3)
            .map((node) => node.data.trim()).join(' ').trim();
        if (!words || !element.getClientRects().length || ['SCRIPT', 'STYLE', 'title', 'desc'].includes(element.tagName)) continue;
        const style = getComputedStyle(element);
        let back = behind(element), ink = parse(style.color);
        if (element instanceof SVGElement) {
            ink = parse(style.fill);
            // A label is on top of the bar that is drawn before it.
            if (element.classList.contains('on')) back = parse(getComputedStyle(element.previousElementSibling).fill);
        }
        count += 1;
        if (element.classList.contains('badge')) badges.add(words);
        const ratio = contrast(over(ink, back), back);
        if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.tagName}.${element.getAttribute('class')}: ${words.slice(0, 40)}`);
    }
    return [count, Array.from(badges).sort(), Array.from(new Set(poor))];
";

#[rstest]
#[case::light("light")]
#[case::dark("dark")]
#[tokio::test]
async fn every_text_has_enough_contrast(#[case] scheme: &str) {
    let (page, browser) = (pages::usual(), Browser::open(1200).await);
    browser.prefer(scheme).await;
    browser.goto(&page.file).await;
    browser.screenshot(scheme).await;
    browser.evaluate(OPEN).await;
    let seen = browser.evaluate(CONTRAST).await;
    assert!(seen[0].as_u64().unwrap() > 300, "{seen}");
    assert_eq!(seen[2], json!([]), "{scheme}");
    let paper = browser.text("return getComputedStyle(document.body).backgroundColor").await;
    assert_eq!(paper, if scheme == "dark" { "rgb(20, 23, 29)" } else { "rgb(251, 250, 248)" });
    browser.screenshot(&format!("{scheme}-open")).await;
    let mut badges = BTreeSet::new();
    let experiment = pages::experiment();
    let matrix = pages::matrix();
    for (page, name) in [(&experiment, "experiment"), (&matrix, "matrix")] {
        browser.goto(&page.file).await;
        browser.screenshot(&format!("{scheme}-{name}")).await;
    }
    for page in [pages::bare(&checked()), pages::bare(&record_of_prove_run()), experiment, matrix, page] {
        browser.goto(&page.file).await;
        browser.evaluate(OPEN).await;
        let seen = browser.evaluate(CONTRAST).await;
        badges.extend(seen[1].as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()));
        assert_eq!(seen[2], json!([]), "{scheme}");
    }
    let all = ["FAIL", "INCONCLUSIVE", "KILLED", "PASS", "SKIP", "SURVIVED", "WRONG-ASSERTION"];
    assert_eq!(Vec::from_iter(badges), all);
    browser.close().await;
}

#[rstest]
#[case::phone(360)]
#[case::tablet(768)]
#[tokio::test]
async fn the_page_itself_never_scrolls_sideways(#[case] width: u32) {
    let browser = Browser::open(width).await;
    for (page, name) in [
        (pages::usual(), "usual"),
        (pages::hostile(), "hostile"),
        (pages::experiment(), "experiment"),
        (pages::matrix(), "matrix"),
    ] {
        browser.goto(&page.file).await;
        browser.screenshot(&format!("{name}-{width}")).await;
        browser.evaluate(OPEN).await;
        browser.wait_until_drawn().await;
        let wide = browser
            .evaluate("const page = document.documentElement; return [page.scrollWidth, page.clientWidth]")
            .await;
        assert_eq!(wide[0], wide[1], "{name} at {width}: {}", too_wide_elements(&browser).await);
    }
    browser.close().await;
}

/// The elements that are wider than the page and do not scroll by themselves.
async fn too_wide_elements(browser: &Browser) -> Value {
    let script = "const edge = document.documentElement.clientWidth;
        const scrolls = (element) => element && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
        const wide = Array.from(document.body.querySelectorAll('*'))
            .filter((element) => (element.getBoundingClientRect().right > edge + 0.5 || element.scrollWidth > edge) && !scrolls(element.parentElement));
        return wide.slice(0, 10).map((element) => `${element.tagName}.${element.getAttribute('class')} ${element.textContent.slice(0, 60)}`)";
    browser.evaluate(script).await
}

#[tokio::test]
async fn a_wide_table_scrolls_by_itself_and_keeps_its_first_column() {
    let (page, browser) = (pages::matrix(), Browser::open(768).await);
    browser.goto(&page.file).await;
    let script = "const box = document.querySelector('.scroll');
        const name = box.querySelector('tbody th');
        const before = name.getBoundingClientRect().left;
        box.scrollLeft = 300;
        const cell = box.querySelector('tbody td').getBoundingClientRect();
        return [box.scrollLeft, name.getBoundingClientRect().left - before, cell.left < name.getBoundingClientRect().right]";
    assert_eq!(browser.evaluate(script).await, json!([300, 0, true]));
    browser.close().await;
}
