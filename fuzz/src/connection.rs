//! A whole connection without I/O: `Inbound`, `Outbound`, and `Connection`, which is both.
//!
//! * Whatever a peer sends, in whatever pieces: there is no panic, every step makes progress, the
//!   events and the violation are the same as for all bytes at once, the Close frame has the code of
//!   the violation, and memory follows what has arrived.
//! * What one end sends, the other one receives: every message once and in order, compressed or not,
//!   in frames of any size, while the output is taken off in any pieces.
//! * What is prepared once and sent by connections with different terms is received by each peer as
//!   if it had been sent in the ordinary way.

mod exchange;
mod prepared;
mod receiving;

use std::num::NonZeroUsize;

use arbitrary::{Arbitrary, Result, Unstructured};
use tautline_connection::{Limits, Role};
use tautline_deflate::{Context, Window, WindowBits};

use crate::cuts::Cuts;
use crate::peer::Peer;

/// Runs one case.
pub fn run(data: &[u8]) {
    // An input that is too short ends the case early, which is no fault.
    let _ = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let (kind, setup, cuts) = input.arbitrary::<(u8, Setup, Cuts)>()?;
    if kind >= 128 {
        return prepared::case(setup, cuts, input);
    }
    match kind % 3 {
        0 => receiving::case(setup, cuts, input.bytes(input.len())?),
        1 => {
            let deflate = setup
                .deflate()
                .map(|context| (context.window.bits().get(), context.takeover));
            let peer = Peer::new(setup.role() == Role::Server, deflate);
            let (wire, longest) = peer.wire(input);
            receiving::case(setup.at_limit(longest), cuts, &wire);
        }
        _ => exchange::case(setup, cuts, input)?,
    }
    Ok(())
}

/// How an end is set up: eight bytes of input.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Setup {
    /// Role, takeover, whether there are limits, and the window if there is compression.
    flags: u8,
    frame_limit: u16,
    message_limit: u16,
    empty_fragments: u8,
    fragment_size: u16,
}

impl Setup {
    fn role(self) -> Role {
        match self.flags & 1 {
            0 => Role::Server,
            _ => Role::Client,
        }
    }

    fn deflate(self) -> Option<Context> {
        // None for 8 bits, which is no window.
        let window = WindowBits::new(8 + (self.flags >> 3 & 7)).and_then(Window::from_bits)?;
        Some(Context {
            window,
            takeover: self.flags & 2 != 0,
        })
    }

    fn limits(self) -> Limits {
        if self.flags & 4 == 0 {
            return Limits::default();
        }
        Limits::default()
            .with_max_frame_size(self.frame_limit.into())
            .with_max_message_size(self.message_limit.into())
            .with_max_empty_fragments(self.empty_fragments.into())
    }

    /// With every second limit, one that the longest message just keeps to or just exceeds.
    fn at_limit(mut self, longest: usize) -> Self {
        if self.message_limit & 1 == 1 {
            let limit = longest.saturating_sub(usize::from(self.message_limit >> 1 & 1));
            self.message_limit = u16::try_from(limit).unwrap_or(u16::MAX);
        }
        self
    }

    fn fragment_size(self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.fragment_size.into())
    }
}

/// Masking keys that differ, from no source of randomness: a case has to be the same each time.
fn keys() -> impl FnMut() -> [u8; 4] {
    let mut last = 0_u32;
    move || {
        last = last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        last.to_be_bytes()
    }
}
