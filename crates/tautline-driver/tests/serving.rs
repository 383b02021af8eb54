//! A server whose listener fails, or that has as many connections as it may.

use std::{
    collections::VecDeque,
    error::Error as _,
    fmt,
    future::poll_fn,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Duration,
};

use tautline_driver::{Corked, Error, NoTls, Runtime, Serve, ServeError};

use crate::support::{
    executor::Task,
    frames::{CLOSE, TEXT, close_body, masked, plain},
    http::REQUEST,
    wire::{Memory, Side, Wire},
};

const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);

/// A runtime whose listener gives out what the test has put there, and where time passes for those
/// that the test names.
#[derive(Clone, Default)]
struct Desk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    accepts: VecDeque<io::Result<Memory>>,
    acceptor: Option<Waker>,
    spawned: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
    sleeps: Vec<Sleep>,
}

struct Sleep {
    duration: Duration,
    is_over: bool,
    waker: Waker,
}

impl Desk {
    fn arrive(&self, accept: io::Result<Memory>) {
        let mut state = self.0.lock().unwrap();
        state.accepts.push_back(accept);
        let acceptor = state.acceptor.take();
        drop(state);
        acceptor.into_iter().for_each(Waker::wake);
    }

    /// A client that has sent its request and a message.
    fn arrive_and_say(&self, text: &str) -> Wire {
        let wire = Wire::new();
        wire.give(Side::Server, REQUEST);
        wire.give(Side::Server, masked(TEXT, text));
        self.arrive(Ok(wire.end(Side::Server)));
        wire
    }

    /// How many have arrived and were not accepted.
    fn waiting(&self) -> usize {
        self.0.lock().unwrap().accepts.len()
    }

    /// For how long somebody has gone to sleep, each time.
    fn sleeps(&self) -> Vec<Duration> {
        let state = self.0.lock().unwrap();
        state.sleeps.iter().map(|sleep| sleep.duration).collect()
    }

    fn wake(&self, sleeper: usize) {
        let mut state = self.0.lock().unwrap();
        let sleep = &mut state.sleeps[sleeper];
        sleep.is_over = true;
        let waker = sleep.waker.clone();
        drop(state);
        waker.wake();
    }

    /// Runs the server and its tasks until all of them wait.
    fn run<R>(&self, server: &mut Task<'_, R>, tasks: &mut Vec<Task<'_, ()>>) {
        loop {
            let mut is_busy = server.poll();
            let spawned = std::mem::take(&mut self.0.lock().unwrap().spawned);
            tasks.extend(spawned.into_iter().map(Task::new));
            for task in &mut *tasks {
                is_busy |= task.poll();
            }
            // As an executor does it.
            tasks.retain(|task| !task.is_done());
            if !is_busy {
                return;
            }
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

impl Runtime for Desk {
    type Tcp = Memory;
    type Listener = ();
    type Tls = NoTls<Memory>;
    type Transport = Memory;

    async fn lookup_host(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn connect(&self, _address: SocketAddr) -> io::Result<Memory> {
        Err(io::ErrorKind::Unsupported.into())
    }

    async fn accept(&self, (): &()) -> io::Result<(Memory, SocketAddr)> {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if let Some(accept) = state.accepts.pop_front() {
                return Poll::Ready(accept.map(|stream| (stream, CLIENT)));
            }
            state.acceptor = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().unwrap().spawned.push(Box::pin(task));
    }

    async fn sleep(&self, duration: Duration) {
        let mut number = None;
        poll_fn(|cx| {
            let sleeps = &mut self.0.lock().unwrap().sleeps;
            let number = *number.get_or_insert(sleeps.len());
            let waker = cx.waker().clone();
            match sleeps.get_mut(number) {
                Some(sleep) if sleep.is_over => return Poll::Ready(()),
                Some(sleep) => sleep.waker = waker,
                None => sleeps.push(Sleep {
                    duration,
                    is_over: false,
                    waker,
                }),
            }
            Poll::Pending
        })
        .await;
    }
}

async fn echo(mut ws: Corked<Memory>) -> Result<(), Error> {
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}

/// A hook that remembers what it was told.
fn remember() -> (
    Arc<Mutex<Vec<ServeError>>>,
    impl Fn(ServeError) + Send + Sync + 'static,
) {
    let told = Arc::<Mutex<Vec<ServeError>>>::default();
    let hook = {
        let told = told.clone();
        move |error| told.lock().unwrap().push(error)
    };
    (told, hook)
}

fn assert_echoed(wire: &Wire, text: &str) {
    let written = wire.take(Side::Server);
    assert!(written.starts_with(b"HTTP/1.1 101 "), "{written:?}");
    assert!(written.ends_with(&plain(TEXT, text)), "{written:?}");
}

/// Trying again at once would only burn the processor, and giving up would end the service.
#[test]
fn a_server_without_file_descriptors_pauses_and_goes_on() {
    let desk = Desk::default();
    let (told, hook) = remember();
    desk.arrive(Err(io::Error::other("too many open files")));
    let wire = desk.arrive_and_say("hello");
    let mut server = Task::new(
        Serve::new(desk.clone(), (), echo)
            .on_error(hook)
            .into_future(),
    );
    let mut tasks = Vec::new();
    desk.run(&mut server, &mut tasks);
    assert_eq!(desk.sleeps(), [Duration::from_millis(100)]);
    assert_eq!(desk.waiting(), 1);
    let told = told.lock().unwrap();
    let [ServeError::Accept(error)] = &told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(error.to_string(), "too many open files");

    desk.wake(0);
    desk.run(&mut server, &mut tasks);
    assert_echoed(&wire, "hello");
    // The pause was for the one that failed.
    let wire = desk.arrive_and_say("again");
    desk.run(&mut server, &mut tasks);
    assert_echoed(&wire, "again");
    assert_eq!(desk.sleeps().len(), 1);
}

/// Whoever connects and resets must not hold up those who come after.
#[test]
fn a_peer_that_is_gone_before_it_is_accepted_holds_nobody_up() {
    let desk = Desk::default();
    let (told, hook) = remember();
    let kinds = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::HostUnreachable,
        io::ErrorKind::NetworkUnreachable,
    ];
    for kind in kinds.into_iter().cycle().take(100) {
        desk.arrive(Err(kind.into()));
    }
    let wire = desk.arrive_and_say("hello");
    let mut server = Task::new(
        Serve::new(desk.clone(), (), echo)
            .on_error(hook)
            .into_future(),
    );
    desk.run(&mut server, &mut Vec::new());
    assert_echoed(&wire, "hello");
    assert_eq!(desk.sleeps(), []);
    assert_eq!(told.lock().unwrap().len(), 100);
}

#[test]
fn a_server_that_pauses_stops_when_it_is_told_to() {
    let desk = Desk::default();
    desk.arrive(Err(io::Error::other("too many open files")));
    let signal = desk.clone();
    let server = Serve::new(desk.clone(), (), echo)
        .with_graceful_shutdown(async move { signal.sleep(Duration::from_secs(60)).await });
    let mut server = Task::new(server.into_future());
    desk.run(&mut server, &mut Vec::new());
    let pauses = [Duration::from_secs(60), Duration::from_millis(100)];
    assert_eq!(desk.sleeps(), pauses);
    desk.wake(0);
    desk.run(&mut server, &mut Vec::new());
    server.output().unwrap();
}

#[test]
fn what_kept_a_peer_out_is_told_with_its_cause() {
    let desk = Desk::default();
    let (told, hook) = remember();
    let wire = Wire::new();
    wire.give(Side::Server, "GET / HTTP/1.0\r\n\r\n");
    wire.give_eof(Side::Server);
    desk.arrive(Ok(wire.end(Side::Server)));
    desk.arrive(Err(io::Error::other("too many open files")));
    let mut server = Task::new(
        Serve::new(desk.clone(), (), echo)
            .on_error(hook)
            .into_future(),
    );
    desk.run(&mut server, &mut Vec::new());
    let mut told = std::mem::take(&mut *told.lock().unwrap());
    told.push(ServeError::Tls(CLIENT, io::Error::other("no certificate")));
    let told: Vec<_> = told
        .iter()
        .map(|error| (error.to_string(), error.source().unwrap().to_string()))
        .collect();
    assert_eq!(
        told.iter()
            .map(|(what, _)| what.as_str())
            .collect::<Vec<_>>(),
        [
            "could not accept a connection",
            "opening handshake with 127.0.0.1:50000 failed",
            "tls with 127.0.0.1:50000 failed",
        ]
    );
    assert_eq!(told[0].1, "too many open files");
    assert_eq!(told[2].1, "no certificate");
}

/// As many as may be there are served, and the next one as soon as one of them has ended, in whatever
/// way.
#[test]
fn a_server_accepts_no_more_than_it_may_have() {
    let desk = Desk::default();
    let (_told, hook) = remember();
    let server = Serve::new(desk.clone(), (), async |mut ws: Corked<Memory>| {
        while let Some(message) = ws.recv().await? {
            assert_ne!(message.as_text(), Some("panic"));
            ws.send(message).await?;
        }
        Ok::<_, Error>(())
    });
    let limit = NonZeroUsize::new(2).unwrap();
    let mut server = Task::new(server.max_connections(limit).on_error(hook).into_future());
    let mut tasks = Vec::new();

    let stays = desk.arrive_and_say("stays");
    let mut goes = Wire::new();
    desk.arrive(Ok(goes.end(Side::Server)));
    let ends: [fn(&Wire); 4] = [
        |wire| wire.give(Side::Server, "no request\r\n\r\n"),
        |wire| wire.give(Side::Server, masked(TEXT, "panic")),
        |wire| wire.give(Side::Server, masked(CLOSE, close_body(1000, ""))),
        |_| {},
    ];
    for end in ends {
        let waits = desk.arrive_and_say("waits");
        desk.run(&mut server, &mut tasks);
        assert_eq!(desk.waiting(), 1);
        end(&goes);
        goes.give_eof(Side::Server);
        desk.run(&mut server, &mut tasks);
        assert_eq!(desk.waiting(), 0);
        assert_echoed(&waits, "waits");
        goes = waits;
    }
    assert_echoed(&stays, "stays");
    assert_eq!(desk.sleeps(), []);
}
