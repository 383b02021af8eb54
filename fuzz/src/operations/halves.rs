use arbitrary::{Arbitrary, Result, Unstructured};
use tautline_driver::{CloseCode, Error, ReadHalf, WriteHalf};

use super::journal::{Fate, Journal};
use super::task::Task;
use super::wire::Wire;
use super::world::World;
use super::{Waits, call_now, call_to_end, check_wait};

#[derive(Arbitrary)]
enum Call {
    Send,
    SendUncompressed,
    Feed,
    Flush,
    Ping { len: u8 },
    Close { code: u16 },
}

pub(super) fn case(mut world: World, input: &mut Unstructured<'_>) {
    let (mut reader, writer) = world.connection().split();
    let mut journal = Journal::default();
    while !input.is_empty() {
        if round(&mut reader, &writer, &mut world, &mut journal, input).is_err() {
            break;
        }
    }

    world.calm();
    let flushed = call_now(&world, Waits::Room, writer.flush());
    let is_flushed = journal.is_flushed(&world, flushed);
    let mut is_ended = false;
    while !is_ended && let Some(result) = call_now(&world, Waits::Input, reader.recv()) {
        is_ended = !journal.receive(&world, result);
    }
    if world.is_sound() && !journal.is_closing {
        journal.has_all(&world);
    }
    world.leave();
    while !is_ended {
        let result = call_to_end(&world, reader.recv());
        is_ended = !journal.receive(&world, result);
    }
    assert_eq!(reader.closed(), writer.closed());
    journal.check(&world, &world.sent(), is_flushed && world.is_sound());
}

/// Both halves have something to do at the same time, in two tasks, until both are given up.
fn round(
    reader: &mut ReadHalf<Wire>,
    writer: &WriteHalf<Wire>,
    world: &mut World,
    journal: &mut Journal,
    input: &mut Unstructured<'_>,
) -> Result<()> {
    let call: Call = input.arbitrary()?;
    let (place, message) = journal.message(world, input)?;
    let fate = match call {
        Call::Send | Call::SendUncompressed => Fate::Written,
        Call::Feed => Fate::Queued,
        // There is no message in these.
        _ => Fate::Unknown,
    };
    if let Call::Close { .. } = call {
        world.is_ending = true;
        journal.is_closing = true;
        world.has_deadline = true;
    }
    let patience = input.arbitrary::<u8>()? % 16;
    let prepared = world.prepare(&message);
    let mut receiving = Task::new(reader.recv());
    let mut sending = Task::new(async {
        match (call, &prepared) {
            (Call::Send, Some(prepared)) => writer.send_prepared(prepared).await,
            (Call::Feed, Some(prepared)) => writer.feed_prepared(prepared).await,
            (Call::Send, None) => writer.send(message).await,
            (Call::SendUncompressed, _) => writer.send_uncompressed(message).await,
            (Call::Feed, None) => writer.feed(message).await,
            (Call::Flush, _) => writer.flush().await,
            (Call::Ping { len }, _) => writer.ping(vec![len; usize::from(len % 126)]).await,
            (Call::Close { code }, _) => match CloseCode::new(3000 + code % 8) {
                Some(code) => writer.close(code, "").await,
                None => Ok(()),
            },
        }
    });
    // Who was woken first is polled first, which is either.
    let sends_first = input.arbitrary()?;
    run(&mut receiving, &mut sending, sends_first, world);
    for _ in 0..patience {
        if world.step(input).is_err() {
            break;
        }
        run(&mut receiving, &mut sending, sends_first, world);
    }
    let (received, result) = (receiving.into_output(), sending.into_output());
    if let Some(result) = received {
        journal.receive(world, result);
    }
    journal.note(world, place, result, fate);
    Ok(())
}

fn run<R>(
    receiving: &mut Task<'_, R>,
    sending: &mut Task<'_, std::result::Result<(), Error>>,
    sends_first: bool,
    world: &World,
) {
    // What one does may wake the other.
    for _ in 0..4 {
        if sends_first {
            sending.run();
        }
        receiving.run();
        sending.run();
    }
    check_wait(receiving, world, Waits::Input);
    check_wait(sending, world, Waits::Room);
}
