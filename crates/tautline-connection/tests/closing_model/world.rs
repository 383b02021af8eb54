use std::fmt::Write as _;

use tautline_connection::{CloseFrame, Disposition, Initiator, Role};

use super::end::End;
use crate::support::{ROLES, close_body, frame, parse, to};

/// How often each end's application does something, and how often the network fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) fragments: usize,
    pub(crate) pings: usize,
    pub(crate) closes: usize,
    pub(crate) faults: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// The application sends the next fragment: the first begins a message, the second ends it.
    Fragment(Role),
    Ping(Role),
    Close(Role),
    /// The rest of the frame that is next on the way to this end arrives.
    DeliverFrame(Role),
    /// Half of it does.
    DeliverHalf(Role),
    /// The end of the stream arrives.
    DeliverEof(Role),
    /// Does what [`Disposition::Shutdown`] says.
    Leave(Role),
    /// The close timeout passes.
    Expire(Role),
    /// What is on the way from this end, and what it sends later, is lost.
    Cut(Role),
    /// A frame that must not be gets into what this end sends.
    Spoil(Role, Bad),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    ReservedOpCode,
    CloseCode,
}

/// Two ends and what is on the way between them.
pub(crate) struct World {
    ends: [End; 2],
    budget: Budget,
    path: Vec<Action>,
    /// A frame that must not be was put into what the end with this role sends.
    spoilt: Option<Role>,
}

impl World {
    pub(crate) fn new(budget: Budget) -> Self {
        Self {
            ends: ROLES.map(End::new),
            budget,
            path: Vec::new(),
            spoilt: None,
        }
    }

    pub(crate) fn replay(budget: Budget, path: &[Action]) -> Self {
        let mut world = Self::new(budget);
        for action in path {
            world.act(*action);
        }
        world
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.gone)
    }

    /// What can happen next.
    pub(crate) fn actions(&self) -> Vec<Action> {
        let budget = self.budget;
        let faulty = budget.faults > 0;
        let mut actions = Vec::new();
        for role in ROLES {
            let (end, peer) = (self.end(role), self.end(other(role)));
            let waits = !peer.wire.is_empty();
            let possible = [
                (
                    end.is_open() && end.sent.fragments < budget.fragments,
                    Action::Fragment(role),
                ),
                (
                    end.is_open() && end.sent.pings < budget.pings,
                    Action::Ping(role),
                ),
                (end.sent.closes < budget.closes, Action::Close(role)),
                (waits, Action::DeliverFrame(role)),
                (waits && !peer.half, Action::DeliverHalf(role)),
                (!waits && peer.over, Action::DeliverEof(role)),
                (
                    end.disposition() == Disposition::Shutdown,
                    Action::Leave(role),
                ),
                (!end.is_open(), Action::Expire(role)),
                (!end.over && faulty, Action::Cut(role)),
                (
                    !end.over && faulty,
                    Action::Spoil(role, Bad::ReservedOpCode),
                ),
                (!end.over && faulty, Action::Spoil(role, Bad::CloseCode)),
            ];
            let can = |(can, action)| (can && !end.gone).then_some(action);
            actions.extend(possible.into_iter().filter_map(can));
        }
        actions
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.path.push(action);
        match action {
            Action::Fragment(role) => self.end_mut(role).send_fragment(),
            Action::Ping(role) => self.end_mut(role).ping(),
            Action::Close(role) => self.end_mut(role).close(),
            Action::DeliverFrame(role) => {
                let peer = self.end_mut(other(role));
                let frame = peer.wire.pop_front().expect("a frame is on the way");
                let from = if peer.half { frame.len() / 2 } else { 0 };
                peer.half = false;
                self.end_mut(role).receive(&frame[from..]);
            }
            Action::DeliverHalf(role) => {
                let peer = self.end_mut(other(role));
                peer.half = true;
                let frame = peer.wire[0].clone();
                self.end_mut(role).receive(&frame[..frame.len() / 2]);
            }
            Action::DeliverEof(role) => {
                self.end_mut(role).receive_eof();
                self.leave(role);
            }
            Action::Leave(role) | Action::Expire(role) => self.leave(role),
            Action::Cut(role) => {
                self.budget.faults -= 1;
                let end = self.end_mut(role);
                end.wire.clear();
                (end.half, end.over) = (false, true);
            }
            Action::Spoil(role, bad) => {
                self.budget.faults -= 1;
                self.spoilt = Some(role);
                let frame = match bad {
                    Bad::ReservedOpCode => vec![0x83, 0],
                    Bad::CloseCode => frame(0x88, &close_body(1005, b"")),
                };
                let bytes = to(other(role), &frame);
                self.end_mut(role).wire.push_back(bytes);
            }
        }
        for end in &mut self.ends {
            end.write();
        }
    }

    /// What holds in every state.
    pub(crate) fn check(&mut self) {
        let path = &self.path;
        for (end, peer) in [(0, 1), (1, 0)] {
            self.ends[end].check_refuses();
            let (end, peer) = (&self.ends[end], &self.ends[peer]);
            let (closed, theirs) = (end.closed(), peer.closed());
            // This also sees to it that nothing but answers to Pings follows a Close.
            let frames = parse(end.role, &end.log);
            let closes = frames.into_iter().filter(|frame| frame.first == 0x88);
            let closes: Vec<_> = closes.map(|frame| frame.payload).collect();
            let told: Vec<_> = closed.sent.iter().map(body).collect();
            assert_eq!(closes, told, "{path:?}");
            assert_eq!(
                closed.initiator.is_some(),
                closed.sent.is_some(),
                "{path:?}"
            );
            assert_eq!(closed.received.is_some(), end.seen.closes == 1, "{path:?}");
            if closed.received.is_some() {
                assert!(closed.is_clean(), "a Close is answered: {path:?}");
                assert_eq!(closed.received, theirs.sent, "{path:?}");
            }
            if closed.initiator == Some(Initiator::Remote) {
                let (answer, received) = (code(&closed.sent), code(&closed.received));
                assert_eq!(answer, received, "{path:?}");
                assert_eq!(theirs.initiator, Some(Initiator::Local), "{path:?}");
            }
            // Only a bad frame makes an end fail.
            if end.disposition() == Disposition::Shutdown && !closed.is_clean() {
                assert_eq!(self.spoilt, Some(peer.role), "{path:?}");
            }
            assert!(end.seen.fragments <= peer.sent.fragments, "{path:?}");
            assert!(end.seen.pings <= peer.sent.pings, "{path:?}");
        }
    }

    /// Lets everything arrive that is on the way, with no timeout, and closes if nobody has: both ends
    /// come to their end. If nothing went wrong on the way it is a clean one, and all that was sent
    /// has arrived.
    pub(crate) fn settle(&mut self) {
        let disturbed = |action: &Action| {
            matches!(
                action,
                Action::Cut(_) | Action::Spoil(..) | Action::Expire(_)
            )
        };
        while let Some(action) = self.next_to_settle() {
            self.act(action);
            assert!(self.path.len() < 100, "no end in sight: {:?}", self.path);
        }
        let path = &self.path;
        assert!(self.is_over(), "an end waits for ever: {path:?}");
        if path.iter().any(disturbed) {
            return;
        }
        for (end, peer) in [(0, 1), (1, 0)] {
            let (end, peer) = (&self.ends[end], &self.ends[peer]);
            assert!(end.closed().is_clean(), "{path:?}");
            assert_eq!(end.closed().received, peer.closed().sent, "{path:?}");
            assert_eq!(end.seen.fragments, peer.sent.fragments / 2 * 2, "{path:?}");
            assert_eq!(end.seen.pings, peer.sent.pings, "{path:?}");
        }
    }

    /// What tells two states apart: all that can be seen of the ends, and what is on the way.
    pub(crate) fn digest(&self) -> String {
        let mut digest = format!("{}{:?}", self.budget.faults, self.spoilt);
        for end in &self.ends {
            write!(
                digest,
                "{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
                end.disposition(),
                end.closed(),
                [end.half, end.over, end.gone],
                end.sent,
                end.seen,
                end.wire,
                end.input,
            )
            .expect("a string takes everything");
        }
        digest
    }

    fn next_to_settle(&self) -> Option<Action> {
        let moves = |action: &Action| {
            matches!(
                action,
                Action::DeliverFrame(_) | Action::DeliverEof(_) | Action::Leave(_)
            )
        };
        let untouched = self.ends.iter().find(|end| !end.gone && end.is_open());
        self.actions()
            .into_iter()
            .find(moves)
            .or(untouched.map(|end| Action::Close(end.role)))
    }

    /// An end lets go of its stream: the other one reads what is on the way, and then the end of it.
    fn leave(&mut self, role: Role) {
        let end = self.end_mut(role);
        end.write();
        (end.gone, end.over) = (true, true);
        let peer = self.end_mut(other(role));
        peer.wire.clear();
        (peer.half, peer.over) = (false, true);
    }

    fn end(&self, role: Role) -> &End {
        &self.ends[usize::from(role != ROLES[0])]
    }

    fn end_mut(&mut self, role: Role) -> &mut End {
        &mut self.ends[usize::from(role != ROLES[0])]
    }
}

const fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// The body of a Close frame.
fn body(sent: &Option<CloseFrame>) -> Vec<u8> {
    sent.as_ref().map_or_else(Vec::new, |frame| {
        close_body(frame.code.get(), frame.reason.as_bytes())
    })
}

fn code(frame: &Option<Option<CloseFrame>>) -> Option<u16> {
    Some(frame.as_ref()?.as_ref()?.code.get())
}
