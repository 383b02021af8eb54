//! Every order, up to a length, of what an application does, what its peer does and what fails: the
//! connection comes to its end within the close timeout, nobody is left waiting, and what is told of
//! the end is true.
//!
//! `TAUTLINE_ORDERS=5 cargo test -p tautline-driver --all-features closing_orders` plays longer ones.

mod play;
mod scene;

use std::cell::RefCell;

use tautline_driver::{CloseCode, Error, Timeout, WebSocket};

use self::{
    play::{Begun, Journal, Tasks, is_overdue, play_all},
    scene::{Ending, Scene},
};
use crate::support::{
    executor::{Task, now, poll_now},
    wire::{Memory, Side},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// What the application begins to do. One that has its connection as a whole gives up at once what
    /// is not done.
    Receive,
    Send,
    Flush,
    Close,
    /// The application gives up everything that it waits for.
    GiveUp,
    /// What the peer does: a Ping and a message.
    PeerSends,
    /// A part of a message, whose rest comes before whatever the peer does next.
    PeerBegins,
    PeerCloses,
    PeerBreaksTheRules,
    PeerLeaves,
    /// The peer reads, too. At first there is room for a part of a frame only.
    PeerReads,
    /// The next operation of the stream fails.
    Fail,
    /// Time passes until the next deadline, if somebody waits for one.
    TimePasses,
}

/// R6455-5.5.1-07, R6455-7.1.2-03, R6455-7.1.4-01, L1
#[test]
fn a_whole_connection_ends_in_every_order_of_events() {
    play_all(&mut |steps, side| {
        let mut scene = Scene::new(side);
        let mut connection = scene.open();
        let journal = Journal::default();
        for step in steps {
            let mut tasks = Tasks::default();
            match step {
                Step::Receive => tasks.add(async {
                    while journal.receive(connection.recv().await)? {}
                    Ok(())
                }),
                Step::Send => tasks.add(journal.send(connection.send("hello"))),
                Step::Flush => tasks.add(connection.flush()),
                Step::Close => tasks.add(close(&mut connection)),
                Step::GiveUp => {}
                other => scene.happen(*other),
            }
            tasks.run();
            scene.note(&journal, &mut tasks);
            scene.discards |= *step == Step::Close;
        }
        scene.begin_end();
        let mut closing = Task::new(connection.close(CloseCode::NORMAL, "bye"));
        scene.wait(|| closing.run().is_done());
        let closed = closing.output().unwrap();
        drop(closing);
        let [end, again] = [(), ()].map(|()| {
            let mut receiving = Task::new(connection.recv());
            Ending::new(receiving.run().output())
        });
        assert_eq!(end, again);
        scene.check(&closed, &end, journal.sent.get());
        assert!(Task::new(connection.send("late")).run().output().is_err());
        let mut closing = Task::new(connection.close(CloseCode::NORMAL, "again"));
        assert_eq!(closing.run().output().unwrap(), closed);
        drop(closing);
        assert_eq!(connection.closed(), closed);
    });
}

async fn close(connection: &mut WebSocket<Memory>) -> Result<(), Error> {
    connection.close(CloseCode::NORMAL, "bye").await.map(drop)
}

/// R6455-5.5.1-07, R6455-7.1.2-03, R6455-7.1.4-01, L1
#[test]
fn halves_end_in_every_order_of_events() {
    play_all(&mut |steps, side| {
        let mut scene = Scene::new(side);
        let (reader, writer) = scene.open().split();
        let reader = RefCell::new(reader);
        let journal = Journal::default();
        let mut tasks = Tasks::default();
        for step in steps {
            match step {
                Step::Receive => tasks.receive(journal.receive_all(&reader)),
                Step::Send => tasks.add(journal.send(writer.send("hello"))),
                Step::Flush => tasks.add(writer.flush()),
                Step::Close => tasks.add(writer.close(CloseCode::NORMAL, "bye")),
                Step::GiveUp => tasks = Tasks::default(),
                other => scene.happen(*other),
            }
            tasks.run();
            scene.note(&journal, &mut tasks);
        }
        scene.begin_end();
        tasks.add(writer.close(CloseCode::NORMAL, "bye"));
        tasks.receive(journal.receive_all(&reader));
        scene.wait(|| tasks.run());
        let end = tasks.end().unwrap();
        scene.note(&journal, &mut tasks);
        let mut again = Task::new(journal.receive_all(&reader));
        assert_eq!(again.run().output(), end);
        let closed = reader.borrow().closed();
        assert_eq!(writer.closed(), closed);
        scene.check(&closed, &end, journal.sent.get());
        if is_overdue(steps) {
            assert_eq!(end, Ending::Timeout(Timeout::Message));
        }
        assert!(Task::new(writer.send("late")).run().output().is_err());
    });
}

/// R6455-5.5.1-07, R6455-7.1.2-03, R6455-7.1.4-01, L1: a handler that receives to the end, once it
/// begins, beside tasks that send.
#[test]
fn a_corked_connection_ends_in_every_order_of_events() {
    play_all(&mut |steps, side| {
        let mut scene = Scene::new(side);
        let (journal, begun) = (Journal::default(), Begun::default());
        let end = RefCell::new(None);
        let cork = scene.open().cork(async |mut corked| {
            begun.wait().await;
            let last = loop {
                match corked.recv().await {
                    Ok(Some(message)) => journal.received.borrow_mut().push(message),
                    last => break Ending::new(last),
                }
            };
            end.replace(Some((last, corked.closed())));
        });
        let writer = cork.writer();
        let mut handler = Task::new(cork);
        let mut tasks = Tasks::default();
        for step in steps {
            match step {
                Step::Receive => begun.begin(),
                Step::Send => tasks.add(writer.send("hello")),
                Step::Flush => tasks.add(writer.flush()),
                Step::Close => tasks.add(writer.close(CloseCode::NORMAL, "bye")),
                Step::GiveUp => tasks = Tasks::default(),
                other => scene.happen(*other),
            }
            while handler.poll() | tasks.poll() {}
            scene.note(&journal, &mut tasks);
        }
        scene.begin_end();
        begun.begin();
        tasks.add(writer.close(CloseCode::NORMAL, "bye"));
        scene.wait(|| {
            while handler.poll() | tasks.poll() {}
            handler.is_done() && tasks.are_done()
        });
        scene.note(&journal, &mut tasks);
        let (end, closed) = end.take().unwrap();
        assert_eq!(writer.closed(), closed);
        scene.check(&closed, &end, 0);
        if is_overdue(steps) {
            assert_eq!(end, Ending::Timeout(Timeout::Message));
        }
        assert!(Task::new(writer.send("late")).run().output().is_err());
    });
}

/// R6455-7.1.4-01: found by the search with five steps.
#[test]
fn a_failure_behind_both_close_frames_is_none() {
    for side in [Side::Client, Side::Server] {
        let mut scene = Scene::new(side);
        let mut connection = scene.open();
        scene.happen(Step::PeerReads);
        assert!(poll_now(connection.close(CloseCode::NORMAL, "bye")).is_pending());
        scene.happen(Step::Fail);
        assert!(now(connection.flush()).is_err());
        scene.happen(Step::PeerCloses);
        scene.happen(Step::PeerLeaves);
        assert_eq!(now(connection.recv()).unwrap(), None);
        scene.check(&connection.closed(), &Ending::Clean, 0);
    }
}
