//! Running other programs: quietly, guarded, or with their lines as events.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{process, thread};

use anyhow::{Context, bail};

/// A program to start under a [`Guarded`].
pub(crate) struct Launch {
    /// What messages call it.
    pub(crate) name: String,
    pub(crate) command: Command,
    /// Also run when the child is killed: for children that leave something behind.
    pub(crate) farewell: Option<Vec<String>>,
}

/// A child process that is killed, by its id, when the guard goes away.
///
/// "Goes away" includes an early return with `?`, a panic, and Ctrl-C or SIGTERM
/// (see [`kill_children_on_interrupt`]).
pub(crate) struct Guarded {
    entry: Entry,
    name: String,
}

impl Guarded {
    /// Starts a program with its standard output as a stream of lines and its standard error in `log`.
    ///
    /// Every line of standard output also goes to the log.
    pub(crate) fn spawn(launch: Launch, log: &Path) -> anyhow::Result<(Self, Receiver<String>)> {
        let Launch {
            name,
            mut command,
            farewell,
        } = launch;
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file.try_clone()?);
        // Held across the start: an interrupt finds the child in the list or finds no child.
        let mut children = lock(&CHILDREN);
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot start {}", show(&command)))?;
        let stdout = child
            .stdout
            .take()
            .expect("standard output was asked for as a pipe");
        let entry = Entry {
            child: Arc::new(Mutex::new(child)),
            farewell,
        };
        children.push(entry.clone());
        drop(children);
        Ok((Self { entry, name }, lines(stdout, file)))
    }

    /// The exit status, if the child has ended.
    pub(crate) fn ended(&self) -> anyhow::Result<Option<ExitStatus>> {
        lock(&self.entry.child)
            .try_wait()
            .with_context(|| format!("cannot ask for the state of {}", self.name))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The process id; that of nobody, or of somebody else, once the child has ended.
    pub(crate) fn id(&self) -> u32 {
        lock(&self.entry.child).id()
    }

    /// Kills the child before the guard goes away.
    pub(crate) fn kill(&self) {
        self.entry.kill();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        lock(&CHILDREN).retain(|entry| !entry.is(&self.entry));
        self.entry.kill();
    }
}

/// Makes Ctrl-C and SIGTERM end the running children before this program.
pub(crate) fn kill_children_on_interrupt() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        // Not released before the exit: nothing new is started while the program ends.
        let children = lock(&CHILDREN);
        for entry in children.iter() {
            entry.kill();
        }
        // 128 + SIGINT, as shells report an interrupted program.
        process::exit(130);
    })
    .context("cannot install the Ctrl-C handler")
}

/// Runs `command` to its end; its output is shown only when it fails.
pub(crate) fn quiet(command: &mut Command) -> anyhow::Result<()> {
    output(command).map(drop)
}

/// Runs `command` to its end and returns its standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {}", show(command)))?;
    if !output.status.success() {
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        bail!(
            "{} failed ({})\n{}",
            show(command),
            output.status,
            printed.trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as a person would type it.
pub(crate) fn show(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// The children that are alive: what the interrupt handler has to kill.
static CHILDREN: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

#[derive(Clone)]
struct Entry {
    child: Arc<Mutex<Child>>,
    farewell: Option<Vec<String>>,
}

impl Entry {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.child, &other.child)
    }

    /// Ends the child. Errors mean that it has ended already, which is what was wanted.
    fn kill(&self) {
        let mut child = lock(&self.child);
        if matches!(child.try_wait(), Ok(Some(_))) {
            return;
        }
        if let Some([program, arguments @ ..]) = self.farewell.as_deref() {
            let mut farewell = Command::new(program);
            let _ = farewell
                .args(arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn lines(stdout: impl Read + Send + 'static, mut log: File) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Not `lines()`: a runner prints bytes that are not UTF-8 when it shows a bad payload.
        for line in BufReader::new(stdout).split(b'\n') {
            let Ok(line) = line else { return };
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            // A log that cannot be written must not stop the run, and a receiver that is gone
            // must not stop the log: a child that writes to a closed pipe would die of it.
            let _ = writeln!(log, "{line}");
            let _ = sender.send(line);
        }
    });
    receiver
}

/// The data behind a lock is a process handle or a list: both stay usable after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
