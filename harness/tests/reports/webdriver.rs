//! A browser, driven over the WebDriver protocol (W3C) through chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// How long chromedriver and pages may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// The protocol's name of the Escape key.
pub(crate) const ESCAPE: &str = "\u{e00c}";
/// The protocol's name of the Enter key.
pub(crate) const ENTER: &str = "\u{e007}";
/// The protocol's name of the key that leads right.
pub(crate) const RIGHT: &str = "\u{e014}";

/// What keeps a browser to the page: nothing is asked of any network.
const QUIET: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser of its own; dropping it ends it.
pub(crate) struct Browser {
    /// What chromedriver and the browser leave behind.
    folder: TempDir,
    driver: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// Starts a browser and opens a file, as double-clicking it does.
    pub(crate) fn open(file: &Path) -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = driver.stdout.take().ok_or("chromedriver has no output")?;
        let mut browser = Self { folder, driver, port: 0, session: String::new() };
        browser.port = port(stdout)?;
        let profile =
            format!("--user-data-dir={}", browser.folder.path().join("profile").display());
        let mut arguments = QUIET.to_vec();
        arguments.push(&profile);
        let capabilities = json!({
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
        });
        let answer = browser.request(
            "POST",
            "/session",
            &json!({"capabilities": {"alwaysMatch": capabilities}}),
        )?;
        let session = answer["sessionId"].as_str().ok_or_else(|| answer.to_string())?;
        browser.session = format!("/session/{session}");
        browser.resize(1400, 1000)?;
        browser.go(&format!("file://{}", file.display()))?;
        Ok(browser)
    }

    pub(crate) fn go(&self, url: &str) -> Result<(), Failed> {
        self.command("/url", &json!({"url": url})).map(drop)
    }

    pub(crate) fn resize(&self, width: u32, height: u32) -> Result<(), Failed> {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics)
    }

    /// Makes the page believe that its reader prefers `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) -> Result<(), Failed> {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", &json!({"features": features}))
    }

    /// Makes the page believe that it is printed.
    pub(crate) fn print(&self) -> Result<(), Failed> {
        self.devtools("Emulation.setEmulatedMedia", &json!({"media": "print"}))?;
        self.value("dispatchEvent(new Event('beforeprint'))").map(drop)
    }

    fn devtools(&self, name: &str, parameters: &Json) -> Result<(), Failed> {
        let body = json!({"cmd": name, "params": parameters});
        self.command("/goog/cdp/execute", &body).map(drop)
    }

    /// What an expression of JavaScript is.
    pub(crate) fn value(&self, expression: &str) -> Result<Json, Failed> {
        let script = format!("return {expression};");
        self.command("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until an expression of JavaScript is true.
    pub(crate) fn wait_until(&self, expression: &str) -> Result<(), Failed> {
        let start = Instant::now();
        while self.value(&format!("Boolean({expression})"))? != true {
            if start.elapsed() > PATIENCE {
                let text = self.value("document.body.innerText")?;
                return Err(format!("never true: {expression}; the page: {text}").into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Clicks with the mouse on what a selector finds first.
    pub(crate) fn click(&self, selector: &str) -> Result<(), Failed> {
        self.element(selector, "click", &json!({}))
    }

    /// Types into what a selector finds first.
    pub(crate) fn type_into(&self, selector: &str, text: &str) -> Result<(), Failed> {
        self.element(selector, "value", &json!({"text": text}))
    }

    /// Presses a key, wherever the focus is.
    pub(crate) fn press(&self, key: &str) -> Result<(), Failed> {
        let keys = json!([{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]);
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": keys}]});
        self.command("/actions", &actions).map(drop)
    }

    fn element(&self, selector: &str, action: &str, body: &Json) -> Result<(), Failed> {
        let query = json!({"using": "css selector", "value": selector});
        let found = self.command("/element", &query)?;
        let id = found.as_object().and_then(|found| found.values().next()?.as_str());
        let id = id.ok_or_else(|| found.to_string())?;
        self.command(&format!("/element/{id}/{action}"), body).map(drop)
    }

    fn command(&self, path: &str, body: &Json) -> Result<Json, Failed> {
        self.request("POST", &format!("{}{path}", self.session), body)
    }

    /// One request and the value of its answer.
    fn request(&self, method: &str, path: &str, body: &Json) -> Result<Json, Failed> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let body = body.to_string();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0_usize;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut bytes = vec![0; length];
        reader.read_exact(&mut bytes)?;
        let mut answer: Json = serde_json::from_slice(&bytes)?;
        let value = answer["value"].take();
        match value.get("error").and_then(Json::as_str) {
            Some(error) => Err(format!("{path}: {error}: {}", value["message"]).into()),
            None => Ok(value),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // The browser ends with its session; whoever fails to end it is ended below.
            let _ = self.request("DELETE", &self.session, &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The port that chromedriver says it listens on.
fn port(stdout: impl Read) -> Result<u16, Failed> {
    for line in BufReader::new(stdout).lines() {
        if let Some((_, rest)) = line?.split_once("successfully on port ") {
            return Ok(rest.trim_end_matches('.').parse()?);
        }
    }
    Err("chromedriver ended before it listened".into())
}
