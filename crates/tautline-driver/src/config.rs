use std::{
    num::NonZeroUsize,
    sync::{Arc, OnceLock},
    time::Duration,
};

use tautline_connection::Keepalive;
use tautline_handshake::HandshakeLimits;
use tautline_message::Limits;

use crate::compression;

/// Settings of a connection, the same for clients and servers.
///
/// Everything that a peer can use up has a limit here, with a default that suits a server that
/// anybody can reach:
///
/// | limit | set with | default |
/// |---|---|---|
/// | bytes of the handshake's head | [`HandshakeLimits::with_max_head_size`] | 16 KiB |
/// | its start line | [`HandshakeLimits::with_max_start_line`] | 8 KiB |
/// | its header lines | [`HandshakeLimits::with_max_headers`] | 100 |
/// | a refusal's body, of which a client drops the rest | [`HandshakeLimits::with_max_body_size`] | 64 KiB |
/// | time for the handshake | [`Config::handshake_timeout`] | 10 s |
/// | payload of a frame | [`Limits::with_max_frame_size`] | 16 MiB |
/// | payload of a message, and of one that was compressed when it is inflated | [`Limits::with_max_message_size`] | 16 MiB |
/// | fragments of a message that are empty | [`Limits::with_max_empty_fragments`] | 1024 |
/// | time for a message that has begun | [`Config::message_timeout`] | 2 min |
/// | bytes that wait to be written | [`Config::high_water_mark`] | 64 KiB and one message |
/// | Pongs that wait to be written; then only the newest Ping is answered | cannot be set | 16 KiB |
/// | time for a Pong to a keepalive Ping | [`Config::keepalive`] | keepalive is off |
/// | time for the closing handshake | [`Config::close_timeout`] | 5 s |
///
/// Spans of time above a year, such as `Duration::MAX`, count as a year.
///
/// ```
/// use std::time::Duration;
/// use tautline_driver::{Config, Keepalive, Limits};
///
/// let config = Config::new()
///     .limits(Limits::default().with_max_message_size(64 * 1024))
///     .keepalive(Keepalive::default())
///     .close_timeout(Duration::from_secs(2));
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Config {
    pub(crate) limits: Limits,
    pub(crate) handshake_limits: HandshakeLimits,
    pub(crate) handshake_timeout: Duration,
    pub(crate) close_timeout: Duration,
    pub(crate) message_timeout: Option<Duration>,
    pub(crate) keepalive: Option<Keepalive>,
    pub(crate) high_water_mark: usize,
    pub(crate) fragment_size: Option<NonZeroUsize>,
    pub(crate) deflate: Option<compression::Settings>,
}

/// Spans of time above a year are cut to one: `Duration::MAX` means "never", and adding it to the
/// present would overflow.
const MAX_TIMEOUT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Config {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            limits: Limits::default(),
            handshake_limits: HandshakeLimits::default(),
            handshake_timeout: Duration::from_secs(10),
            close_timeout: Duration::from_secs(5),
            message_timeout: Some(Duration::from_secs(120)),
            keepalive: None,
            high_water_mark: 64 * 1024,
            fragment_size: None,
            deflate: None,
        }
    }

    /// The defaults, once for all connections that have no settings of their own.
    pub(crate) fn shared_default() -> Arc<Self> {
        static DEFAULT: OnceLock<Arc<Config>> = OnceLock::new();
        DEFAULT.get_or_init(Arc::default).clone()
    }

    /// Limits on what the peer may send. Default: frames and messages of up to 16 MiB.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Limits on the heads of the opening handshake. Default: 16 KiB and 100 header fields.
    pub const fn handshake_limits(mut self, limits: HandshakeLimits) -> Self {
        self.handshake_limits = limits;
        self
    }

    /// How long the opening handshake may take, from the first byte awaited to the last byte
    /// written. Default: 10 seconds.
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout.min(MAX_TIMEOUT);
        self
    }

    /// How long the closing handshake may take, and the end of the stream after it.
    /// Default: 5 seconds.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout.min(MAX_TIMEOUT);
        self
    }

    /// How long a message may take that has begun to arrive, from the first time that its rest has to
    /// be waited for; `None` is as long as it likes. Default: 2 minutes.
    ///
    /// A peer could otherwise have a connection keep the bytes of a message for ever that it never
    /// finishes. The peer is told with close code 1008, and receiving fails with
    /// [`Timeout::Message`](crate::Timeout::Message). What is given here times the slowest link that
    /// is to be served is the largest message that can be received: 2 minutes are enough for 16 MiB
    /// at 1.2 Mbit/s.
    ///
    /// Time that the application lets pass between two calls that receive counts, too, if the
    /// message is still unfinished after the second has read all that came meanwhile.
    pub fn message_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.message_timeout = timeout.map(|timeout| timeout.min(MAX_TIMEOUT));
        self
    }

    /// Sends a Ping at an interval and gives the connection up when no Pong comes in time.
    /// Default: off. [`Keepalive::default`] is 20 seconds and 20 seconds.
    ///
    /// The deadlines pass while a method of the connection is awaited, which for most programs is
    /// always.
    pub fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Some(Keepalive::new(
            keepalive.interval.min(MAX_TIMEOUT),
            keepalive.timeout.min(MAX_TIMEOUT),
        ));
        self
    }

    /// What [`handshake_timeout`](Self::handshake_timeout) was set to.
    #[must_use]
    pub const fn handshake_timeout_value(&self) -> Duration {
        self.handshake_timeout
    }

    /// What [`close_timeout`](Self::close_timeout) was set to.
    #[must_use]
    pub const fn close_timeout_value(&self) -> Duration {
        self.close_timeout
    }

    /// How many bytes may be queued before `feed`, and `send` in a corked handler, wait for the
    /// transport. The queue can exceed it by one message. Default: 64 KiB.
    pub const fn high_water_mark(mut self, bytes: usize) -> Self {
        self.high_water_mark = bytes;
        self
    }

    /// Cuts messages that are sent into frames of at most this many bytes. Default: one frame a
    /// message.
    pub const fn fragment_size(mut self, bytes: NonZeroUsize) -> Self {
        self.fragment_size = Some(bytes);
        self
    }

    /// Offers permessage-deflate (RFC 7692) to servers, and accepts it from clients. Default: off.
    ///
    /// The field `Sec-WebSocket-Extensions` of request and answer is then this crate's: what an
    /// application puts there itself is replaced.
    ///
    /// What is compressed together with text that somebody else chose can be guessed from its
    /// length (RFC 7692 section 8, as in the attacks CRIME and BREACH): send secrets with
    /// [`send_uncompressed`](crate::WebSocket::send_uncompressed).
    #[cfg(feature = "deflate")]
    pub const fn deflate(mut self, settings: tautline_deflate::Settings) -> Self {
        self.deflate = Some(settings);
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
