use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use mio::{Events, Interest, Poll, Token, net::TcpStream};

use crate::{
    handshake,
    wire::{Head, apply},
};

/// The load generator: any number of connections on one thread, over epoll.
///
/// A connection sends a burst, waits for all its echoes, and sends the next.
pub(crate) struct Clients {
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// The extensions that the server agreed on, the same on every connection.
    pub(crate) agreed: Option<String>,
    buffer: Vec<u8>,
}

/// What is sent, and whether what comes back is right.
pub(crate) trait Traffic {
    /// Appends the next message of a connection, as a frame.
    fn request(&mut self, connection: usize, output: &mut Vec<u8>);

    /// Takes in a reply.
    fn reply(&mut self, connection: usize, head: Head, payload: &[u8]) -> anyhow::Result<()>;
}

/// How long a run goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Extent {
    /// So many bursts on every connection.
    Bursts(u64),
    /// New bursts begin for so long.
    Time(Duration),
}

/// What a run was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Messages that were echoed.
    pub(crate) messages: u64,
    pub(crate) time: Duration,
    /// Bytes of payload that came back, as on the wire.
    pub(crate) reply_bytes: u64,
}

struct Connection {
    stream: TcpStream,
    output: Vec<u8>,
    written: usize,
    /// What has arrived of an incomplete frame.
    input: Vec<u8>,
    /// Echoes that are still to come.
    awaited: usize,
    bursts: u64,
}

/// Nothing answers for so long only if it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

impl Clients {
    /// Opens the connections, one after the other.
    pub(crate) fn connect(
        address: SocketAddr,
        count: usize,
        extensions: Option<&str>,
    ) -> anyhow::Result<Self> {
        let mut clients = Self {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            connections: Vec::with_capacity(count),
            agreed: None,
            buffer: vec![0; 256 * 1024],
        };
        for index in 0..count {
            let (stream, agreed) = handshake::open(address, extensions)
                .with_context(|| format!("connection {index}"))?;
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            clients.poll.registry().register(
                &mut stream,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            clients.agreed = agreed;
            clients.connections.push(Connection {
                stream,
                output: Vec::new(),
                written: 0,
                input: Vec::new(),
                awaited: 0,
                bursts: 0,
            });
        }
        Ok(clients)
    }

    /// Sends bursts of `burst` messages, until the last echo of the last burst has come.
    pub(crate) fn run(
        &mut self,
        traffic: &mut impl Traffic,
        burst: usize,
        extent: Extent,
    ) -> anyhow::Result<Outcome> {
        self.run_some(0..self.connections.len(), traffic, burst, extent)
    }

    /// Sends on some of the connections; the others are idle.
    pub(crate) fn run_some(
        &mut self,
        connections: Range<usize>,
        traffic: &mut impl Traffic,
        burst: usize,
        extent: Extent,
    ) -> anyhow::Result<Outcome> {
        let start = Instant::now();
        let goes_on = |bursts| match extent {
            Extent::Bursts(limit) => bursts < limit,
            Extent::Time(limit) => start.elapsed() < limit,
        };
        let mut outcome = Outcome {
            messages: 0,
            time: Duration::ZERO,
            reply_bytes: 0,
        };
        let mut busy = 0;
        for index in connections {
            let connection = &mut self.connections[index];
            connection.bursts = 0;
            if goes_on(0) {
                connection.begin(index, traffic, burst)?;
                busy += 1;
            }
        }
        while busy > 0 {
            self.poll.poll(&mut self.events, Some(PATIENCE))?;
            if self.events.is_empty() {
                bail!("{busy} connections wait for echoes that do not come");
            }
            for event in &self.events {
                let index = event.token().0;
                let connection = &mut self.connections[index];
                connection.write()?;
                if connection.awaited == 0 {
                    continue;
                }
                connection.read(index, &mut self.buffer, traffic, &mut outcome)?;
                if connection.awaited == 0 {
                    connection.bursts += 1;
                    if goes_on(connection.bursts) {
                        connection.begin(index, traffic, burst)?;
                    } else {
                        busy -= 1;
                    }
                }
            }
        }
        outcome.time = start.elapsed();
        Ok(outcome)
    }
}

impl Connection {
    fn begin(
        &mut self,
        index: usize,
        traffic: &mut impl Traffic,
        burst: usize,
    ) -> anyhow::Result<()> {
        self.output.clear();
        self.written = 0;
        for _ in 0..burst {
            traffic.request(index, &mut self.output);
        }
        self.awaited = burst;
        self.write()
    }

    fn write(&mut self) -> anyhow::Result<()> {
        while self.written < self.output.len() {
            match self.stream.write(&self.output[self.written..]) {
                Ok(written) => self.written += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("writing"),
            }
        }
        Ok(())
    }

    fn read(
        &mut self,
        index: usize,
        buffer: &mut [u8],
        traffic: &mut impl Traffic,
        outcome: &mut Outcome,
    ) -> anyhow::Result<()> {
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => bail!("the server has ended the connection"),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("reading"),
            };
            if self.input.is_empty() {
                let used = self.take(index, &mut buffer[..read], traffic, outcome)?;
                self.input.extend_from_slice(&buffer[used..read]);
            } else {
                self.input.extend_from_slice(&buffer[..read]);
                let mut input = std::mem::take(&mut self.input);
                let used = self.take(index, &mut input, traffic, outcome)?;
                input.drain(..used);
                self.input = input;
            }
            // Less than there was room for: the socket is empty now.
            if read < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Takes in the frames that are complete, and returns how many bytes they have.
    fn take(
        &mut self,
        index: usize,
        input: &mut [u8],
        traffic: &mut impl Traffic,
        outcome: &mut Outcome,
    ) -> anyhow::Result<usize> {
        let mut used = 0;
        while let Some((head, size)) = Head::decode(&input[used..]) {
            let start = used + size;
            let Some(payload) = input.get_mut(start..start + head.len) else {
                break;
            };
            apply(head.key, payload);
            if !head.is_message() || self.awaited == 0 {
                bail!("the server has sent what is no echo: {head:?} {payload:?}");
            }
            traffic.reply(index, head, payload)?;
            outcome.messages += 1;
            outcome.reply_bytes += head.len as u64;
            self.awaited -= 1;
            used = start + head.len;
        }
        Ok(used)
    }
}
