//! A headless browser, and what the tests do with it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::driver::{DirectClient, address};

/// The heights of the viewport and of the tallest screenshot, in pixels.
const VIEWPORT_HEIGHT: f64 = 900.0;
const MAX_HEIGHT: f64 = 6000.0;

/// The requests of a page.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The requested URLs.
    pub requested: Vec<String>,
    /// How many of them the page's content security policy blocked before they were sent.
    pub refused: usize,
}

/// Every test holds this lock: shared, or exclusively if it measures time.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// How a test holds the lock.
enum MachineLock {
    Shared(#[expect(dead_code, reason = "held until it is dropped")] RwLockReadGuard<'static, ()>),
    Exclusive(#[expect(dead_code, reason = "held until it is dropped")] RwLockWriteGuard<'static, ()>),
}

/// A browser for one test, with its own profile.
pub struct Browser {
    pub driver: WebDriver,
    width: u32,
    _profile: TempDir,
    _lock: MachineLock,
}

impl Browser {
    /// Opens a browser whose viewport is `width` CSS pixels wide.
    pub async fn open(width: u32) -> Self {
        Self::with(width, MachineLock::Shared(MACHINE.read().await)).await
    }

    /// The same, but no other test of this program has a browser meanwhile.
    pub async fn open_exclusively(width: u32) -> Self {
        Self::with(width, MachineLock::Exclusive(MACHINE.write().await)).await
    }

    async fn with(width: u32, lock: MachineLock) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let driver = WebDriver::builder(address(), capabilities(profile.path()).unwrap())
            .client(DirectClient)
            .connect()
            .await
            .expect("the browser starts");
        let browser = Self { driver, _profile: profile, _lock: lock, width };
        // Leaves the start page, which sends many requests.
        browser.driver.goto("about:blank").await.unwrap();
        browser.traffic().await;
        browser.view(width, VIEWPORT_HEIGHT).await;
        browser
    }

    async fn view(&self, width: u32, height: f64) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Sets the preferred colour scheme: `light` or `dark`.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }

    pub async fn devtools(&self, method: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(method, parameters).await.unwrap()
    }

    pub async fn goto(&self, file: &Path) {
        self.driver.goto(format!("file://{}", file.display())).await.unwrap();
    }

    /// Runs a function with this body and returns its result.
    pub async fn evaluate(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Runs an asynchronous function with this body and returns what it passes to its callback.
    pub async fn evaluate_async(&self, script: &str) -> Value {
        self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Runs a function with this body that returns text.
    pub async fn text(&self, script: &str) -> String {
        self.evaluate(script).await.as_str().unwrap_or_default().to_owned()
    }

    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// The requests of the page since the last call.
    pub async fn traffic(&self) -> Traffic {
        let log = self.driver.get_log("performance").await.unwrap();
        let mut traffic = Traffic::default();
        for entry in log {
            let logged: Value = serde_json::from_str(&entry.message).unwrap();
            let (event, about) = (&logged["message"]["method"], &logged["message"]["params"]);
            if event == "Network.requestWillBeSent" {
                traffic.requested.push(about["request"]["url"].as_str().unwrap().to_owned());
            } else if event == "Network.loadingFailed" && about["blockedReason"] == "csp" {
                traffic.refused += 1;
            }
        }
        traffic
    }

    /// Waits until the latest changes are drawn.
    pub async fn wait_until_drawn(&self) {
        let twice =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        self.evaluate_async(twice).await;
    }

    /// Writes a screenshot of the page to the folder in `PODPROOF_SCREENSHOTS`. Does nothing if that is not set.
    pub async fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os("PODPROOF_SCREENSHOTS").map(PathBuf::from) else { return };
        let size = "const page = document.documentElement; return [page.clientWidth, page.scrollHeight]";
        let size = self.evaluate(size).await;
        let height = size[1].as_f64().unwrap().min(MAX_HEIGHT);
        // Content outside of the viewport may not be drawn.
        self.view(self.width, height).await;
        self.wait_until_drawn().await;
        let screenshot = self.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
        fs::create_dir_all(&folder).unwrap();
        let bytes = STANDARD.decode(screenshot["data"].as_str().unwrap()).unwrap();
        fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
        self.view(self.width, VIEWPORT_HEIGHT).await;
    }

    /// Ends the browser. If the test fails earlier, the browser ends with the driver.
    pub async fn close(self) {
        self.driver.quit().await.unwrap();
    }
}

fn capabilities(profile: &Path) -> WebDriverResult<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        // A test may run as root, which has no sandbox, and in a container, whose /dev/shm is small.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--remote-debugging-pipe",
        "--force-prefers-no-reduced-motion",
    ] {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    capabilities.set_logging_prefs("performance", LoggingPrefsLogLevel::All)?;
    Ok(capabilities)
}
