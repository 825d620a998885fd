//! Hostile logs, events and names must not take effect in the reader's browser.

use serde_json::json;

use crate::browser::Browser;
use crate::pages;

#[tokio::test]
async fn nothing_from_the_cluster_runs_or_fetches_anything() {
    let (page, browser) = (pages::hostile(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    // Each of these calls would fail while an alert is open.
    browser
        .evaluate("for (const details of document.querySelectorAll('details')) details.open = true;")
        .await;
    browser.evaluate("for (const link of document.querySelectorAll('svg, a, tr')) link.dispatchEvent(new Event('mouseover'))").await;
    assert_eq!(browser.evaluate("return window.obeyed ?? null").await, json!(null));
    assert_eq!(browser.evaluate("return performance.getEntriesByType('resource').length").await, json!(0));
    assert_eq!(browser.traffic().await.requested, [format!("file://{}", page.file.display())]);

    let foreign =
        "img, iframe, link, object, embed, form, base, [onerror], [onload], [onclick], [style], [srcdoc]";
    assert_eq!(
        browser.evaluate(&format!("return document.querySelectorAll('{foreign}').length")).await,
        json!(0)
    );
    assert_eq!(browser.evaluate("return document.scripts.length").await, json!(1));
    let text = browser.text("return document.body.innerText").await;
    assert!(text.contains("<img src=x onerror=\"window.obeyed = 2\">"), "it is shown as it is");
    for hidden in ['\u{1b}', '\u{202e}', '\u{2066}', '\0'] {
        assert!(!text.contains(hidden), "{hidden:?}");
    }
    browser.close().await;
}

#[tokio::test]
async fn the_browser_enforces_the_content_security_policy() {
    let (page, browser) = (pages::hostile(), Browser::open(1200).await);
    browser.goto(&page.file).await;
    let policy = browser
        .text("return document.querySelector('meta[http-equiv=Content-Security-Policy]').content")
        .await;
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    browser.traffic().await;
    // Even if hostile content got into the page, the policy must block it.
    let attempt = "const violations = [];
        const done = arguments[0];
        document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
        const script = document.createElement('script');
        script.textContent = 'window.obeyed = 5';
        const image = document.createElement('img');
        image.src = 'http://192.0.2.1/x';
        const style = document.createElement('style');
        style.textContent = 'body { display: none }';
        document.body.append(script, image, style);
        fetch('http://192.0.2.1/y').catch(() => setTimeout(() => done([violations.sort(), window.obeyed ?? null])));";
    let violations = browser.evaluate_async(attempt).await;
    assert_eq!(violations, json!([["connect-src", "img-src", "script-src-elem", "style-src-elem"], null]));
    assert_eq!(browser.evaluate("return getComputedStyle(document.body).display").await, json!("block"));
    let traffic = browser.traffic().await;
    assert_eq!(traffic.requested.len(), traffic.refused, "{traffic:?}");
    browser.close().await;
}
