//! Memory follows what has arrived, not what is announced (RFC 6455 section 10.4).
#![forbid(unsafe_code)]

use allocation_counter::measure;
use bytes::{Buf, BytesMut};
use tautline_connection::{Connection, Disposition, Event, NoKeys, Prepared, Role, Violation};
use tautline_message::{Limits, Message};

const LIMIT: u64 = 64 * 1024;

/// R6455-10.4-01, R6455-5.2-07, F2: a header of 14 bytes that announces far too much, exactly as
/// much as is allowed, or the first fragment of as much.
#[test]
fn a_header_alone_allocates_next_to_nothing() {
    let max = Limits::default().max_frame_size() as u64;
    let cases = [
        (0x82, 1 << 40, Some(Violation::FrameTooBig)),
        (0x82, max + 1, Some(Violation::FrameTooBig)),
        (0x82, 1 << 63, Some(Violation::LengthHighBit)),
        (0x83, max, Some(Violation::ReservedOpCode)),
        (0x82, max, None),
        (0x81, max, None),
        (0x02, max, None),
        (0x01, max, None),
    ];
    for (first, len, violation) in cases {
        let mut header = vec![first, 0xff];
        header.extend(u64::to_be_bytes(len));
        header.extend([1, 2, 3, 4]);
        let used = measure(|| {
            let mut server = Connection::server();
            let mut input = BytesMut::from(&header[..]);
            assert_eq!(server.receive(&mut input).err(), violation);
            // A little payload is kept in a little memory.
            input.extend_from_slice(b"abc");
            assert_eq!(server.receive(&mut input), Ok(None));
            if violation == Some(Violation::FrameTooBig) {
                assert_eq!(server.output().chunk()[2..4], *b"\x03\xf1");
            }
        });
        assert!(used.bytes_max < LIMIT, "{first:02x} {len}: {used:?}");
    }
}

/// R6455-10.4-01, F4, F5: what is held for a fragmented message follows its payload, and it is not
/// copied anew with every fragment.
#[test]
fn a_fragmented_message_holds_what_has_arrived_of_it() {
    const SIZE: u64 = 100_000;
    let used = measure(|| {
        let mut client = Connection::with_limits(Role::Client, NoKeys, Limits::default());
        let mut input = BytesMut::with_capacity(64);
        input.extend_from_slice(b"\x02\x00");
        for _ in 0..SIZE {
            assert_eq!(client.receive(&mut input), Ok(None));
            input.extend_from_slice(b"\x00\x01a");
        }
    });
    assert!(used.bytes_max < 3 * SIZE + LIMIT, "{used:?}");
    assert!(used.bytes_total < 6 * SIZE, "{used:?}");
    assert!(used.count_total < 100, "{used:?}");
}

/// R6455-5.5.1-18, R6455-7.1.7-07: an unfinished message goes with the connection's end, whichever
/// that is, and not only when the connection is dropped.
#[test]
fn the_end_of_a_connection_frees_an_unfinished_message() {
    let ends = [&b"\x88\x80\0\0\0\0"[..], b"\x83\x80\0\0\0\0", b""];
    for end in ends {
        let mut server = Connection::server();
        let used = measure(|| {
            let mut input = BytesMut::from(&b"\x02\xfe\xc3\x50\0\0\0\0"[..]);
            input.extend_from_slice(&[7; 50_000]);
            assert_eq!(server.receive(&mut input), Ok(None));
            input.extend_from_slice(end);
            let last = server.receive(&mut input);
            assert_eq!(last == Ok(None), end.is_empty());
            assert!(server.receive_eof().is_ok() == matches!(last, Ok(Some(_))));
        });
        assert!(used.bytes_current < 10_000, "{end:02x?}: {used:?}");
    }
}

/// An open connection has no memory beside itself, whatever was received and sent before.
#[test]
fn an_idle_connection_allocates_nothing() {
    let used = measure(|| {
        let server = Connection::server();
        let client = Connection::client(|| [0; 4]);
        assert_eq!(server.disposition(), Disposition::Open);
        assert_eq!(client.disposition(), Disposition::Open);
    });
    assert_eq!(used.count_total, 0);

    let mut server = Connection::server();
    let mut input = BytesMut::with_capacity(1024);
    let used = measure(|| {
        input.extend_from_slice(b"\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b\x82\x83\0\0\0\0abc");
        while server.receive(&mut input).unwrap().is_some() {}
        server.send("Hello").unwrap();
        let output = server.output();
        output.advance(output.remaining());
        drop(output.reclaim());
    });
    assert!(used.count_total > 0);
    assert_eq!(used.bytes_current, 0, "{used:?}");
}

/// R6455-5.5.3-03, F6: a million of them leave no trace.
#[test]
fn unsolicited_pongs_allocate_nothing() {
    let mut server = Connection::server();
    let batch = b"\x8a\x84\x01\x02\x03\x04ping\x8a\x80\x01\x02\x03\x04".repeat(500);
    let mut input = BytesMut::with_capacity(2 * batch.len());
    let used = measure(|| {
        for _ in 0..1_000 {
            input.extend_from_slice(&batch);
            while let Some(event) = server.receive(&mut input).unwrap() {
                assert!(matches!(event, Event::Pong(_)));
            }
            // The caller's buffer is used again, as it would be for reading.
            input.clear();
            assert!(input.try_reclaim(2 * batch.len()));
        }
    });
    assert_eq!(used.count_total, 0, "{used:?}");
    assert!(!server.output().has_remaining());
}

/// R6455-5.5.3-02, F7: what a flood of pings can make a connection hold.
#[test]
fn a_flood_of_pings_that_is_not_read_holds_little() {
    let mut server = Connection::server();
    let batch = [&b"\x89\xfd\0\0\0\0"[..], &[7; 125]].concat().repeat(100);
    let mut input = BytesMut::with_capacity(batch.len());
    let used = measure(|| {
        for _ in 0..1_000 {
            input.extend_from_slice(&batch);
            while server.receive(&mut input).unwrap().is_some() {}
            input.clear();
            assert!(input.try_reclaim(batch.len()));
        }
    });
    assert!(used.bytes_max < LIMIT, "{used:?}");
}

/// A small message that is kept does not keep the buffer alive that it came in.
#[test]
fn a_small_message_holds_its_own_size() {
    let mut kept = None;
    let used = measure(|| {
        let mut server = Connection::server();
        let mut input = BytesMut::with_capacity(1 << 20);
        input.extend_from_slice(b"\x82\x85\0\0\0\0small");
        kept = server.receive(&mut input).unwrap();
    });
    assert!(matches!(kept, Some(Event::Message(_))));
    assert!(used.bytes_current < 100, "{used:?}");
}

/// Sending one message to many connections copies a small payload into the buffer that is there
/// already, and a large one nowhere.
#[test]
fn a_prepared_message_takes_no_memory_for_each_connection() {
    const CONNECTIONS: u64 = 1_000;
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| Connection::server()).collect();
    let mut send = |prepared: &Prepared| {
        measure(|| {
            for server in &mut connections {
                server.send_prepared(prepared).unwrap();
            }
            for server in &mut connections {
                let output = server.output();
                output.advance(output.remaining());
            }
        })
    };
    let small = Prepared::new(vec![7; 16]);
    let large = Prepared::new(vec![7; 1 << 20]);
    let first = send(&small);
    assert!(
        first.count_total <= 2 * CONNECTIONS,
        "a buffer each, in its box: {first:?}"
    );
    assert_eq!(send(&small).count_total, 0);
    // Each queue has a place for its reference while it is not written.
    let used = send(&large);
    assert!(used.bytes_max < 256 * CONNECTIONS, "{used:?}");
    assert!(used.count_total <= CONNECTIONS, "{used:?}");
    assert_eq!(send(&small).count_total, 0);

    let message = Message::from(vec![7; 1 << 20]);
    let used = measure(|| drop(Prepared::new(message)));
    assert!(used.bytes_total < 1_024, "it is not copied: {used:?}");
}

/// The compressed form is made once, and shared by those who come later.
#[cfg(feature = "deflate")]
#[test]
fn a_prepared_message_is_compressed_for_all_without_memory_for_each() {
    use tautline_connection::Outbound;
    use tautline_deflate::{Context, Settings, Window};

    const CONNECTIONS: u64 = 100;
    let context = Context {
        window: Window::KiB4,
        takeover: false,
    };
    let mut connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let mut server = Outbound::new(Role::Server, NoKeys);
            server.set_deflate(context, &Settings::new());
            server
        })
        .collect();
    let mut send = |prepared: &Prepared| {
        measure(|| {
            for server in &mut connections {
                server.send_prepared(prepared).unwrap();
                let output = server.output();
                output.advance(output.remaining());
            }
        })
    };
    let message = "the same again and again; ".repeat(100);
    let prepared = Prepared::new(&message[..]);
    send(&prepared);
    assert_eq!(send(&prepared).count_total, 0);
    // Another message is compressed by the first connection, in a few steps.
    let used = send(&Prepared::new(&message[..]));
    assert!(used.count_total < 10, "{used:?}");
}

/// R7692-7.2.2-13, R6455-10.4-01: what a frame inflates to is refused at the limit, and not when
/// all of it is there.
#[cfg(feature = "deflate")]
#[test]
fn inflating_stops_at_the_limit() {
    use tautline_connection::{Inbound, Outbound, Step};
    use tautline_deflate::{Context, Level, Settings, Window};

    const MAX_MESSAGE: usize = 1 << 20;
    // What is lent by the thread while a message is under way, and a chunk of what comes out.
    const LENT: u64 = 176 * 1024;

    let context = Context {
        window: Window::KiB32,
        takeover: true,
    };
    let settings = Settings::new().with_level(Level::SMALLEST);
    let mut server = Outbound::new(Role::Server, NoKeys);
    server.set_deflate(context, &settings);
    server.send(Message::from(vec![0; 10 << 20])).unwrap();
    let output = server.output();
    let frame = output.copy_to_bytes(output.remaining());
    assert!(frame.len() < 16 * 1024, "{}", frame.len());

    let limits = Limits::default().with_max_message_size(MAX_MESSAGE);
    for size in [frame.len(), 100] {
        let mut input = frame.to_vec();
        let used = measure(|| {
            let mut client = Inbound::new(Role::Client, limits);
            client.set_deflate(context);
            let violation = input.chunks_mut(size).find_map(|piece| {
                let mut used = 0;
                while used < piece.len() {
                    match client.locate(&mut piece[used..]) {
                        Ok(Step::Fragment { len }) => used += len,
                        Ok(step) => panic!("{step:?}"),
                        Err(violation) => return Some(violation),
                    }
                }
                None
            });
            assert_eq!(violation, Some(Violation::MessageTooBig));
        });
        // The message's buffer grows by doubling, and half of it is there twice while it does.
        let bound = MAX_MESSAGE as u64 * 3 / 2 + LENT;
        assert!(used.bytes_max <= bound, "pieces of {size}: {used:?}");
        assert!(used.bytes_current <= LENT as i64, "{used:?}");
    }
}

/// R7692-7.2.2-02, R7692-7.2.2-04: agreeing takes next to nothing, and without takeover a message
/// that was received or sent leaves nothing behind.
#[cfg(feature = "deflate")]
#[test]
fn an_idle_connection_without_takeover_keeps_no_window() {
    use tautline_connection::{Inbound, Outbound, Step};
    use tautline_deflate::{Context, Settings, Window};

    let context = |takeover| Context {
        window: Window::KiB32,
        takeover,
    };
    let text = "nothing but the same again and again; ".repeat(2_000);
    let kept = [true, false].map(|takeover| {
        let exchange = |server: &mut Outbound<NoKeys>, client: &mut Inbound| {
            server.send(Message::from(&text[..])).unwrap();
            let output = server.output();
            let mut frame = output.copy_to_bytes(output.remaining()).to_vec();
            drop(server.output().reclaim());
            let step = client.locate(&mut frame);
            assert_eq!(step, Ok(Step::Assembled { len: frame.len() }));
            assert_eq!(client.take_message(), Some(Message::from(&text[..])));
        };
        let pair = || {
            let mut server = Outbound::new(Role::Server, NoKeys);
            server.set_deflate(context(takeover), &Settings::new());
            let mut client = Inbound::new(Role::Client, Limits::default());
            client.set_deflate(context(takeover));
            (server, client)
        };
        // What the thread keeps is there once this one has sent something, and is free for the next
        // once it is gone.
        let (mut server, mut client) = pair();
        exchange(&mut server, &mut client);
        drop((server, client));
        let mut idle = None;
        let used = measure(|| {
            let (mut server, mut client) = pair();
            exchange(&mut server, &mut client);
            idle = Some((server, client));
        });
        assert!(idle.is_some());
        used.bytes_current
    });
    let [takeover, no_takeover] = kept;
    assert!((2 << 15..(2 << 15) + 1024).contains(&takeover), "{kept:?}");
    assert!(no_takeover < 1024, "{kept:?}");
}
