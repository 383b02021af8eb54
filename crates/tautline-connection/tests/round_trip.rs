//! Whatever an end is told to send, in whatever order, and however it is written: the other end
//! receives it.

use core::num::NonZeroUsize;

use bytes::{Buf, Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, proptest};
use proptest::{option, prop_oneof};
use tautline_connection::{CloseFrame, Connection, Control, Event, Fin, Outbound, Role, SendError};
use tautline_frame::CloseCode;
use tautline_message::{Kind, Limits, Message, MessageRef};

use crate::support::{Keys, control, parse, receive_all};

#[derive(Clone, Debug)]
enum Step {
    Send(Message),
    SendRef(Message),
    Fragment(Message, Fin),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    /// The other end sends a Ping.
    Pinged(Vec<u8>),
    Close(Option<CloseCode>),
    FragmentSize(Option<NonZeroUsize>),
    /// Some bytes are taken by the transport.
    Write(usize),
}

/// What the other end is to receive, kept in step with what could be sent.
#[derive(Debug, Default)]
struct Model {
    events: Vec<Event>,
    unfinished: Option<(Kind, Vec<u8>)>,
    closed: bool,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// R6455-5.1-01, R6455-5.1-04, R6455-5.2-02, R6455-5.2-08, R6455-5.4-07, R6455-5.5.1-07,
    /// R6455-6.1-01, R6455-6.1-03, R6455-6.1-06, R6455-6.1-08: `parse` is the judge of the bytes.
    #[test]
    fn what_is_sent_is_received(steps in vec(step(), 0..40)) {
        for (role, peer) in [(Role::Server, Role::Client), (Role::Client, Role::Server)] {
            let mut end = Outbound::new(role, Keys::new());
            let mut model = Model::default();
            let mut wire = Vec::new();
            for step in &steps {
                play(step, &mut end, &mut model, &mut wire);
            }
            let left = end.queued();
            write(&mut end, left, &mut wire);
            prop_assert_eq!(end.queued(), 0);
            parse(role, &wire);

            let mut receiver = Connection::with_limits(peer, Keys::new(), Limits::default());
            let mut input = BytesMut::from(&wire[..]);
            let (events, violation) = receive_all(&mut receiver, &mut input);
            prop_assert_eq!(violation, None);
            prop_assert_eq!(events, model.events);
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![0..130_usize, 2_000..2_100_usize, 0..70_000_usize];
    let message = prop_oneof![
        "\\PC{0,50}".prop_map(Message::from),
        (len, any::<u8>()).prop_map(|(len, byte)| Message::from(vec![byte; len])),
        // Not the only reference to its bytes.
        (0..50_000_usize).prop_map(|len| {
            static SHARED: [u8; 50_000] = [0x77; 50_000];
            Message::from(Bytes::from_static(&SHARED[..len]))
        }),
    ];
    let payload = vec(any::<u8>(), 0..=125);
    let fin = prop_oneof![Just(Fin::More), Just(Fin::Last)];
    let code = prop_oneof![Just(CloseCode::NORMAL), Just(CloseCode::GOING_AWAY)];
    let size = option::of((1..3_000_usize).prop_map(|size| NonZeroUsize::MIN.saturating_add(size)));
    prop_oneof![
        6 => message.clone().prop_map(Step::Send),
        3 => message.clone().prop_map(Step::SendRef),
        5 => (message, fin).prop_map(|(message, fin)| Step::Fragment(message, fin)),
        2 => payload.clone().prop_map(Step::Ping),
        1 => payload.clone().prop_map(Step::Pong),
        2 => payload.prop_map(Step::Pinged),
        1 => option::of(code).prop_map(Step::Close),
        1 => size.prop_map(Step::FragmentSize),
        6 => (1..60_000_usize).prop_map(Step::Write),
    ]
}

fn play(step: &Step, end: &mut Outbound<Keys>, model: &mut Model, wire: &mut Vec<u8>) {
    match step {
        Step::Send(message) => {
            let result = end.send(message.clone());
            model.send(message, result);
        }
        Step::SendRef(message) => {
            let result = end.send_ref(match message.as_text() {
                Some(text) => MessageRef::Text(text),
                None => MessageRef::Binary(message.as_bytes()),
            });
            model.send(message, result);
        }
        Step::Fragment(part, fin) => {
            let result = end.send_fragment(part.clone(), *fin);
            model.fragment(part, *fin, result);
        }
        Step::Ping(payload) => {
            let result = end.ping(&control(payload));
            model.control(Event::Ping(control(payload)), result);
        }
        Step::Pong(payload) => {
            let result = end.pong(&control(payload));
            model.control(Event::Pong(control(payload)), result);
        }
        Step::Pinged(payload) => {
            end.answer(&Control::Ping(control(payload)));
            // Sent in any case; a peer that has seen the Close looks at nothing behind it.
            if !model.closed {
                model.events.push(Event::Pong(control(payload)));
            }
        }
        Step::Close(code) => {
            let frame = code.map(|code| CloseFrame::new(code, "reason"));
            assert_eq!(end.close(frame.clone()), Ok(()));
            if !model.closed {
                model.closed = true;
                model.events.push(Event::Close(frame));
            }
        }
        Step::FragmentSize(size) => end.set_fragment_size(*size),
        Step::Write(count) => write(end, *count, wire),
    }
}

impl Model {
    fn send(&mut self, message: &Message, result: Result<(), SendError>) {
        if self.closed {
            assert_eq!(result, Err(SendError::Closing));
        } else if self.unfinished.is_some() {
            assert_eq!(result, Err(SendError::UnfinishedMessage));
        } else {
            assert_eq!(result, Ok(()));
            self.events.push(Event::Message(message.clone()));
        }
    }

    fn fragment(&mut self, part: &Message, fin: Fin, result: Result<(), SendError>) {
        if self.closed {
            assert_eq!(result, Err(SendError::Closing));
            return;
        }
        let (kind, mut payload) = self.unfinished.take().unwrap_or((part.kind(), Vec::new()));
        if kind != part.kind() {
            assert_eq!(result, Err(SendError::KindMismatch));
            self.unfinished = Some((kind, payload));
            return;
        }
        assert_eq!(result, Ok(()));
        payload.extend(part.as_bytes());
        if fin == Fin::More {
            self.unfinished = Some((kind, payload));
            return;
        }
        self.events.push(Event::Message(match kind {
            Kind::Binary => Message::from(payload),
            Kind::Text => Message::from(String::from_utf8(payload).expect("parts are text")),
        }));
    }

    fn control(&mut self, event: Event, result: Result<(), SendError>) {
        if self.closed {
            assert_eq!(result, Err(SendError::Closing));
        } else {
            assert_eq!(result, Ok(()));
            self.events.push(event);
        }
    }
}

fn write(end: &mut Outbound<Keys>, count: usize, wire: &mut Vec<u8>) {
    let mut left = count.min(end.queued());
    while left > 0 {
        let output = end.output();
        let len = output.chunk().len().min(left);
        wire.extend(&output.chunk()[..len]);
        output.advance(len);
        left -= len;
    }
    end.written();
}
