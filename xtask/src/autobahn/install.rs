//! Where runners and reports live, and installing the runners that can be installed.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::process;

/// `target/autobahn`.
pub(super) struct Home(PathBuf);

impl Home {
    /// Creates the directory and the small Python programs in it.
    pub(super) fn new(directory: PathBuf) -> anyhow::Result<Self> {
        let home = Self(directory);
        for (path, text) in [
            (
                home.hooks().join("sitecustomize.py"),
                include_str!("python/sitecustomize.py"),
            ),
            (
                home.kosoku_client(),
                include_str!("python/kosoku_client.py"),
            ),
            (
                home.kosoku_server(),
                include_str!("python/kosoku_server.py"),
            ),
            (
                home.0.join("kosoku_cases.py"),
                include_str!("python/kosoku_cases.py"),
            ),
        ] {
            let parent = path
                .parent()
                .expect("the path was joined from a directory and a name");
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&path, text))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(home)
    }

    /// An empty directory for the report of one run: an old report must not pass for a new one.
    pub(super) fn report(&self, adapter: &str, role: &str) -> anyhow::Result<PathBuf> {
        let directory = self.0.join(adapter).join(role);
        if directory.exists() {
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot empty {}", directory.display()))?;
        }
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(directory)
    }

    /// A directory for PYTHONPATH that makes wstest listen on loopback only.
    pub(super) fn hooks(&self) -> PathBuf {
        self.0.join("loopback")
    }

    pub(super) fn kosoku_client(&self) -> PathBuf {
        self.0.join("kosoku_client.py")
    }

    pub(super) fn kosoku_server(&self) -> PathBuf {
        self.0.join("kosoku_server.py")
    }

    /// The interpreter of a virtual environment that has kosoku.
    pub(super) fn kosoku(&self) -> anyhow::Result<PathBuf> {
        let directory = self.0.join("kosoku");
        let python = directory.join("bin").join("python");
        if has_kosoku(&python) {
            return Ok(python);
        }
        let system = find_python(PYTHON3, "sys.version_info >= (3, 10)")
            .context("no Python 3.10 or newer in PATH")?;
        let _spinner = spinner(&format!(
            "installing kosoku {KOSOKU} into {}",
            directory.display()
        ));
        process::quiet(
            Command::new(system)
                .args(["-m", "venv", "--clear"])
                .arg(&directory),
        )
        .context("cannot create a virtual environment (Debian: apt install python3-venv)")?;
        let package = format!("kosoku=={KOSOKU}");
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            &package,
        ];
        process::quiet(Command::new(&python).args(pip))?;
        if !has_kosoku(&python) {
            bail!("kosoku {KOSOKU} is installed but cannot be imported");
        }
        Ok(python)
    }

    /// A Python 2.7, and the directory that holds wstest for it.
    pub(super) fn python27(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        let mut candidates: Vec<OsString> = PYTHON2.iter().map(OsString::from).collect();
        candidates.extend(pyenv_python27().into_iter().map(OsString::from));
        // Run, not looked for: pyenv leaves a `python2.7` in PATH that only prints an error.
        let python = find_python(&candidates, "sys.version_info[:2] == (2, 7)")
            .context("no Python 2.7 that runs, in PATH or in pyenv")?;
        let packages = self.0.join("py27");
        // Written last: a directory without it is an installation that was cut short.
        let stamp = packages.join("tautline-installed");
        if fs::read_to_string(&stamp).is_ok_and(|version| version == WSTEST) {
            return Ok((python, packages));
        }
        if packages.exists() {
            fs::remove_dir_all(&packages)
                .with_context(|| format!("cannot empty {}", packages.display()))?;
        }
        let _spinner = spinner(&format!(
            "installing wstest {WSTEST} into {}",
            packages.display()
        ));
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]);
        pip.arg("--target")
            .arg(&packages)
            .arg(format!("autobahntestsuite=={WSTEST}"));
        process::quiet(&mut pip)?;
        fs::write(&stamp, WSTEST).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok((python, packages))
    }
}

/// The version of the suite itself.
const WSTEST: &str = "25.10.1";

/// One release so far, and its reports are written through an internal function: pinned.
pub(super) const KOSOKU: &str = "0.1.0";

fn has_kosoku(python: &Path) -> bool {
    let program = "import kosoku, importlib.metadata as m; print(m.version('kosoku'))";
    let version = process::output(Command::new(python).args(["-c", program]));
    version.is_ok_and(|version| version.trim() == KOSOKU)
}

/// The first of `names` that runs and whose version satisfies the Python expression `condition`.
pub(crate) fn find_python(names: &[impl AsRef<OsStr>], condition: &str) -> Option<PathBuf> {
    let program = format!("import sys; print({condition})");
    let fits = |name: &&OsStr| {
        let printed = process::output(Command::new(name).args(["-c", &program]));
        printed.is_ok_and(|printed| printed.trim() == "True")
    };
    names
        .iter()
        .map(AsRef::as_ref)
        .find(fits)
        .map(PathBuf::from)
}

fn pyenv_python27() -> Vec<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| env::home_dir().map(|home| home.join(".pyenv")));
    let Some(Ok(versions)) = root.map(|root| fs::read_dir(root.join("versions"))) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = versions
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("2.7."))
        .map(|entry| entry.path().join("bin").join("python"))
        .collect();
    found.sort();
    found
}

pub(crate) fn spinner(message: &str) -> ProgressBar {
    println!("{message}");
    let style = ProgressStyle::with_template("{spinner} {elapsed}").expect("it is well-formed");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

pub(crate) const PYTHON3: &[&str] = &[
    "python3",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];

const PYTHON2: &[&str] = &["python2.7", "python2", "python"];
