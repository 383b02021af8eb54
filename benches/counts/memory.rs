//! What is asked of the allocator, which counts in this program: `cargo xtask bench counts` runs it.
//!
//! It prints a line for each count: what is counted, where, and how much.
//!
//! * `idle-heap`: the bytes that a connection over TCP holds while it waits ([`idle`]).
//! * `allocations` and `allocated-bytes`: by message, of the echo in memory ([`exchange`]).
//!
//! Every count is taken on a thread of its own, because the library lends the buffers of a thread.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "the counts are what the program is started for"
)]

mod client;
mod exchange;
mod feed;
mod handlers;
mod host;
mod idle;

use std::thread;

use allocation_counter::measure;

use self::{
    exchange::{Content, Exchange},
    idle::{Past, Way},
};

fn main() {
    for way in Way::ALL {
        for past in Past::ALL {
            let bytes = alone(move || idle::bytes_a_connection(way, past));
            println!("idle-heap\t{way}, {past}\t{bytes}");
        }
    }
    for exchange in Exchange::all() {
        // No other memory than of binary messages.
        if matches!(exchange.content, Content::Text(_)) {
            continue;
        }
        let (allocations, bytes) = alone(move || allocated_a_message(exchange));
        println!("allocations\t{exchange}\t{allocations}");
        println!("allocated-bytes\t{exchange}\t{bytes}");
    }
}

/// How often memory is asked for, and for how many bytes.
fn allocated_a_message(exchange: Exchange) -> (f64, f64) {
    let (few, many) = exchange.few_and_many();
    // What the thread keeps is there before anything is counted.
    exchange.run(few);
    let [few_info, many_info] = [few, many].map(|count| measure(|| exchange.run(count)));
    let a_message = |of_few, of_many| (of_many - of_few) as f64 / (many - few) as f64;
    (
        a_message(few_info.count_total, many_info.count_total),
        a_message(few_info.bytes_total, many_info.bytes_total),
    )
}

fn alone<R: Send + 'static>(count: impl FnOnce() -> R + Send + 'static) -> R {
    thread::spawn(count)
        .join()
        .expect("a scenario that fails has said why")
}
