use std::{thread, time::Duration};

use clap::Args;
use peak_alloc::PeakAlloc;

/// Counts what is in use, so that a load can tell memory that was not freed from memory that the
/// allocator keeps.
#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Whether the server tells what it has allocated.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Heap {
    /// Print the bytes that are allocated, every so many milliseconds.
    #[arg(long, value_name = "MILLIS")]
    tell_heap: Option<u64>,
}

impl Heap {
    /// Prints from a thread of its own until the program ends.
    pub(crate) fn tell(self) {
        if let Some(millis) = self.tell_heap {
            thread::spawn(move || {
                loop {
                    println!("heap {}", HEAP.current_usage());
                    thread::sleep(Duration::from_millis(millis));
                }
            });
        }
    }
}
