use std::{
    ops::DerefMut,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tautline_connection::{Closed, Inbound, Role, Step, Violation};
use tautline_message::{Kind, Message};

use crate::{
    Config, Error, Transport,
    input::{Input, SHARE_THRESHOLD},
    link::{Fill, Link, WhenFull},
    shared::Shared,
};

/// The receiving half: finds messages in the input, and has everything else done by the link.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) inbound: Inbound,
    pub(crate) input: Input,
    /// Length of the frame that was lent last; it is consumed when the next is looked for.
    lent: usize,
    /// The stream of messages has told its end.
    #[cfg(feature = "futures")]
    terminated: bool,
}

/// Where a message is.
pub(crate) enum Found {
    /// In the input; its frame is consumed when the next message is looked for.
    Input {
        kind: Kind,
        head: usize,
        len: usize,
        key: Option<[u8; 4]>,
    },
    /// Put together from fragments.
    Assembled(Message),
}

/// A way to the link: directly, or through the lock that the halves of a connection share.
///
/// It is held for one poll at the most, and while the receiver works on what is buffered, not at
/// all.
pub(crate) trait Access<T: Transport> {
    fn link(&mut self) -> impl DerefMut<Target = Link<T>>;

    /// [`Link::poll_fill`].
    #[inline(always)]
    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut Input,
        inbound: &Inbound,
        want: usize,
        when_full: WhenFull,
    ) -> Poll<Fill> {
        self.link().poll_fill(cx, input, inbound, want, when_full)
    }
}

impl<T: Transport> Access<T> for &mut Link<T> {
    #[inline]
    fn link(&mut self) -> impl DerefMut<Target = Link<T>> {
        &mut **self
    }
}

impl<T: Transport> Access<T> for &Shared<T> {
    #[inline]
    fn link(&mut self) -> impl DerefMut<Target = Link<T>> {
        self.lock()
    }

    #[inline(always)]
    fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        input: &mut Input,
        inbound: &Inbound,
        want: usize,
        when_full: WhenFull,
    ) -> Poll<Fill> {
        let mut link = self.lock();
        let fill = link.poll_fill(cx, input, inbound, want, when_full);
        if fill.is_pending() {
            self.note_wait(&link);
        }
        fill
    }
}

/// From here on it costs a client less to take a buffer of its own out of the input than to copy a
/// shared one in order to mask it.
const ALONE_THRESHOLD: usize = 32 * 1024;

/// How often one poll reads without finding a message before it lets other tasks run. Each read may
/// bring ten thousand pings.
const MAX_FILLS: usize = 16;

/// How many messages that nobody wants one poll discards before it lets other tasks run.
const MAX_DISCARDED: usize = 1024;

impl Receiver {
    pub(crate) fn new(role: Role, config: &Config, early: BytesMut) -> Self {
        Self {
            inbound: Inbound::new(role, config.limits),
            input: Input::from_early(early),
            lent: 0,
            #[cfg(feature = "futures")]
            terminated: false,
        }
    }

    /// The next message, owned. `Ok(None)` after a clean closing handshake.
    #[inline]
    pub(crate) fn poll_message<T: Transport>(
        &mut self,
        mut access: impl Access<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Message>, Error>> {
        let Some(found) = ready!(self.poll_find(&mut access, cx, WhenFull::Read)?) else {
            return Poll::Ready(Ok(None));
        };
        match self.own(found) {
            Ok(message) => Poll::Ready(Ok(Some(message))),
            Err(violation) => {
                self.fail(&mut access, violation);
                self.poll_end(&mut access, cx)
            }
        }
    }

    /// The next message as a stream has it: an end, or an error, is told once.
    #[cfg(feature = "futures")]
    pub(crate) fn poll_item<T: Transport>(
        &mut self,
        access: impl Access<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, Error>>> {
        if self.terminated {
            return Poll::Ready(None);
        }
        let item = ready!(self.poll_message(access, cx)).transpose();
        self.terminated = !matches!(item, Some(Ok(_)));
        Poll::Ready(item)
    }

    /// Whether the stream of messages has told its end.
    #[cfg(feature = "futures")]
    pub(crate) const fn is_terminated(&self) -> bool {
        self.terminated
    }

    /// Finds the next message and leaves it where it is.
    // What every message passes through is inlined by force, here and in `Link` and `Outbound`: left
    // to the compiler, results that are five words long travel through memory between calls, and a
    // small message costs noticeably more instructions.
    #[inline(always)]
    pub(crate) fn poll_find<T: Transport>(
        &mut self,
        access: &mut impl Access<T>,
        cx: &mut Context<'_>,
        when_full: WhenFull,
    ) -> Poll<Result<Option<Found>, Error>> {
        if self.lent != 0 {
            self.input.consume_before_read(self.lent);
            self.lent = 0;
        }
        let mut fills = 0;
        loop {
            let unread = self.input.unread();
            let mut want = 0;
            if !unread.is_empty() {
                match self.inbound.locate(unread) {
                    Ok(Step::Message {
                        kind,
                        head,
                        len,
                        key,
                    }) => {
                        return Poll::Ready(Ok(Some(Found::Input {
                            kind,
                            head,
                            len,
                            key,
                        })));
                    }
                    Ok(Step::More { want: missing }) => want = missing,
                    step => match self.rare(access, step) {
                        Some(found) => return Poll::Ready(Ok(Some(found))),
                        None => continue,
                    },
                }
            }
            // A peer that floods with what is no message does not get the thread for itself.
            fills += 1;
            if fills > MAX_FILLS {
                cx.waker().wake_by_ref();
                self.input.idle();
                return Poll::Pending;
            }
            // Every complete frame is used up: what was queued meanwhile leaves in one write.
            let fill =
                ready!(access.poll_fill(cx, &mut self.input, &self.inbound, want, when_full));
            if let Fill::Ended = fill {
                return self.poll_end(access, cx).map_ok(|_: Option<Message>| None);
            }
        }
    }

    /// Keeps the frame of a message that is lent until the next is looked for.
    #[inline]
    pub(crate) const fn lend(&mut self, head: usize, len: usize) {
        self.lent = head + len;
    }

    /// Takes a large payload out of the input.
    pub(crate) fn take(
        &mut self,
        kind: Kind,
        head: usize,
        len: usize,
        key: Option<[u8; 4]>,
    ) -> Result<Message, Violation> {
        // What came without a key is a client's, which masks what it sends, and may send this on.
        let payload = if key.is_none() && len >= ALONE_THRESHOLD {
            self.input.take_alone(head, len)
        } else {
            self.input.take(head, len)
        };
        Inbound::message(kind, payload, key)
    }

    /// Discards messages until the connection has ended.
    pub(crate) fn poll_closed<T: Transport>(
        &mut self,
        access: &mut impl Access<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Closed> {
        for _ in 0..MAX_DISCARDED {
            match ready!(self.poll_find(access, cx, WhenFull::Read)) {
                Ok(Some(Found::Input { head, len, .. })) => self.input.consume(head + len),
                Ok(Some(Found::Assembled(_))) => {}
                // Why it ended, if not by a handshake, shows in what is missing of `Closed`.
                Ok(None) | Err(_) => return Poll::Ready(access.link().closed()),
            }
        }
        // Nor does a peer that floods with messages.
        cx.waker().wake_by_ref();
        self.input.idle();
        Poll::Pending
    }

    pub(crate) fn fail<T: Transport>(&mut self, access: &mut impl Access<T>, violation: Violation) {
        self.inbound.stop();
        access.link().fail(violation);
    }

    #[inline(always)]
    fn own(&mut self, found: Found) -> Result<Message, Violation> {
        match found {
            Found::Assembled(message) => Ok(message),
            Found::Input {
                kind,
                head,
                len,
                key,
            } if len >= SHARE_THRESHOLD => self.take(kind, head, len, key),
            Found::Input {
                kind,
                head,
                len,
                key,
            } => {
                let payload = self.input.slice(head, len);
                let message = match kind {
                    Kind::Text => Message::from(Inbound::text(payload, key)?),
                    Kind::Binary => Message::from(Inbound::binary(payload, key)),
                };
                self.input.consume(head + len);
                Ok(message)
            }
        }
    }

    /// Whatever is not a message in one frame.
    #[cold]
    fn rare<T: Transport>(
        &mut self,
        access: &mut impl Access<T>,
        step: Result<Step, Violation>,
    ) -> Option<Found> {
        let result = match step {
            Err(violation) => Err(violation),
            Ok(Step::Control { opcode, head, len }) => {
                let control = self.inbound.control(opcode, self.input.slice(head, len));
                self.input.consume(head + len);
                control.map(|control| access.link().answer(&control))
            }
            Ok(Step::Assembled { len }) => {
                self.input.consume(len);
                return self.inbound.take_message().map(Found::Assembled);
            }
            Ok(Step::Fragment { len }) => {
                self.input.consume(len);
                Ok(())
            }
            // These are the two that are not rare; `poll_find` keeps them to itself.
            Ok(Step::More { .. } | Step::Message { .. }) => Ok(()),
        };
        if let Err(violation) = result {
            self.fail(access, violation);
        }
        None
    }

    /// The connection is ending: nothing that was received matters any more.
    #[cold]
    fn poll_end<T: Transport>(
        &mut self,
        access: &mut impl Access<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Message>, Error>> {
        self.inbound.stop();
        self.input.clear();
        access.link().poll_end(cx).map_ok(|_| None)
    }
}
