//! The implementations that nobody here has written, and what each can do.

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::interop::setup::{Compression, Setup};
use crate::interop::terms::{Direction, Terms};

/// An implementation of RFC 6455 and RFC 7692 to talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Peer {
    /// The browser, headless.
    Chromium,
    /// The browser, headless.
    Firefox,
    /// The package of that name for Node.
    Ws,
    /// The package of that name for Python.
    Websockets,
    /// The package of that name for Python.
    Aiohttp,
}

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    Client,
}

impl Role {
    pub(super) const ALL: [Self; 2] = [Self::Server, Self::Client];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Server => Self::Client,
            Self::Client => Self::Server,
        }
    }

    /// The direction in which this side sends, and the other.
    pub(super) fn own_and_peer(self, terms: Terms) -> (Direction, Direction) {
        match self {
            Self::Server => (terms.server, terms.client),
            Self::Client => (terms.client, terms.server),
        }
    }
}

impl Peer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Ws => "ws",
            Self::Websockets => "websockets",
            Self::Aiohttp => "aiohttp",
        }
    }

    /// Whether it can be on this side of a connection.
    pub(super) fn can_be(self, role: Role) -> bool {
        !matches!((self, role), (Self::Chromium | Self::Firefox, Role::Server))
    }

    /// Whether as a client it offers to limit its own window.
    pub(super) fn can_limit_its_window(self) -> bool {
        self != Self::Firefox
    }

    /// Whether its programs can send a message in frames of their choice.
    pub(super) fn can_cut(self) -> bool {
        matches!(self, Self::Ws | Self::Websockets)
    }

    /// Whether in this role it can be told to ask for these terms.
    pub(super) fn can_be_told(self, role: Role, terms: Terms) -> bool {
        match self {
            Self::Chromium | Self::Firefox => false,
            Self::Ws | Self::Websockets => true,
            // It has one number, the server's window.
            Self::Aiohttp => {
                let free = Direction {
                    bits: 15,
                    takeover: true,
                };
                role == Role::Client && terms.server.takeover && terms.client == free
            }
        }
    }

    /// The settings for its program, in the words of its own interface.
    pub(super) fn settings(self, role: Role, setup: &Setup) -> Value {
        let told = match setup.compression {
            Compression::ByPeer(terms) => Some(terms),
            _ => None,
        };
        // Where 15 is what holds anyway, nothing is asked for.
        let bits = |direction: Direction| (direction.bits < 15).then_some(direction.bits);
        match (self, told) {
            (Self::Chromium | Self::Firefox, _) => Value::Null,
            (Self::Ws, None) => json!({}),
            (Self::Ws, Some(Terms { server, client })) => {
                let mut settings = json!({
                    "serverNoContextTakeover": !server.takeover,
                    "clientNoContextTakeover": !client.takeover,
                });
                // An option that is there, even as null, means something else to it.
                for (name, bits) in [
                    ("serverMaxWindowBits", bits(server)),
                    ("clientMaxWindowBits", bits(client)),
                ] {
                    if let Some(bits) = bits {
                        settings[name] = json!(bits);
                    }
                }
                settings
            }
            // Without a word about it, it has settings of its own.
            (Self::Websockets, None) => match setup.compression {
                Compression::Defaults => json!("default"),
                _ => json!({}),
            },
            (Self::Websockets, Some(Terms { server, client })) => json!({
                "server_no_context_takeover": !server.takeover,
                "client_no_context_takeover": !client.takeover,
                "server_max_window_bits": bits(server),
                "client_max_window_bits": match (bits(client), role) {
                    (Some(bits), _) => json!(bits),
                    (None, Role::Client) => json!(true),
                    (None, Role::Server) => Value::Null,
                },
            }),
            // Its server has none: it takes what is offered.
            (Self::Aiohttp, None) => json!({ "bits": 15 }),
            (Self::Aiohttp, Some(terms)) => json!({ "bits": terms.server.bits }),
        }
    }
}
