//! Scenarios in memory, for instructions to be counted: `cargo xtask bench counts` runs them under
//! callgrind, and [`scenario::obey`] says how.
//!
//! The allocator is the system's, as in most programs.
#![forbid(unsafe_code)]

mod core;
mod exchange;
mod feed;
mod handlers;
mod opening;
mod scenario;

use tautline::message::Kind;

use self::{exchange::Exchange, scenario::Scenario};

fn main() {
    let mut scenarios: Vec<_> = Exchange::all().into_iter().map(of_exchange).collect();
    scenarios.push(Scenario {
        name: "server, opening handshake".to_owned(),
        few: 20,
        many: 220,
        run: Box::new(opening::handshakes),
    });
    for size in [16, 1024] {
        scenarios.push(of_core("binary", Kind::Binary, size));
        scenarios.push(of_core("text", Kind::Text, size));
    }
    scenario::obey(&scenarios);
}

fn of_exchange(exchange: Exchange) -> Scenario {
    let (few, many) = exchange.few_and_many();
    Scenario {
        name: exchange.to_string(),
        few,
        many,
        run: Box::new(move |messages| exchange.run(messages)),
    }
}

fn of_core(name: &str, kind: Kind, size: usize) -> Scenario {
    Scenario {
        name: format!("server, {name} {size} B, without transport and task"),
        few: 3_000,
        many: 15_000,
        run: Box::new(move |messages| core::echo(kind, size, messages)),
    }
}
