//! How messages are compressed and put into frames (RFC 7692 sections 6.1 and 7.2.1).

use core::num::NonZeroUsize;
use std::slice;

use bytes::BytesMut;
use tautline_connection::{Fin, Outbound, Role, SendError};
use tautline_deflate::{Level, Settings};
use tautline_message::{Kind, Limits, Message, MessageRef};

use super::{
    HELLO, HELLO_AGAIN, NO_TAKEOVER, TAIL, TAKEOVER, noise, receive, receiver, replay, sender,
    settings, written,
};
use crate::support::{Frame, Keys, ROLES, control, frame, message};

/// R7692-6-01, R7692-6.1-01, R7692-6.1-05, R7692-7.2.1-01: the payload is what the RFC's receiver
/// inflates, and a client masks it.
#[test]
fn a_message_is_sent_compressed_with_rsv1() {
    let text = "compress me ".repeat(500);
    let noise: Vec<u8> = noise(40_000);
    // Sizes below and above those where the payload is no longer copied.
    let half_noise = [&noise[..3_000], &[0; 3_000]].concat();
    let noise_twice = [&noise[..], &noise[..]].concat();
    let messages = [
        Message::from(&text[..64]),
        Message::from(&text[..]),
        Message::from(half_noise),
        Message::from([&noise_twice[..], &[0; 40_000]].concat()),
    ];
    for sent_message in messages {
        let mut same = None;
        for role in ROLES {
            let mut end = sender(role, TAKEOVER, &settings());
            end.send(sent_message.clone()).unwrap();
            let [sent] = &written(role, &mut end)[..] else {
                panic!("one frame");
            };
            let first = match sent_message.kind() {
                Kind::Text => 0xc1,
                Kind::Binary => 0xc2,
            };
            assert_eq!(sent.first, first);
            assert_eq!(sent.key.is_some(), role == Role::Client);
            assert!(sent.payload.len() < sent_message.as_bytes().len());
            assert!(!sent.payload.ends_with(TAIL));
            let same = same.get_or_insert_with(|| sent.payload.clone());
            assert_eq!(*same, sent.payload, "only the mask depends on the role");

            let mut borrowing = sender(role, TAKEOVER, &settings());
            borrowing.send_ref(MessageRef::from(&sent_message)).unwrap();
            assert_eq!(written(role, &mut borrowing), slice::from_ref(sent));

            let frames = frame(sent.first, &sent.payload);
            let mut input = BytesMut::from(&frames[..]);
            let mut peer = receiver(Role::Client, Limits::default(), Some(TAKEOVER));
            let received = receive(&mut peer, &mut input);
            assert_eq!(received, (vec![message(sent_message.clone())], None));
        }
    }
}

/// R7692-6.1-01, R7692-6.1-03, R6455-6.1-04
#[test]
fn a_compressed_message_is_cut_to_the_fragment_size() {
    let payload = [&noise(5_000)[..], &[7; 5_000]].concat();
    for role in ROLES {
        let mut whole = sender(role, TAKEOVER, &settings());
        whole.send(Message::from(&payload[..])).unwrap();
        let whole = written(role, &mut whole).remove(0).payload;
        for size in [1, 100, 2_047, 2_048, whole.len() - 1, whole.len()] {
            let mut end = sender(role, TAKEOVER, &settings());
            end.set_fragment_size(NonZeroUsize::new(size));
            let mut borrowing = sender(role, TAKEOVER, &settings());
            borrowing.set_fragment_size(NonZeroUsize::new(size));
            end.send(Message::from(&payload[..])).unwrap();
            borrowing.send_ref(MessageRef::Binary(&payload)).unwrap();

            let frames = written(role, &mut end);
            assert_eq!(frames, written(role, &mut borrowing));
            assert_eq!(frames.len(), whole.len().div_ceil(size));
            for (index, frame) in frames.iter().enumerate() {
                let fin = index + 1 == frames.len();
                let first = if index == 0 { 0x42 } else { 0x00 };
                assert_eq!(frame.first, first | u8::from(fin) << 7);
                assert!(frame.payload.len() == size || fin);
            }
            assert_eq!(payloads(&frames), whole);

            // One that is not compressed is cut without the bit.
            end.send_uncompressed(Message::from(&payload[..size + 1]))
                .unwrap();
            let firsts: Vec<u8> = written(role, &mut end).iter().map(|f| f.first).collect();
            assert_eq!(firsts, [0x02, 0x80]);
        }
    }
}

/// R7692-6-02, R7692-6.1-02
#[test]
fn a_message_below_the_threshold_is_sent_as_it_is() {
    let text = "a".repeat(1000);
    let default = Settings::new().threshold();
    let cases = [
        (Settings::new(), 0, false),
        (Settings::new(), default - 1, false),
        (Settings::new(), default, true),
        (settings(), 63, false),
        (settings(), 64, true),
        (Settings::new().with_threshold(1000), 999, false),
        (Settings::new().with_threshold(1000), 1000, true),
        (Settings::new().with_threshold(0), 0, false),
        (Settings::new().with_threshold(0), 20, true),
        (Settings::new().with_threshold(usize::MAX), 1000, false),
    ];
    for (settings, len, compressed) in cases {
        for role in ROLES {
            let mut end = sender(role, TAKEOVER, &settings);
            end.send(Message::from(&text[..len])).unwrap();
            end.send_ref(MessageRef::Text(&text[..len])).unwrap();
            for sent in written(role, &mut end) {
                assert_eq!(sent.first == 0xc1, compressed, "{settings:?} {len}");
                if !compressed {
                    assert_eq!(sent.first, 0x81);
                    assert_eq!(sent.payload, &text.as_bytes()[..len]);
                }
            }
        }
    }
}

/// R7692-6-02, R7692-6.1-02, R7692-8-01: the messages that follow are compressed as if it had not
/// been there, as its receiver does not put it into the window.
#[test]
fn a_message_that_is_sent_as_it_is_leaves_no_trace() {
    let text = "a message of which there is more than one; ".repeat(5);
    let secret = noise(300);
    for role in ROLES {
        for context in [TAKEOVER, NO_TAKEOVER] {
            let noise = || Message::from(&secret[..]);
            #[expect(clippy::type_complexity, reason = "a table")]
            let between: [(
                &str,
                Message,
                fn(&mut Outbound<Keys>, Message) -> Result<(), SendError>,
            ); 5] = [
                ("would grow", noise(), Outbound::send),
                ("would grow, borrowed", noise(), |end, message| {
                    end.send_ref(MessageRef::Binary(message.as_bytes()))
                }),
                ("not to be", noise(), Outbound::send_uncompressed),
                (
                    "not to be though it would shrink",
                    Message::from(&*text.to_uppercase()),
                    Outbound::send_uncompressed,
                ),
                ("short", Message::from("a message"), Outbound::send),
            ];
            for (name, other, send) in between {
                let mut end = sender(role, context, &settings());
                end.send(Message::from(&text[..])).unwrap();
                send(&mut end, other.clone()).unwrap();
                end.send(Message::from(&text[..])).unwrap();
                let frames = written(role, &mut end);
                assert_eq!(frames.len(), 3, "{name}");
                let firsts = [frames[0].first, frames[2].first];
                assert_eq!(firsts, [0xc1; 2], "{name}");
                assert_eq!(frames[1].first & 0x70, 0, "{name}");
                assert_eq!(frames[1].payload, other.as_bytes(), "{name}");
                // The last one is made of the first and of nothing else.
                let refers = frames[2].payload.len() < 20;
                assert_eq!(refers, context.takeover, "{name}");
                let compressed = [&frames[0], &frames[2]];
                let bytes = compressed.map(|sent| frame(sent.first, &sent.payload));
                let (events, violation) = replay(context, &bytes.concat());
                assert_eq!(violation, None, "{name}");
                assert_eq!(events, [message(&text[..]), message(&text[..])], "{name}");
            }
        }
    }
}

/// R7692-7.2.1-08, R7692-7.2.1-09, R7692-7.2.1-10, R7692-7.2.1-11
#[test]
fn a_message_refers_to_earlier_ones_only_with_takeover() {
    // Each half is new and refers to nothing; the message gets shorter by its second half.
    let half: String = noise(200)
        .iter()
        .map(|byte| char::from(b' ' + byte % 64))
        .collect();
    let text = half.repeat(2);
    for role in ROLES {
        for (context, refers) in [(TAKEOVER, true), (NO_TAKEOVER, false)] {
            let mut end = sender(role, context, &settings());
            for _ in 0..3 {
                end.send(Message::from(&text[..])).unwrap();
            }
            let [first, second, third] = &written(role, &mut end)[..] else {
                panic!("three frames");
            };
            assert!(first.payload.len() > 100);
            assert_eq!(second.payload.len() < 20, refers);
            assert_eq!(third.payload.len() < 20, refers);
            assert_eq!(second.payload == first.payload, !refers);

            let mut end = sender(role, context, &settings());
            for _ in 0..2 {
                end.send_fragment(Message::from(&text[..300]), Fin::More)
                    .unwrap();
                end.send_fragment(Message::from(&text[300..]), Fin::Last)
                    .unwrap();
            }
            let frames = written(role, &mut end);
            assert_eq!(frames[2].payload == frames[0].payload, !refers);
            assert!(refers || frames[3].payload == frames[1].payload);
        }
    }
}

/// R7692-6.1-01, R7692-6.1-03, R7692-7.2.1-06, R7692-7.2.3-01
#[test]
fn fragments_are_compressed_one_by_one() {
    let cases: [&[&str]; 7] = [
        &["Hello"],
        &["He", "llo"],
        &["He", "", "llo"],
        &["", "Hello"],
        &["Hello", ""],
        &["", ""],
        &[""],
    ];
    for pieces in cases {
        for role in ROLES {
            let mut end = sender(role, TAKEOVER, &settings());
            for (index, piece) in pieces.iter().enumerate() {
                let last = index + 1 == pieces.len();
                let fin = if last { Fin::Last } else { Fin::More };
                end.send_fragment(Message::from(*piece), fin).unwrap();
                if !last {
                    let mixed = end.send(Message::from("no"));
                    assert_eq!(mixed, Err(SendError::UnfinishedMessage));
                    let mixed = end.send_uncompressed(Message::from("no"));
                    assert_eq!(mixed, Err(SendError::UnfinishedMessage));
                    let mixed = end.send_fragment(Message::from(b"no"), Fin::Last);
                    assert_eq!(mixed, Err(SendError::KindMismatch));
                    end.ping(&control(b"between")).unwrap();
                }
            }
            let frames = written(role, &mut end);
            let (pings, frames): (Vec<Frame>, Vec<Frame>) =
                frames.into_iter().partition(|frame| frame.first == 0x89);
            assert_eq!(pings.len(), pieces.len() - 1);
            assert_eq!(frames.len(), pieces.len());
            for (index, frame) in frames.iter().enumerate() {
                let last = index + 1 == frames.len();
                let first = if index == 0 { 0x41 } else { 0x00 };
                assert_eq!(frame.first, first | u8::from(last) << 7, "{pieces:?}");
                assert_eq!(frame.payload.ends_with(TAIL), !last, "{pieces:?}");
                if last && pieces[index].is_empty() {
                    assert_eq!(frame.payload, b"\x00");
                }
            }
            let bytes: Vec<u8> = frames
                .iter()
                .flat_map(|sent| frame(sent.first, &sent.payload))
                .collect();
            let (events, violation) = replay(TAKEOVER, &bytes);
            assert_eq!(events, [message(&*pieces.concat())]);
            assert_eq!(violation, None);
        }
    }
}

/// R7692-7.2.1-01, R7692-7.2.1-09: the vectors of RFC 7692 section 7.2.3, made here.
#[test]
fn hello_is_compressed_as_the_rfc_does() {
    let settings = Settings::new().with_level(Level::SMALLEST);
    for role in ROLES {
        for (context, second) in [(TAKEOVER, HELLO_AGAIN), (NO_TAKEOVER, HELLO)] {
            let mut end = sender(role, context, &settings);
            for _ in 0..2 {
                end.send_fragment(Message::from("Hello"), Fin::Last)
                    .unwrap();
            }
            let frames = written(role, &mut end);
            assert_eq!(frames[0].payload, HELLO);
            assert_eq!(frames[1].payload, second);
            assert_eq!([frames[0].first, frames[1].first], [0xc1; 2]);
        }
    }
}

/// R6455-5.5.1-07: nothing is compressed, and so nothing gets out of step, for a message that
/// cannot be sent.
#[test]
fn nothing_is_sent_after_a_close() {
    let text = Message::from("a".repeat(100));
    for role in ROLES {
        let mut end = sender(role, TAKEOVER, &settings());
        end.close(None).unwrap();
        assert_eq!(end.send(text.clone()), Err(SendError::Closing));
        assert_eq!(end.send_uncompressed(text.clone()), Err(SendError::Closing));
        let fragment = end.send_fragment(text.clone(), Fin::Last);
        assert_eq!(fragment, Err(SendError::Closing));
        assert_eq!(written(role, &mut end).len(), 1);
    }
}

fn payloads(frames: &[Frame]) -> Vec<u8> {
    frames
        .iter()
        .flat_map(|frame| &frame.payload)
        .copied()
        .collect()
}
