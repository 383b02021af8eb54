use alloc::boxed::Box;

use bytes::BytesMut;
use tautline_frame::{ControlPayload, Header, OpCode, decode_close, mask};
use tautline_message::{
    Assembler, Kind, Limits, Message, Utf8Bytes, Utf8Validator, unmask_utf8, validate_utf8,
};

use crate::{CloseFrame, Role, Violation, deflate::Decompression};

/// The receiving half: judges and finds frames in the caller's bytes.
///
/// The input is a slice that the caller owns. [`Inbound::locate`] works in place and returns
/// positions; what happens to the bytes (lend, copy, share) is the caller's choice. A header is
/// judged once, as soon as it is complete and before its payload is awaited.
#[derive(Debug)]
pub struct Inbound {
    state: State,
    role: Role,
    limits: Limits,
    /// The longest payload of a message in one frame: the smaller of the two size limits.
    max_whole: usize,
    // Boxed and only there inside a fragmented or compressed message.
    fragments: Option<Box<Fragments>>,
    /// There if compression was agreed on.
    decompression: Option<Box<Decompression>>,
    /// How many messages were begun that were not there as a whole; it may wrap.
    begun: u32,
}

/// What [`Inbound::locate`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the caller must handle each")]
pub enum Step {
    /// Nothing complete. Call again with the same bytes and more behind them.
    More {
        /// How many bytes the frame at the front still lacks. 0 if its length is not known yet,
        /// and for a fragment, which is taken piece by piece and needs no room for the whole.
        want: usize,
    },
    /// A data message in one frame; its payload is `input[head..head + len]`.
    ///
    /// It is still masked if it arrived whole: [`Inbound::text`] unmasks and checks it in one pass,
    /// [`Inbound::binary`] only unmasks it. The next frame begins at `input[head + len..]`.
    Message {
        /// Text or binary.
        kind: Kind,
        /// Length of the frame header.
        head: usize,
        /// Length of the payload.
        len: usize,
        /// What the payload is masked with; `None` if it is not.
        key: Option<[u8; 4]>,
    },
    /// A control frame; give `input[head..head + len]` to [`Inbound::control`].
    Control {
        /// Close, Ping or Pong.
        opcode: OpCode,
        /// Length of the frame header.
        head: usize,
        /// Length of the payload.
        len: usize,
    },
    /// A piece of a fragmented or compressed message was stored; go on at `input[len..]`.
    Fragment {
        /// How many bytes were used.
        len: usize,
    },
    /// The last piece of a fragmented or compressed message was stored:
    /// [`Inbound::take_message`] has it. Go on at `input[len..]`.
    Assembled {
        /// How many bytes were used.
        len: usize,
    },
}

/// A control frame.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 has three control frames")]
pub enum Control {
    /// Wants a Pong with the same payload (RFC 6455 section 5.5.2).
    Ping(ControlPayload),
    /// Answers a Ping, or comes unasked (RFC 6455 section 5.5.3).
    Pong(ControlPayload),
    /// Begins or answers the closing handshake; `None` if its body is empty
    /// (RFC 6455 section 5.5.1).
    Close(Option<CloseFrame>),
}

#[derive(Debug)]
struct Fragments {
    assembler: Assembler,
    /// The message came with RSV1 (RFC 7692 section 6).
    compressed: bool,
    /// The frame at hand is the last of the message.
    fin: bool,
    message: Option<Message>,
}

#[derive(Debug)]
enum State {
    /// A header is at the front of the input.
    Header,
    /// The front of the input is a judged frame whose payload is incomplete.
    Payload(Partial),
    /// The input is payload of a fragment.
    Fragment {
        key: Option<[u8; 4]>,
        left: usize,
        done: usize,
    },
    /// A Close frame came or the peer broke the protocol: nothing more is looked at.
    Stopped,
}

#[derive(Debug)]
struct Partial {
    opcode: OpCode,
    key: Option<[u8; 4]>,
    head: usize,
    len: usize,
    /// How much of the payload has been unmasked and, if text, checked.
    done: usize,
    utf8: Utf8Validator,
}

impl Inbound {
    /// The receiving half of a connection in this role.
    #[must_use]
    pub fn new(role: Role, limits: Limits) -> Self {
        let max_whole = limits.max_frame_size().min(limits.max_message_size());
        Self {
            state: State::Header,
            role,
            limits,
            max_whole,
            fragments: None,
            decompression: None,
            begun: 0,
        }
    }

    /// From now on messages may come compressed (RFC 7692), as was agreed on in the opening
    /// handshake: [`Agreed::decompress`](tautline_deflate::Agreed::decompress).
    #[cfg(feature = "deflate")]
    pub fn set_deflate(&mut self, context: tautline_deflate::Context) {
        self.decompression = Some(Box::new(Decompression::new(context)));
    }

    /// What was agreed on for messages that come compressed.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(&self) -> Option<tautline_deflate::Context> {
        Some(self.decompression.as_ref()?.context())
    }

    /// Finds the frame at the front of `input`. What arrives in pieces is unmasked in place, and so
    /// are control frames; a message that is there as a whole is left as it is.
    ///
    /// While it says [`Step::More`], the front of `input` must stay as it is; the bytes may move to
    /// another buffer. Text is checked as it arrives, so that invalid UTF-8 fails inside a frame
    /// that is still incomplete.
    ///
    /// After a violation or a received Close frame it only ever asks for more.
    ///
    /// # Errors
    ///
    /// What the peer did wrong. The caller hands it to
    /// [`Outbound::fail`](crate::Outbound::fail).
    #[inline]
    pub fn locate(&mut self, input: &mut [u8]) -> Result<Step, Violation> {
        // Most frames are whole, final, of less than 64 KiB, and in no fragmented message: one test
        // each, and no header struct in between.
        if matches!(self.state, State::Header)
            && self.fragments.is_none()
            && let Some(message) = self.whole_frame(input)
        {
            return Ok(message);
        }
        self.locate_any(input)
    }

    /// The payload of a [`Step::Message`] of text, unmasked if it was not yet, as text.
    ///
    /// # Errors
    ///
    /// [`Violation::InvalidUtf8`] (RFC 6455 section 8.1).
    #[inline]
    pub fn text(payload: &mut [u8], key: Option<[u8; 4]>) -> Result<&str, Violation> {
        match key {
            Some(key) => unmask_utf8(payload, key),
            None => validate_utf8(payload),
        }
        .map_err(|_| Violation::InvalidUtf8)
    }

    /// The payload of a [`Step::Message`], unmasked if it was not yet.
    #[inline]
    pub fn binary(payload: &mut [u8], key: Option<[u8; 4]>) -> &[u8] {
        if let Some(key) = key {
            mask::apply(payload, key);
        }
        payload
    }

    /// The payload of a [`Step::Message`], unmasked if it was not yet, as a message that shares its
    /// memory.
    ///
    /// # Errors
    ///
    /// As [`Inbound::text`].
    pub fn message(
        kind: Kind,
        mut payload: BytesMut,
        key: Option<[u8; 4]>,
    ) -> Result<Message, Violation> {
        Ok(match (kind, key) {
            (Kind::Binary, key) => {
                Self::binary(&mut payload, key);
                Message::Binary(payload.freeze())
            }
            (Kind::Text, Some(key)) => {
                Message::Text(Utf8Bytes::unmask(payload, key).map_err(|_| Violation::InvalidUtf8)?)
            }
            (Kind::Text, None) => {
                Message::Text(Utf8Bytes::try_from(payload).map_err(|_| Violation::InvalidUtf8)?)
            }
        })
    }

    /// Reads a control frame that [`Inbound::locate`] found.
    ///
    /// After a Close frame nothing more is received (RFC 6455 section 5.5.1).
    ///
    /// # Errors
    ///
    /// What is wrong with the body of a Close frame.
    pub fn control(&mut self, opcode: OpCode, payload: &[u8]) -> Result<Control, Violation> {
        // `locate` has judged the length; a caller's own bytes may still be too long.
        let body = ControlPayload::new(payload).map_err(|_| Violation::LongControl);
        let control = match opcode {
            OpCode::Ping => body.map(Control::Ping),
            OpCode::Pong => body.map(Control::Pong),
            OpCode::Close => decode_close(payload)
                .map(|body| {
                    Control::Close(body.map(|(code, reason)| CloseFrame::new(code, reason)))
                })
                .map_err(Violation::from),
            OpCode::Continuation | OpCode::Text | OpCode::Binary => Err(Violation::ReservedOpCode),
        };
        if matches!(control, Ok(Control::Close(_)) | Err(_)) {
            self.stop();
        }
        control
    }

    /// The message that [`Step::Assembled`] announced.
    pub fn take_message(&mut self) -> Option<Message> {
        self.fragments.take()?.message
    }

    /// The message that has begun to arrive and has not ended, by a number that the one before it
    /// did not have. `None` between messages.
    ///
    /// For whoever bounds the time that a message may take ([`Timers`](crate::Timers)). A message has
    /// begun when the header of its first frame is complete. A control frame that comes in pieces
    /// counts as a message, unless it is inside one.
    #[inline]
    #[must_use]
    pub const fn unfinished(&self) -> Option<u32> {
        if self.fragments.is_some() || matches!(self.state, State::Payload(_)) {
            Some(self.begun)
        } else {
            None
        }
    }

    /// Looks at no more input: the connection has failed or is closed.
    pub fn stop(&mut self) {
        self.state = State::Stopped;
        self.fragments = None;
    }

    /// The message at the front of the input, if it is there as a whole in a frame of the common
    /// kind. Everything else, right or wrong, is for [`Inbound::locate_any`].
    #[inline(always)]
    fn whole_frame(&self, input: &[u8]) -> Option<Step> {
        let [first @ (0x81 | 0x82), second, rest @ ..] = input else {
            return None;
        };
        let kind = if *first == 0x81 {
            Kind::Text
        } else {
            Kind::Binary
        };
        let masked = self.role == Role::Server;
        let short = usize::from(second ^ u8::from(masked) << 7);
        if short < 126 {
            return self.whole_payload(kind, 2, short, rest);
        }
        let (len, rest) = rest.split_first_chunk()?;
        let len = usize::from(u16::from_be_bytes(*len));
        (short == 126 && len >= 126).then(|| self.whole_payload(kind, 4, len, rest))?
    }

    #[inline(always)]
    fn whole_payload(&self, kind: Kind, head: usize, len: usize, rest: &[u8]) -> Option<Step> {
        let (head, key, rest) = match self.role {
            Role::Client => (head, None, rest),
            Role::Server => {
                let (key, rest) = rest.split_first_chunk()?;
                (head + 4, Some(*key), rest)
            }
        };
        (len <= rest.len() && len <= self.max_whole).then_some(Step::Message {
            kind,
            head,
            len,
            key,
        })
    }

    #[inline(never)]
    fn locate_any(&mut self, input: &mut [u8]) -> Result<Step, Violation> {
        let step = match self.state {
            State::Stopped => Ok(Step::More { want: 0 }),
            State::Payload(_) => self.resume(input),
            State::Fragment { key, left, done } => self.fragment(input, 0, key, left, done),
            State::Header => self.header(input),
        };
        if step.is_err() {
            self.stop();
        }
        step
    }

    fn header(&mut self, input: &mut [u8]) -> Result<Step, Violation> {
        let Some((header, head)) = Header::decode(input)? else {
            return Ok(Step::More { want: 0 });
        };
        // RFC 6455 section 5.2: RSV1 must be zero unless an extension defines it. Where RFC 7692
        // section 6.1 forbids it, in control frames and continuations, no header is decoded.
        if header.rsv1 && self.decompression.is_none() {
            return Err(Violation::ReservedBit);
        }
        // RFC 6455 section 5.1: a server refuses what is not masked, a client what is.
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(Violation::Unmasked),
            (Role::Client, Some(_)) => return Err(Violation::Masked),
            _ => {}
        }
        if !header.opcode.is_control() {
            let whole = header.fin && header.opcode != OpCode::Continuation;
            if !whole || header.rsv1 || self.fragments.is_some() {
                return self.begin_fragment(input, &header, head);
            }
            self.judge_size(header.payload_len)?;
        }
        let len = usize::try_from(header.payload_len).map_err(|_| Violation::FrameTooBig)?;
        if input.len() - head >= len {
            let mut key = header.mask;
            if header.opcode.is_control()
                && let Some(key) = key.take()
            {
                mask::apply(&mut input[head..head + len], key);
            }
            return Ok(Self::found(header.opcode, head, len, key));
        }
        if self.fragments.is_none() {
            self.begun = self.begun.wrapping_add(1);
        }
        self.state = State::Payload(Partial {
            opcode: header.opcode,
            key: header.mask,
            head,
            len,
            done: 0,
            utf8: Utf8Validator::new(),
        });
        self.resume(input)
    }

    fn judge_size(&self, len: u64) -> Result<(), Violation> {
        // RFC 6455 section 10.4. `usize` to `u64` never loses bits on the targets of Rust.
        if len > self.limits.max_frame_size() as u64 {
            return Err(Violation::FrameTooBig);
        }
        if len > self.limits.max_message_size() as u64 {
            return Err(Violation::MessageTooBig);
        }
        Ok(())
    }

    const fn found(opcode: OpCode, head: usize, len: usize, key: Option<[u8; 4]>) -> Step {
        match opcode {
            OpCode::Text => Step::Message {
                kind: Kind::Text,
                head,
                len,
                key,
            },
            OpCode::Binary => Step::Message {
                kind: Kind::Binary,
                head,
                len,
                key,
            },
            opcode => Step::Control { opcode, head, len },
        }
    }

    #[inline(never)]
    fn resume(&mut self, input: &mut [u8]) -> Result<Step, Violation> {
        let State::Payload(frame) = &mut self.state else {
            return Ok(Step::More { want: 0 });
        };
        let have = input.len().saturating_sub(frame.head).min(frame.len);
        if have > frame.done {
            let news = &mut input[frame.head + frame.done..frame.head + have];
            let key = frame.key.map(|key| mask::rotate(key, frame.done));
            match (frame.opcode, key) {
                (OpCode::Text, Some(key)) => frame.utf8.push_masked(news, key),
                (OpCode::Text, None) => frame.utf8.push(news),
                (_, Some(key)) => {
                    mask::apply(news, key);
                    Ok(())
                }
                (_, None) => Ok(()),
            }
            .map_err(|_| Violation::InvalidUtf8)?;
            frame.done = have;
        }
        if have < frame.len {
            return Ok(Step::More {
                want: frame.len - have,
            });
        }
        let step = Self::found(frame.opcode, frame.head, frame.len, None);
        self.state = State::Header;
        Ok(step)
    }

    #[cold]
    fn begin_fragment(
        &mut self,
        input: &mut [u8],
        header: &Header,
        head: usize,
    ) -> Result<Step, Violation> {
        let limits = self.limits;
        let fragments = self.fragments.get_or_insert_with(|| {
            self.begun = self.begun.wrapping_add(1);
            Box::new(Fragments {
                assembler: Assembler::new(limits),
                compressed: header.rsv1,
                fin: header.fin,
                message: None,
            })
        });
        fragments.fin = header.fin;
        let assembler = &mut fragments.assembler;
        if fragments.compressed {
            assembler.begin_compressed_frame(header.opcode, header.fin, header.payload_len)?;
        } else {
            assembler.begin_frame(header.opcode, header.fin, header.payload_len)?;
        }
        let left = usize::try_from(header.payload_len).map_err(|_| Violation::FrameTooBig)?;
        self.fragment(input, head, header.mask, left, 0)
    }

    /// Stores the payload at `input[head..]` as far as it is there. Fragments are copied as they
    /// arrive, so a large one needs no buffer beside the message's own.
    #[inline(never)]
    fn fragment(
        &mut self,
        input: &mut [u8],
        head: usize,
        key: Option<[u8; 4]>,
        left: usize,
        done: usize,
    ) -> Result<Step, Violation> {
        let Some(fragments) = &mut self.fragments else {
            return Err(Violation::UnexpectedContinuation);
        };
        let have = (input.len() - head).min(left);
        if have == 0 && head == 0 && left > 0 {
            return Ok(Step::More { want: 0 });
        }
        let news = &mut input[head..head + have];
        if let Some(key) = key {
            mask::apply(news, mask::rotate(key, done));
        }
        match &mut self.decompression {
            Some(inflate) if fragments.compressed => {
                inflate.decompress(news, &mut fragments.assembler)?;
            }
            _ => fragments.assembler.extend(news)?,
        }
        if have < left {
            self.state = State::Fragment {
                key,
                left: left - have,
                done: done + have,
            };
            return Ok(Step::Fragment { len: head + have });
        }
        self.state = State::Header;
        if let Some(inflate) = &mut self.decompression
            && fragments.compressed
            && fragments.fin
        {
            inflate.finish()?;
        }
        fragments.message = fragments.assembler.end_frame()?;
        Ok(if fragments.message.is_some() {
            Step::Assembled { len: head + have }
        } else {
            Step::Fragment { len: head + have }
        })
    }
}
