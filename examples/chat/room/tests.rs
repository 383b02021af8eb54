use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Membership, Room};
use crate::chat::limits::Limits;
use crate::chat::names::{Name, RoomName, Text, TextId};

#[test]
fn a_member_is_welcomed_with_the_room_as_it_is() {
    let mut room = room(Limits::default());
    let mut alice = join(&mut room, "alice");
    say(&mut room, &alice, "first");
    let mut bob = join(&mut room, "bob");

    let welcome = &read(&mut alice)[0];
    assert_eq!(welcome["type"], "welcome");
    assert_eq!(welcome["room"], "lobby");
    assert_eq!(welcome["members"].as_array().unwrap().len(), 1);
    assert_eq!(welcome["history"].as_array().unwrap().len(), 0);

    let welcome = &read(&mut bob)[0];
    assert_eq!(welcome["you"], bob.id.0);
    assert_eq!(welcome["members"][0]["name"], "alice");
    assert_eq!(welcome["members"][1]["name"], "bob");
    assert_eq!(welcome["history"][0]["text"], "first");
    assert_eq!(welcome["history"][0]["name"], "alice");
}

#[test]
fn everybody_sees_every_event_once_and_in_the_same_order() {
    let mut room = room(Limits::default());
    let mut alice = join(&mut room, "alice");
    let mut bob = join(&mut room, "bob");
    say(&mut room, &alice, "one");
    say(&mut room, &bob, "two");
    room.rename(bob.id, &name("robert"), 7, Instant::now())
        .unwrap();
    say(&mut room, &bob, "three");
    let carol = join(&mut room, "carol");
    room.leave(carol.id, 8);

    let a = read(&mut alice);
    let b = read(&mut bob);
    assert_eq!(a[1]["type"], "joined", "alice sees bob come");
    assert_eq!(a[2..], b[1..], "from then on both see the same");
    let kinds: Vec<_> = b[1..]
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["said", "said", "renamed", "said", "joined", "left"]);
    assert_eq!(b[3]["was"], "bob");
    assert_eq!(b[4]["name"], "robert");
    for (n, event) in (b[0]["seq"].as_u64().unwrap()..).zip(&b) {
        assert_eq!(event["seq"], n, "numbers have no gap: {event}");
    }
}

#[test]
fn one_event_is_one_piece_of_memory_for_all_members() {
    let mut room = room(Limits::default());
    let mut members: Vec<_> = (0..5).map(|n| join(&mut room, &format!("m{n}"))).collect();
    for member in &mut members {
        read(member);
    }
    say(&mut room, &members[0], "shared");
    let places: Vec<_> = members
        .iter_mut()
        .map(|m| m.queue.try_recv().unwrap().message().as_bytes().as_ptr())
        .collect();
    assert!(
        places.windows(2).all(|pair| pair[0] == pair[1]),
        "{places:?}"
    );
}

#[test]
fn a_text_sent_again_after_a_reconnect_is_said_once() {
    let mut room = room(Limits::default());
    let mut watcher = join(&mut room, "watcher");
    let alice = join(&mut room, "alice");
    let other = join(&mut room, "other");
    room.say(alice.id, text("hello"), &id("x"), 1, Instant::now())
        .unwrap();
    room.leave(alice.id, 2);
    let again = join(&mut room, "alice");
    room.say(again.id, text("hello"), &id("x"), 3, Instant::now())
        .unwrap();
    let own = text("the id is another member's own");
    room.say(other.id, own, &id("x"), 4, Instant::now())
        .unwrap();
    let said = read(&mut watcher)
        .into_iter()
        .filter(|event| event["type"] == "said")
        .count();
    assert_eq!(said, 2);
}

#[test]
fn history_keeps_the_last_texts_only() {
    let mut room = room(Limits {
        history: 3,
        ..Limits::default()
    });
    let alice = join(&mut room, "alice");
    for n in 0..10 {
        say(&mut room, &alice, &format!("text {n}"));
    }
    let mut bob = join(&mut room, "bob");
    let welcome = &read(&mut bob)[0];
    let texts: Vec<_> = welcome["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|said| said["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["text 7", "text 8", "text 9"]);
}

#[test]
fn a_member_who_stops_reading_is_let_go_and_nobody_else_misses_anything() {
    let mut room = room(Limits {
        queue: 8,
        ..Limits::default()
    });
    let mut alice = join(&mut room, "alice");
    let mut stuck = join(&mut room, "stuck");
    let mut bob = join(&mut room, "bob");
    let mut seen = Vec::new();
    for n in 0..20 {
        say(&mut room, &alice, &format!("text {n}"));
        seen.extend(read(&mut bob));
        read(&mut alice);
    }
    assert!(stuck.ended.is_cancelled());
    assert!(!alice.ended.is_cancelled() && !bob.ended.is_cancelled());
    assert_eq!(read(&mut stuck).len(), 8, "what was queued stays bounded");
    let texts = seen.iter().filter(|event| event["type"] == "said").count();
    assert_eq!(texts, 20);
    let left: Vec<_> = seen
        .iter()
        .filter(|event| event["type"] == "left")
        .collect();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["members"][0]["name"], "stuck");
    let seqs = |events: &[Value]| {
        events
            .iter()
            .map(|event| event["seq"].clone())
            .collect::<Vec<_>>()
    };
    seen.retain(|event| event["type"] == "said");
    let mut late = join(&mut room, "late");
    let welcome = read(&mut late).remove(0);
    assert_eq!(seqs(welcome["history"].as_array().unwrap()), seqs(&seen));
    read(&mut bob);
    room.leave(stuck.id, 99);
    assert_eq!(read(&mut bob).len(), 0, "leaving twice is not an event");
}

#[test]
fn a_hundred_who_stop_reading_at_once_do_not_take_a_reader_with_them() {
    let mut room = room(Limits {
        queue: 4,
        members: 101,
        ..Limits::default()
    });
    let mut alice = join(&mut room, "alice");
    let mut stuck = Vec::new();
    for n in 0..100 {
        let mut member = join(&mut room, &format!("m{n}"));
        read(&mut member);
        for earlier in &mut stuck {
            read(earlier);
        }
        stuck.push(member);
        read(&mut alice);
    }
    let mut seen = Vec::new();
    for n in 0..5 {
        say(&mut room, &alice, &format!("text {n}"));
        assert!(!alice.ended.is_cancelled());
        seen.extend(read(&mut alice));
    }
    assert!(stuck.iter().all(|member| member.ended.is_cancelled()));
    let kinds: Vec<_> = seen
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["said", "said", "said", "said", "said", "left"]);
    assert_eq!(seen[5]["members"].as_array().unwrap().len(), 100);
}

#[test]
fn a_room_takes_a_burst_and_then_says_how_long_to_wait() {
    let mut room = room(Limits {
        room_burst: 4,
        room_burst_period: Duration::from_secs(4),
        ..Limits::default()
    });
    let now = Instant::now();
    let mut alice = join(&mut room, "alice");
    let bob = join(&mut room, "bob");
    for n in 0..3 {
        let mark = id(&format!("i{n}"));
        assert_eq!(room.say(alice.id, text("hi"), &mark, 0, now), Ok(()));
        assert_eq!(
            room.say(alice.id, text("hi"), &mark, 0, now),
            Ok(()),
            "again costs nothing"
        );
    }
    assert_eq!(room.rename(bob.id, &name("robert"), 0, now), Ok(()));
    assert_eq!(
        room.rename(bob.id, &name("robert"), 0, now),
        Ok(()),
        "no change costs nothing"
    );
    let wait = Duration::from_secs(1);
    assert_eq!(room.say(bob.id, text("hi"), &id("b"), 0, now), Err(wait));
    assert_eq!(room.rename(alice.id, &name("al"), 0, now), Err(wait));
    assert_eq!(
        room.say(bob.id, text("hi"), &id("b"), 0, now + wait),
        Ok(())
    );
    let events = read(&mut alice);
    assert_eq!(events.len(), 2 + 5, "what was refused is seen by nobody");
}

#[test]
fn a_full_room_takes_nobody_until_somebody_leaves() {
    let mut room = room(Limits {
        members: 2,
        ..Limits::default()
    });
    let alice = join(&mut room, "alice");
    let _bob = join(&mut room, "bob");
    assert!(room.join(name("carol"), 0).is_none());
    room.leave(alice.id, 0);
    let carol = join(&mut room, "carol");
    assert_ne!(carol.id, alice.id, "ids are not given twice");
    assert!(!room.is_empty());
}

#[test]
fn somebody_who_left_cannot_speak_or_be_renamed() {
    let mut room = room(Limits::default());
    let mut alice = join(&mut room, "alice");
    let bob = join(&mut room, "bob");
    room.leave(bob.id, 0);
    read(&mut alice);
    say(&mut room, &bob, "still here?");
    room.rename(bob.id, &name("ghost"), 0, Instant::now())
        .unwrap();
    assert_eq!(read(&mut alice).len(), 0);
}

fn room(limits: Limits) -> Room {
    Room::new(RoomName::parse("lobby").unwrap(), limits)
}

fn join(room: &mut Room, as_name: &str) -> Membership {
    room.join(name(as_name), 0).unwrap()
}

fn say(room: &mut Room, member: &Membership, words: &str) {
    let mark = format!("i{}", room.seq);
    room.say(member.id, text(words), &id(&mark), 0, Instant::now())
        .unwrap();
}

fn read(member: &mut Membership) -> Vec<Value> {
    let mut events = Vec::new();
    while let Ok(event) = member.queue.try_recv() {
        let text = event.message().as_text().unwrap();
        events.push(serde_json::from_str(text).unwrap());
    }
    events
}

fn name(raw: &str) -> Name {
    Name::parse(raw).unwrap()
}

fn text(raw: &str) -> Text {
    Text::parse(raw).unwrap()
}

fn id(raw: &str) -> TextId {
    TextId::parse(raw.to_owned()).unwrap()
}
