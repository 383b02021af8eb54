//! Masking: who masks, with which key, and what (RFC 6455 sections 5.1, 5.3, 10.3).

use core::num::NonZeroUsize;
use std::collections::HashSet;

use bytes::{Buf, Bytes, BytesMut};
use tautline_connection::{CloseFrame, Connection, Fin, MaskKeys, Outbound, Role};
use tautline_frame::CloseCode;
use tautline_message::{Limits, Message, MessageRef};

use crate::support::{Frame, Keys, drain, frame, message, open, parse, replay, to};

/// R6455-5.1-01, R6455-5.1-04, R6455-5.3-01, R6455-5.5.1-06, R6455-6.1-07: `parse` judges the mask
/// flag of each frame.
#[test]
fn a_client_masks_every_frame_and_a_server_none() {
    for role in [Role::Client, Role::Server] {
        let mut end = open(role);
        end.send("text").unwrap();
        end.send(vec![1; 3_000]).unwrap();
        end.send(vec![2; 70_000]).unwrap();
        end.send("").unwrap();
        end.send_fragment("a", Fin::More).unwrap();
        end.ping(b"").unwrap();
        end.pong(b"x").unwrap();
        end.send_fragment("b", Fin::Last).unwrap();
        end.close(Some(CloseFrame::new(CloseCode::NORMAL, "bye")))
            .unwrap();
        let frames = parse(role, &drain(&mut end));
        assert_eq!(frames.len(), 9);
        let masked = frames.iter().filter(|frame| frame.key.is_some()).count();
        assert_eq!(masked, if role == Role::Client { 9 } else { 0 });
    }
}

/// R6455-5.3-01: the key of an empty frame is there, too.
#[test]
fn an_empty_ping_of_a_client_has_six_bytes() {
    let mut keys = Keys::new();
    let key = keys.next_key();
    let mut client = open(Role::Client);
    client.ping(b"").unwrap();
    assert_eq!(drain(&mut client), [&b"\x89\x80"[..], &key].concat());
}

/// R6455-5.3-02, R6455-10.3-01, F8: one key is drawn for each frame, in order, and none twice;
/// fragments, control frames, automatic replies and each way to mask are among them.
#[test]
fn every_frame_has_a_key_of_its_own() {
    let mut client = open(Role::Client);
    client.set_fragment_size(NonZeroUsize::new(60_000));
    let large = Bytes::from(vec![7; 50_000]);
    let mut sent = Vec::new();
    let mut rounds = 0;
    while sent.len() < 10_000 {
        client.send("short").unwrap();
        client.ping(b"p").unwrap();
        client.send_fragment("a", Fin::More).unwrap();
        client.send_fragment("b", Fin::Last).unwrap();
        let mut pings = BytesMut::from(&b"\x89\x01a\x89\x01b"[..]);
        while client.receive(&mut pings).unwrap().is_some() {}
        if rounds % 500 == 0 {
            client.send(vec![1; 4_000]).unwrap();
            client.send(large.slice(..4_000)).unwrap();
            client.send(large.clone()).unwrap();
            client.send(vec![3; 130_000]).unwrap();
        }
        rounds += 1;
        sent.extend(parse(Role::Client, &drain(&mut client)));
    }
    let drawn: Vec<_> = {
        let mut keys = Keys::new();
        sent.iter().map(|_| Some(keys.next_key())).collect()
    };
    let used: Vec<_> = sent.iter().map(|frame| frame.key).collect();
    assert_eq!(used, drawn);
    assert_eq!(used.iter().collect::<HashSet<_>>().len(), sent.len());
}

/// R6455-10.3-01: there is no default source of keys for a client, and none is asked by a server.
#[test]
fn a_server_asks_for_no_key() {
    let keys = || -> [u8; 4] { panic!("a server masks nothing") };
    let mut server = Connection::with_limits(Role::Server, keys, Limits::default());
    server.send(vec![0; 40_000]).unwrap();
    server.ping(b"").unwrap();
    server.close(None).unwrap();
    assert_eq!(server.output().remaining(), 4 + 40_000 + 2 + 2);
}

/// R6455-5.3-05, R6455-5.3-06, R6455-6.2-06: cut anywhere, the key goes on where it was.
#[test]
fn unmasking_keeps_its_place_in_the_key_over_any_cut() {
    let payload: Vec<u8> = (0..=255).cycle().take(1_000).collect();
    for fragments in [1, 2, 3] {
        let mut frames = Vec::new();
        let size = payload.len().div_ceil(fragments);
        for (index, part) in payload.chunks(size).enumerate() {
            let opcode = if index == 0 { 2 } else { 0 };
            let fin = if index + 1 == fragments { 0x80 } else { 0 };
            frames.extend(frame(fin | opcode, part));
        }
        let input = to(Role::Server, &frames);
        for cut in (0..40).chain([333, 334, 335, 336, 337, 800]) {
            let (head, tail) = input.split_at(cut);
            let mut server = open(Role::Server);
            let mut buffer = BytesMut::from(head);
            assert_eq!(server.receive(&mut buffer), Ok(None));
            buffer.extend_from_slice(tail);
            let event = server.receive(&mut buffer).unwrap();
            assert_eq!(event, Some(message(&payload[..])), "cut at {cut}");
        }
        let whole = replay(Role::Server, Limits::default(), &input);
        assert_eq!(whole.events, [message(&payload[..])]);
    }
}

/// R6455-10.3-02: a payload is the snapshot that was given to `send`. What the application still
/// holds is never written to, and what it does to it later is never sent. Written byte by byte,
/// with other frames queued meanwhile.
#[test]
fn what_goes_out_is_what_was_given() {
    static STATIC: [u8; 40_000] = [0x5a; 40_000];
    for len in [0, 1, 125, 126, 2_047, 2_048, 5_000, 32_767, 32_768, 40_000] {
        let original: Vec<u8> = (0..len).map(|index| (index * 7) as u8).collect();
        let kept = Bytes::from(original.clone());
        let part = Bytes::from([b"head", &original[..], b"tail"].concat());
        for role in [Role::Client, Role::Server] {
            let cases = [
                (Bytes::from(original.clone()), &original[..]),
                (kept.clone(), &original),
                (part.slice(4..4 + len), &original),
                (Bytes::from_static(&STATIC[..len]), &STATIC[..len]),
            ];
            for (payload, snapshot) in cases {
                let mut end = open(role);
                end.send(payload).unwrap();
                let mut wire = Vec::new();
                for _ in 0..7.min(end.output().remaining()) {
                    wire.push(end.output().get_u8());
                }
                end.ping(b"later").unwrap();
                wire.extend(drain(&mut end));
                let frames = parse(role, &wire);
                assert_eq!(frames[0].payload, *snapshot, "{role:?}, {len} bytes");
                assert_eq!(frames[1].payload, b"later");
            }
        }
        assert_eq!(kept, original);
        assert_eq!(part, [b"head", &original[..], b"tail"].concat());
        assert!(STATIC.iter().all(|byte| *byte == 0x5a));
    }
}

/// R6455-10.3-02: the only holder's bytes are masked where they are, everybody else's are copied.
#[test]
fn only_a_payload_that_nobody_shares_is_masked_in_place() {
    let cases = [
        (3_000, true),
        (3_000, false),
        (40_000, true),
        (40_000, false),
    ];
    for (len, alone) in cases {
        let payload = Bytes::from(vec![1; len]);
        let at = payload.as_ptr();
        let kept = (!alone).then(|| payload.clone());
        let mut client = Outbound::new(Role::Client, Keys::new());
        client.send(Message::from(payload)).unwrap();
        client.output().advance(8);
        let in_place = client.output().chunk().as_ptr() == at;
        assert_eq!(in_place, alone, "{len} bytes");
        assert!(kept.is_none_or(|kept| kept == vec![1; len]));
    }
}

/// R6455-10.3-02: borrowed bytes are copied before `send_ref` returns.
#[test]
fn borrowed_bytes_may_change_after_they_were_sent() {
    for role in [Role::Client, Role::Server] {
        for len in [5, 3_000, 50_000] {
            let mut buffer = vec![b'a'; len];
            let mut end = Outbound::new(role, Keys::new());
            end.send_ref(MessageRef::Binary(&buffer)).unwrap();
            buffer.fill(b'b');
            let output = end.output();
            let wire = output.copy_to_bytes(output.remaining());
            let [Frame { payload, .. }] = &parse(role, &wire)[..] else {
                panic!("one frame");
            };
            assert_eq!(*payload, vec![b'a'; len]);
        }
    }
}
