#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

#[cfg(any(feature = "std", test))]
extern crate std;

pub mod mask;

mod close_code;
mod close_payload;
mod control_payload;
mod encoded_header;
mod header;
mod op_code;

pub use self::close_code::{CloseCode, InvalidCloseCode};
pub use self::close_payload::{ClosePayloadError, decode_close};
pub use self::control_payload::{ControlPayload, ControlPayloadTooLong};
pub use self::encoded_header::EncodedHeader;
pub use self::header::{Header, HeaderError};
pub use self::op_code::{OpCode, ReservedOpCode};
