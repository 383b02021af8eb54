use std::cell::RefCell;

use arbitrary::{Arbitrary, Result, Unstructured};
use tautline_driver::{CloseCode, Message, WriteHalf};

use super::journal::{Fate, Journal};
use super::task::Task;
use super::wire::Wire;
use super::world::World;
use super::{Waits, check_wait};

#[derive(Arbitrary)]
enum Call {
    /// The handler alone has something to do.
    None,
    Send,
    Flush,
    Ping {
        len: u8,
    },
    Close {
        code: u16,
    },
}

/// A handler that echoes everything, and a task beside it that sends over a handle.
pub(super) fn case(mut world: World, input: &mut Unstructured<'_>) {
    let echoed = RefCell::new(Vec::<Message>::new());
    let wire = world.wire.clone();
    let cork = world.connection().cork(async |mut ws| {
        while let Ok(Some(message)) = ws.recv().await {
            echoed.borrow_mut().push(message.clone());
            if ws.send(message).await.is_err() {
                break;
            }
            wire.gate().await;
        }
    });
    let writer = cork.writer();
    let mut handler = Task::new(cork);
    handler.run();
    let mut journal = Journal::default();
    while !input.is_empty() {
        if round(&mut handler, &writer, &mut world, &mut journal, input).is_err() {
            break;
        }
    }

    world.calm();
    handler.run();
    // A peer that has closed and takes nothing is given up, with what is queued.
    let mut flushing = Task::new(writer.flush());
    flushing.run();
    let flushed = flushing.into_output();
    let is_flushed = journal.is_flushed(&world, flushed);
    let is_whole = is_flushed && world.is_sound() && !journal.is_closing;
    if is_whole {
        let echoed = echoed.borrow();
        assert!(*echoed == world.messages, "not what the peer has sent");
        assert!(world.is_between_frames(), "a frame is not whole");
    }
    world.leave();
    handler.run();
    for _ in 0..4 {
        if !handler.is_done() && world.wire.pass_deadline() {
            handler.run();
        }
    }
    assert!(handler.is_done(), "no end in bounded time");
    let sent = world.sent();
    journal.check(&world, &sent, is_whole);
    let messages = sent.messages.iter().map(|(.., payload)| &payload[..]);
    let echoes = messages.filter(|payload| payload.starts_with(b"P"));
    let echoed = echoed.borrow();
    let expected = echoed.iter().map(Message::as_bytes);
    if is_whole {
        assert!(echoes.eq(expected), "not what the handler has sent");
    } else if world.is_sound() {
        assert!(
            echoes
                .zip(expected)
                .all(|(echo, expected)| echo == expected)
        );
    }
}

fn round(
    handler: &mut Task<'_, ()>,
    writer: &WriteHalf<Wire>,
    world: &mut World,
    journal: &mut Journal,
    input: &mut Unstructured<'_>,
) -> Result<()> {
    let call: Call = input.arbitrary()?;
    let (place, message) = journal.message(world, input)?;
    let fate = match call {
        Call::Send => Fate::Queued,
        _ => Fate::Unknown,
    };
    if let Call::Close { .. } = call {
        world.is_ending = true;
        journal.is_closing = true;
        world.has_deadline = true;
    }
    let patience = input.arbitrary::<u8>()? % 16;
    let prepared = world.prepare(&message);
    let mut sending = Task::new(async {
        match (call, &prepared) {
            (Call::None, _) => Ok(()),
            (Call::Send, Some(prepared)) => writer.send_prepared(prepared).await,
            (Call::Send, None) => writer.send(message).await,
            (Call::Flush, _) => writer.flush().await,
            (Call::Ping { len }, _) => writer.ping(vec![len; usize::from(len % 126)]).await,
            (Call::Close { code }, _) => match CloseCode::new(3000 + code % 8) {
                Some(code) => writer.close(code, "").await,
                None => Ok(()),
            },
        }
    });
    run(handler, &mut sending, world);
    for _ in 0..patience {
        if world.step(input).is_err() {
            break;
        }
        run(handler, &mut sending, world);
    }
    let result = sending.into_output();
    journal.note(world, place, result, fate);
    Ok(())
}

fn run<R>(handler: &mut Task<'_, ()>, sending: &mut Task<'_, R>, world: &World) {
    for _ in 0..4 {
        sending.run();
        handler.run();
    }
    // The handler itself waits for room before it receives more.
    if world.wire.state().gate.is_none() {
        check_wait(handler, world, Waits::InputAndRoom);
    }
    check_wait(sending, world, Waits::Room);
    // What a connection has queued that fails or is given up stays unwritten.
    let is_good = world.is_sound() && !world.may_end();
    let is_idle = is_good && world.wire.state().should_write();
    assert!(
        !is_idle || world.is_between_frames(),
        "what was queued is not written"
    );
}
