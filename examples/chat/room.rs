use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use tautline::Prepared;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::limits::Limits;
use super::names::{Name, RoomName, Text, TextId};
use super::protocol::{Event, MemberId, Person, Said, ToMember};
use super::rate::Rate;

/// One room: its members, what was said lately, and the one order in which everybody sees it.
///
/// Nothing here waits and nothing here does I/O. An event is prepared once and put into the queue of
/// every member; a member whose queue is full loses the membership, and the others see
/// that as a leave.
#[derive(Debug)]
pub(super) struct Room {
    name: RoomName,
    limits: Limits,
    members: Vec<Member>,
    history: VecDeque<Said>,
    rate: Rate,
    /// The number of the last event.
    seq: u64,
    /// Never given twice, so that an old page cannot take a new member for somebody else.
    last_id: u64,
}

/// The member's side of a membership.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) id: MemberId,
    /// The welcome, and then every event of the room.
    pub(super) queue: Receiver<Prepared>,
    /// Cancelled when the room lets go of the member.
    pub(super) ended: CancellationToken,
}

impl Room {
    pub(super) fn new(name: RoomName, limits: Limits) -> Self {
        let rate = Rate::new(limits.room_burst, limits.room_burst_period);
        Self {
            name,
            limits,
            members: Vec::new(),
            history: VecDeque::new(),
            rate,
            seq: 0,
            last_id: 0,
        }
    }

    /// Takes a member in; `None` when the room is full.
    pub(super) fn join(&mut self, name: Name, at: u64) -> Option<Membership> {
        if self.members.len() >= self.limits.members {
            return None;
        }
        self.last_id += 1;
        let id = MemberId(self.last_id);
        self.announce(
            at,
            &Event::Joined {
                member: id,
                name: &name,
            },
        );

        let (sender, queue) = mpsc::channel(self.limits.queue.max(1) + RESERVE);
        let ended = CancellationToken::new();
        self.members.push(Member {
            id,
            name,
            queue: sender.clone(),
            _ended: ended.clone().drop_guard(),
        });
        let welcome = ToMember::Welcome {
            you: id,
            room: &self.name,
            seq: self.seq,
            members: self.members.iter().map(Member::person).collect(),
            history: &self.history,
        };
        sender
            .try_send(Prepared::new(welcome.encode()))
            .expect("the queue is new and holds more than one");
        Some(Membership { id, queue, ended })
    }

    /// Says a text to everybody, the sender included, or says how long to wait with it.
    ///
    /// A text that the history knows by name and id is a repetition and changes nothing.
    pub(super) fn say(
        &mut self,
        from: MemberId,
        text: Text,
        id: &TextId,
        at: u64,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(member) = self.members.iter().find(|member| member.id == from) else {
            return Ok(());
        };
        let name = member.name.clone();
        let mut known = self.history.iter();
        if known.any(|said| said.id == *id && said.name == name) {
            return Ok(());
        }
        self.rate.take(now)?;
        let seq = self.announce(
            at,
            &Event::Said {
                from,
                name: &name,
                text: &text,
                id,
            },
        );
        self.history.push_back(Said {
            seq,
            from,
            name,
            text,
            at,
            id: id.clone(),
        });
        while self.history.len() > self.limits.history {
            self.history.pop_front();
        }
        Ok(())
    }

    /// Gives a member another name, or says how long to wait with it.
    pub(super) fn rename(
        &mut self,
        id: MemberId,
        name: &Name,
        at: u64,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(member) = self.members.iter_mut().find(|member| member.id == id) else {
            return Ok(());
        };
        if member.name != *name {
            self.rate.take(now)?;
            let was = mem::replace(&mut member.name, name.clone());
            self.announce(
                at,
                &Event::Renamed {
                    member: id,
                    name,
                    was: &was,
                },
            );
        }
        Ok(())
    }

    /// Lets a member go. Nothing happens when the room already has.
    pub(super) fn leave(&mut self, id: MemberId, at: u64) {
        let Some(place) = self.members.iter().position(|member| member.id == id) else {
            return;
        };
        let member = self.members.remove(place);
        self.announce(
            at,
            &Event::Left {
                members: vec![member.person()],
            },
        );
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Numbers an event and queues it for everybody who has a place for it. The others go, and all
    /// their leaves are one event: many who stall together must not fill the queues of the rest.
    ///
    /// Gives the event's number.
    fn announce(&mut self, at: u64, event: &Event<'_>) -> u64 {
        let slow: Vec<_> = self
            .members
            .extract_if(.., |member| member.queue.capacity() <= RESERVE)
            .collect();
        let seq = self.queue(at, event);
        if !slow.is_empty() {
            let members = slow.iter().map(Member::person).collect();
            self.queue(at, &Event::Left { members });
        }
        seq
    }

    fn queue(&mut self, at: u64, event: &Event<'_>) -> u64 {
        self.seq += 1;
        let event = Prepared::new(event.encode(self.seq, at));
        for member in &self.members {
            // Fails only for a member whose task has ended, and who is about to leave.
            let _ = member.queue.try_send(event.clone());
        }
        self.seq
    }
}

#[derive(Debug)]
struct Member {
    id: MemberId,
    name: Name,
    queue: Sender<Prepared>,
    /// Tells the other side of the membership when this side is gone, for whatever reason.
    _ended: DropGuard,
}

impl Member {
    const fn person(&self) -> Person<'_> {
        Person {
            id: self.id,
            name: &self.name,
        }
    }
}

/// Places in every queue that no event takes but the leaves which that event caused.
const RESERVE: usize = 1;

#[cfg(test)]
mod tests;
