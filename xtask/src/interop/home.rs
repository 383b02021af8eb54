//! Where the peers' programs and packages live, and installing what can be installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::autobahn::install::{PYTHON3, find_python, spinner};
use crate::interop::peer::Peer;
use crate::process;

/// `target/interop`.
pub(super) struct Home(PathBuf);

/// A peer that has been seen to be there.
pub(super) struct Found {
    pub(super) peer: Peer,
    /// As messages name it: `ws 8.23.0, Node v18.20.4`.
    pub(super) version: String,
    /// What runs it: a browser, or an interpreter.
    pub(super) program: PathBuf,
}

impl Home {
    /// Creates the directory and the peers' programs in it.
    pub(super) fn new(directory: PathBuf) -> anyhow::Result<Self> {
        for (name, text) in PROGRAMS {
            let path = directory.join(name);
            let parent = path
                .parent()
                .expect("the path was joined from a directory and a name");
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(Self(directory))
    }

    pub(super) fn conversation(&self) -> PathBuf {
        self.0.join("conversation")
    }

    /// An empty directory for the logs of one adapter.
    pub(super) fn logs(&self, adapter: &str) -> anyhow::Result<PathBuf> {
        let directory = self.0.join(adapter);
        if directory.exists() {
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot empty {}", directory.display()))?;
        }
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(directory)
    }

    /// Where the program is that plays a role, of a peer that is no browser.
    pub(super) fn program(&self, peer: Peer, role: &str) -> PathBuf {
        match peer {
            Peer::Ws => self.node().join(format!("ws_{role}.mjs")),
            peer => self.python().join(format!("{}_{role}.py", peer.name())),
        }
    }

    /// Finds a peer, and installs its package if it is one.
    ///
    /// # Errors
    ///
    /// With what is missing and how it gets here.
    pub(super) fn find(&self, peer: Peer) -> anyhow::Result<Found> {
        let (program, version) = match peer {
            Peer::Chromium => browser(&["chromium", "chromium-browser", "google-chrome"])
                .context("no Chromium in PATH (Debian: apt install chromium)")?,
            Peer::Firefox => browser(&["firefox-esr", "firefox"])
                .context("no Firefox in PATH (Debian: apt install firefox-esr)")?,
            Peer::Ws => self.ws()?,
            Peer::Websockets | Peer::Aiohttp => self.python_package(peer)?,
        };
        Ok(Found {
            peer,
            version,
            program,
        })
    }

    fn ws(&self) -> anyhow::Result<(PathBuf, String)> {
        let node = process::output(Command::new("node").arg("--version"))
            .context("no Node in PATH (Debian: apt install nodejs npm)")?;
        if self.installed_ws().as_deref() != Some(WS) {
            let _spinner = spinner(&format!(
                "installing ws {WS} into {}",
                self.node().display()
            ));
            let mut npm = Command::new("npm");
            npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
            npm.arg("--prefix").arg(self.node());
            process::quiet(npm.arg(format!("ws@{WS}")))
                .context("cannot install it (Debian: apt install npm)")?;
        }
        if self.installed_ws().as_deref() != Some(WS) {
            bail!("ws {WS} is installed but not there");
        }
        Ok(("node".into(), format!("ws {WS}, Node {}", node.trim())))
    }

    fn installed_ws(&self) -> Option<String> {
        let manifest = self.node().join("node_modules/ws/package.json");
        let manifest: Value = serde_json::from_str(&fs::read_to_string(manifest).ok()?).ok()?;
        Some(manifest["version"].as_str()?.to_owned())
    }

    fn python_package(&self, peer: Peer) -> anyhow::Result<(PathBuf, String)> {
        let directory = self.0.join("venv");
        let python = directory.join("bin").join("python");
        let program = "import platform, importlib.metadata as m\n\
            print(*(m.version(p) for p in ('websockets', 'aiohttp')), platform.python_version())";
        let versions = || process::output(Command::new(&python).args(["-c", program]));
        let wanted = format!("{WEBSOCKETS} {AIOHTTP} ");
        let is_there = |versions: &anyhow::Result<String>| {
            versions.as_ref().is_ok_and(|all| all.starts_with(&wanted))
        };
        let mut found = versions();
        if !is_there(&found) {
            let system = find_python(PYTHON3, "sys.version_info >= (3, 10)")
                .context("no Python 3.10 or newer in PATH")?;
            let packages = [
                format!("websockets=={WEBSOCKETS}"),
                format!("aiohttp=={AIOHTTP}"),
            ];
            let _spinner = spinner(&format!(
                "installing {} into {}",
                packages.join(" and "),
                directory.display()
            ));
            let mut venv = Command::new(system);
            process::quiet(venv.args(["-m", "venv", "--clear"]).arg(&directory)).context(
                "cannot create a virtual environment (Debian: apt install python3-venv)",
            )?;
            let mut pip = Command::new(&python);
            pip.args(["-m", "pip", "install", "--quiet"]);
            process::quiet(pip.arg("--disable-pip-version-check").args(&packages))?;
            found = versions();
        }
        if !is_there(&found) {
            bail!("the packages are installed but not there");
        }
        let interpreter = found?
            .split_whitespace()
            .last()
            .unwrap_or_default()
            .to_owned();
        let version = match peer {
            Peer::Websockets => WEBSOCKETS,
            _ => AIOHTTP,
        };
        let version = format!("{} {version}, Python {interpreter}", peer.name());
        Ok((python, version))
    }

    fn node(&self) -> PathBuf {
        self.0.join("node")
    }

    fn python(&self) -> PathBuf {
        self.0.join("python")
    }
}

/// The first of `names` that is in PATH and tells its version.
fn browser(names: &[&str]) -> Option<(PathBuf, String)> {
    let path = env::var_os("PATH")?;
    let in_path = |name: &&str| {
        let mut programs = env::split_paths(&path).map(|directory| directory.join(name));
        programs.find(|program| Path::is_file(program))
    };
    names.iter().filter_map(in_path).find_map(|program| {
        let version = process::output(Command::new(&program).arg("--version")).ok()?;
        // "Chromium 156.0.8078.79 built on Debian": what comes after the number is not needed.
        let words = version.split_whitespace();
        let is_number = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
        let mut short = Vec::new();
        for word in words {
            short.push(word);
            if is_number(word) {
                break;
            }
        }
        Some((program, short.join(" ")))
    })
}

/// Pinned, so that a result belongs to a version.
const WS: &str = "8.23.0";
const WEBSOCKETS: &str = "17.4";
const AIOHTTP: &str = "3.14.5";

const PROGRAMS: [(&str, &str); 7] = [
    ("node/ws_client.mjs", include_str!("peers/ws_client.mjs")),
    ("node/ws_server.mjs", include_str!("peers/ws_server.mjs")),
    ("python/session.py", include_str!("peers/session.py")),
    (
        "python/websockets_client.py",
        include_str!("peers/websockets_client.py"),
    ),
    (
        "python/websockets_server.py",
        include_str!("peers/websockets_server.py"),
    ),
    (
        "python/aiohttp_client.py",
        include_str!("peers/aiohttp_client.py"),
    ),
    (
        "python/aiohttp_server.py",
        include_str!("peers/aiohttp_server.py"),
    ),
];
