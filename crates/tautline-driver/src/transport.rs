use std::{
    io::{self, IoSlice},
    task::{Context, Poll, ready},
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
    /// Should write several slices at once where there are several: see [`poll_write_buf`].
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

    /// No deadline is waited for any more, so that the memory of a timer can be let go.
    fn clear_deadline(&mut self) {}
}

/// How many slices a write gathers at most. Frames are small or few: beyond this another system
/// call costs less than preparing slots that stay empty.
const MAX_SLICES: usize = 16;

/// Takes what is next in `output` to `write`: one slice, or several if there are several and the
/// stream is `vectored`; then takes off what was written. For [`Transport::poll_write`].
///
/// # Errors
///
/// What `write` says.
#[inline]
pub fn poll_write_buf(
    output: &mut impl Buf,
    vectored: bool,
    write: impl FnOnce(&[IoSlice<'_>]) -> Poll<io::Result<usize>>,
) -> Poll<io::Result<usize>> {
    let chunk = output.chunk();
    let written = if chunk.len() == output.remaining() || !vectored {
        ready!(write(&[IoSlice::new(chunk)]))?
    } else {
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let count = output.chunks_vectored(&mut slices);
        ready!(write(&slices[..count]))?
    };
    output.advance(written);
    Poll::Ready(Ok(written))
}
