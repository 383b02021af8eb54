#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod agreed;
mod answer;
mod answer_error;
mod client_window;
mod compressor;
mod context;
mod decompress_error;
mod decompressor;
mod deflater;
mod history;
mod inflater;
mod inflation;
mod level;
mod negotiate;
mod offer;
mod param_error;
mod settings;
mod stream;
mod window;
mod window_bits;

pub use self::agreed::Agreed;
pub use self::answer::Answer;
pub use self::answer_error::AnswerError;
pub use self::client_window::ClientWindow;
pub use self::compressor::Compressor;
pub use self::context::Context;
pub use self::decompress_error::{Corrupt, DecompressError};
pub use self::decompressor::Decompressor;
pub use self::deflater::Deflater;
pub use self::inflater::Inflater;
pub use self::level::Level;
pub use self::offer::Offer;
pub use self::param_error::ParamError;
pub use self::settings::Settings;
pub use self::window::Window;
pub use self::window_bits::WindowBits;

/// The name that the extension is negotiated by.
pub const NAME: &str = "permessage-deflate";
