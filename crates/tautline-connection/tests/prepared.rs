//! Messages whose frame is made once, for many connections.

use core::num::NonZeroUsize;

use bytes::Buf;
use tautline_connection::{Connection, Fin, Outbound, Prepared, Role, SendError};
use tautline_message::{Kind, Limits, Message};

use crate::support::{Keys, ROLES, drain, message, open, parse, replay, sent, unmasked};

/// The lengths where the header gets longer, and where the payload is no longer copied.
const LENGTHS: [usize; 12] = [
    0, 1, 16, 125, 126, 127, 2_047, 2_048, 40_000, 65_535, 65_536, 100_000,
];

fn messages() -> impl Iterator<Item = Message> {
    let text = |len| Message::from("x".repeat(len));
    let binary = |len| Message::from((0..len).map(|i| (i % 251) as u8).collect::<Vec<_>>());
    LENGTHS
        .into_iter()
        .flat_map(move |len| [text(len), binary(len)])
}

/// R6455-5.1-01, R6455-5.1-04, R6455-5.2-08, R6455-5.6-01, R6455-6.1-01, R6455-6.1-03
#[test]
fn a_prepared_message_is_sent_as_any_other() {
    for role in ROLES {
        for original in messages() {
            let prepared = Prepared::new(original.clone());
            assert_eq!(*prepared.message(), original);
            let (mut end, mut other) = (open(role), open(role));
            // More than one connection, more than one time, and between other things.
            for end in [&mut end, &mut other] {
                for _ in 0..2 {
                    end.ping(b"before").unwrap();
                    end.send_prepared(&prepared).unwrap();
                    end.send("after").unwrap();
                    end.send_prepared(&prepared.clone()).unwrap();
                }
            }
            let mut expected = open(role);
            for _ in 0..2 {
                expected.ping(b"before").unwrap();
                expected.send(original.clone()).unwrap();
                expected.send("after").unwrap();
                expected.send(original.clone()).unwrap();
            }
            let expected = drain(&mut expected);
            assert!(drain(&mut end) == expected, "{} bytes", original.len());
            assert!(drain(&mut other) == expected, "{} bytes", original.len());
        }
    }
}

/// R6455-5.1-07: whatever part of it a write takes, and whatever is queued meanwhile.
#[test]
fn a_prepared_message_may_be_written_in_part() {
    let prepared = Prepared::new(vec![7; 5_000]);
    let mut end = open(Role::Server);
    let mut bytes = Vec::new();
    for _ in 0..3 {
        end.send_prepared(&prepared).unwrap();
        for step in [1, 1, 1, 1, 1, 2_000, 100] {
            bytes.extend_from_slice(&end.output().copy_to_bytes(step));
        }
    }
    bytes.extend(drain(&mut end));
    let received = replay(Role::Client, Limits::default(), &bytes);
    assert_eq!(received.events, vec![message(vec![7; 5_000]); 3]);
}

/// R6455-5.3-02: what is prepared is not masked, or two frames would have one key.
#[test]
fn a_client_masks_a_prepared_message_anew_each_time() {
    for len in [5, 5_000] {
        let prepared = Prepared::from(Message::from(vec![0; len]));
        let mut client = open(Role::Client);
        for _ in 0..10 {
            client.send_prepared(&prepared).unwrap();
        }
        let mut keys: Vec<_> = parse(Role::Client, &drain(&mut client))
            .iter()
            .map(|frame| frame.key)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 10);
        assert_eq!(*prepared.message(), Message::from(vec![0; len]));
    }
}

/// R6455-5.4-09, R6455-6.1-04, R6455-6.1-05, R6455-6.1-06
#[test]
fn a_prepared_message_is_cut_to_the_fragment_size() {
    for role in ROLES {
        for size in [1, 3, 4, 5] {
            let mut end = open(role);
            end.set_fragment_size(NonZeroUsize::new(size));
            let mut expected = open(role);
            expected.set_fragment_size(NonZeroUsize::new(size));
            for text in ["", "abcd"] {
                end.send_prepared(&Prepared::new(text)).unwrap();
                expected.send(text).unwrap();
            }
            assert_eq!(drain(&mut end), drain(&mut expected));
        }
    }
}

/// R6455-5.4-07, R6455-5.5.1-07, R6455-6.1-02: it is refused where any other message is, and then
/// nothing is queued.
#[test]
fn a_prepared_message_is_refused_where_others_are() {
    for role in ROLES {
        for payload in [vec![7; 5], vec![7; 5_000]] {
            for size in [None, NonZeroUsize::new(2)] {
                let prepared = Prepared::new(payload.clone());
                let mut end = open(role);
                end.set_fragment_size(size);
                end.send_fragment("a", Fin::More).unwrap();
                let mixed = end.send_prepared(&prepared);
                assert_eq!(mixed, Err(SendError::UnfinishedMessage));
                end.send_fragment("b", Fin::Last).unwrap();
                end.close(None).unwrap();
                assert_eq!(end.send_prepared(&prepared), Err(SendError::Closing));
                assert_eq!(sent(role, &mut end), b"\x01\x01a\x80\x01b\x88\x00");
            }
        }
    }
}

/// The half that sends has it, too, and the message says what it is.
#[test]
fn a_prepared_message_keeps_its_kind() {
    let text = Prepared::new("é");
    let binary = Prepared::new("é".as_bytes());
    assert_eq!(text.message().kind(), Kind::Text);
    assert_eq!(binary.message().kind(), Kind::Binary);
    for role in ROLES {
        let mut end = Outbound::new(role, Keys::new());
        end.send_prepared(&text).unwrap();
        end.send_prepared(&binary).unwrap();
        let output = end.output();
        let bytes = output.copy_to_bytes(output.remaining());
        assert_eq!(
            unmasked(role, &bytes),
            b"\x81\x02\xc3\xa9\x82\x02\xc3\xa9",
            "{role:?}"
        );
    }
}

/// Tasks on all threads may hold one.
#[test]
fn a_prepared_message_is_shared_between_threads() {
    let prepared = Prepared::new("Hello");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut server = Connection::server();
                server.send_prepared(&prepared).unwrap();
                assert_eq!(server.output().chunk(), b"\x81\x05Hello");
            });
        }
    });
}
