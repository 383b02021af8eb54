//! A real browser for tests: headless Chromium, driven over its DevTools protocol, which is JSON
//! over a WebSocket, and so over Tautline's own client.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tautline::tokio::{WebSocket, connect};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

/// One running browser.
pub(crate) struct Browser {
    ws: WebSocket,
    child: Child,
    profile: PathBuf,
    last_id: u64,
    /// What pages complained about: exceptions, and errors that the browser itself logs.
    problems: Vec<String>,
}

/// One page, with storage of its own.
#[derive(Clone)]
pub(crate) struct Page(String);

impl Browser {
    /// Starts the browser. `None`, after saying so, on a machine that has none; with
    /// `TAUTLINE_REQUIRE_BROWSER=1` that is a failure.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = find() else {
            assert!(
                std::env::var_os("TAUTLINE_REQUIRE_BROWSER").is_none_or(|value| value != "1"),
                "TAUTLINE_REQUIRE_BROWSER=1 and no chromium found"
            );
            // Past the test harness, which shows nothing that a successful test prints.
            io::stderr()
                .write_all(b"SKIPPED: no chromium found\n")
                .unwrap();
            return None;
        };
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let profile =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium-{}-{count}", id()));
        fs::create_dir_all(&profile).unwrap();
        let child = Command::new(program)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let uri = devtools(&profile).await;
        let ws = connect(uri).await.unwrap();
        Some(Self {
            ws,
            child,
            profile,
            last_id: 0,
            problems: Vec::new(),
        })
    }

    /// Opens a page that shares nothing with the others.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        let context = self
            .call(None, "Target.createBrowserContext", json!({}))
            .await;
        let target =
            json!({ "url": "about:blank", "browserContextId": context["browserContextId"] });
        let target = self.call(None, "Target.createTarget", target).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", attach).await;
        let page = Page(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            self.call(Some(&page), domain, json!({})).await;
        }
        // There is one reader to a page, whatever the browser thinks is in front.
        let focus = json!({ "enabled": true });
        self.call(Some(&page), "Emulation.setFocusEmulationEnabled", focus)
            .await;
        self.visit(&page, url).await;
        page
    }

    /// Loads an address in a page.
    pub(crate) async fn visit(&mut self, page: &Page, url: &str) {
        let result = self
            .call(Some(page), "Page.navigate", json!({ "url": url }))
            .await;
        assert_eq!(result["errorText"], Value::Null, "{url}");
        self.wait(
            page,
            "document.readyState === 'complete' && location.href !== 'about:blank'",
        )
        .await;
    }

    /// The value of an expression in a page.
    pub(crate) async fn value(&mut self, page: &Page, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let result = self.call(Some(page), "Runtime.evaluate", params).await;
        assert_eq!(result["exceptionDetails"], Value::Null, "{expression}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression in a page is true.
    pub(crate) async fn wait(&mut self, page: &Page, expression: &str) {
        let start = Instant::now();
        while self.value(page, expression).await != true {
            if start.elapsed() > PATIENCE {
                let shown = self.value(page, "document.body.innerText").await;
                panic!("never became true: {expression}\nthe page shows:\n{shown}");
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// Types into whatever has the focus.
    pub(crate) async fn write(&mut self, page: &Page, text: &str) {
        self.call(Some(page), "Input.insertText", json!({ "text": text }))
            .await;
    }

    /// Presses Enter.
    pub(crate) async fn press_enter(&mut self, page: &Page) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({
                "type": kind, "key": "Enter", "code": "Enter", "text": "\r",
                "windowsVirtualKeyCode": 13,
            });
            self.call(Some(page), "Input.dispatchKeyEvent", key).await;
        }
    }

    /// Clicks in the middle of the element that a selector finds.
    pub(crate) async fn click(&mut self, page: &Page, selector: &str) {
        let middle = format!(
            "(() => {{ const box = document.querySelector({}).getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(selector)
        );
        let middle = self.value(page, &middle).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let click = json!({
                "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1,
            });
            self.call(Some(page), "Input.dispatchMouseEvent", click)
                .await;
        }
    }

    /// Gives a page the size of a phone's screen.
    pub(crate) async fn resize(&mut self, page: &Page, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": true });
        self.call(Some(page), "Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    /// What pages have complained about up to now.
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Ends the browser.
    pub(crate) async fn stop(mut self) {
        self.call(None, "Browser.close", json!({})).await;
        timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
    }

    /// Sends a command and waits for its result, noting what else the browser has to say.
    async fn call(&mut self, page: Option<&Page>, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({ "id": self.last_id, "method": method, "params": params });
        if let Some(Page(session)) = page {
            command["sessionId"] = json!(session);
        }
        self.ws.send(command.to_string()).await.unwrap();
        loop {
            let message = timeout(PATIENCE, self.ws.recv())
                .await
                .expect(method)
                .unwrap();
            let message = message.expect("the browser keeps the connection open");
            let mut message: Value = serde_json::from_str(message.as_text().unwrap()).unwrap();
            if message["id"] == self.last_id {
                assert_eq!(message["error"], Value::Null, "{method}");
                return message["result"].take();
            }
            let problem = match message["method"].as_str() {
                Some("Runtime.exceptionThrown") => &message["params"]["exceptionDetails"],
                Some("Log.entryAdded") if message["params"]["entry"]["level"] == "error" => {
                    &message["params"]["entry"]
                }
                _ => continue,
            };
            self.problems.push(problem.to_string());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a failed test the browser may still be writing; then the rest stays in the build
        // directory, where nobody looks for anything.
        let _ = fs::remove_dir_all(&self.profile);
    }
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    ["chromium", "chromium-browser", "google-chrome"]
        .iter()
        .flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|program| program.is_file())
}

/// The browser writes the address for debuggers into its profile once it listens.
async fn devtools(profile: &Path) -> String {
    let file = profile.join("DevToolsActivePort");
    let start = Instant::now();
    loop {
        if let Ok(content) = fs::read_to_string(&file)
            && let Some((port, path)) = content.split_once('\n')
        {
            return format!("ws://127.0.0.1:{port}{}", path.trim_end());
        }
        assert!(start.elapsed() < PATIENCE, "the browser did not start");
        sleep(Duration::from_millis(50)).await;
    }
}

/// Starting a browser on a busy machine takes long; everything else is quick.
const PATIENCE: Duration = Duration::from_secs(30);

const FLAGS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--remote-debugging-port=0",
    "about:blank",
];
