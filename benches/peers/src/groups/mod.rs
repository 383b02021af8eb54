//! The subcommands that measure.

pub(crate) mod deflate;
pub(crate) mod fan_out;
pub(crate) mod handshake;
pub(crate) mod idle_memory;
pub(crate) mod in_memory;
pub(crate) mod loopback;
