//! Messages that are compressed once, for connections that have agreed on different things.

use std::thread;

use bytes::BytesMut;
use tautline_connection::{Outbound, Prepared, Role, SendError};
use tautline_deflate::{Context, Level, Settings, Window};
use tautline_message::{Limits, Message};

use super::{NO_TAKEOVER, TAKEOVER, noise, receive, receiver, sender, settings, written};
use crate::support::{Keys, ROLES, frame, message};

const WINDOWS: [Window; 7] = [
    Window::Bytes512,
    Window::KiB1,
    Window::KiB2,
    Window::KiB4,
    Window::KiB8,
    Window::KiB16,
    Window::KiB32,
];

fn text(seed: usize, len: usize) -> String {
    let mut text = String::new();
    for number in seed.. {
        if text.len() >= len {
            break;
        }
        text.push_str(&format!("line {number}: {}; ", number * number % 997));
    }
    text.truncate(len);
    text
}

/// R7692-6.1-01, R7692-6.1-05, R7692-7.2.1-01: of lengths whose compressed form is copied into the
/// output, or not.
#[test]
fn a_prepared_message_is_compressed_as_the_first_of_a_connection() {
    let random = noise(40_000);
    let messages = [
        Message::from(text(0, 64)),
        Message::from(text(0, 5_000)),
        Message::from([&random[..2_500], &[0; 3_000]].concat()),
        Message::from([&random[..], &random[..], &[0; 40_000]].concat()),
    ];
    for original in messages {
        for context in [TAKEOVER, NO_TAKEOVER] {
            for role in ROLES {
                let mut expected = sender(role, context, &settings());
                expected.send(original.clone()).unwrap();
                let expected = written(role, &mut expected);
                assert_eq!(expected[0].first & 0x40, 0x40);
                let prepared = Prepared::new(original.clone());
                for _ in 0..2 {
                    let mut end = sender(role, context, &settings());
                    end.send_prepared(&prepared).unwrap();
                    assert_eq!(written(role, &mut end), expected);
                }
            }
        }
    }
}

/// What one connection of many has agreed on, with the other end of it.
struct Listener {
    context: Context,
    threshold: usize,
    sender: Outbound<Keys>,
    bytes: Vec<u8>,
    expected: Vec<Message>,
}

impl Listener {
    fn hears(&mut self, message: &Message, send: impl FnOnce(&mut Outbound<Keys>)) -> bool {
        send(&mut self.sender);
        let written = written(Role::Server, &mut self.sender);
        let [sent] = &written[..] else {
            panic!("one frame");
        };
        self.bytes.extend(frame(sent.first, &sent.payload));
        self.expected.push(message.clone());
        sent.first & 0x40 != 0
    }
}

/// R7692-5-16, R7692-6-02, R7692-7.2.1-08, R7692-7.2.1-09, R7692-7.2.1-10, R7692-7.2.1-11,
/// R7692-7.2.1-12, R7692-7.2.1-14: prepared messages between others, for every window, with and
/// without takeover, with thresholds, and of noise.
#[test]
fn everybody_inflates_what_was_compressed_once() {
    let mut listeners = Vec::new();
    for (window, takeover) in WINDOWS
        .into_iter()
        .flat_map(|window| [(window, true), (window, false)])
    {
        for (level, threshold) in [(1, 64), (3, 0), (9, 1_000), (3, usize::MAX)] {
            let context = Context { window, takeover };
            let settings = Settings::new()
                .with_level(Level::new(level).unwrap())
                .with_threshold(threshold);
            listeners.push(Listener {
                context,
                threshold,
                sender: sender(Role::Server, context, &settings),
                bytes: Vec::new(),
                expected: Vec::new(),
            });
        }
    }
    let random = noise(3_000);
    let messages = [
        (Message::from(text(0, 800)), true),
        (Message::from(text(0, 800)), true),
        (Message::from(&random[..]), false),
        (Message::from(""), false),
        (Message::from(text(50, 70_000)), true),
        (Message::from(text(5, 200)), true),
        (Message::from([&random[..], &[0; 3_000]].concat()), true),
    ];
    for (index, (shared, shrinks)) in messages.iter().enumerate() {
        let prepared = Prepared::new(shared.clone());
        for listener in &mut listeners {
            // Of its own, of which some refer to what everybody has got.
            let own = Message::from(text(index, 300));
            let compressed = listener.hears(&own, |end| end.send(own.clone()).unwrap());
            assert_eq!(compressed, listener.threshold <= 300);
            let compressed = listener.hears(shared, |end| end.send_prepared(&prepared).unwrap());
            assert_eq!(
                compressed,
                *shrinks && shared.len() >= listener.threshold,
                "{} bytes, {:?}, from {}",
                shared.len(),
                listener.context,
                listener.threshold
            );
        }
    }
    for listener in listeners {
        let mut peer = receiver(Role::Client, Limits::default(), Some(listener.context));
        let mut input = BytesMut::from(&listener.bytes[..]);
        let (events, violation) = receive(&mut peer, &mut input);
        assert_eq!(violation, None, "{:?}", listener.context);
        let expected: Vec<_> = listener.expected.into_iter().map(message).collect();
        assert!(events == expected, "{:?}", listener.context);
    }
}

/// R7692-7.2.1-09, R7692-7.2.1-11: with takeover later messages refer to what was prepared, and a
/// prepared one to nothing.
#[test]
fn the_messages_behind_a_prepared_one_refer_to_it_with_takeover() {
    let message = Message::from(text(0, 1_000));
    let prepared = Prepared::new(message.clone());
    for (context, refers) in [(TAKEOVER, true), (NO_TAKEOVER, false)] {
        let mut end = sender(Role::Server, context, &settings());
        end.send_prepared(&prepared).unwrap();
        end.send(message.clone()).unwrap();
        end.send_prepared(&prepared).unwrap();
        let lens: Vec<_> = written(Role::Server, &mut end)
            .iter()
            .map(|frame| frame.payload.len())
            .collect();
        assert!(lens[0] > 100);
        assert_eq!(lens[1] < 30, refers, "{lens:?}");
        assert_eq!(lens[2], lens[0]);
    }
}

/// The second connection would have compressed it at another level: it did not compress at all.
#[test]
fn a_prepared_message_is_compressed_once_for_each_window() {
    let message = Message::from(text(0, 20_000));
    let at = |level: u8, window| {
        let settings = settings().with_level(Level::new(level).unwrap());
        let context = Context {
            window,
            takeover: true,
        };
        sender(Role::Server, context, &settings)
    };
    let ordinary = |level, window| {
        let mut end = at(level, window);
        end.send(message.clone()).unwrap();
        written(Role::Server, &mut end)
    };
    let prepared = Prepared::new(message.clone());
    for (level, window, by) in [
        (1, Window::KiB4, 1),
        (9, Window::KiB4, 1),
        (9, Window::KiB32, 9),
        (1, Window::KiB32, 9),
    ] {
        assert_ne!(ordinary(level, window), ordinary(10 - level, window));
        let mut end = at(level, window);
        end.send_prepared(&prepared).unwrap();
        assert_eq!(written(Role::Server, &mut end), ordinary(by, window));
    }
}

/// Whoever is first compresses, and the others have what it made.
#[test]
fn threads_share_what_one_of_them_has_compressed() {
    let original = Message::from(text(0, 50_000));
    let prepared = Prepared::new(original.clone());
    let frames: Vec<_> = thread::scope(|scope| {
        let threads = [1, 3, 6, 9].map(|level| {
            let prepared = &prepared;
            scope.spawn(move || {
                let settings = settings().with_level(Level::new(level).unwrap());
                let mut end = sender(Role::Server, TAKEOVER, &settings);
                end.send_prepared(prepared).unwrap();
                written(Role::Server, &mut end)
            })
        });
        threads.map(|thread| thread.join().unwrap()).into()
    });
    let [first, others @ ..] = &frames[..] else {
        panic!("one of each thread");
    };
    for other in others {
        assert_eq!(first, other);
    }
    let bytes = frame(first[0].first, &first[0].payload);
    let mut peer = receiver(Role::Client, Limits::default(), Some(TAKEOVER));
    let received = receive(&mut peer, &mut bytes[..].into());
    assert_eq!(received, (vec![message(original)], None));
}

/// R6455-5.5.1-07: nothing gets out of step.
#[test]
fn a_prepared_message_is_not_sent_after_a_close() {
    let prepared = Prepared::new(text(0, 1_000));
    for role in ROLES {
        let mut end = sender(role, TAKEOVER, &settings());
        end.close(None).unwrap();
        assert_eq!(end.send_prepared(&prepared), Err(SendError::Closing));
        assert_eq!(written(role, &mut end).len(), 1);
    }
}
