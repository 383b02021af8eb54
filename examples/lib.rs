//! What the examples share with their tests; the examples themselves are the `[[example]]` targets
//! of this package.

#![forbid(unsafe_code)]

pub mod chat;
pub mod tune_deflate;
