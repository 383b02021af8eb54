use std::{
    io,
    task::{Context, Poll, ready},
};

use tautline_connection::{Closed, ConnectionLost, Disposition, Role, Violation};

use super::Link;
use crate::{Error, Timeout, Transport, scratch};

/// The way of an ending connection (RFC 6455 section 7.1.1).
///
/// ```text
///                    server, or after a failure
///   Open --> Flush -----------------------------> Shutdown --> Drain --> Done
///               |                                  ^   |                  ^
///               +---> AwaitEof --------------------+   +------------------+
///                client, clean                         a client that has seen the end
/// ```
///
/// One deadline bounds it all; when it passes, `Done` follows from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    Flush,
    AwaitEof,
    Shutdown,
    /// Reads and discards, so that bytes which nobody read do not turn the end of the stream into
    /// a reset that takes the Close frame with it.
    Drain,
    Done,
}

/// Why the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Clean,
    Violation(Violation),
    Lost,
    Io(io::ErrorKind),
    Timeout(Timeout),
}

impl<T: Transport> Link<T> {
    /// Goes the way of [`Phase`] to its end.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<Closed, Error>> {
        while self.phase != Phase::Done && !self.is_close_overdue() {
            if self.poll_phase(cx).is_pending() {
                ready!(self.poll_timers(cx));
            }
        }
        self.reclaim_buffer();
        Poll::Ready(self.result())
    }

    pub(super) fn result(&self) -> Result<Closed, Error> {
        match self.outcome {
            Outcome::Clean => Ok(self.outbound.closed()),
            // On the wire it is a violation like others.
            Outcome::Violation(Violation::SlowMessage) => Err(Error::Timeout(Timeout::Message)),
            Outcome::Violation(violation) => Err(Error::Violation(violation)),
            Outcome::Lost => Err(Error::Lost(ConnectionLost::new())),
            Outcome::Io(kind) => Err(Error::Io(kind.into())),
            Outcome::Timeout(timeout) => Err(Error::Timeout(timeout)),
        }
    }

    #[cold]
    pub(super) fn end(&mut self, outcome: Outcome) {
        if self.is_ending() {
            return;
        }
        self.outcome = match (outcome, self.write_error) {
            // The end of the stream is the consequence; that nothing could be written, the cause.
            (Outcome::Lost, Some(kind)) => Outcome::Io(kind),
            (outcome, _) => outcome,
        };
        self.phase = match outcome {
            Outcome::Clean | Outcome::Violation(_) => Phase::Flush,
            Outcome::Lost | Outcome::Io(_) | Outcome::Timeout(_) => {
                // There is nobody to talk to.
                self.stop_writing(io::ErrorKind::NotConnected);
                match outcome {
                    // Nor is there anything left to shut down.
                    Outcome::Io(io::ErrorKind::ConnectionReset) => Phase::Done,
                    _ => Phase::Shutdown,
                }
            }
        };
        self.start_close_timer();
    }

    fn poll_phase(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.phase {
            Phase::Done => {}
            Phase::Open | Phase::Flush => {
                self.phase = match ready!(self.poll_flush(cx)) {
                    Err(error) => {
                        if self.outcome == Outcome::Clean && self.close_unsent {
                            self.outcome = Outcome::Io(error.kind());
                        }
                        Phase::Shutdown
                    }
                    Ok(()) if self.outbound.disposition() == Disposition::AwaitEof => {
                        Phase::AwaitEof
                    }
                    Ok(()) => Phase::Shutdown,
                };
            }
            Phase::AwaitEof => {
                ready!(self.poll_discard(cx));
                self.phase = Phase::Shutdown;
            }
            Phase::Shutdown => {
                // An error here is about a stream that has ended anyway.
                let shut_down = ready!(self.poll_transport_shutdown(cx)).is_ok();
                let ended = match self.outcome {
                    Outcome::Clean => self.outbound.role() == Role::Client,
                    Outcome::Violation(_) => false,
                    Outcome::Lost | Outcome::Io(_) | Outcome::Timeout(_) => true,
                };
                self.phase = if ended || !shut_down {
                    Phase::Done
                } else {
                    Phase::Drain
                };
            }
            Phase::Drain => {
                ready!(self.poll_discard(cx));
                self.phase = Phase::Done;
            }
        }
        Poll::Ready(())
    }

    /// Reads towards the end of the stream and keeps nothing.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut input = scratch::lend_input();
        let mut end = Poll::Pending;
        for _ in 0..MAX_DISCARDS {
            match self.transport.poll_read(cx, &mut input) {
                Poll::Ready(Ok(1..)) => input.clear(),
                Poll::Ready(Ok(0) | Err(_)) => {
                    end = Poll::Ready(());
                    break;
                }
                Poll::Pending => {
                    scratch::return_input(input);
                    return Poll::Pending;
                }
            }
        }
        scratch::return_input(input);
        cx.waker().wake_by_ref();
        end
    }

    fn poll_transport_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let transport = &mut self.transport;
        match &mut self.shared {
            None => transport.poll_shutdown(cx),
            Some(shared) => shared.poll(cx, |cx| transport.poll_shutdown(cx)),
        }
    }
}

/// How often one poll reads what it discards before it lets other tasks run.
const MAX_DISCARDS: usize = 16;
