use alloc::boxed::Box;
use core::num::NonZeroUsize;

use bytes::{Buf, Bytes, BytesMut};
use tautline_frame::{CloseCode, ControlPayload, Header, OpCode, mask};
use tautline_message::{Kind, Message, MessageRef};

use crate::{
    CloseFrame, Closed, Control, Disposition, Initiator, OutputQueue, Prepared, Role, SendError,
    Violation, close::CloseState, deflate::Compression,
};

/// Where the masking keys of a client come from.
///
/// RFC 6455 section 5.3 demands a fresh key for every frame, from a strong source of entropy, that
/// the peer cannot predict. A server never asks for one.
pub trait MaskKeys {
    /// The next key.
    fn next_key(&mut self) -> [u8; 4];
}

impl<F: FnMut() -> [u8; 4]> MaskKeys for F {
    #[inline]
    fn next_key(&mut self) -> [u8; 4] {
        self()
    }
}

/// The keys of a server, which does not mask (RFC 6455 section 5.1).
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "it stands for nothing")]
pub struct NoKeys;

impl MaskKeys for NoKeys {
    fn next_key(&mut self) -> [u8; 4] {
        [0; 4]
    }
}

/// Whether a fragment is the last of its message: the FIN bit (RFC 6455 section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "FIN is a bit")]
pub enum Fin {
    /// More fragments follow.
    More,
    /// This is the last one.
    Last,
}

/// The sending half: makes frames, answers control frames, and keeps the state of the closing
/// handshake.
///
/// What is to be written is in [`Outbound::output`]. Give each control frame that
/// [`Inbound`](crate::Inbound) reads to [`Outbound::answer`], and each violation to
/// [`Outbound::fail`]: the reply is queued at once.
#[derive(Debug)]
pub struct Outbound<K> {
    output: OutputQueue,
    keys: K,
    role: Role,
    /// The kind of the message whose fragments are being sent one by one.
    unfinished: Option<Kind>,
    /// Bytes of Pong frames queued since the last of them was written.
    unsent_replies: u32,
    /// Bytes of Pong frames queued behind a Close frame, or the largest number if there were more. Those
    /// that are unsent are fewer than that.
    behind_close: u16,
    /// Zero: messages are not cut.
    fragment_size: usize,
    state: CloseState,
    /// There if compression was agreed on.
    compression: Option<Box<Compression>>,
    /// The newest Ping that came when too many replies were unsent.
    deferred: Option<Box<ControlPayload>>,
}

/// Payloads of this many bytes and more are not copied into the output buffer. Below it a copy is
/// cheaper than another slice in the system call and a reference count.
const SPLICE_THRESHOLD: usize = 2 * 1024;

/// A payload that must be copied, because it is borrowed or because a client masks it, gets an
/// allocation of its own from this size, so that the shared output buffer does not grow to the size
/// of the largest message.
const OWN_COPY_THRESHOLD: usize = 32 * 1024;

/// A large copy is masked in steps of so many bytes, a multiple of the key's length, which are still
/// in the first cache when it comes to that. Masking while copying would need bytes that are
/// initialised, another pass.
const CACHED_CHUNK: usize = 8 * 1024;

/// A peer that sends pings and does not read gets this many bytes of replies queued; then only its
/// newest ping is answered, which RFC 6455 section 5.5.3 allows.
const MAX_UNSENT_REPLIES: u32 = 16 * 1024;

impl<K: MaskKeys> Outbound<K> {
    /// The sending half of a connection in this role. A server passes [`NoKeys`].
    pub const fn new(role: Role, keys: K) -> Self {
        Self {
            output: OutputQueue::new(),
            keys,
            role,
            unfinished: None,
            unsent_replies: 0,
            behind_close: 0,
            fragment_size: 0,
            state: CloseState::Open,
            compression: None,
            deferred: None,
        }
    }

    /// Cuts messages into frames of at most this many bytes; `None`, the default, sends each in one.
    pub fn set_fragment_size(&mut self, size: Option<NonZeroUsize>) {
        self.fragment_size = size.map_or(0, NonZeroUsize::get);
    }

    /// From now on messages are compressed (RFC 7692), as was agreed on in the opening handshake:
    /// [`Agreed::compress`](tautline_deflate::Agreed::compress).
    #[cfg(feature = "deflate")]
    pub fn set_deflate(
        &mut self,
        context: tautline_deflate::Context,
        settings: &tautline_deflate::Settings,
    ) {
        self.compression = Some(Box::new(Compression::new(context, settings)));
    }

    /// What was agreed on for messages that go compressed.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(&self) -> Option<tautline_deflate::Context> {
        Some(self.compression.as_ref()?.context())
    }

    /// Queues a message. A large payload is shared, not copied; a client masks it in place when it
    /// holds the only reference.
    ///
    /// # Errors
    ///
    /// [`SendError::Closing`] and [`SendError::UnfinishedMessage`]; nothing is queued then.
    #[inline(always)]
    pub fn send(&mut self, message: Message) -> Result<(), SendError> {
        self.check_data()?;
        if self.compression.is_none() || !self.send_compressed(message.kind(), message.as_bytes()) {
            self.send_plain(message);
        }
        Ok(())
    }

    /// Queues a message that is not to be compressed, whatever was agreed on.
    ///
    /// For secrets: what is compressed together with text that somebody else chose can be guessed
    /// from its length (RFC 7692 section 8).
    ///
    /// # Errors
    ///
    /// As [`Outbound::send`].
    pub fn send_uncompressed(&mut self, message: Message) -> Result<(), SendError> {
        self.check_data()?;
        self.send_plain(message);
        Ok(())
    }

    /// Queues a message that is sent by many connections, of a frame that is made once for all of
    /// them.
    ///
    /// A client, and an end that [cuts messages](Self::set_fragment_size), sends the message as
    /// [`Outbound::send`] does: that is right, but nothing is gained by it.
    ///
    /// # Errors
    ///
    /// As [`Outbound::send`].
    #[inline]
    pub fn send_prepared(&mut self, prepared: &Prepared) -> Result<(), SendError> {
        if self.role == Role::Client || self.fragment_size != 0 {
            return self.send_unprepared(prepared);
        }
        self.check_data()?;
        let form = prepared.form(self.compression.as_deref_mut());
        if form.payload.len() < SPLICE_THRESHOLD {
            self.output.push_encoded(&form.header, &form.payload);
        } else {
            self.output.push_encoded(&form.header, &[]);
            self.output.splice(form.payload.clone());
        }
        Ok(())
    }

    #[cold]
    fn send_unprepared(&mut self, prepared: &Prepared) -> Result<(), SendError> {
        self.check_data()?;
        let message = prepared.message();
        let kind = message.kind();
        if self.compression.is_none() || !self.send_compressed(kind, message.as_bytes()) {
            self.send_whole(false, kind.opcode(), message.clone().into_bytes());
        }
        Ok(())
    }

    #[inline(always)]
    fn send_plain(&mut self, message: Message) {
        let opcode = message.kind().opcode();
        let payload = message.into_bytes();
        if self.fragment_size != 0 && payload.len() > self.fragment_size {
            self.send_cut(false, opcode, payload);
        } else if payload.len() < SPLICE_THRESHOLD {
            self.copy_frame(true, opcode, &payload);
        } else {
            self.splice_frame(true, false, opcode, payload);
        }
    }

    /// Queues a message compressed, unless it is better sent as it is.
    #[inline(never)]
    fn send_compressed(&mut self, kind: Kind, payload: &[u8]) -> bool {
        let compressed = self
            .compression
            .as_mut()
            .and_then(|compression| compression.compress(payload));
        let Some(compressed) = compressed else {
            return false;
        };
        self.send_whole(true, kind.opcode(), compressed.into());
        true
    }

    /// Queues a copy of a borrowed message.
    ///
    /// # Errors
    ///
    /// As [`Outbound::send`].
    #[inline]
    pub fn send_ref(&mut self, message: MessageRef<'_>) -> Result<(), SendError> {
        self.check_data()?;
        let payload = message.as_bytes();
        if self.compression.is_some() && self.send_compressed(message.kind(), payload) {
            return Ok(());
        }
        if self.fragment_size != 0 && payload.len() > self.fragment_size {
            self.send_cut(
                false,
                message.kind().opcode(),
                Bytes::copy_from_slice(payload),
            );
        } else if payload.len() < OWN_COPY_THRESHOLD {
            self.copy_frame(true, message.kind().opcode(), payload);
        } else {
            let own = Bytes::copy_from_slice(payload);
            self.splice_frame(true, false, message.kind().opcode(), own);
        }
        Ok(())
    }

    /// Queues one fragment of a message that is sent piece by piece (RFC 6455 section 5.4).
    ///
    /// The first call begins the message; [`Fin::Last`] ends it. Pings and Close may go between.
    ///
    /// # Errors
    ///
    /// [`SendError::Closing`], and [`SendError::KindMismatch`] if the fragment is of another kind
    /// than the first.
    pub fn send_fragment(&mut self, fragment: Message, fin: Fin) -> Result<(), SendError> {
        if !self.state.is_open() {
            return Err(SendError::Closing);
        }
        let kind = fragment.kind();
        let opcode = match self.unfinished {
            None => kind.opcode(),
            Some(open) if open == kind => OpCode::Continuation,
            Some(_) => return Err(SendError::KindMismatch),
        };
        let last = fin == Fin::Last;
        self.unfinished = if last { None } else { Some(kind) };
        let payload = fragment.into_bytes();
        match &mut self.compression {
            None => self.frame(last, false, opcode, payload),
            Some(compression) => {
                let compressed = compression.compress_fragment(&payload, last);
                // RFC 7692 section 6.1: the bit is in the first frame only.
                let rsv1 = opcode != OpCode::Continuation;
                self.frame(last, rsv1, opcode, compressed.into());
            }
        }
        Ok(())
    }

    /// Queues a Ping (RFC 6455 section 5.5.2).
    ///
    /// # Errors
    ///
    /// [`SendError::Closing`].
    pub fn ping(&mut self, payload: &ControlPayload) -> Result<(), SendError> {
        self.control(OpCode::Ping, payload)
    }

    /// Queues a Pong that answers nothing, as a heartbeat (RFC 6455 section 5.5.3).
    ///
    /// # Errors
    ///
    /// [`SendError::Closing`].
    pub fn pong(&mut self, payload: &ControlPayload) -> Result<(), SendError> {
        self.control(OpCode::Pong, payload)
    }

    /// Begins the closing handshake: queues a Close frame, with an empty body if `None`
    /// (RFC 6455 section 7.1.2). Does nothing if the connection is closing already.
    ///
    /// # Errors
    ///
    /// [`SendError::ControlTooLong`] for a reason over 123 bytes, [`SendError::ClientOnlyCode`] for
    /// code 1010 on a server.
    pub fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), SendError> {
        let body = match &frame {
            None => ControlPayload::empty(),
            Some(frame) => {
                if self.role == Role::Server && frame.code == CloseCode::MANDATORY_EXTENSION {
                    return Err(SendError::ClientOnlyCode);
                }
                ControlPayload::close(frame.code, &frame.reason)
                    .map_err(|_| SendError::ControlTooLong)?
            }
        };
        if self.state.is_open() {
            self.copy_frame(true, OpCode::Close, &body);
            self.state = CloseState::Sent(Box::new(frame));
        }
        Ok(())
    }

    /// Answers a control frame of the peer: Pong for Ping, Close for Close.
    pub fn answer(&mut self, control: &Control) {
        match control {
            Control::Ping(payload) => self.answer_ping(payload),
            Control::Pong(_) => {}
            Control::Close(frame) => self.answer_close(frame.clone()),
        }
    }

    /// Fails the connection: queues the Close frame that tells the peer what it did, unless one was
    /// sent already (RFC 6455 section 7.1.7).
    pub fn fail(&mut self, violation: Violation) {
        let mut closed = self.state.closed();
        match self.state {
            CloseState::Open => {
                let code = violation.close_code();
                let body = ControlPayload::close_truncated(code, violation.message());
                self.copy_frame(true, OpCode::Close, &body);
                closed.initiator = Some(Initiator::Local);
                closed.sent = Some(Some(CloseFrame::new(code, violation.message())));
            }
            CloseState::Sent(_) => {}
            CloseState::Complete(_) | CloseState::Failed(_) => return,
        }
        self.deferred = None;
        self.state = CloseState::Failed(Box::new((violation, closed)));
    }

    /// What is to be written, and the place to take it from.
    #[inline]
    pub const fn output(&mut self) -> &mut OutputQueue {
        &mut self.output
    }

    /// Says that bytes were written: a reply that had to wait is queued once there is room.
    ///
    /// To be called after writing, before looking whether the output is empty.
    #[inline]
    pub fn written(&mut self) {
        if self.deferred.is_some() && !self.output.holds_replies() {
            self.answer_deferred();
        }
    }

    /// How many bytes are queued.
    #[inline]
    #[must_use]
    pub fn queued(&self) -> usize {
        self.output.remaining()
    }

    /// Whether neither end has begun to close.
    #[inline]
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.state.is_open()
    }

    /// Whether this end's Close frame is queued or sent and the peer's has not come.
    #[must_use]
    pub const fn awaits_close(&self) -> bool {
        matches!(self.state, CloseState::Sent(_))
    }

    /// Whether this end's Close frame is queued and was not yet written as a whole.
    #[must_use]
    pub fn close_is_queued(&self) -> bool {
        !self.is_open() && self.queued() > usize::from(self.behind_close)
    }

    /// Which end of the connection this is.
    #[inline]
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What to do with the transport.
    #[inline]
    #[must_use]
    pub const fn disposition(&self) -> Disposition {
        self.state.disposition(self.role)
    }

    /// What is known of the end so far.
    #[must_use]
    pub fn closed(&self) -> Closed {
        self.state.closed()
    }

    /// The violation that failed the connection.
    #[must_use]
    pub fn violation(&self) -> Option<Violation> {
        match &self.state {
            CloseState::Failed(failed) => Some(failed.0),
            _ => None,
        }
    }

    #[inline]
    const fn check_data(&self) -> Result<(), SendError> {
        // RFC 6455 section 5.5.1: no data frame follows a Close frame.
        if !self.state.is_open() {
            return Err(SendError::Closing);
        }
        // RFC 6455 section 5.4: fragments of two messages do not mix.
        if self.unfinished.is_some() {
            return Err(SendError::UnfinishedMessage);
        }
        Ok(())
    }

    fn control(&mut self, opcode: OpCode, payload: &ControlPayload) -> Result<(), SendError> {
        if !self.state.is_open() {
            return Err(SendError::Closing);
        }
        self.copy_frame(true, opcode, payload);
        Ok(())
    }

    /// RFC 6455 section 5.5.2: a Ping is answered unless a Close was received, so also after a
    /// Close was sent.
    fn answer_ping(&mut self, payload: &ControlPayload) {
        if !matches!(self.state, CloseState::Open | CloseState::Sent(_)) {
            return;
        }
        if !self.output.holds_replies() {
            // What was deferred until now is no longer the newest.
            self.unsent_replies = 0;
            self.deferred = None;
        }
        if self.deferred.is_some() || self.unsent_replies >= MAX_UNSENT_REPLIES {
            match &mut self.deferred {
                Some(deferred) => **deferred = payload.clone(),
                none => *none = Some(Box::new(payload.clone())),
            }
            return;
        }
        let before = self.output.remaining();
        self.copy_frame(true, OpCode::Pong, payload);
        self.output.mark_reply();
        // A control frame has at most 131 bytes.
        let len = (self.output.remaining() - before) as u16;
        self.unsent_replies += u32::from(len);
        if !self.state.is_open() {
            self.behind_close = self.behind_close.saturating_add(len);
        }
    }

    #[cold]
    fn answer_deferred(&mut self) {
        if let Some(payload) = self.deferred.take() {
            self.answer_ping(&payload);
        }
    }

    /// RFC 6455 section 5.5.1: the answer carries the code that was received.
    fn answer_close(&mut self, received: Option<CloseFrame>) {
        let (initiator, sent) = match &mut self.state {
            CloseState::Open => {
                let sent = received
                    .as_ref()
                    .map(|frame| CloseFrame::new(frame.code, ""));
                let body = sent
                    .as_ref()
                    .map_or(const { ControlPayload::empty() }, |frame| {
                        ControlPayload::close_truncated(frame.code, "")
                    });
                self.copy_frame(true, OpCode::Close, &body);
                (Initiator::Remote, sent)
            }
            CloseState::Sent(sent) => (Initiator::Local, sent.take()),
            // A second Close frame changes nothing.
            CloseState::Complete(_) | CloseState::Failed(_) => return,
        };
        self.deferred = None;
        self.state = CloseState::Complete(Box::new(Closed {
            initiator: Some(initiator),
            received: Some(received),
            sent: Some(sent),
        }));
    }

    fn send_whole(&mut self, rsv1: bool, opcode: OpCode, payload: Bytes) {
        if self.fragment_size != 0 && payload.len() > self.fragment_size {
            self.send_cut(rsv1, opcode, payload);
        } else {
            self.frame(true, rsv1, opcode, payload);
        }
    }

    fn frame(&mut self, fin: bool, rsv1: bool, opcode: OpCode, payload: Bytes) {
        if payload.len() < SPLICE_THRESHOLD {
            self.copy_any_frame(fin, rsv1, opcode, &payload);
        } else {
            self.splice_frame(fin, rsv1, opcode, payload);
        }
    }

    #[cold]
    fn send_cut(&mut self, rsv1: bool, first: OpCode, mut payload: Bytes) {
        let (mut rsv1, mut opcode) = (rsv1, first);
        while payload.len() > self.fragment_size {
            let part = payload.split_to(self.fragment_size);
            self.frame(false, rsv1, opcode, part);
            (rsv1, opcode) = (false, OpCode::Continuation);
        }
        self.frame(true, rsv1, opcode, payload);
    }

    #[inline(always)]
    fn copy_frame(&mut self, fin: bool, opcode: OpCode, payload: &[u8]) {
        if self.role == Role::Server && payload.len() < 126 {
            let first = u8::from(fin) << 7 | opcode as u8;
            self.output
                .push_short([first, payload.len() as u8], payload);
        } else {
            self.copy_any_frame(fin, false, opcode, payload);
        }
    }

    #[inline(never)]
    fn copy_any_frame(&mut self, fin: bool, rsv1: bool, opcode: OpCode, payload: &[u8]) {
        let header = self.header(fin, rsv1, opcode, payload.len());
        self.output.push_frame(&header, payload);
    }

    #[inline(never)]
    fn splice_frame(&mut self, fin: bool, rsv1: bool, opcode: OpCode, payload: Bytes) {
        let header = self.header(fin, rsv1, opcode, payload.len());
        let Some(key) = header.mask else {
            self.output.push_frame(&header, &[]);
            self.output.splice(payload);
            return;
        };
        match payload.try_into_mut() {
            Ok(mut own) => {
                mask::apply(&mut own, key);
                self.output.push_frame(&header, &[]);
                self.output.splice(own.freeze());
            }
            Err(shared) if shared.len() < OWN_COPY_THRESHOLD => {
                self.output.push_frame(&header, &shared);
            }
            Err(shared) => {
                let mut own = BytesMut::with_capacity(shared.len());
                for chunk in shared.chunks(CACHED_CHUNK) {
                    let start = own.len();
                    own.extend_from_slice(chunk);
                    mask::apply(&mut own[start..], key);
                }
                self.output.push_frame(&header, &[]);
                self.output.splice(own.freeze());
            }
        }
    }

    /// RFC 6455 section 5.1: a client masks every frame, a server none.
    #[inline]
    fn header(&mut self, fin: bool, rsv1: bool, opcode: OpCode, len: usize) -> Header {
        Header {
            fin,
            rsv1,
            opcode,
            mask: match self.role {
                Role::Client => Some(self.keys.next_key()),
                Role::Server => None,
            },
            payload_len: len as u64,
        }
    }
}
