//! How a browser is started so that it does nothing but show a page.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::interop::home::Found;
use crate::interop::peer::Peer;

/// The command that shows `url`, with a new profile.
pub(super) fn show(browser: &Found, profile: &Path, url: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(&browser.program);
    match browser.peer {
        Peer::Chromium => {
            command.args(CHROMIUM);
            command.arg(format!("--user-data-dir={}", profile.display()));
        }
        Peer::Firefox => {
            fs::create_dir_all(profile)
                .with_context(|| format!("cannot create {}", profile.display()))?;
            let path = profile.join("user.js");
            let preference = |(name, value)| format!("user_pref(\"{name}\", {value});\n");
            let preferences: String = FIREFOX.into_iter().map(preference).collect();
            fs::write(&path, preferences)
                .with_context(|| format!("cannot write {}", path.display()))?;
            command.args(["--headless", "--no-remote", "--profile"]);
            command.arg(profile);
        }
        peer => bail!("{} is no browser", peer.name()),
    }
    command.arg(url);
    Ok(command)
}

/// Without a sandbox, which needs rights that a container may not have; the page is our own.
const CHROMIUM: [&str; 11] = [
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
    "--disable-renderer-backgrounding",
];

/// What it would otherwise do at its first start: look for updates, ask, and report.
const FIREFOX: [(&str, &str); 14] = [
    ("app.normandy.enabled", "false"),
    ("app.update.auto", "false"),
    ("app.update.enabled", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.safebrowsing.update.enabled", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("browser.startup.homepage_override.mstone", "\"ignore\""),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("extensions.systemAddon.update.enabled", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    (
        "services.settings.server",
        "\"data:,#remote-settings-dummy/v1\"",
    ),
    ("toolkit.telemetry.enabled", "false"),
    ("toolkit.telemetry.reportingpolicy.firstRun", "false"),
];
