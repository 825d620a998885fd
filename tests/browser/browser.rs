//! A browser without a window, and what can be asked of it.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::driver::{Direct, address};

/// The heights of the viewport and of the tallest picture, in pixels.
const TALL: f64 = 900.0;
const TALLEST: f64 = 6000.0;

/// What a page asked for.
#[derive(Debug, Default)]
pub struct Traffic {
    /// The addresses.
    pub asked: Vec<String>,
    /// How many of them its policy refused before anything was sent.
    pub refused: usize,
}

/// Held by every test: by one that measures time, alone.
static MACHINE: RwLock<()> = RwLock::const_new(());

/// The part of the machine that a test has.
enum Part {
    Shared(#[expect(dead_code, reason = "held until it is dropped")] RwLockReadGuard<'static, ()>),
    Whole(#[expect(dead_code, reason = "held until it is dropped")] RwLockWriteGuard<'static, ()>),
}

/// A browser of its own for one test, with a profile of its own.
pub struct Browser {
    pub driver: WebDriver,
    width: u32,
    _profile: TempDir,
    _part: Part,
}

impl Browser {
    /// A browser whose viewport is so wide, in CSS pixels.
    pub async fn open(width: u32) -> Self {
        Self::with(width, Part::Shared(MACHINE.read().await)).await
    }

    /// The same while no other test of this program has one.
    pub async fn alone(width: u32) -> Self {
        Self::with(width, Part::Whole(MACHINE.write().await)).await
    }

    async fn with(width: u32, part: Part) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let driver = WebDriver::builder(address(), capabilities(profile.path()).unwrap())
            .client(Direct)
            .connect()
            .await
            .expect("the browser starts");
        let browser = Self { driver, _profile: profile, _part: part, width };
        // Away from the page with which it begins, which asks for many things.
        browser.driver.goto("about:blank").await.unwrap();
        browser.traffic().await;
        browser.view(width, TALL).await;
        browser
    }

    async fn view(&self, width: u32, height: f64) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What the reader likes: `light` or `dark`.
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

    /// What a function with this body returns.
    pub async fn ask(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// What a function with this body tells in the end, by calling its argument.
    pub async fn await_answer(&self, script: &str) -> Value {
        self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone()
    }

    /// What a function with this body returns, which is text.
    pub async fn text(&self, script: &str) -> String {
        self.ask(script).await.as_str().unwrap_or_default().to_owned()
    }

    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// What the page has asked for since this was last called.
    pub async fn traffic(&self) -> Traffic {
        let log = self.driver.get_log("performance").await.unwrap();
        let mut traffic = Traffic::default();
        for entry in log {
            let told: Value = serde_json::from_str(&entry.message).unwrap();
            let (event, about) = (&told["message"]["method"], &told["message"]["params"]);
            if event == "Network.requestWillBeSent" {
                traffic.asked.push(about["request"]["url"].as_str().unwrap().to_owned());
            } else if event == "Network.loadingFailed" && about["blockedReason"] == "csp" {
                traffic.refused += 1;
            }
        }
        traffic
    }

    /// Waits until what has changed is drawn.
    pub async fn drawn(&self) {
        let twice =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))";
        self.await_answer(twice).await;
    }

    /// A picture of the page from its top, into the folder that `PODPROOF_SCREENSHOTS` names, where it does.
    pub async fn picture(&self, name: &str) {
        let Some(folder) = std::env::var_os("PODPROOF_SCREENSHOTS").map(PathBuf::from) else { return };
        let size = "const page = document.documentElement; return [page.clientWidth, page.scrollHeight]";
        let size = self.ask(size).await;
        let height = size[1].as_f64().unwrap().min(TALLEST);
        // What is outside of the viewport may not be drawn.
        self.view(self.width, height).await;
        self.drawn().await;
        let picture = self.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
        fs::create_dir_all(&folder).unwrap();
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
        self.view(self.width, TALL).await;
    }

    /// Ends the browser. One that a failed test leaves ends with the driver.
    pub async fn close(self) {
        self.driver.quit().await.unwrap();
    }
}

fn capabilities(profile: &Path) -> WebDriverResult<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        // A test may run as root, for whom there is no sandbox, and in a container, whose /dev/shm is small.
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
