use std::convert::Infallible;
use std::time::{Duration, Instant};

use tautline::deflate::{Compressor, Context, Decompressor, Deflater, Inflater, Settings};
use tautline::frame::{Header, OpCode};

use super::messages::Messages;
use super::plan::Plan;

/// What one setting does to the messages.
#[derive(Clone, Debug)]
pub struct Trial {
    settings: Option<Settings>,
    compressed: usize,
    wire: usize,
    alone: Times,
    turns: Times,
}

/// Per message.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    compress: Duration,
    inflate: Duration,
}

impl Trial {
    /// Measures a setting; without one, messages go out as they are.
    ///
    /// # Panics
    ///
    /// When a message does not come out of the decompressor as it went into the compressor.
    #[must_use]
    pub fn new(settings: Option<Settings>, messages: &Messages, plan: &Plan) -> Self {
        let header = |payload: usize| header_length(payload, plan.masked);
        let Some(settings) = settings else {
            return Self {
                settings: None,
                compressed: 0,
                wire: messages
                    .iter()
                    .map(|plain| header(plain.len()) + plain.len())
                    .sum(),
                alone: Times::default(),
                turns: Times::default(),
            };
        };
        // The bytes are those of one connection that begins with the first message.
        let mut circle = Circle::new(&settings, messages, 1);
        let (mut compressed, mut wire) = (0, 0);
        for plain in messages.iter() {
            let payload = circle.send(0, plain);
            compressed += usize::from(payload.is_some());
            let length = payload.map_or(plain.len(), |payload| payload.len());
            wire += header(length) + length;
        }
        Self {
            settings: Some(settings),
            compressed,
            wire,
            alone: circle.measure(plan.time),
            turns: Circle::new(&settings, messages, plan.connections).measure(plan.time),
        }
    }

    /// What was tried; `None` is no compression.
    #[must_use]
    pub fn settings(&self) -> Option<&Settings> {
        self.settings.as_ref()
    }

    /// How many messages were compressed. The others were below the threshold, or would not have
    /// become shorter.
    #[must_use]
    pub fn compressed(&self) -> usize {
        self.compressed
    }

    /// Bytes of all frames, headers included.
    #[must_use]
    pub fn wire(&self) -> usize {
        self.wire
    }

    /// Time to compress a message, where one connection has the thread for itself.
    #[must_use]
    pub fn compress_alone(&self) -> Duration {
        self.alone.compress
    }

    /// Time to compress a message, where connections take turns.
    #[must_use]
    pub fn compress_in_turns(&self) -> Duration {
        self.turns.compress
    }

    /// Time to inflate a message, where connections take turns.
    #[must_use]
    pub fn inflate_in_turns(&self) -> Duration {
        self.turns.inflate
    }

    /// Time that both ends spend on a message, where connections take turns.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.turns.compress + self.turns.inflate
    }

    /// Bytes that a connection keeps at each end between messages, once as many have passed.
    #[must_use]
    pub fn kept(&self) -> usize {
        match self.settings {
            Some(settings) if settings.context_takeover() => settings.window().size(),
            _ => 0,
        }
    }
}

/// Bytes of a connection's compressor and decompressor themselves, whatever the settings.
#[must_use]
pub const fn state_in_place() -> usize {
    size_of::<Compressor>() + size_of::<Decompressor>()
}

/// Connections on one thread, of which each in its turn sends the message that is next for it.
struct Circle<'a> {
    messages: &'a Messages,
    pairs: Vec<Pair>,
    deflater: Deflater,
    inflater: Inflater,
    payloads: Vec<Payload>,
    text: Vec<u8>,
    window: usize,
}

/// Both ends of a connection, in one direction.
struct Pair {
    compressor: Compressor,
    decompressor: Decompressor,
    next: usize,
}

/// What a message has become.
#[derive(Default)]
struct Payload {
    bytes: Vec<u8>,
    compressed: bool,
}

impl<'a> Circle<'a> {
    fn new(settings: &Settings, messages: &'a Messages, connections: usize) -> Self {
        let context = Context {
            window: settings.window(),
            takeover: settings.context_takeover(),
        };
        let pair = |number: usize| Pair {
            compressor: Compressor::new(context, settings),
            decompressor: Decompressor::new(context),
            // They say different things at the same time.
            next: number * messages.len() / connections,
        };
        Self {
            messages,
            pairs: (0..connections).map(pair).collect(),
            deflater: Deflater::new(),
            inflater: Inflater::new(),
            payloads: (0..connections.max(BATCH))
                .map(|_| Payload::default())
                .collect(),
            text: Vec::new(),
            window: context.window.size(),
        }
    }

    /// Sends a message over a connection and checks what arrives; the payload, if it was
    /// compressed.
    fn send(&mut self, connection: usize, plain: &[u8]) -> Option<&[u8]> {
        let pair = &mut self.pairs[connection];
        let payload = &mut self.payloads[0];
        payload.make(&mut pair.compressor, &mut self.deflater, plain);
        if !payload.compressed {
            return None;
        }
        self.text.clear();
        payload.open(&mut pair.decompressor, &mut self.inflater, &mut self.text);
        assert!(self.text == plain, "a message has changed on its way");
        Some(&payload.bytes)
    }

    /// Measures until `time` has passed and every message was sent three times.
    fn measure(mut self, time: Duration) -> Times {
        self.warm_up();
        let mut passes = Vec::new();
        let begin = Instant::now();
        while begin.elapsed() < time || passes.len() < 3 {
            passes.push(self.pass());
        }
        // The middle of all, which nothing else on the machine moves as long as it is brief.
        let middle = |of: fn(&Times) -> Duration| {
            let mut all: Vec<Duration> = passes.iter().map(of).collect();
            all.sort();
            all[all.len() / 2]
        };
        Times {
            compress: middle(|pass| pass.compress),
            inflate: middle(|pass| pass.inflate),
        }
    }

    /// Sends until every window is full, or everything was sent.
    fn warm_up(&mut self) {
        for connection in 0..self.pairs.len() {
            let mut sent = 0;
            for _ in 0..self.messages.len() {
                let plain = self.take(connection);
                self.send(connection, plain);
                sent += plain.len();
                if sent >= self.window {
                    break;
                }
            }
        }
    }

    /// Sends as many messages as there are, and says how long one has taken.
    fn pass(&mut self) -> Times {
        let mut times = Times::default();
        let mut left = self.messages.len();
        while left > 0 {
            let batch = left.min(self.payloads.len());
            let connection = |number: usize| number % self.pairs.len();
            let senders: Vec<usize> = (0..batch).map(connection).collect();
            let plain: Vec<&[u8]> = senders.iter().map(|&sender| self.take(sender)).collect();

            let begin = Instant::now();
            for ((&sender, plain), payload) in senders.iter().zip(plain).zip(&mut self.payloads) {
                let pair = &mut self.pairs[sender];
                payload.make(&mut pair.compressor, &mut self.deflater, plain);
            }
            let compressed = Instant::now();
            for (&sender, payload) in senders.iter().zip(&self.payloads) {
                if payload.compressed {
                    let pair = &mut self.pairs[sender];
                    self.text.clear();
                    payload.open(&mut pair.decompressor, &mut self.inflater, &mut self.text);
                }
            }
            times.compress += compressed - begin;
            times.inflate += compressed.elapsed();
            left -= batch;
        }
        let count = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        Times {
            compress: times.compress / count,
            inflate: times.inflate / count,
        }
    }

    /// The message that is next for a connection.
    fn take(&mut self, connection: usize) -> &'a [u8] {
        let pair = &mut self.pairs[connection];
        pair.next += 1;
        self.messages.nth(pair.next - 1)
    }
}

impl Payload {
    fn make(&mut self, compressor: &mut Compressor, deflater: &mut Deflater, plain: &[u8]) {
        self.bytes.clear();
        self.compressed = compressor.compress(deflater, plain, &mut self.bytes);
    }

    fn open(&self, decompressor: &mut Decompressor, inflater: &mut Inflater, text: &mut Vec<u8>) {
        decompressor
            .decompress(inflater, &self.bytes, |chunk| {
                text.extend_from_slice(chunk);
                Ok::<(), Infallible>(())
            })
            .and_then(|()| Ok(decompressor.finish(inflater)?))
            .expect("what our compressor makes can be inflated");
    }
}

/// What stands before a payload in a frame.
fn header_length(payload: usize, masked: bool) -> usize {
    let header = Header {
        fin: true,
        rsv1: false,
        opcode: OpCode::Text,
        mask: masked.then_some([0; 4]),
        payload_len: payload as u64,
    };
    header.encode().len()
}

/// How many messages are compressed before they are inflated. Reading the clock for each of them
/// would be a part of what is measured.
const BATCH: usize = 64;
