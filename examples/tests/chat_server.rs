//! The chat over real sockets, without a browser: what it answers to plain HTTP, and what members
//! see of each other, of limits, and of the server going down.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use examples::chat::Limits;
use serde_json::{Value, json};
use tautline::tokio::WebSocket;
use tautline::{ClientRequest, Config, Message, Uri};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::Running;

/// R9110-7.8-06, R9110-7.8-05: one port serves pages and the WebSocket.
#[tokio::test]
async fn plain_http_gets_the_page_and_every_other_path_its_status() {
    let chat = Running::start(limits());
    for (request, status, contains) in [
        ("GET /", "302 Found", "Location: /r/lobby\r\n"),
        (
            "GET /r/lobby",
            "200 OK",
            "Content-Security-Policy: default-src 'none'",
        ),
        ("GET /r/lobby", "200 OK", "</html>"),
        (
            "GET /r/another-room",
            "200 OK",
            "X-Content-Type-Options: nosniff\r\n",
        ),
        ("GET /healthz", "200 OK", "ok\n"),
        ("GET /r/Not-A-Room", "404 Not Found", ""),
        ("GET /nothing", "404 Not Found", ""),
        (
            "GET /ws/lobby",
            "426 Upgrade Required",
            "Upgrade: websocket\r\n",
        ),
        ("POST /r/lobby", "405 Method Not Allowed", "Allow: GET\r\n"),
        ("PUT /ws/lobby", "405 Method Not Allowed", ""),
    ] {
        let head = format!("{request} HTTP/1.1\r\nHost: {}\r\n\r\n", chat.address);
        let answer = exchange(chat.address, &head).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}\r\n")),
            "{request}: {answer:.80}"
        );
        assert!(answer.contains(contains), "{request} lacks {contains}");
    }
    chat.stop().await;
}

/// R6455-4.2.2-06, R6455-10.2-01: the page of another site gets no WebSocket.
#[tokio::test]
async fn only_pages_of_the_chat_itself_may_open_its_websocket() {
    let chat = Running::start(limits());
    let own = format!("http://{}", chat.address);
    for (path, origin, status) in [
        ("/ws/lobby", Some(&*own), "101"),
        ("/ws/lobby", None, "101"),
        ("/ws/lobby", Some("http://evil.test"), "403"),
        ("/ws/lobby", Some("http://127.0.0.1:1"), "403"),
        ("/ws/lobby", Some("null"), "403"),
        ("/ws/no/room", Some(&*own), "404"),
        ("/r/lobby", Some(&*own), "200"),
    ] {
        let origin_line = origin
            .map(|o| format!("Origin: {o}\r\n"))
            .unwrap_or_default();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{origin_line}\r\n",
            chat.address
        );
        let mut stream = TcpStream::connect(chat.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut start = [0; 12];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(&start[9..], status.as_bytes(), "{path} from {origin:?}");
    }
    chat.stop().await;
}

/// R6455-4.2.2-11: the path names the room.
#[tokio::test]
async fn members_see_who_comes_who_goes_and_who_changes_name_in_their_room_only() {
    let chat = Running::start(limits());
    let mut elsewhere = Talker::join(chat.address, "other", "eve").await;
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    assert_eq!(
        alice.welcome["members"],
        json!([{ "id": alice.id(), "name": "alice" }])
    );

    let mut bob = Talker::join(chat.address, "lobby", "  bob ").await;
    assert_eq!(names(&bob.welcome["members"]), ["alice", "bob"]);
    let joined = alice.next().await;
    assert_eq!(
        (&joined["type"], &joined["name"]),
        (&json!("joined"), &json!("bob"))
    );

    bob.send(json!({ "type": "name", "name": "robert" })).await;
    for talker in [&mut alice, &mut bob] {
        let renamed = talker.next().await;
        assert_eq!(
            (&renamed["name"], &renamed["was"]),
            (&json!("robert"), &json!("bob"))
        );
    }

    bob.close().await;
    let left = alice.next().await;
    assert_eq!(
        (&left["type"], names(&left["members"])),
        (&json!("left"), vec!["robert"])
    );

    // A connection that is lost without a word is a leave as well.
    let carol = Talker::join(chat.address, "lobby", "carol").await;
    assert_eq!(alice.next().await["name"], "carol");
    drop(carol);
    assert_eq!(names(&alice.next().await["members"]), ["carol"]);

    elsewhere.send(json!({ "type": "ping" })).await;
    assert_eq!(
        elsewhere.next().await["type"],
        "pong",
        "nothing came from the other room"
    );
    chat.stop().await;
}

#[tokio::test]
async fn every_text_reaches_every_member_once_and_in_one_order() {
    const EACH: usize = 100;
    let mut limits = limits();
    limits.burst = 1000;
    limits.room_burst = 1000;
    limits.queue = 1000;
    let chat = Running::start(limits);
    let mut talkers = Vec::new();
    for name in ["alice", "bob", "carol"] {
        talkers.push(Talker::join(chat.address, "lobby", name).await);
    }
    let tasks: Vec<_> = talkers
        .into_iter()
        .map(|mut talker| {
            tokio::spawn(async move {
                for n in 0..EACH {
                    talker.say(&format!("{} {n}", talker.name)).await;
                }
                let mut said = Vec::new();
                while said.len() < 3 * EACH {
                    let event = talker.next().await;
                    if event["type"] == "said" {
                        said.push(event);
                    }
                }
                said
            })
        })
        .collect();
    let mut seen = Vec::new();
    for task in tasks {
        seen.push(task.await.unwrap());
    }
    assert_eq!(seen[0], seen[1], "alice and bob see the same");
    assert_eq!(seen[0], seen[2], "alice and carol see the same");
    for pair in seen[0].windows(2) {
        assert_eq!(
            pair[1]["seq"].as_u64(),
            pair[0]["seq"].as_u64().map(|seq| seq + 1)
        );
    }
    let mut by_author: HashMap<&str, Vec<&str>> = HashMap::new();
    for said in &seen[0] {
        by_author
            .entry(said["name"].as_str().unwrap())
            .or_default()
            .push(said["text"].as_str().unwrap());
    }
    for (name, texts) in by_author {
        let want: Vec<_> = (0..EACH).map(|n| format!("{name} {n}")).collect();
        assert_eq!(
            texts, want,
            "each member's texts are complete and in the order they were sent"
        );
    }
    chat.stop().await;
}

/// A full room in which everybody speaks at once, as pages do: the next text when the last has come
/// back, and a refused one again. Nobody is taken for too slow, and nothing is lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_speaks_all_at_once_stays_together() {
    const MEMBERS: usize = 100;
    const EACH: usize = 5;
    let mut limits = limits();
    limits.room_burst_period = Duration::from_millis(500);
    let chat = Running::start(limits);
    let mut talkers = Vec::new();
    for n in 0..MEMBERS {
        talkers.push(Talker::join(chat.address, "lobby", &format!("m{n}")).await);
    }
    let tasks: Vec<_> = talkers
        .into_iter()
        .map(|mut talker| {
            tokio::spawn(async move {
                let mut seqs = Vec::new();
                talker.say("1").await;
                while seqs.len() < MEMBERS * EACH {
                    let event = talker.next().await;
                    if event["type"] == "said" {
                        seqs.push(event["seq"].as_u64().unwrap());
                        if event["from"] == talker.id() && talker.texts < EACH {
                            talker.say("another").await;
                        }
                    } else if event["type"] == "error" {
                        let wait = Duration::from_millis(event["retry_ms"].as_u64().unwrap());
                        tokio::time::sleep(wait).await;
                        let again = json!({ "type": "say", "id": event["id"], "text": "again" });
                        talker.send(again).await;
                    }
                }
                // Kept until all are done: a leave would be one more event for the others.
                (talker, seqs)
            })
        })
        .collect();
    let mut members = Vec::new();
    for task in tasks {
        let (talker, seqs) = task.await.unwrap();
        assert!(
            seqs.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "{} missed something",
            talker.name
        );
        members.push(talker);
    }
    drop(members);
    chat.stop().await;
}

#[tokio::test]
async fn a_new_member_sees_the_recent_texts_and_a_repeated_one_is_said_once() {
    let chat = Running::start(limits());
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    let text = json!({ "type": "say", "id": "same", "text": "did it arrive?" });
    alice.send(text.clone()).await;
    assert_eq!(alice.next().await["type"], "said");
    alice.send(text.clone()).await;
    let bob = Talker::join(chat.address, "lobby", "bob").await;
    assert_eq!(
        alice.next().await["type"],
        "joined",
        "the repetition was not an event"
    );
    let history = bob.welcome["history"].as_array().unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0]["text"], "did it arrive?");
    assert_eq!(history[0]["from"], alice.id());
    chat.stop().await;
}

/// S-07: the policy for a member who does not keep up, and R6455-7.4.1-01.
#[tokio::test]
async fn a_member_who_stops_reading_is_closed_with_1008_and_nobody_else_waits() {
    let mut limits = limits();
    limits.queue = 16;
    limits.send_buffer = 4096;
    limits.burst = 10_000;
    limits.room_burst = 10_000;
    let chat = Running::start(limits);
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    let mut stuck = Talker::join_slowly(chat.address, "lobby", "stuck").await;
    let mut bob = Talker::join(chat.address, "lobby", "bob").await;
    assert_eq!(alice.next().await["name"], "stuck");
    assert_eq!(alice.next().await["name"], "bob");

    let long = "x".repeat(1900);
    let mut left = None;
    for n in 0..400 {
        let text = format!("{n} {long}");
        let sent = Instant::now();
        alice.say(&text).await;
        for talker in [&mut alice, &mut bob] {
            let mut event = talker.next().await;
            while event["type"] == "left" {
                left = Some(n);
                assert_eq!(names(&event["members"]), ["stuck"]);
                event = talker.next().await;
            }
            assert_eq!(event["text"], text, "nobody misses a text");
        }
        assert!(
            sent.elapsed() < Duration::from_secs(2),
            "text {n} took {:?}",
            sent.elapsed()
        );
        if left.is_some_and(|at| n > at + 20) {
            break;
        }
    }
    assert!(left.is_some(), "the member who does not read was let go");

    // Whoever was let go finds out on reading again: the backlog, then the reason.
    while let Some(Message::Text(_)) = within(stuck.ws.recv()).await.unwrap() {}
    let closed = stuck.ws.closed();
    assert_eq!((closed.code(), closed.reason()), (1008, "too slow"));
    chat.stop().await;
}

/// R6455-7.4.1-03: the server going down says 1001.
#[tokio::test]
async fn going_down_closes_every_member_with_1001_and_waits_for_none_for_long() {
    let mut limits = limits();
    limits.close = Duration::from_secs(1);
    let chat = Running::start(limits);
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    let mut nameless = Talker::open(chat.address, "lobby").await;
    // These two never answer the Close, one of them not even the handshake.
    let silent = Talker::join(chat.address, "other", "silent").await;
    let unfinished = TcpStream::connect(chat.address).await.unwrap();

    let address = chat.address;
    let started = Instant::now();
    let stopping = tokio::spawn(chat.stop());
    for ws in [&mut alice.ws, &mut nameless] {
        while within(ws.recv()).await.unwrap().is_some() {}
        let closed = ws.closed();
        assert!(closed.is_clean());
        assert_eq!(
            (closed.code(), closed.reason()),
            (1001, "server is going down")
        );
    }
    stopping.await.unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    assert!(
        TcpStream::connect(address).await.is_err(),
        "nobody listens any more"
    );
    drop((silent, unfinished));
}

#[tokio::test]
async fn too_many_messages_are_refused_politely_and_the_member_stays() {
    let mut limits = limits();
    limits.burst = 5;
    limits.burst_period = Duration::from_secs(1);
    let chat = Running::start(limits);
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    for n in 0..12 {
        alice
            .send(json!({ "type": "say", "id": format!("i{n}"), "text": "hurry" }))
            .await;
    }
    let mut said = 0;
    let mut refused = Vec::new();
    for _ in 0..12 {
        let event = alice.next().await;
        match event["type"].as_str().unwrap() {
            "said" => said += 1,
            "error" => refused.push(event),
            other => panic!("{other}"),
        }
    }
    assert!((4..12).contains(&said), "{said} texts passed");
    let last = refused.last().unwrap();
    assert_eq!(
        (&last["code"], &last["id"]),
        (&json!("rate"), &json!("i11"))
    );
    let wait = last["retry_ms"].as_u64().unwrap();
    assert!((1..=1000).contains(&wait), "{wait}");
    tokio::time::sleep(Duration::from_millis(wait)).await;
    alice
        .send(json!({ "type": "say", "id": "i11", "text": "hurry" }))
        .await;
    assert_eq!(
        alice.next().await["type"],
        "said",
        "after the time it was told to wait"
    );
    chat.stop().await;
}

/// R6455-10.1-01, R6455-10.4-01: what members send is bounded and checked.
#[tokio::test]
async fn what_is_not_of_the_chat_is_answered_with_an_error_and_reaches_nobody() {
    let chat = Running::start(limits());
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    let mut bob = Talker::join(chat.address, "lobby", "bob").await;
    alice.next().await;
    let long = "é".repeat(2001);
    let long_name = "n".repeat(33);
    for (message, code, id) in [
        (
            json!({ "type": "say", "id": "a", "text": long }),
            "text",
            json!("a"),
        ),
        (
            json!({ "type": "say", "id": "b", "text": " \n " }),
            "text",
            json!("b"),
        ),
        (
            json!({ "type": "say", "id": "c", "text": "\u{1b}[31m" }),
            "text",
            json!("c"),
        ),
        (
            json!({ "type": "say", "id": "no id!", "text": "hi" }),
            "message",
            Value::Null,
        ),
        (
            json!({ "type": "say", "text": "hi" }),
            "message",
            Value::Null,
        ),
        (
            json!({ "type": "name", "name": long_name }),
            "name",
            Value::Null,
        ),
        (json!({ "type": "name", "name": "  " }), "name", Value::Null),
        (
            json!({ "type": "join", "name": "again" }),
            "message",
            Value::Null,
        ),
        (json!({ "type": "boom" }), "message", Value::Null),
        (json!([[[[]]]]), "message", Value::Null),
    ] {
        alice.send(message.clone()).await;
        let error = alice.next().await;
        assert_eq!(error["type"], "error", "{message}");
        assert_eq!(
            (&error["code"], &error["id"]),
            (&json!(code), &id),
            "{message}"
        );
    }
    alice.ws.send(Message::binary(vec![0; 100])).await.unwrap();
    assert_eq!(alice.next().await["code"], "message");

    let longest = "😀".repeat(2000);
    alice.say(&longest).await;
    assert_eq!(
        bob.next().await["text"],
        longest,
        "the first that bob hears of all this"
    );
    chat.stop().await;
}

/// R6455-10.4-01: a message over the limit ends the connection with 1009.
#[tokio::test]
async fn a_message_beyond_all_measure_ends_the_connection_of_its_sender_only() {
    let chat = Running::start(limits());
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    let mut bob = Talker::join(chat.address, "lobby", "bob").await;
    bob.ws.send("x".repeat(16 * 1024 + 1)).await.unwrap();
    while let Ok(Some(_)) = within(bob.ws.recv()).await {}
    assert_eq!(bob.ws.closed().code(), 1009);
    assert_eq!(alice.next().await["type"], "joined");
    assert_eq!(names(&alice.next().await["members"]), ["bob"]);
    chat.stop().await;
}

#[tokio::test]
async fn nobody_holds_a_place_without_a_name() {
    let mut limits = limits();
    limits.join = Duration::from_millis(300);
    let chat = Running::start(limits);
    let mut ws = Talker::open(chat.address, "lobby").await;
    for (message, code) in [
        (json!({ "type": "say", "id": "a", "text": "hi" }), "message"),
        (json!({ "type": "join", "name": "" }), "name"),
        (json!({ "type": "join", "name": "\u{202e}ecila" }), "name"),
    ] {
        ws.send(message.to_string()).await.unwrap();
        let reply = within(ws.recv()).await.unwrap().unwrap();
        let reply: Value = serde_json::from_str(reply.as_text().unwrap()).unwrap();
        assert_eq!(
            (&reply["type"], &reply["code"]),
            (&json!("error"), &json!(code)),
            "{message}"
        );
    }
    assert_eq!(within(ws.recv()).await.unwrap(), None);
    assert_eq!(
        (ws.closed().code(), ws.closed().reason()),
        (1008, "no name in time")
    );
    chat.stop().await;
}

#[tokio::test]
async fn rooms_members_and_connections_are_bounded_and_places_come_free_again() {
    let mut limits = limits();
    limits.rooms = 1;
    limits.members = 1;
    limits.connections = 2;
    let chat = Running::start(limits);
    let mut alice = Talker::join(chat.address, "lobby", "alice").await;
    for (room, reason) in [
        ("lobby", "the room is full"),
        ("other", "there are too many rooms"),
    ] {
        let mut ws = Talker::open(chat.address, room).await;
        ws.send(r#"{"type":"join","name":"bob"}"#).await.unwrap();
        let error = within(ws.recv()).await.unwrap().unwrap();
        assert!(error.as_text().unwrap().contains(reason), "{error:?}");
        assert_eq!(within(ws.recv()).await.unwrap(), None);
        assert_eq!((ws.closed().code(), ws.closed().reason()), (1013, reason));
    }

    let second = Talker::open(chat.address, "lobby").await;
    let third = tokio::spawn(Talker::join(chat.address, "other", "carol"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(
        !third.is_finished(),
        "the third connection waits for a place"
    );
    alice.close().await;
    let carol = within(third).await.unwrap();
    assert_eq!(
        carol.welcome["room"], "other",
        "the empty room made way for another"
    );
    drop(second);
    chat.stop().await;
}

/// The defaults, but for the time that is given to members who do not answer a Close: in most tests
/// that is everybody.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.close = Duration::from_millis(500);
    limits
}

/// A member of a room.
struct Talker {
    ws: WebSocket<TcpStream>,
    name: String,
    welcome: Value,
    texts: usize,
}

impl Talker {
    async fn join(address: SocketAddr, room: &str, name: &str) -> Self {
        Self::enter(Self::open(address, room).await, name).await
    }

    /// Joins with a socket in which little fits that is not read.
    async fn join_slowly(address: SocketAddr, room: &str, name: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let stream = socket.connect(address).await.unwrap();
        Self::enter(Self::upgrade(stream, address, room).await, name).await
    }

    async fn open(address: SocketAddr, room: &str) -> WebSocket<TcpStream> {
        let stream = TcpStream::connect(address).await.unwrap();
        Self::upgrade(stream, address, room).await
    }

    async fn upgrade(stream: TcpStream, address: SocketAddr, room: &str) -> WebSocket<TcpStream> {
        let uri: Uri = format!("ws://{address}/ws/{room}").parse().unwrap();
        let request = ClientRequest::new(uri);
        within(WebSocket::connect_on(stream, &request, Config::new()))
            .await
            .unwrap()
    }

    async fn enter(ws: WebSocket<TcpStream>, name: &str) -> Self {
        let mut talker = Self {
            ws,
            name: name.to_owned(),
            welcome: Value::Null,
            texts: 0,
        };
        talker.send(json!({ "type": "join", "name": name })).await;
        talker.welcome = talker.next().await;
        assert_eq!(talker.welcome["type"], "welcome");
        talker
    }

    fn id(&self) -> u64 {
        self.welcome["you"].as_u64().unwrap()
    }

    async fn say(&mut self, text: &str) {
        self.texts += 1;
        let id = format!("{}-{}", self.name, self.texts);
        self.send(json!({ "type": "say", "id": id, "text": text }))
            .await;
    }

    async fn send(&mut self, message: Value) {
        within(self.ws.send(message.to_string())).await.unwrap();
    }

    async fn next(&mut self) -> Value {
        let message = within(self.ws.recv())
            .await
            .unwrap()
            .expect("the connection is open");
        serde_json::from_str(message.as_text().unwrap()).unwrap()
    }

    async fn close(&mut self) {
        let closed = self
            .ws
            .close(tautline::CloseCode::NORMAL, "")
            .await
            .unwrap();
        assert!(closed.is_clean());
    }
}

fn names(people: &Value) -> Vec<&str> {
    let people = people.as_array().unwrap();
    people
        .iter()
        .map(|person| person["name"].as_str().unwrap())
        .collect()
}

/// Sends a request and reads until the server closes.
async fn exchange(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

/// What takes this long will not happen.
async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(10), future)
        .await
        .expect("it happens in time")
}
