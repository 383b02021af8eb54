use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tautline::Prepared;
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

use super::limits::Limits;
use super::names::{Name, RoomName, Text, TextId};
use super::protocol::MemberId;
use super::room::Room;

/// The open rooms: one opens with its first member and is freed after its last.
#[derive(Debug)]
pub(super) struct Rooms {
    limits: Limits,
    /// Locked before a room and never after one. Only joining and leaving need it, so talk in one
    /// room does not wait for another.
    open: Mutex<HashMap<RoomName, Arc<Mutex<Room>>>>,
}

impl Rooms {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: Mutex::default(),
        }
    }

    pub(super) fn join(self: &Arc<Self>, room_name: &RoomName, name: Name) -> Result<Seat, Full> {
        let mut open = lock(&self.open);
        let count = open.len();
        let room = match open.entry(room_name.clone()) {
            Entry::Occupied(entry) => Arc::clone(entry.get()),
            Entry::Vacant(_) if count >= self.limits.rooms => return Err(Full::Rooms),
            Entry::Vacant(entry) => {
                let room = Room::new(room_name.clone(), self.limits.clone());
                Arc::clone(entry.insert(Arc::new(Mutex::new(room))))
            }
        };
        let joined = lock(&room).join(name, now());
        let Some(membership) = joined else {
            return Err(Full::Members);
        };
        Ok(Seat {
            rooms: Arc::clone(self),
            room_name: room_name.clone(),
            room,
            id: membership.id,
            queue: membership.queue,
            ended: membership.ended,
        })
    }
}

/// A membership that ends when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    rooms: Arc<Rooms>,
    room_name: RoomName,
    room: Arc<Mutex<Room>>,
    id: MemberId,
    /// The welcome, and then every event of the room.
    pub(super) queue: Receiver<Prepared>,
    /// Cancelled when the room lets go of a member that does not read.
    pub(super) ended: CancellationToken,
}

impl Seat {
    pub(super) fn say(&self, text: Text, id: &TextId) -> Result<(), Duration> {
        lock(&self.room).say(self.id, text, id, now(), Instant::now())
    }

    pub(super) fn rename(&self, name: &Name) -> Result<(), Duration> {
        lock(&self.room).rename(self.id, name, now(), Instant::now())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = lock(&self.rooms.open);
        let mut room = lock(&self.room);
        room.leave(self.id, now());
        // Emptied twice, by a member who was let go and then by that member's seat, the name may
        // meanwhile stand for a newer room.
        if room.is_empty()
            && open
                .get(&self.room_name)
                .is_some_and(|known| Arc::ptr_eq(known, &self.room))
        {
            open.remove(&self.room_name);
        }
    }
}

/// Why nobody more can join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Members,
    Rooms,
}

impl Full {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Members => "the room is full",
            Self::Rooms => "there are too many rooms",
        }
    }
}

/// A panic of one member's task does not take the room from the others: every method of `Room`
/// leaves it whole at every step that could panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Milliseconds since the Unix epoch.
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Full, Rooms, lock};
    use crate::chat::limits::Limits;
    use crate::chat::names::{Name, RoomName, Text, TextId};

    #[test]
    fn a_room_lives_from_its_first_member_to_its_last() {
        let rooms = rooms(Limits::default());
        let alice = rooms.join(&lobby(), name("alice")).unwrap();
        let bob = rooms.join(&lobby(), name("bob")).unwrap();
        assert_eq!(lock(&rooms.open).len(), 1);
        drop(alice);
        assert_eq!(lock(&rooms.open).len(), 1);
        drop(bob);
        assert_eq!(lock(&rooms.open).len(), 0);
    }

    #[test]
    fn rooms_and_members_are_bounded_and_places_come_free_again() {
        let rooms = rooms(Limits {
            rooms: 1,
            members: 1,
            ..Limits::default()
        });
        let alice = rooms.join(&lobby(), name("alice")).unwrap();
        assert_eq!(
            rooms.join(&lobby(), name("bob")).unwrap_err(),
            Full::Members
        );
        let other = RoomName::parse("other").unwrap();
        assert_eq!(rooms.join(&other, name("bob")).unwrap_err(), Full::Rooms);
        drop(alice);
        rooms.join(&other, name("bob")).unwrap();
    }

    #[test]
    fn a_room_without_readers_is_freed_too() {
        let rooms = rooms(Limits {
            queue: 2,
            ..Limits::default()
        });
        let seat = rooms.join(&lobby(), name("stuck")).unwrap();
        for n in 0..5 {
            seat.say(
                Text::parse("anybody?").unwrap(),
                &TextId::parse(format!("i{n}")).unwrap(),
            )
            .unwrap();
        }
        assert!(seat.ended.is_cancelled());
        // Somebody may come before the task of the member who was let go has noticed.
        let next = rooms.join(&lobby(), name("next")).unwrap();
        drop(seat);
        assert_eq!(lock(&rooms.open).len(), 1);
        drop(next);
        assert_eq!(lock(&rooms.open).len(), 0);
    }

    fn rooms(limits: Limits) -> Arc<Rooms> {
        Arc::new(Rooms::new(limits))
    }

    fn lobby() -> RoomName {
        RoomName::parse("lobby").unwrap()
    }

    fn name(raw: &str) -> Name {
        Name::parse(raw).unwrap()
    }
}
