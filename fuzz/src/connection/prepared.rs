use std::collections::HashMap;
use std::num::NonZeroUsize;

use arbitrary::{Arbitrary, Result, Unstructured};
use tautline_connection::{
    CloseCode, CloseFrame, ControlPayload, Fin, Inbound, Limits, Message, Outbound, Prepared, Role,
    SendError,
};
use tautline_deflate::{Context, Level, Settings, Window};

use super::exchange::{message, other, receive, take};
use super::{Setup, keys};
use crate::cuts::Cuts;
use crate::frames::Sent;
use crate::oracle::Oracle;
use crate::strict_inflater::StrictInflater;
use crate::text::TextMaker;

#[derive(Arbitrary)]
enum Action {
    /// Makes a message that all of them may send.
    Prepare,
    SendPrepared {
        which: u8,
    },
    Send,
    SendUncompressed,
    Fragment {
        fin: bool,
    },
    Ping,
    Close,
    /// Takes so many bytes off the output.
    Take {
        count: u16,
    },
}

/// A connection, and another one that sends the same messages in the ordinary way.
struct End<K> {
    setup: Setup,
    outbound: Outbound<K>,
    output: Vec<u8>,
    twin: Outbound<K>,
    twin_output: Vec<u8>,
    /// The messages in their order: which of the prepared ones each is, if it is one.
    messages: Vec<Option<usize>>,
    is_unfinished: bool,
}

/// The frames that connections have in common: of a prepared message, for a size of window.
type Shared = HashMap<(usize, Window), (bool, Vec<u8>)>;

/// Connections with terms of their own send what was prepared once: each peer receives what it would
/// have received of messages that were sent in the ordinary way.
pub(super) fn case(setup: Setup, cuts: Cuts, input: &mut Unstructured<'_>) -> Result<()> {
    let (count, others) = input.arbitrary::<(u8, [Setup; 3])>()?;
    let count = usize::from(count) % 4 + 1;
    let setups = [setup].into_iter().chain(others).take(count);
    let mut ends: Vec<_> = setups.map(End::new).collect();
    let mut texts = TextMaker::new(MAX_TEXT);
    let mut prepared: Vec<Prepared> = Vec::new();
    while !input.is_empty() {
        let Ok((number, action)) = input.arbitrary::<(u8, Action)>() else {
            break;
        };
        let end = &mut ends[usize::from(number) % count];
        match action {
            Action::Prepare => prepared.push(Prepared::new(message(&mut texts, input)?)),
            Action::SendPrepared { which } => {
                if let Some(which) = usize::from(which).checked_rem(prepared.len()) {
                    end.send_prepared(which, &prepared[which]);
                }
            }
            Action::Send => {
                let message = message(&mut texts, input)?;
                end.send(|outbound| outbound.send(message.clone()));
            }
            Action::SendUncompressed => {
                let message = message(&mut texts, input)?;
                end.send(|outbound| outbound.send_uncompressed(message.clone()));
            }
            Action::Fragment { fin } => end.fragment(&message(&mut texts, input)?, fin),
            Action::Ping => {
                let payload = ControlPayload::new(b"ping").expect("it is short enough");
                end.both(|outbound| outbound.ping(&payload));
            }
            Action::Close => {
                let frame = CloseFrame::new(CloseCode::NORMAL, "reason");
                end.both(|outbound| outbound.close(Some(frame.clone())));
            }
            Action::Take { count } => end.take(count.into()),
        }
    }
    let mut shared = Shared::new();
    for end in &mut ends {
        end.take(usize::MAX);
        end.check(cuts, &prepared, &mut shared);
    }
    Ok(())
}

impl End<()> {
    fn new(setup: Setup) -> End<impl FnMut() -> [u8; 4]> {
        let outbound = || {
            let mut outbound = Outbound::new(setup.role(), keys());
            outbound.set_fragment_size(setup.cut());
            if let Some(context) = setup.deflate() {
                let level = Level::new(setup.empty_fragments % 9 + 1).expect("1 to 9 are levels");
                let settings = Settings::new()
                    .with_level(level)
                    .with_threshold(setup.threshold());
                outbound.set_deflate(context, &settings);
            }
            outbound
        };
        End {
            setup,
            outbound: outbound(),
            output: Vec::new(),
            twin: outbound(),
            twin_output: Vec::new(),
            messages: Vec::new(),
            is_unfinished: false,
        }
    }
}

impl<K: FnMut() -> [u8; 4]> End<K> {
    fn send_prepared(&mut self, which: usize, prepared: &Prepared) {
        let before = self.outbound.queued();
        let result = self.outbound.send_prepared(prepared);
        assert_eq!(result, self.twin.send(prepared.message().clone()));
        match result {
            Ok(()) => self.messages.push(Some(which)),
            Err(_) => assert_eq!(self.outbound.queued(), before, "queued and refused"),
        }
    }

    fn send(&mut self, send: impl FnMut(&mut Outbound<K>) -> std::result::Result<(), SendError>) {
        if self.both(send) {
            self.messages.push(None);
        }
    }

    fn fragment(&mut self, fragment: &Message, is_last: bool) {
        let fin = if is_last { Fin::Last } else { Fin::More };
        if self.both(|outbound| outbound.send_fragment(fragment.clone(), fin)) {
            if !self.is_unfinished {
                self.messages.push(None);
            }
            self.is_unfinished = !is_last;
        }
    }

    /// Does something on both connections, with the same result; says whether it was done.
    fn both(
        &mut self,
        mut act: impl FnMut(&mut Outbound<K>) -> std::result::Result<(), SendError>,
    ) -> bool {
        let result = act(&mut self.outbound);
        assert_eq!(result, act(&mut self.twin));
        result.is_ok()
    }

    fn take(&mut self, count: usize) {
        take(&mut self.outbound, count, &mut self.output);
        take(&mut self.twin, count, &mut self.twin_output);
    }

    fn check(&self, cuts: Cuts, prepared: &[Prepared], shared: &mut Shared) {
        let sent = self.read(&self.output);
        let twin = self.read(&self.twin_output);
        assert_eq!(sent.messages.len(), self.messages.len());
        assert!(
            self.texts(&sent) == self.texts(&twin),
            "not what is sent in the ordinary way"
        );
        assert!(sent.pings == twin.pings && sent.close == twin.close);
        if self.setup.deflate().is_none() {
            assert!(self.output == self.twin_output, "other frames");
        }
        let inbound = || {
            let limits = Limits::default().with_max_empty_fragments(u32::MAX);
            let mut inbound = Inbound::new(other(self.setup.role()), limits);
            if let Some(context) = self.setup.deflate() {
                inbound.set_deflate(context);
            }
            inbound
        };
        let received = receive(inbound(), cuts, &self.output);
        assert!(
            received == receive(inbound(), cuts, &self.twin_output),
            "not received as what is sent in the ordinary way"
        );
        for (which, (_, rsv1, payload)) in self.messages.iter().zip(&sent.messages) {
            if let Some(which) = *which {
                let plain = prepared[which].message().as_bytes();
                self.check_form(which, plain, (*rsv1, payload), shared);
            }
        }
    }

    fn read(&self, output: &[u8]) -> Sent {
        let is_client = self.setup.role() == Role::Client;
        Sent::read(output, is_client, self.setup.deflate().is_some())
    }

    /// The messages as another implementation of DEFLATE reads them; but for one that is unfinished.
    fn texts(&self, sent: &Sent) -> Vec<(u8, Vec<u8>)> {
        let whole = sent.messages.len() - usize::from(sent.is_open);
        let context = self.setup.deflate();
        let mut oracle =
            context.map(|context| Oracle::new(context.window.size(), context.takeover));
        let texts = sent.messages[..whole]
            .iter()
            .map(|(opcode, rsv1, payload)| {
                let text = match &mut oracle {
                    Some(oracle) if *rsv1 => oracle.message(payload).ok().expect("corrupt"),
                    _ => payload.clone(),
                };
                (*opcode, text)
            });
        texts.collect()
    }

    /// A server sends the same bytes as every other one with its window, and they refer to nothing that
    /// is not in them, or further back than the window.
    fn check_form(
        &self,
        which: usize,
        plain: &[u8],
        (rsv1, payload): (bool, &Vec<u8>),
        shared: &mut Shared,
    ) {
        let is_shared = self.setup.role() == Role::Server && self.setup.cut().is_none();
        let context = self.setup.deflate();
        let Some(context) = context.filter(|_| plain.len() >= self.setup.threshold()) else {
            assert!(!rsv1, "compressed below the threshold");
            return;
        };
        if !is_shared {
            return;
        }
        let form = shared
            .entry((which, context.window))
            .or_insert_with(|| (rsv1, payload.clone()));
        assert!(*form == (rsv1, payload.clone()), "two forms for one window");
        if rsv1 {
            assert!(payload.len() < plain.len(), "compressed for nothing");
            let alone = Context {
                takeover: false,
                ..context
            };
            let text = StrictInflater::new(alone).message(payload, 32);
            assert!(text == plain, "refers to what was before");
        }
    }
}

impl Setup {
    /// Every second end cuts its messages into frames of a limited size.
    fn cut(self) -> Option<NonZeroUsize> {
        self.fragment_size().filter(|_| self.flags & 4 != 0)
    }

    fn threshold(self) -> usize {
        usize::from(self.frame_limit % 256)
    }
}

/// In bytes, over a case.
const MAX_TEXT: usize = 64 * 1024;
