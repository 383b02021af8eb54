use std::{
    io,
    task::{Context, Poll},
    time::Instant,
};

use bytes::{Buf, BytesMut};

/// What the driver needs of a runtime: a byte stream and a timer.
///
/// The one seam that an adapter fills, in about a hundred lines. It is not `AsyncRead` and
/// `AsyncWrite` of one of the ecosystems because wrapping one in the other loses vectored writes.
pub trait Transport {
    /// The stream that is wrapped, as users hand it over.
    type Stream;

    /// Wraps a stream.
    fn from_stream(stream: Self::Stream) -> Self;

    /// The stream that is wrapped.
    fn stream(&self) -> &Self::Stream;

    /// Reads into the spare capacity of `input`, which is never empty, and returns how many bytes
    /// came; 0 at the end of the stream.
    ///
    /// # Errors
    ///
    /// What the stream says.
    fn poll_read(&mut self, cx: &mut Context<'_>, input: &mut BytesMut) -> Poll<io::Result<usize>>;

    /// Writes from the front of `output`, which is not empty, takes off what was written, and
    /// returns how much it was.
    ///
    /// Should write [`Buf::chunk`] if that is all there is, and several slices at once otherwise.
    ///
    /// # Errors
    ///
    /// What the stream says.
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut impl Buf,
    ) -> Poll<io::Result<usize>>;

    /// Passes on what the stream itself holds back, as a TLS stream does.
    ///
    /// # Errors
    ///
    /// What the stream says.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the direction of writing: `close_notify` and FIN.
    ///
    /// # Errors
    ///
    /// What the stream says.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The runtime's time.
    fn now(&self) -> Instant;

    /// Waits until `deadline`. Polled with another deadline, it waits for that one instead.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()>;
}
