#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_code)]

extern crate alloc;

mod assembler;
mod fragments;
mod growth;
mod kind;
mod limits;
mod message;
mod message_ref;
mod utf8_bytes;
mod utf8_validator;

pub use self::assembler::{AssembleError, Assembler};
pub use self::fragments::{Fragment, Fragments};
pub use self::kind::Kind;
pub use self::limits::Limits;
pub use self::message::Message;
pub use self::message_ref::MessageRef;
pub use self::utf8_bytes::{Utf8Bytes, unmask_utf8, validate_utf8};
pub use self::utf8_validator::{InvalidUtf8, Utf8Validator};
