use arbitrary::{Arbitrary, Result, Unstructured};
use tautline_driver::{CloseCode, Error, Fin, Message, WebSocket};

use super::journal::{Fate, Journal};
use super::wire::Wire;
use super::world::World;
use super::{Waits, call, call_now, call_to_end};

#[derive(Arbitrary)]
enum Call {
    Recv,
    RecvRef { replies: bool },
    Send,
    SendUncompressed,
    Feed,
    Fragment { is_last: bool },
    Flush,
    Ping { len: u8 },
    Close { code: u16 },
}

pub(super) fn case(mut world: World, input: &mut Unstructured<'_>) {
    let mut ws = world.connection();
    let mut journal = Journal::default();
    while !input.is_empty() {
        if step(&mut ws, &mut world, &mut journal, input).is_err() {
            break;
        }
    }

    world.calm();
    if let Some(open) = journal.open() {
        let last = match open {
            Message::Text(_) => Message::text(""),
            _ => Message::binary(Vec::new()),
        };
        fragment(&mut ws, &world, &mut journal, &last, true);
    }
    let flushed = call_now(&world, Waits::Room, ws.flush());
    let is_flushed = journal.is_flushed(&world, flushed);
    let mut is_ended = false;
    while !is_ended && let Some(result) = call_now(&world, Waits::Input, ws.recv()) {
        is_ended = !journal.receive(&world, result);
    }
    if world.is_sound() && !journal.is_closing {
        journal.has_all(&world);
        assert!(world.is_between_frames(), "a frame is not whole");
    }
    world.leave();
    while !is_ended {
        let result = call_to_end(&world, ws.recv());
        is_ended = !journal.receive(&world, result);
    }
    journal.check(&world, &world.sent(), is_flushed && world.is_sound());
}

fn step(
    ws: &mut WebSocket<Wire>,
    world: &mut World,
    journal: &mut Journal,
    input: &mut Unstructured<'_>,
) -> Result<()> {
    match input.arbitrary()? {
        Call::Recv => {
            if let Some(result) = call(world, input, Waits::Input, ws.recv()) {
                journal.receive(world, result);
            }
        }
        Call::RecvRef { replies } => {
            let (place, reply) = journal.message(world, input)?;
            let prepared = world.prepare(&reply);
            let mut is_queued = false;
            let received = call(world, input, Waits::InputAndRoom, async {
                let Some(mut received) = ws.recv_ref().await? else {
                    return Ok(None);
                };
                if replies {
                    let result = match &prepared {
                        Some(prepared) => received.reply.send_prepared(prepared),
                        None => received.reply.send(reply),
                    };
                    is_queued = result.is_ok();
                }
                Ok(Some(received.message.into_message()))
            });
            if let Some(result) = received {
                journal.receive(world, result);
            }
            journal.note(world, place, is_queued.then_some(Ok(())), Fate::Queued);
        }
        Call::Send => {
            let (place, message) = journal.message(world, input)?;
            let prepared = world.prepare(&message);
            let result = call(world, input, Waits::Room, async {
                match &prepared {
                    Some(prepared) => ws.send_prepared(prepared).await,
                    None => ws.send(message).await,
                }
            });
            check_written(world, result.as_ref());
            journal.note(world, place, result, Fate::Written);
        }
        Call::SendUncompressed => {
            let (place, message) = journal.message(world, input)?;
            let result = call(world, input, Waits::Room, ws.send_uncompressed(message));
            check_written(world, result.as_ref());
            journal.note(world, place, result, Fate::Written);
        }
        Call::Feed => {
            let (place, message) = journal.message(world, input)?;
            let prepared = world.prepare(&message);
            let result = call(world, input, Waits::Room, async {
                match &prepared {
                    Some(prepared) => ws.feed_prepared(prepared).await,
                    None => ws.feed(message).await,
                }
            });
            journal.note(world, place, result, Fate::Queued);
        }
        Call::Fragment { is_last } => {
            let message = journal.text(world, input)?;
            world.calm();
            let message = match journal.open() {
                Some(Message::Binary(_)) => Message::Binary(message.into_bytes()),
                Some(_) if message.as_text().is_none() => Message::text("text"),
                _ => message,
            };
            fragment(ws, world, journal, &message, is_last);
        }
        Call::Flush => {
            let result = call(world, input, Waits::Room, ws.flush());
            check_written(world, result.as_ref());
            if let Some(Err(error)) = result {
                journal.failed(world, &error);
            }
        }
        Call::Ping { len } => {
            let payload = vec![len; usize::from(len % 126)];
            if let Some(Err(error)) = call(world, input, Waits::Room, ws.ping(payload)) {
                journal.failed(world, &error);
            }
        }
        Call::Close { code } => {
            world.is_ending = true;
            let Some(code) = CloseCode::new(3000 + code % 8) else {
                return Ok(());
            };
            journal.is_closing = true;
            world.has_deadline = true;
            if let Some(Err(error)) = call(world, input, Waits::Input, ws.close(code, "")) {
                journal.failed(world, &error);
            }
        }
    }
    Ok(())
}

/// Sends a fragment while nothing holds it up: whether one that was given up is sent cannot be seen.
fn fragment(
    ws: &mut WebSocket<Wire>,
    world: &World,
    journal: &mut Journal,
    fragment: &Message,
    is_last: bool,
) {
    let fin = if is_last { Fin::Last } else { Fin::More };
    match call_now(world, Waits::Room, ws.send_fragment(fragment.clone(), fin)) {
        Some(Ok(())) => journal.fragment(fragment, is_last),
        Some(Err(error)) => journal.failed(world, &error),
        None => panic!("does not send although nothing holds it up"),
    }
}

/// What a call says to be sent is not in a queue any more.
fn check_written(world: &World, result: Option<&std::result::Result<(), Error>>) {
    if let Some(Ok(())) = result {
        assert!(
            world.is_between_frames(),
            "a part of a frame is not written"
        );
    }
}
