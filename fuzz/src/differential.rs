//! Tautline beside tungstenite, without compression.
//!
//! * Of the same bytes both make the same messages and the same end, but for the differences in
//!   [`is_known`].
//! * What one of them writes, the other one reads.

use std::io::{self, Read, Write};

use arbitrary::{Result, Unstructured};
use bytes::{Buf, Bytes, BytesMut};
use tautline_connection::{Connection, Event, Limits, Message, Role, Violation};
use tungstenite::Error;
use tungstenite::protocol::{self, WebSocket, WebSocketConfig};

use crate::cuts::Cuts;
use crate::frames::Head;
use crate::peer::Peer;
use crate::text::TextMaker;

/// Runs one case.
pub fn run(data: &[u8]) {
    // An input that is too short ends the case early, which is no fault.
    let _ = case(&mut Unstructured::new(data));
}

fn case(input: &mut Unstructured<'_>) -> Result<()> {
    let (kind, is_client, cuts) = input.arbitrary::<(u8, bool, Cuts)>()?;
    let role = if is_client {
        Role::Client
    } else {
        Role::Server
    };
    match kind % 3 {
        0 => compare(role, cuts, input.bytes(input.len())?),
        1 => compare(
            role,
            cuts,
            &Peer::new(role == Role::Server, None).wire(input).0,
        ),
        _ => exchange(role, cuts, input)?,
    }
    Ok(())
}

/// Something that was received.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close(Option<(u16, String)>),
}

/// How receiving has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End<E> {
    /// More bytes are wanted.
    Waits,
    Closed,
    Refused(E),
}

fn compare(role: Role, cuts: Cuts, wire: &[u8]) {
    let (mut ours, our_end) = tautline(role, cuts, wire);
    let (mut theirs, mut their_end) = tungstenite(role, wire);
    if let (End::Refused(_), End::Waits) = (our_end, &their_end) {
        // Tautline does not wait for the rest of a frame that it is going to refuse. With any rest
        // tungstenite has to refuse it as well.
        let rest = vec![0; 2 * LIMIT];
        (theirs, their_end) = tungstenite(role, &[wire, &rest].concat());
        theirs.truncate(ours.len().max(theirs.len().min(ours.len() + 1)));
    }
    if let End::Refused(violation) = our_end
        && is_known(violation, wire)
    {
        assert!(theirs.starts_with(&ours), "{ours:?} and {theirs:?}");
        return;
    }
    if let Some(Item::Close(Some((1014, _)))) = ours.last() {
        // tungstenite does not know this code of the registry, and takes it for one that may not be
        // sent. RIANA-close-03
        ours.pop();
        theirs.pop();
    }
    assert_eq!(ours, theirs);
    let is_same = matches!(
        (our_end, &their_end),
        (End::Waits, End::Waits) | (End::Closed, End::Closed) | (End::Refused(_), End::Refused(_))
    );
    assert!(is_same, "{our_end:?} and {their_end:?}");
}

/// What Tautline refuses and tungstenite does not.
fn is_known(violation: Violation, wire: &[u8]) -> bool {
    match violation {
        // tungstenite takes a length in any form. R6455-5.2-09 wants the shortest.
        Violation::NonMinimalLength => true,
        // The same for a control frame: only a length above 125 has another form (R6455-5.5-02).
        Violation::LongControl => ends_in_long_form(wire),
        // tungstenite tells the application of a Close frame with code 1002 in its place, and
        // answers with that. R6455-7.4.2-01 to 05 want the connection to be failed.
        Violation::InvalidCloseCode => true,
        _ => false,
    }
}

/// Whether the first frame with a bad header has a length of up to 125 in a longer form, if what is
/// missing of it were zero.
fn ends_in_long_form(mut wire: &[u8]) -> bool {
    while let Ok(Some(head)) = Head::read(wire) {
        let len = usize::try_from(head.len).unwrap_or(usize::MAX);
        match wire.get(head.size.saturating_add(len)..) {
            Some(rest) => wire = rest,
            None => return false,
        }
    }
    let [_, second, rest @ ..] = wire else {
        return false;
    };
    let count = match second & 127 {
        126 => 2,
        127 => 8,
        _ => return false,
    };
    let bytes = rest.iter().chain(&[0; 8]).take(count);
    bytes.fold(0, |len, &byte| len << 8 | u64::from(byte)) < 126
}

fn tautline(role: Role, cuts: Cuts, wire: &[u8]) -> (Vec<Item>, End<Violation>) {
    let limits = Limits::default()
        .with_max_frame_size(LIMIT)
        .with_max_message_size(LIMIT)
        .with_max_empty_fragments(u32::MAX);
    let mut connection = Connection::with_limits(role, || [1, 2, 3, 4], limits);
    let mut items = Vec::new();
    let mut input = BytesMut::new();
    for piece in cuts.pieces(wire) {
        input.extend_from_slice(piece);
        loop {
            let event = match connection.receive(&mut input) {
                Ok(None) => break,
                Ok(Some(event)) => event,
                Err(violation) => return (items, End::Refused(violation)),
            };
            items.push(match event {
                Event::Message(Message::Text(text)) => Item::Text(text.into_bytes()),
                Event::Message(message) => Item::Binary(message.into_bytes()),
                Event::Ping(payload) => Item::Ping(Bytes::copy_from_slice(&payload)),
                Event::Pong(payload) => Item::Pong(Bytes::copy_from_slice(&payload)),
                Event::Close(frame) => {
                    let frame = frame.map(|frame| (frame.code.get(), frame.reason.to_string()));
                    items.push(Item::Close(frame));
                    return (items, End::Closed);
                }
                event => panic!("{event:?} is new"),
            });
        }
    }
    (items, End::Waits)
}

fn tungstenite(role: Role, wire: &[u8]) -> (Vec<Item>, End<Error>) {
    let mut peer = their_end(role, wire.to_vec());
    let mut items = Vec::new();
    loop {
        match peer.read() {
            Ok(tungstenite::Message::Text(text)) => items.push(Item::Text(text.into())),
            Ok(tungstenite::Message::Binary(bytes)) => items.push(Item::Binary(bytes)),
            Ok(tungstenite::Message::Ping(bytes)) => items.push(Item::Ping(bytes)),
            Ok(tungstenite::Message::Pong(bytes)) => items.push(Item::Pong(bytes)),
            Ok(tungstenite::Message::Close(frame)) => {
                let frame = frame.map(|frame| (frame.code.into(), frame.reason.to_string()));
                items.push(Item::Close(frame));
                return (items, End::Closed);
            }
            Ok(tungstenite::Message::Frame(frame)) => panic!("{frame} is no message"),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return (items, End::Waits);
            }
            Err(error) => return (items, End::Refused(error)),
        }
    }
}

/// Sends the same messages with both, each to the other.
fn exchange(role: Role, cuts: Cuts, input: &mut Unstructured<'_>) -> Result<()> {
    let other = match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    };
    let mut ours = Connection::with_limits(role, || [0x37, 0xfa, 0x21, 0x3d], Limits::default());
    ours.set_fragment_size(usize::from(input.arbitrary::<u16>()?).try_into().ok());
    // Whoever has the same role has nothing to read here.
    let mut theirs = their_end(role, Vec::new());
    let mut texts = TextMaker::new(LIMIT / 2);
    let mut sent = Vec::new();
    for _ in 0..input.arbitrary::<u8>()? % 16 {
        let bytes = texts.text(input)?;
        let (message, same) = match String::from_utf8(bytes) {
            Ok(text) => (Message::from(&text[..]), tungstenite::Message::text(text)),
            Err(error) => {
                let bytes = error.into_bytes();
                (
                    Message::from(&bytes[..]),
                    tungstenite::Message::binary(bytes),
                )
            }
        };
        sent.push(match &message {
            Message::Text(text) => Item::Text(text.clone().into_bytes()),
            message => Item::Binary(Bytes::copy_from_slice(message.as_bytes())),
        });
        ours.send(message).expect("the connection is open");
        theirs.send(same).expect("the connection is open");
    }
    let output = ours.output();
    let output = output.copy_to_bytes(output.remaining());
    let (received, end) = tungstenite(other, &output);
    assert!(
        received == sent && matches!(end, End::Waits),
        "tungstenite: {end:?}"
    );
    let (received, end) = tautline(other, cuts, &theirs.get_ref().written);
    assert!(received == sent && end == End::Waits, "tautline: {end:?}");
    Ok(())
}

fn their_end(role: Role, wire: Vec<u8>) -> WebSocket<Stream> {
    let role = match role {
        Role::Client => protocol::Role::Client,
        Role::Server => protocol::Role::Server,
    };
    let config = WebSocketConfig::default()
        .max_frame_size(Some(LIMIT))
        .max_message_size(Some(LIMIT));
    let stream = Stream {
        incoming: wire.into(),
        written: Vec::new(),
    };
    WebSocket::from_raw_socket(stream, role, Some(config))
}

/// A stream that has all its input at once, and takes any output.
struct Stream {
    incoming: Bytes,
    written: Vec<u8>,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&mut self.incoming).reader().read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Of frames and messages, in bytes: above that of control frames, which tungstenite counts as well.
const LIMIT: usize = 48 * 1024;
