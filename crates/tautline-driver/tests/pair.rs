//! A client and a server over the wire in memory: nothing is lost, changed or out of order, however
//! the bytes are cut.

use proptest::{collection::vec, prelude::*};
use tautline_driver::{CloseCode, Config, Fin, Message, WebSocket};

use crate::support::{
    executor::join,
    open,
    wire::{Memory, Side, Wire},
};

/// Around every length at which something changes: header forms, copying and sharing, splicing, the
/// buffers of a thread.
const SIZES: [usize; 22] = [
    0,
    1,
    2,
    125,
    126,
    127,
    2047,
    2048,
    4095,
    4096,
    16_383,
    16_384,
    32_768,
    65_521,
    65_535,
    65_536,
    65_537,
    65_599,
    65_600,
    70_000,
    200_000,
    1 << 20,
];

/// How the server echoes.
#[derive(Clone, Copy, Debug)]
enum Echo {
    Owned,
    Lent,
}

fn messages() -> Vec<Message> {
    SIZES
        .into_iter()
        .flat_map(|size| {
            let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
            // Two bytes a character, so that cuts fall inside of one.
            let text = "\u{e9}".repeat(size / 2) + &"a".repeat(size % 2);
            [Message::from(bytes), Message::from(text)]
        })
        .collect()
}

async fn echo(mut ws: WebSocket<Memory>, echo: Echo) {
    match echo {
        Echo::Owned => {
            while let Some(message) = ws.recv().await.unwrap() {
                ws.send(message).await.unwrap();
            }
        }
        Echo::Lent => {
            while let Some(mut received) = ws.recv_ref().await.unwrap() {
                received.reply.echo(received.message).unwrap();
            }
        }
    }
}

/// Sends a message, whole or in fragments, and receives its echo, and so on; closes at the end.
async fn ask(mut ws: WebSocket<Memory>, messages: &[Message], fragments: usize) {
    for message in messages {
        if fragments < 2 {
            ws.send(message.clone()).await.unwrap();
        } else {
            for part in 1..fragments {
                let piece = piece(message, part - 1, fragments);
                ws.send_fragment(piece, Fin::More).await.unwrap();
            }
            let piece = piece(message, fragments - 1, fragments);
            ws.send_fragment(piece, Fin::Last).await.unwrap();
        }
        assert_eq!(ws.recv().await.unwrap().as_ref(), Some(message));
    }
    assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().is_clean());
}

/// One of `count` pieces of a message.
fn piece(message: &Message, number: usize, count: usize) -> Message {
    let cut = |part: usize| {
        let at = message.as_bytes().len() * part / count;
        // Pieces of text are text: they are cut between characters.
        if message.as_text().is_some() && at % 2 == 1 && at < message.as_bytes().len() {
            at - 1
        } else {
            at
        }
    };
    let bytes = &message.as_bytes()[cut(number)..cut(number + 1)];
    match message.as_text() {
        Some(_) => Message::from(std::str::from_utf8(bytes).unwrap()),
        None => Message::from(bytes.to_vec()),
    }
}

fn talk(wire: &Wire, messages: &[Message], way: Echo, fragments: usize, config: &Config) {
    let client = open(wire, Side::Client, config.clone());
    let server = open(wire, Side::Server, config.clone());
    join(wire, ask(client, messages, fragments), echo(server, way));
    assert!(wire.elapsed().is_zero(), "somebody waited for a deadline");
}

#[test]
fn every_size_comes_back_whole_and_in_order() {
    let messages = messages();
    for way in [Echo::Owned, Echo::Lent] {
        for fragments in [1, 3] {
            talk(&Wire::new(), &messages, way, fragments, &Config::new());
        }
    }
}

#[test]
fn every_size_comes_back_through_a_narrow_wire() {
    let messages = messages();
    for way in [Echo::Owned, Echo::Lent] {
        let wire = Wire::new();
        for side in [Side::Client, Side::Server] {
            wire.set(side, |end| {
                end.room = 5000;
                end.max_read = 4093;
                end.max_write = 3001;
                end.stutter = true;
            });
        }
        talk(&wire, &messages, way, 1, &Config::new());
    }
}

/// R6455-6.1-04: a setting cuts what is sent; the peer's application does not notice.
#[test]
fn every_size_comes_back_cut_into_frames() {
    let config = Config::new().fragment_size(1000.try_into().unwrap());
    for way in [Echo::Owned, Echo::Lent] {
        talk(&Wire::new(), &messages(), way, 1, &config);
    }
}

/// R6455-6.1-08
#[test]
fn messages_come_back_one_byte_at_a_time() {
    let messages: Vec<_> = messages()
        .into_iter()
        .filter(|message| message.as_bytes().len() < 70_000)
        .collect();
    for (max_read, max_write) in [(1, usize::MAX), (usize::MAX, 1), (1, 1)] {
        for way in [Echo::Owned, Echo::Lent] {
            let wire = Wire::new();
            for side in [Side::Client, Side::Server] {
                wire.set(side, |end| {
                    end.max_read = max_read;
                    end.max_write = max_write;
                });
            }
            talk(&wire, &messages[..24], way, 1, &Config::new());
        }
    }
}

/// S-01: both ends send all they have before either waits for the other.
#[test]
fn both_ends_stream_at_once() {
    let wire = Wire::new();
    let ends = [Side::Client, Side::Server].map(|side| {
        wire.set(side, |end| end.room = 700);
        open(&wire, side, Config::new()).split()
    });
    let [client, server] = ends;
    let both = async |(mut reader, writer): (tautline_driver::ReadHalf<_>, _)| {
        let writer: tautline_driver::WriteHalf<_> = writer;
        let (mut sent, mut received) = (0u32, 0u32);
        let mut sending = std::pin::pin!(async {
            while sent < 2000 {
                writer.send(sent.to_string()).await.unwrap();
                sent += 1;
            }
        });
        let mut done = false;
        let mut receiving = std::pin::pin!(async {
            while received < 2000 {
                let message = reader.recv().await.unwrap().unwrap();
                assert_eq!(message, Message::from(received.to_string()));
                received += 1;
            }
        });
        let mut all = false;
        std::future::poll_fn(|cx| {
            done = done || sending.as_mut().poll(cx).is_ready();
            all = all || receiving.as_mut().poll(cx).is_ready();
            if done && all {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    };
    join(&wire, both(client), both(server));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_cut_gives_the_same_messages(
        sizes in vec(prop_oneof![0usize..300, 4000usize..4200, 65_000usize..66_000], 1..12),
        reads in vec(1usize..70_000, 0..40),
        small in vec(1usize..20, 0..40),
        max_write in 1usize..5000,
        stutter: bool,
        lend: bool,
    ) {
        let messages: Vec<_> =
            sizes.iter().map(|size| Message::from(vec![*size as u8; *size])).collect();
        let wire = Wire::new();
        wire.set(Side::Server, |end| {
            end.reads = small.iter().chain(&reads).copied().collect();
            end.stutter = stutter;
            end.max_write = max_write;
        });
        wire.set(Side::Client, |end| end.reads = reads.iter().chain(&small).copied().collect());
        let mut client = open(&wire, Side::Client, Config::new());
        let server = open(&wire, Side::Server, Config::new());
        let way = if lend { Echo::Lent } else { Echo::Owned };
        let ask = async {
            for message in &messages {
                client.send(message.clone()).await.unwrap();
            }
            for message in &messages {
                assert_eq!(client.recv().await.unwrap().as_ref(), Some(message));
            }
            client.close(CloseCode::NORMAL, "").await.unwrap()
        };
        let (closed, ()) = join(&wire, ask, echo(server, way));
        prop_assert!(closed.is_clean());
    }
}
