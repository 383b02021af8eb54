//! An echo over TCP, on the loopback interface, on every runtime.
//!
//! Clients and server share a process and a runtime. The server is [`Serve`], whose handler sends
//! back what it receives; clients come from [`Connector`]. All of it is written once, so that
//! between two runtimes nothing differs but the runtime and its adapter.
//!
//! * `runtimes/ping-pong`: a client sends one message and awaits its echo.
//! * `runtimes/pipelined`: a client sends [`BURST`] messages back to back and takes in the echoes
//!   meanwhile; the next burst begins when the last echo has come.
//!
//! With 1 connection and with 100, by runtime and bytes of payload. **One iteration is one message,
//! or one burst, of every connection; an element is a message and its echo, and a byte is a byte of
//! payload**, counted once though it goes both ways and is handled by both ends.
//!
//! Messages are binary. Those of a burst differ; each echo is compared by its length, its first and
//! its last bytes, and once for each connection entirely. Masking keys are fresh, Nagle's algorithm
//! is off, and settings are the library's defaults.
//!
//! Connections are made before the timing begins. Every one has a task, which waits to be told how
//! many iterations to go through and tells when it has; the time is that of all of them together,
//! including the waking of the tasks. Connections do not wait for each other between iterations.
//!
//! The runtimes have the threads that programs usually give them, one for each core:
//!
//! * tokio: its multi-thread scheduler, as it comes.
//! * async-std: its global executor, as it comes, unless `ASYNC_STD_THREAD_COUNT` is set.
//! * smol: an executor of our own. Its global one has a single thread unless `SMOL_THREADS` is set,
//!   which would be a comparison of numbers of threads.
//!
//! Left out: networks, TLS, and machines of which the clients do not take half.

mod clients;
mod host;
mod server;

use std::{cell::LazyCell, time::Duration};

use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group,
    criterion_main, measurement::WallTime,
};

use self::{
    clients::{BURST, Clients, Load, Pattern},
    host::{AsyncStd, Host, Smol, Tokio},
    server::Server,
};

fn runtimes(criterion: &mut Criterion) {
    let tokio = Server::start(Tokio::new());
    let async_std = Server::start(AsyncStd);
    let smol = Server::start(Smol::new());
    for (name, pattern) in [
        ("ping-pong", Pattern::PingPong),
        ("pipelined", Pattern::Pipelined),
    ] {
        for connections in [1, 100] {
            let mut group = criterion.benchmark_group(format!("runtimes/{name}/{connections}"));
            // An iteration of the largest takes so long that samples cannot differ in their number.
            group.sampling_mode(SamplingMode::Flat);
            for payload in [32, 1024, 64 * 1024] {
                let load = Load {
                    pattern,
                    connections,
                    payload,
                };
                bench(&mut group, &tokio, load);
                bench(&mut group, &async_std, load);
                bench(&mut group, &smol, load);
            }
            group.finish();
        }
    }
}

fn bench<H: Host>(group: &mut BenchmarkGroup<'_, WallTime>, server: &Server<H>, load: Load) {
    let messages = load.connections
        * match load.pattern {
            Pattern::PingPong => 1,
            Pattern::Pipelined => BURST,
        };
    group.throughput(Throughput::ElementsAndBytes {
        elements: messages as u64,
        bytes: (messages * load.payload) as u64,
    });
    // Not made at all when a filter leaves the benchmark out, and made once for all samples.
    let clients = LazyCell::new(|| Clients::connect(server, load));
    group.bench_function(BenchmarkId::new(H::NAME, load.payload), |bencher| {
        bencher.iter_custom(|rounds| clients.run(rounds));
    });
}

fn config() -> Criterion {
    benches::criterion()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
}

criterion_group!(name = benches; config = config(); targets = runtimes);
criterion_main!(benches);
