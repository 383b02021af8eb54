use arbitrary::{Result, Unstructured};
use tautline_driver::{Error, Message, SendError, Timeout};

use super::world::World;
use crate::frames::Sent;

/// What the application has received and tried to send.
#[derive(Default)]
pub(super) struct Journal {
    received: usize,
    /// Texts that were made, to tell them apart.
    made: usize,
    attempts: Vec<Attempt>,
    /// What was sent of a message that is sent in fragments.
    fragments: Option<Message>,
    /// This end has begun to close, after which messages may be discarded.
    pub(super) is_closing: bool,
}

struct Attempt {
    payload: Vec<u8>,
    fate: Fate,
}

/// What is known about something that was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was given up or refused: it is sent once, or not at all.
    Unknown,
    /// It waits to be sent, and is if nothing ends the connection.
    Queued,
    /// The transport has it.
    Written,
}

impl Journal {
    /// Something to send that differs from everything else.
    pub(super) fn text(
        &mut self,
        world: &mut World,
        input: &mut Unstructured<'_>,
    ) -> Result<Message> {
        self.made += 1;
        let text = world.texts.text(input)?;
        let payload = [format!("A{} ", self.made).as_bytes(), &text].concat();
        Ok(match String::from_utf8(payload) {
            Ok(text) => Message::text(text),
            Err(error) => Message::binary(error.into_bytes()),
        })
    }

    /// A message to send, and the place to note its fate.
    pub(super) fn message(
        &mut self,
        world: &mut World,
        input: &mut Unstructured<'_>,
    ) -> Result<(usize, Message)> {
        let message = self.text(world, input)?;
        self.attempts.push(Attempt {
            payload: message.as_bytes().to_vec(),
            fate: Fate::Unknown,
        });
        Ok((self.attempts.len() - 1, message))
    }

    /// Notes how sending has ended, if it was not given up.
    pub(super) fn note(
        &mut self,
        world: &World,
        place: usize,
        result: Option<std::result::Result<(), Error>>,
        fate: Fate,
    ) {
        match result {
            Some(Ok(())) => self.attempts[place].fate = fate,
            Some(Err(error)) => self.failed(world, &error),
            None => {}
        }
    }

    /// A call has failed, which it may only do for a reason.
    pub(super) fn failed(&self, world: &World, error: &Error) {
        let is_right = match error {
            Error::Send(SendError::UnfinishedMessage | SendError::KindMismatch) => {
                self.fragments.is_some()
            }
            Error::Violation(_) => !world.keeps_rules,
            Error::Io(_) => !world.is_sound(),
            Error::Timeout(Timeout::Message) => {
                !world.keeps_rules || world.wire.state().is_overdue()
            }
            _ => world.may_end(),
        };
        assert!(is_right, "{error:?} for no reason");
    }

    /// Whether a flush has done what it should while nothing holds the connection up.
    pub(super) fn is_flushed(
        &self,
        world: &World,
        flushed: Option<std::result::Result<(), Error>>,
    ) -> bool {
        let flushed = flushed.expect("nothing holds it up");
        if let Err(error) = &flushed {
            self.failed(world, error);
        }
        flushed.is_ok()
    }

    /// A fragment was queued.
    pub(super) fn fragment(&mut self, fragment: &Message, is_last: bool) {
        let open = self.fragments.take();
        let payload = [
            open.as_ref().map_or(&[][..], Message::as_bytes),
            fragment.as_bytes(),
        ]
        .concat();
        if is_last {
            self.attempts.push(Attempt {
                payload,
                fate: Fate::Queued,
            });
            return;
        }
        self.fragments = Some(match fragment {
            Message::Text(_) => Message::text(String::from_utf8_lossy(&payload).into_owned()),
            _ => Message::binary(payload),
        });
    }

    /// The kind that the next fragment has to have.
    pub(super) fn open(&self) -> Option<&Message> {
        self.fragments.as_ref()
    }

    /// Compares what was received with what the peer has sent. `false`: there will be no more.
    pub(super) fn receive(
        &mut self,
        world: &World,
        result: std::result::Result<Option<Message>, Error>,
    ) -> bool {
        match result {
            Ok(Some(message)) => {
                let left = world.messages.get(self.received..).unwrap_or_default();
                let place = left.iter().position(|left| *left == message);
                let is_next = match place {
                    Some(0) => true,
                    // A call of `close` that was given up may have discarded what came before.
                    Some(_) => self.is_closing,
                    // What is sent behind something illegal is not in the list.
                    None => !world.keeps_rules && (left.is_empty() || self.is_closing),
                };
                assert!(is_next, "not the next message of the peer");
                self.received += place.unwrap_or(left.len()) + 1;
                true
            }
            Ok(None) => {
                assert!(world.may_end(), "an end for no reason");
                if world.is_sound() && !self.is_closing {
                    self.has_all(world);
                }
                false
            }
            Err(error) => {
                self.failed(world, &error);
                false
            }
        }
    }

    /// Nothing of what the peer has sent is lost.
    pub(super) fn has_all(&self, world: &World) {
        assert_eq!(self.received, world.messages.len(), "a message is lost");
    }

    /// Compares what was written with what was to be sent: in order, nothing twice, and what must
    /// be there is.
    pub(super) fn check(&self, world: &World, sent: &Sent, is_flushed: bool) {
        world.check_overdue(sent);
        let mut attempts = self.attempts.iter();
        let messages = sent.messages.iter().map(|(.., payload)| payload);
        for message in messages.filter(|payload| payload.starts_with(b"A")) {
            loop {
                let attempt = attempts.next();
                let attempt = attempt.expect("sent twice, in another order, or by nobody");
                if attempt.payload == *message {
                    break;
                }
                assert_eq!(attempt.fate, Fate::Unknown, "a message is lost");
            }
        }
        let must = if is_flushed {
            Fate::Queued
        } else {
            Fate::Written
        };
        let is_missing = |attempt: &Attempt| match must {
            Fate::Queued => attempt.fate != Fate::Unknown,
            _ => attempt.fate == Fate::Written,
        };
        assert!(!attempts.any(is_missing), "a message is not sent");
    }
}
