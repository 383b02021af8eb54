use anyhow::ensure;

use crate::{
    clients::Traffic,
    wire::{Head, Kind},
};

/// Binary messages of one length, every connection going through all of them again and again.
pub(crate) struct EchoTraffic {
    payloads: Vec<Vec<u8>>,
    frames: Vec<Vec<u8>>,
    /// By connection: how many were sent, and how many came back.
    counts: Vec<(usize, usize)>,
    checking: bool,
}

/// How many different messages there are: fewer of those that are large.
const MESSAGES: usize = 16;
const BYTES: usize = 1024 * 1024;

impl EchoTraffic {
    pub(crate) fn new(len: usize, connections: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(len as u64);
        let count = (BYTES / (len + 1)).clamp(1, MESSAGES);
        let payloads: Vec<Vec<u8>> = (0..count)
            .map(|_| (0..len).map(|_| rng.u8(..)).collect())
            .collect();
        let frame = |payload: &Vec<u8>| {
            let key = Some(rng.u32(..).to_ne_bytes());
            let mut frame = Vec::new();
            Head::message(Kind::Binary, len, key).encode(payload, &mut frame);
            frame
        };
        Self {
            frames: payloads.iter().map(frame).collect(),
            payloads,
            counts: vec![(0, 0); connections],
            checking: true,
        }
    }

    /// Compares nothing but the lengths from now on.
    pub(crate) fn stop_checking(&mut self) {
        self.checking = false;
    }
}

impl Traffic for EchoTraffic {
    fn request(&mut self, connection: usize, output: &mut Vec<u8>) {
        let (sent, _) = &mut self.counts[connection];
        output.extend_from_slice(&self.frames[*sent % self.frames.len()]);
        *sent += 1;
    }

    fn reply(&mut self, connection: usize, head: Head, payload: &[u8]) -> anyhow::Result<()> {
        let (_, received) = &mut self.counts[connection];
        let expected = &self.payloads[*received % self.payloads.len()];
        *received += 1;
        let key = head.key;
        ensure!(
            head == Head::message(Kind::Binary, expected.len(), key),
            "the reply begins as {head:?}"
        );
        ensure!(
            !self.checking || payload == expected,
            "the reply is not an echo"
        );
        Ok(())
    }
}
