//! tautline-deflate against zlib in C.
//!
//! * Whatever the level, the window and the cuts, C inflates what Tautline compresses, and needs no
//!   larger window than the one that was agreed on.
//! * Tautline inflates what C compresses, with any flushes and endings.
//! * Of any other bytes Tautline makes the same text as C, or refuses them as C does. Nothing comes
//!   out beyond the cap.
//!
//! Several connections take turns in each case, because they share the states of zlib.

mod blocks;
mod compressing;
mod inflating;
mod sender;

use arbitrary::{Arbitrary, Result, Unstructured};
use tautline_deflate::{Context, Window, WindowBits};

/// Runs one case.
pub fn run(data: &[u8]) {
    // An input that is too short ends the case early, which is no fault.
    let _ = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let setups: [Setup; 3] = input.arbitrary()?;
    match input.arbitrary::<u8>()? % 4 {
        0 => compressing::case(&setups, input),
        _ => inflating::case(&setups, input),
    }
}

/// How one of the connections is set up.
#[derive(Arbitrary, Clone, Copy)]
struct Setup {
    window: u8,
    level: u8,
    takeover: bool,
}

impl Setup {
    fn context(self) -> Context {
        let bits = WindowBits::new(9 + self.window % 7).and_then(Window::from_bits);
        Context {
            window: bits.expect("9 to 15 bits are a window"),
            takeover: self.takeover,
        }
    }

    fn level(self) -> u8 {
        self.level % 9 + 1
    }
}

/// In bytes, over a case: twice the largest window, and little enough for many cases a second.
const MAX_TEXT: usize = 64 * 1024;
