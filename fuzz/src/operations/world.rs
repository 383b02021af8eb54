use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use flate2::{Compress, Compression};
use tautline_connection::{NoKeys, Outbound};
use tautline_deflate::{Agreed, Context, Level, Settings, Window};
use tautline_driver::{Config, Keepalive, Message, Prepared, Role, WebSocket};

use super::wire::{CLOSE_TIMEOUT, Wire};
use crate::frames::{self, Sent};
use crate::oracle::Oracle;
use crate::peer::compressed;
use crate::text::TextMaker;

/// How the connection is set up.
#[derive(Arbitrary, Clone, Copy)]
pub(super) struct Setup {
    is_client: bool,
    /// In its lower bits, and in the others what else there is to choose.
    high_water_mark: u16,
    fragment_size: u16,
    has_keepalive: bool,
    deflate: Option<(u8, bool)>,
}

/// Everything around the connection: the stream, and the peer, with a record of what it has sent.
pub(super) struct World {
    pub(super) wire: Wire,
    setup: Setup,
    agreed: Option<(Settings, Agreed, Agreed)>,
    stream: Option<Compress>,
    pub(super) texts: TextMaker,
    /// The messages of the peer, none of which was sent after something illegal.
    pub(super) messages: Vec<Message>,
    pings: Vec<Vec<u8>>,
    /// The peer keeps to the protocol, and the stream works.
    pub(super) keeps_rules: bool,
    /// The connection may be ending, or have ended, for other reasons than a message that is overdue.
    pub(super) is_ending: bool,
    /// This end has begun to close, which has a deadline.
    pub(super) has_deadline: bool,
    peer_has_closed: bool,
    /// How many bytes the peer has sent.
    sent_len: usize,
    /// Another connection, which sends the same prepared messages by terms of its own.
    stranger: Outbound<NoKeys>,
    /// How many messages were asked whether they are to be sent prepared.
    asked: usize,
}

/// What happens while the connection waits.
#[derive(Arbitrary)]
enum Event {
    Message { frames: u8, ping: bool },
    Ping { len: u8 },
    Arrive { count: u16 },
    ArriveAll,
    Room { count: u16 },
    RoomUntold { count: u16 },
    AllRoom,
    MaxRead { count: u8 },
    Hesitate { count: u8 },
    HoldFlush { holds: bool },
    Gate { is_open: bool },
    Time { milliseconds: u16 },
    Close { code: u16 },
    Rare(Rare),
}

#[derive(Arbitrary)]
enum Rare {
    End,
    Garbage { len: u8 },
    ReadFails,
    WriteFails,
}

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let agreed = setup.deflate.map(|(level, takeover)| {
            let level = Level::new(level % 9 + 1).expect("1 to 9 are levels");
            let mut settings = Settings::new().with_threshold(16).with_level(level);
            if !takeover {
                settings = settings
                    .without_context_takeover()
                    .without_peer_context_takeover();
            }
            let offers = settings.offers();
            let (answer, server) = settings
                .answer(offers.iter().copied().map(Ok))
                .expect("the offers are the server's own");
            let client = settings
                .agree(&offers, &answer)
                .expect("the answer is to these offers");
            let (own, peer) = if setup.is_client {
                (client, server)
            } else {
                (server, client)
            };
            (settings, own, peer)
        });
        let wire = Wire::new();
        wire.state().message_timeout = setup.message_timeout();
        let mut stranger = Outbound::new(Role::Server, NoKeys);
        let context = Context {
            window: Window::KiB32,
            takeover: true,
        };
        stranger.set_deflate(context, &Settings::new().with_level(Level::FASTEST));
        Self {
            wire,
            setup,
            // Less than what was agreed on is allowed.
            stream: agreed.map(|_| Compress::new_with_window_bits(Compression::new(6), false, 9)),
            agreed,
            texts: TextMaker::new(MAX_TEXT),
            messages: Vec::new(),
            pings: Vec::new(),
            keeps_rules: true,
            is_ending: false,
            has_deadline: false,
            peer_has_closed: false,
            sent_len: 0,
            stranger,
            asked: 0,
        }
    }

    pub(super) fn connection(&self) -> WebSocket<Wire> {
        let mut config = Config::new()
            .close_timeout(CLOSE_TIMEOUT)
            .message_timeout(Some(self.setup.message_timeout()))
            .high_water_mark(self.setup.high_water_mark());
        if let Ok(size) = usize::from(self.setup.fragment_size).try_into() {
            config = config.fragment_size(size);
        }
        if self.setup.has_keepalive {
            config = config.keepalive(Keepalive::new(
                Duration::from_secs(9),
                Duration::from_secs(3),
            ));
        }
        let role = if self.setup.is_client {
            Role::Client
        } else {
            Role::Server
        };
        let mut ws = WebSocket::from_handshake(self.wire.clone(), role, Default::default(), config);
        if let Some((settings, agreed, _)) = &self.agreed {
            ws.set_deflate(agreed, settings);
        }
        ws
    }

    /// The peer keeps to the protocol and to its deadlines, and the stream works.
    pub(super) fn is_sound(&self) -> bool {
        self.keeps_rules && !self.wire.state().is_overdue()
    }

    /// The connection may be ending, or have ended.
    pub(super) fn may_end(&self) -> bool {
        self.is_ending || self.wire.state().is_overdue()
    }

    /// The message, prepared and used once already, if this is one that is to be sent so.
    pub(super) fn prepare(&mut self, message: &Message) -> Option<Prepared> {
        self.asked += 1;
        if self.asked.checked_rem(self.setup.prepares()) != Some(0) {
            return None;
        }
        let prepared = Prepared::new(message.clone());
        let sent = self.stranger.send_prepared(&prepared);
        sent.expect("nothing closes it, and it sends no fragments");
        self.stranger.output().clear();
        Some(prepared)
    }

    /// Lets something happen.
    pub(super) fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.arbitrary()? {
            Event::Message { frames, ping } => {
                let text = self.texts.text(input)?;
                self.send(&text, usize::from(frames % 4) + 1, ping);
            }
            Event::Ping { len } => self.ping(len),
            Event::Arrive { count } => self.wire.change(|state| {
                let count = usize::from(count).min(state.in_flight.len());
                let arrived: Vec<u8> = state.in_flight.drain(..count).collect();
                state.incoming.extend(arrived);
            }),
            Event::ArriveAll => self.arrive_all(),
            Event::Room { count } => self.wire.change(|state| state.room = count.into()),
            Event::RoomUntold { count } => self.wire.make_room_quietly(count.into()),
            Event::Gate { is_open } => self.wire.change(|state| state.gate_is_open = is_open),
            Event::AllRoom => self.wire.change(|state| state.room = usize::MAX),
            Event::MaxRead { count } => {
                self.wire
                    .change(|state| state.max_read = usize::from(count) + 1);
            }
            Event::Hesitate { count } => self.wire.change(|state| state.hesitates = count),
            Event::HoldFlush { holds } => self.wire.change(|state| state.holds_flush = holds),
            Event::Time { milliseconds } => {
                let is_patient = !self.setup.has_keepalive;
                // A peer that answers no keepalive Ping is lost.
                self.keeps_rules &= is_patient;
                self.is_ending |= !is_patient;
                self.wire
                    .pass_time(Duration::from_millis(milliseconds.into()));
            }
            Event::Close { code } => self.close(1000 + code % 4),
            Event::Rare(rare) => self.rare(&rare, input)?,
        }
        Ok(())
    }

    fn rare(&mut self, rare: &Rare, input: &mut Unstructured<'_>) -> Result<()> {
        self.keeps_rules = false;
        self.is_ending = true;
        match *rare {
            Rare::End => self.wire.change(|state| state.is_over = true),
            Rare::Garbage { len } => {
                let bytes = input.bytes(usize::from(len).min(input.len()))?;
                self.wire.change(|state| state.in_flight.extend(bytes));
            }
            Rare::ReadFails => self.wire.change(|state| state.read_fails = true),
            Rare::WriteFails => self.wire.change(|state| state.write_fails = true),
        }
        Ok(())
    }

    /// Everything that was sent arrives.
    pub(super) fn arrive_all(&self) {
        self.wire.change(|state| {
            let arrived = std::mem::take(&mut state.in_flight);
            state.incoming.extend(arrived);
        });
    }

    /// From now on nothing holds the connection up.
    pub(super) fn calm(&self) {
        self.arrive_all();
        self.wire.change(|state| {
            state.room = usize::MAX;
            state.max_read = usize::MAX;
            state.holds_flush = false;
            state.hesitates = 0;
            state.gate_is_open = true;
        });
    }

    /// The peer closes, if it has not yet, and ends the stream.
    pub(super) fn leave(&mut self) {
        self.close(1000);
        self.arrive_all();
        self.wire.change(|state| state.is_over = true);
    }

    fn send(&mut self, text: &[u8], count: usize, ping: bool) {
        if self.peer_has_closed {
            return;
        }
        let before = self.wire.state().messages.len();
        // The first bytes tell the messages apart, and from those of the application.
        let bytes = [format!("P{} ", self.messages.len()).as_bytes(), text].concat();
        let takeover = self
            .agreed
            .as_ref()
            .is_some_and(|(_, own, _)| own.decompress.takeover);
        let (payload, rsv1) = match &mut self.stream {
            Some(stream) if count.is_multiple_of(2) => (compressed(stream, takeover, &bytes), 0x40),
            _ => (bytes.clone(), 0),
        };
        let message = match String::from_utf8(bytes) {
            Ok(text) => Message::text(text),
            Err(error) => Message::binary(error.into_bytes()),
        };
        let mut first = rsv1 | if message.as_text().is_some() { 1 } else { 2 };
        let mut parts = payload.chunks(payload.len() / count + 1).peekable();
        while let Some(part) = parts.next() {
            let fin = u8::from(parts.peek().is_none()) << 7;
            self.frame(fin | first, part);
            if parts.peek().is_none() {
                self.join(before);
            }
            if ping {
                self.ping(3);
            }
            first = 0;
        }
        if self.keeps_rules {
            self.messages.push(message);
        }
    }

    /// All from this number on is one message, with whatever control frames are inside it.
    fn join(&self, number: usize) {
        let messages = &mut self.wire.state().messages;
        if let [first, .., last] = &messages[number..] {
            let whole = first.start..last.end;
            messages.truncate(number);
            messages.push(whole);
        }
    }

    fn ping(&mut self, len: u8) {
        if !self.peer_has_closed {
            let payload = vec![self.pings.len() as u8; usize::from(len % 126)];
            self.frame(0x89, &payload);
            self.pings.push(payload);
        }
    }

    fn close(&mut self, code: u16) {
        self.is_ending = true;
        if !self.peer_has_closed {
            self.peer_has_closed = true;
            let is_legal = code < 1004;
            self.frame(0x88, if is_legal { &[3, 0xe8] } else { &[] });
        }
    }

    fn frame(&mut self, first: u8, payload: &[u8]) {
        let key = (!self.setup.is_client).then_some([0x37, 0xfa, 0x21, 0x3d]);
        let mut frame = Vec::new();
        frames::write(first, key, payload, &mut frame);
        self.sent_len += frame.len();
        let end = self.sent_len;
        self.wire.change(|state| {
            state.in_flight.extend(frame);
            state.messages.push(end - payload.len()..end);
        });
    }

    /// What the connection has written, as its peer understands it.
    ///
    /// A stream that failed may end within a frame.
    pub(super) fn sent(&self) -> Sent {
        let written = self.wire.state().written.clone();
        let bytes = &written[..frames::whole_frames(&written)];
        let mut sent = Sent::read(bytes, self.setup.is_client, self.agreed.is_some());
        assert!(
            self.may_end() || sent.close.is_none(),
            "a Close frame for no reason"
        );
        let mut pings = self.pings.iter();
        if self.is_sound() {
            let mut are_answers = sent.pongs.iter().map(|pong| pings.any(|ping| ping == pong));
            assert!(are_answers.all(|is_answer| is_answer), "a Pong to no Ping");
        }
        if sent.is_open {
            sent.messages.pop();
        }
        if let Some((_, agreed, _)) = &self.agreed {
            let context = agreed
                .compress
                .expect("nobody demands a window of 256 bytes");
            let mut oracle = Oracle::new(context.window.size(), context.takeover);
            for (_, is_compressed, payload) in &mut sent.messages {
                if std::mem::take(is_compressed) {
                    *payload = oracle
                        .message(payload)
                        .unwrap_or_else(|_| panic!("corrupt"));
                }
            }
        }
        sent
    }

    /// A message that is overdue ends the connection, which tells the peer why, if that takes it.
    pub(super) fn check_overdue(&self, sent: &Sent) {
        let state = self.wire.state();
        if self.keeps_rules && state.is_overdue() && !self.has_deadline {
            let is_given_up = state.may_be_given_up && sent.close.is_none();
            assert!(
                is_given_up || sent.close_code() == Some(1008),
                "a message takes too long, and the peer is not told"
            );
        }
    }

    /// Whether the last frame that was written is whole.
    pub(super) fn is_between_frames(&self) -> bool {
        let written = &self.wire.state().written;
        frames::whole_frames(written) == written.len()
    }
}

impl Setup {
    fn high_water_mark(self) -> usize {
        usize::from(self.high_water_mark) % 8192
    }

    /// Every how manyth message is sent prepared; 0 for none.
    fn prepares(self) -> usize {
        usize::from(self.high_water_mark >> 13) % 4
    }

    fn message_timeout(self) -> Duration {
        match self.high_water_mark >> 15 {
            0 => Duration::from_secs(120),
            _ => Duration::from_secs(1),
        }
    }
}

/// In bytes, over a case: enough for a frame that is larger than the driver's buffer.
const MAX_TEXT: usize = 96 * 1024;
