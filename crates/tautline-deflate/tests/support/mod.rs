pub(crate) mod blocks;
pub(crate) mod codec;
pub(crate) mod header;
pub(crate) mod tracker;
pub(crate) mod windows;
