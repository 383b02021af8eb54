//! What compression would do to messages of your own: bytes, time and memory for one setting after
//! another, and which of them to take.
//!
//! `cargo run --release --example tune_deflate -- my-messages.ndjson`
//!
//! * `messages` reads a file with a message a line, a JSON array, or a directory,
//! * `plan` says which settings are tried, and for how long,
//! * `trial` measures one of them, over connections that take turns,
//! * `report` has the table, and what to write into your program.

mod messages;
mod plan;
mod report;
mod trial;

pub use self::messages::{Format, Messages};
pub use self::plan::Plan;
pub use self::report::{Choices, Report, settings_line, tune};
pub use self::trial::{Trial, state_in_place};
