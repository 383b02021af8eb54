//! What the tests have in common.

mod keys;
mod pair;
mod replay;
mod wire;

pub(crate) use keys::Keys;
pub(crate) use pair::{CLOSE_TIMEOUT, End, Happened, Pair, play};
pub(crate) use replay::{
    Outcome, ROLES, control, drain, failed_at, message, open, outcome, receive_all, replay,
    replay_from, sent,
};
pub(crate) use wire::{Frame, close_body, frame, parse, to, unmasked};
