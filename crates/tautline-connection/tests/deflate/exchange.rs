//! Two ends that compress for each other.

use core::num::NonZeroUsize;
use std::{iter, thread};

use bytes::{Buf, BytesMut};
use tautline_connection::{Fin, MaskKeys, Outbound, Role};
use tautline_deflate::{Context, Settings, Window, WindowBits};
use tautline_message::{Kind, Limits, Message};

use super::{TAKEOVER, receive, receiver, sender, settings};
use crate::support::{Keys, ROLES, message};

const OPEN: &str = "the connection is open";

/// The states that a thread lends are nothing a connection depends on.
#[test]
fn an_end_goes_to_another_thread_in_the_middle_of_a_message() {
    let mut end = sender(Role::Server, TAKEOVER, &settings());
    let mut peer = receiver(Role::Client, Limits::default(), Some(TAKEOVER));
    let mut expected = String::new();
    for round in 0..6 {
        let text = format!("round {round} of many that are much alike; ").repeat(9);
        expected.push_str(&text);
        let last = round % 3 == 2;
        let moved = thread::spawn(move || {
            // What another connection left in this thread is in nobody's way.
            let mut other = sender(Role::Server, TAKEOVER, &settings());
            other.send(Message::from(text.to_uppercase())).unwrap();

            let fin = if last { Fin::Last } else { Fin::More };
            end.send_fragment(Message::from(text), fin).unwrap();
            let output = end.output();
            let mut input = BytesMut::from(&output.copy_to_bytes(output.remaining())[..]);
            let received = receive(&mut peer, &mut input);
            (end, peer, received)
        });
        let received;
        (end, peer, received) = moved.join().expect("no panic");
        let events = if last {
            vec![message(core::mem::take(&mut expected))]
        } else {
            vec![]
        };
        assert_eq!(received, (events, None));
    }
}

/// R7692-7.2.1-09, R7692-7.2.1-11, R7692-7.2.2-03, R7692-7.2.2-05: a thousand messages of all sizes
/// each way.
#[test]
fn two_ends_understand_each_other() {
    exchange([TAKEOVER; 2], 1_000, 5);
}

/// R7692-7.2.1-08, R7692-7.2.1-10, R7692-7.2.1-12, R7692-7.2.1-14, R7692-7.2.2-06, R7692-7.2.2-08:
/// every size of window, with takeover and without, in either direction.
#[test]
fn two_ends_understand_each_other_in_all_contexts() {
    let contexts: Vec<Context> = (9..=15)
        .filter_map(|bits| Window::from_bits(WindowBits::new(bits)?))
        .flat_map(|window| [true, false].map(|takeover| Context { window, takeover }))
        .collect();
    assert_eq!(contexts.len(), 14);
    for (index, up) in contexts.iter().enumerate() {
        for down in &contexts {
            let count = if up == down { 30 } else { 3 };
            exchange([*up, *down], count, index as u32);
        }
    }
}

/// Sends messages both ways, in every way that there is, and has each received as it was.
///
/// `contexts` are those of the server's messages and of the client's.
fn exchange(contexts: [Context; 2], count: usize, seed: u32) {
    let mut random = Keys::seeded(seed * 2_654_435 + 77);
    let mut ways = iter::zip(ROLES, contexts)
        .map(|(role, context)| {
            let settings = Settings::new().with_threshold(random.up_to(80) - 1);
            let peer = match role {
                Role::Client => Role::Server,
                Role::Server => Role::Client,
            };
            let peer = receiver(peer, Limits::default(), Some(context));
            (role, sender(role, context, &settings), peer)
        })
        .collect::<Vec<_>>();
    for index in 0..count {
        for (role, end, peer) in &mut ways {
            let sent_message = random_message(&mut random);
            let cut = (random.up_to(3) == 1).then(|| random.up_to(4_000));
            end.set_fragment_size(cut.and_then(NonZeroUsize::new));
            let plain = random.up_to(10) == 1;
            if plain {
                end.send_uncompressed(sent_message.clone()).expect(OPEN);
            } else {
                send_somehow(end, &sent_message, &mut random);
            }
            let frames = end.output();
            let bytes = frames.copy_to_bytes(frames.remaining());
            assert!(!plain || bytes[0] & 0x40 == 0);

            let mut input = BytesMut::new();
            let mut rest = &bytes[..];
            let mut received = Vec::new();
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(random.up_to(rest.len()));
                input.extend_from_slice(piece);
                let (events, violation) = receive(peer, &mut input);
                assert_eq!(violation, None, "{contexts:?} {index} from {role:?}");
                received.extend(events);
                rest = behind;
            }
            assert!(
                received == [message(sent_message)],
                "{contexts:?} {index} from {role:?}"
            );
            assert!(input.is_empty());
        }
    }
}

fn send_somehow(end: &mut Outbound<Keys>, message: &Message, random: &mut Keys) {
    match random.up_to(3) {
        1 => end.send(message.clone()).expect(OPEN),
        2 => end.send_ref(message.into()).expect(OPEN),
        _ => send_in_pieces(end, message, random),
    }
}

fn send_in_pieces(end: &mut Outbound<Keys>, message: &Message, random: &mut Keys) {
    let mut rest = message.as_bytes();
    loop {
        // Pieces of text are texts.
        let len = (random.up_to(rest.len() + 1)..rest.len())
            .find(|at| message.as_text().is_none_or(|_| rest[*at] & 0xc0 != 0x80));
        let (piece, behind) = rest.split_at(len.unwrap_or(rest.len()));
        let fragment = match message.kind() {
            Kind::Text => Message::from(str::from_utf8(piece).expect("cut between characters")),
            Kind::Binary => Message::from(piece),
        };
        let fin = if behind.is_empty() {
            Fin::Last
        } else {
            Fin::More
        };
        end.send_fragment(fragment, fin).expect(OPEN);
        if behind.is_empty() {
            return;
        }
        rest = behind;
    }
}

/// Text that is much like the others, noise, or something between, of any size up to 70 KB.
fn random_message(random: &mut Keys) -> Message {
    const WORDS: [&str; 8] = [
        "the ",
        "message ",
        "κόσμε ",
        "{\"id\": ",
        "0, ",
        "}\n",
        "is ",
        "🦀",
    ];
    let largest = [1, 70, 70, 300, 300, 2_000, 6_000, 70_000][random.up_to(8) - 1];
    let len = random.up_to(largest) - 1;
    match random.up_to(4) {
        1 => {
            let noise = iter::repeat_with(|| random.next_key()).take(len / 4);
            Message::from(noise.flatten().collect::<Vec<u8>>())
        }
        2 => Message::from(vec![len as u8; len]),
        3 => {
            let bytes = iter::repeat_with(|| b'a' + random.up_to(20) as u8).take(len);
            Message::from(bytes.collect::<Vec<u8>>())
        }
        _ => {
            let words = iter::repeat_with(|| WORDS[random.up_to(8) - 1]).take(len / 6);
            Message::from(words.collect::<String>())
        }
    }
}
