//! Frame headers: [`Header::decode`] and [`Header::encode`].
//!
//! One iteration works through a list of headers, all with the same form of the length and masked
//! or not, but with lengths, opcodes, FIN bits and keys at random: what differs between frames in
//! practice is what branch predictors cannot know here either. `mixed` has all forms at random.
//! **One element is one header.**
//!
//! * `header/decode` reads headers that lie one behind the other. Every field of a result is taken
//!   to be used.
//! * `header/encode` makes the bytes and appends them to a buffer that has room.
//!
//! Left out: payloads, and all rules that only a connection can check. There are more headers than
//! a predictor remembers, yet few enough to stay in the processor's caches.

use std::hint::black_box;

use benches::criterion;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fastrand::Rng;
use tautline::frame::{Header, OpCode};

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("header/decode");
    group.throughput(Throughput::Elements(HEADERS as u64));
    for (class, mask) in cases() {
        let input: Vec<u8> = headers(class, mask)
            .iter()
            .flat_map(|header| header.encode().to_vec())
            .collect();
        group.bench_function(BenchmarkId::new(mask.name(), class.name()), |bencher| {
            bencher.iter(|| {
                let mut input = black_box(&input[..]);
                while let Ok(Some((header, len))) = Header::decode(input) {
                    black_box(header);
                    input = &input[len..];
                }
                assert!(input.is_empty(), "every header is valid and complete");
            });
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("header/encode");
    group.throughput(Throughput::Elements(HEADERS as u64));
    for (class, mask) in cases() {
        let headers = headers(class, mask);
        let mut output = Vec::with_capacity(HEADERS * Header::MAX_LEN);
        group.bench_function(BenchmarkId::new(mask.name(), class.name()), |bencher| {
            bencher.iter(|| {
                output.clear();
                for header in black_box(&headers) {
                    output.extend_from_slice(&header.encode());
                }
                black_box(&output);
            });
        });
    }
    group.finish();
}

/// The forms that a length can have on the wire.
#[derive(Clone, Copy)]
enum Class {
    Short,
    Bits16,
    Bits64,
    Mixed,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Short => "7-bit",
            Self::Bits16 => "16-bit",
            Self::Bits64 => "64-bit",
            Self::Mixed => "mixed",
        }
    }

    fn payload_len(self, random: &mut Rng) -> u64 {
        match self {
            Self::Short => random.u64(0..=125),
            Self::Bits16 => random.u64(126..=0xFFFF),
            Self::Bits64 => random.u64(0x1_0000..=0xFF_FFFF),
            Self::Mixed => {
                let class = [Self::Short, Self::Bits16, Self::Bits64][random.usize(..3)];
                class.payload_len(random)
            }
        }
    }
}

/// Which end the frames are from, as far as their headers tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mask {
    Masked,
    Unmasked,
}

impl Mask {
    const fn name(self) -> &'static str {
        match self {
            Self::Masked => "masked",
            Self::Unmasked => "unmasked",
        }
    }
}

fn cases() -> impl Iterator<Item = (Class, Mask)> {
    [Mask::Masked, Mask::Unmasked].into_iter().flat_map(|mask| {
        [Class::Short, Class::Bits16, Class::Bits64, Class::Mixed].map(|class| (class, mask))
    })
}

fn headers(class: Class, mask: Mask) -> Vec<Header> {
    let mut random = Rng::with_seed(6455);
    (0..HEADERS)
        .map(|_| {
            let payload_len = class.payload_len(&mut random);
            // Control frames are short and whole, and rarer than messages.
            let is_control = payload_len <= 125 && random.u8(..8) == 0;
            let opcodes = if is_control {
                [OpCode::Ping, OpCode::Pong, OpCode::Close]
            } else {
                [OpCode::Text, OpCode::Binary, OpCode::Continuation]
            };
            Header {
                fin: is_control || random.u8(..4) != 0,
                rsv1: false,
                opcode: opcodes[random.usize(..3)],
                mask: (mask == Mask::Masked).then(|| random.u32(..).to_ne_bytes()),
                payload_len,
            }
        })
        .collect()
}

const HEADERS: usize = 16 * 1024;

criterion_group!(name = benches; config = criterion(); targets = decode, encode);
criterion_main!(benches);
