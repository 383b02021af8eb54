use std::time::Duration;

use crate::{
    child::Server,
    clients::{Clients, Extent, Traffic},
    record::Record,
    samples::Samples,
};

/// A server with its clients, measured in rounds.
pub(crate) struct Running<T> {
    server: Server,
    clients: Clients,
    pub(crate) traffic: T,
    /// Messages that a connection sends at once.
    burst: usize,
    cpu: Samples,
    rate: Samples,
    reply: Samples,
    failed: Option<anyhow::Error>,
}

impl<T: Traffic> Running<T> {
    /// Takes over what has been warmed up.
    pub(crate) fn new(server: Server, clients: Clients, traffic: T, burst: usize) -> Self {
        Self {
            server,
            clients,
            traffic,
            burst,
            cpu: Samples::default(),
            rate: Samples::default(),
            reply: Samples::default(),
            failed: None,
        }
    }

    /// Runs for so long. After an error there are no more rounds.
    pub(crate) fn round(&mut self, time: Duration) {
        if self.failed.is_none() {
            self.failed = self.measure(time).err();
        }
    }

    fn measure(&mut self, time: Duration) -> anyhow::Result<()> {
        let before = self.server.cpu()?;
        let extent = Extent::Time(time);
        let outcome = self.clients.run(&mut self.traffic, self.burst, extent)?;
        let cpu = self.server.cpu()? - before;
        let messages = outcome.messages as f64;
        self.cpu.push(cpu.as_secs_f64() * 1e6 / messages);
        self.rate.push(messages / outcome.time.as_secs_f64());
        self.reply.push(outcome.reply_bytes as f64 / messages);
        Ok(())
    }

    /// The record with the figures of all rounds.
    pub(crate) fn finish(self, record: Record) -> Record {
        if let Some(error) = self.failed {
            return record.refused(format!("{error:#}"));
        }
        let agreed = self.clients.agreed;
        record
            .figure("cpu", "us/message", &self.cpu)
            .figure("rate", "messages/s", &self.rate)
            .figure("reply", "bytes/message", &self.reply)
            .notes(agreed.map(|agreed| format!("agreed on {agreed}")))
    }
}
