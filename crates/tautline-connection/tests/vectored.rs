//! Writing several slices at once, which needs the standard library.

use std::io::IoSlice;

use bytes::{Buf, Bytes};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use proptest::{prop_oneof, strategy::Just};
use tautline_connection::{Outbound, OutputQueue, Role};
use tautline_message::Message;

use crate::support::Keys;

/// Sizes around the ones where a payload is copied, spliced, or copied into memory of its own.
const SIZES: [usize; 9] = [0, 1, 125, 126, 2_047, 2_048, 9_000, 32_767, 40_000];

proptest! {
    /// R6455-6.1-08: through `chunk` and through `chunks_vectored`, with whatever is written at a
    /// time and whatever is queued in between, the same bytes come out.
    #[test]
    fn vectored_and_plain_writing_give_the_same_bytes(
        steps in vec((0..SIZES.len(), any::<bool>(), 1..20_000_usize, 1..9_usize), 1..24),
        is_client in any::<bool>(),
    ) {
        let role = if is_client { Role::Client } else { Role::Server };
        let mut plain = Outbound::new(role, Keys::new());
        let mut vectored = Outbound::new(role, Keys::new());
        let mut by_chunk = Vec::new();
        let mut by_slices = Vec::new();
        for (size, shared, written, slots) in steps {
            let payload = Bytes::from(vec![size as u8; SIZES[size]]);
            let kept = shared.then(|| payload.clone());
            plain.send(Message::from(payload.clone())).unwrap();
            vectored.send(Message::from(payload)).unwrap();
            drop(kept);

            prop_assert_eq!(plain.queued(), vectored.queued());
            let written = written.min(plain.queued());
            write_chunks(plain.output(), written, &mut by_chunk);
            write_slices(vectored.output(), written, slots, &mut by_slices);
            prop_assert_eq!(plain.queued(), vectored.queued());
        }
        let left = plain.queued();
        write_chunks(plain.output(), left, &mut by_chunk);
        write_slices(vectored.output(), left, 64, &mut by_slices);
        prop_assert!(plain.output().is_empty() && vectored.output().is_empty());
        prop_assert!(by_chunk == by_slices);
    }

    /// However many slices there is room for, they are the front of the queue, and none is empty.
    #[test]
    fn slices_are_the_front_of_the_queue(
        sizes in vec(prop_oneof![Just(10_usize), Just(3_000)], 1..8),
        slots in 0..20_usize,
        skip in 0..5_000_usize,
    ) {
        let mut server = Outbound::new(Role::Server, Keys::new());
        for (index, size) in sizes.iter().enumerate() {
            server.send(Message::from(vec![index as u8; *size])).unwrap();
        }
        let output = server.output();
        output.advance(skip.min(output.remaining() - 1));
        let mut slices = vec![IoSlice::new(&[]); slots];
        let filled = output.chunks_vectored(&mut slices);
        let front = joined(&slices[..filled]);
        prop_assert!(slices[..filled].iter().all(|slice| !slice.is_empty()));
        prop_assert!(filled == slots || front.len() == output.remaining());
        if let Some(first) = slices[..filled].first() {
            prop_assert_eq!(&first[..], output.chunk());
        }
        let all = output.copy_to_bytes(output.remaining());
        prop_assert!(all.starts_with(&front));
    }
}

/// A large payload of a server is written from where it is.
#[test]
fn a_large_payload_is_not_copied() {
    let payload = Bytes::from(vec![1; 2_048]);
    let mut server = Outbound::new(Role::Server, Keys::new());
    server.send(Message::from("before")).unwrap();
    server.send(Message::from(payload.clone())).unwrap();
    server.send(Message::from("after")).unwrap();
    let mut slices = [IoSlice::new(&[]); 4];
    let output = server.output();
    assert_eq!(output.chunks_vectored(&mut slices), 3);
    assert_eq!(slices[0][..], *b"\x81\x06before\x82\x7e\x08\x00");
    assert_eq!(slices[1].as_ptr(), payload.as_ptr());
    assert_eq!(slices[2][..], *b"\x81\x05after");
}

fn write_chunks(output: &mut OutputQueue, mut count: usize, wire: &mut Vec<u8>) {
    while count > 0 {
        let chunk = output.chunk();
        let len = chunk.len().min(count);
        wire.extend(&chunk[..len]);
        output.advance(len);
        count -= len;
    }
}

/// Writes as `writev` does: some of the slices, and some of the last of these.
fn write_slices(output: &mut OutputQueue, mut count: usize, slots: usize, wire: &mut Vec<u8>) {
    while count > 0 {
        let mut slices = vec![IoSlice::new(&[]); slots];
        let filled = output.chunks_vectored(&mut slices);
        let bytes = joined(&slices[..filled]);
        let len = bytes.len().min(count);
        wire.extend(&bytes[..len]);
        output.advance(len);
        count -= len;
    }
}

fn joined(slices: &[IoSlice<'_>]) -> Vec<u8> {
    slices.iter().flat_map(|slice| slice.to_vec()).collect()
}
