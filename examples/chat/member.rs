use std::sync::Arc;
use std::time::Instant;

use tautline::tokio::Corked;
use tautline::{CloseCode, Error, Message};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::limits::Limits;
use super::names::{Name, RoomName, Text, TextId};
use super::protocol::{ErrorCode, FromMember, Refusal, ToMember};
use super::rate::Rate;
use super::rooms::{Rooms, Seat};

/// One member's conversation with the server, from the upgrade to the Close frame.
#[derive(Debug)]
pub(super) struct Member {
    rooms: Arc<Rooms>,
    room_name: RoomName,
    limits: Limits,
    rate: Rate,
    log: fn(&str),
}

impl Member {
    pub(super) fn new(
        rooms: Arc<Rooms>,
        room_name: RoomName,
        limits: Limits,
        log: fn(&str),
    ) -> Self {
        let rate = Rate::new(limits.burst, limits.burst_period);
        Self {
            rooms,
            room_name,
            limits,
            rate,
            log,
        }
    }

    /// Talks until the member goes, does not keep up, or `down` says that the server goes down.
    ///
    /// Whatever is awaited when the conversation ends is dropped, also a send to somebody who does
    /// not read: every method of the connection can be.
    pub(super) async fn run(
        mut self,
        mut ws: Corked<TcpStream>,
        down: CancellationToken,
    ) -> Result<(), Error> {
        let farewell = tokio::select! {
            biased;
            () = down.cancelled() => Farewell::GOING_DOWN,
            ended = self.talk(&mut ws) => match ended? {
                Some(farewell) => farewell,
                None => return Ok(()),
            },
        };
        ws.close(farewell.code, farewell.reason).await?;
        Ok(())
    }

    /// The whole conversation; `None` when the member closed it.
    async fn talk(&mut self, ws: &mut Corked<TcpStream>) -> Result<Option<Farewell>, Error> {
        let name = match timeout(self.limits.join, self.learn_name(ws)).await {
            Ok(Ok(Some(name))) => name,
            Ok(Ok(None)) => return Ok(None),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(Some(Farewell::NO_NAME)),
        };
        let mut seat = match self.rooms.join(&self.room_name, name.clone()) {
            Ok(seat) => seat,
            Err(full) => {
                let refusal = Refusal::new(ErrorCode::Full, full.text());
                ws.send(ToMember::Error(refusal).encode()).await?;
                let code = CloseCode::TRY_AGAIN_LATER;
                return Ok(Some(Farewell {
                    code,
                    reason: full.text(),
                }));
            }
        };
        (self.log)(&format!("{}: {name} joined", self.room_name));
        let ended = seat.ended.clone();
        let result = tokio::select! {
            biased;
            () = ended.cancelled() => Ok(Some(Farewell::TOO_SLOW)),
            result = self.chat(ws, &mut seat) => result,
        };
        (self.log)(&format!("{}: {name} left", self.room_name));
        result
    }

    async fn learn_name(&mut self, ws: &mut Corked<TcpStream>) -> Result<Option<Name>, Error> {
        while let Some(message) = ws.recv().await? {
            let refusal = match self.read(&message) {
                Ok(FromMember::Join { name }) => match Name::parse(&name) {
                    Ok(name) => return Ok(Some(name)),
                    Err(error) => Refusal::new(ErrorCode::Name, error.text()),
                },
                Ok(_) => Refusal::new(ErrorCode::Message, "join first"),
                Err(refusal) => refusal,
            };
            ws.send(ToMember::Error(refusal).encode()).await?;
        }
        Ok(None)
    }

    async fn chat(
        &mut self,
        ws: &mut Corked<TcpStream>,
        seat: &mut Seat,
    ) -> Result<Option<Farewell>, Error> {
        loop {
            let reply = tokio::select! {
                // Who has not heard everything yet does not speak.
                biased;
                event = seat.queue.recv() => {
                    let Some(event) = event else {
                        return Ok(Some(Farewell::TOO_SLOW));
                    };
                    ws.send_prepared(&event).await?;
                    continue;
                }
                message = ws.recv() => {
                    let Some(message) = message? else {
                        return Ok(None);
                    };
                    match self.act(seat, &message) {
                        Ok(None) => continue,
                        Ok(Some(reply)) => reply.encode(),
                        Err(refusal) => ToMember::Error(refusal).encode(),
                    }
                }
            };
            ws.send(reply).await?;
        }
    }

    /// Does what a member wants, and gives what only that member is told.
    fn act(
        &mut self,
        seat: &Seat,
        message: &Message,
    ) -> Result<Option<ToMember<'static>>, Refusal> {
        match self.read(message)? {
            FromMember::Ping => return Ok(Some(ToMember::Pong)),
            FromMember::Join { .. } => {
                return Err(Refusal::new(
                    ErrorCode::Message,
                    "you are in the room already",
                ));
            }
            FromMember::Name { name } => {
                let name = Name::parse(&name)
                    .map_err(|error| Refusal::new(ErrorCode::Name, error.text()))?;
                seat.rename(&name)
                    .map_err(|wait| Refusal::too_fast(BUSY, wait))?;
            }
            FromMember::Say { id, text } => {
                let id = TextId::parse(id)
                    .ok_or(Refusal::new(ErrorCode::Message, "a text needs an id"))?;
                let said = match Text::parse(&text) {
                    Ok(text) => seat
                        .say(text, &id)
                        .map_err(|wait| Refusal::too_fast(BUSY, wait)),
                    Err(error) => Err(Refusal::new(ErrorCode::Text, error.text())),
                };
                said.map_err(|refusal| refusal.of_text(id))?;
            }
        }
        Ok(None)
    }

    /// Reads a message if it is one and is not one too many.
    fn read(&mut self, message: &Message) -> Result<FromMember, Refusal> {
        let read = match message.as_text().map(serde_json::from_str) {
            Some(Ok(message)) => Ok(message),
            _ => Err(Refusal::new(
                ErrorCode::Message,
                "not a message of this chat",
            )),
        };
        // Counted whatever it is, and read all the same: a text is refused by its id.
        let Err(wait) = self.rate.take(Instant::now()) else {
            return read;
        };
        let refusal = Refusal::too_fast("that was a little fast", wait);
        let id = match read {
            Ok(FromMember::Say { id, .. }) => TextId::parse(id),
            _ => None,
        };
        Err(match id {
            Some(id) => refusal.of_text(id),
            None => refusal,
        })
    }
}

/// What the server says in its Close frame.
#[derive(Clone, Copy, Debug)]
struct Farewell {
    code: CloseCode,
    reason: &'static str,
}

impl Farewell {
    const GOING_DOWN: Self = Self {
        code: CloseCode::GOING_AWAY,
        reason: "server is going down",
    };
    const NO_NAME: Self = Self {
        code: CloseCode::POLICY_VIOLATION,
        reason: "no name in time",
    };
    const TOO_SLOW: Self = Self {
        code: CloseCode::POLICY_VIOLATION,
        reason: "too slow",
    };
}

const BUSY: &str = "the room is busy";
