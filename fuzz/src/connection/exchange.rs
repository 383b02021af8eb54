use std::io::IoSlice;

use arbitrary::{Arbitrary, Result, Unstructured};
use bytes::{Buf, BytesMut};
use tautline_connection::{
    CloseCode, CloseFrame, Control, ControlPayload, Fin, Inbound, Limits, Message, MessageRef,
    Outbound, Role, SendError, Step,
};
use tautline_deflate::{Level, Settings};

use super::{Setup, keys};
use crate::cuts::Cuts;
use crate::frames::Sent;
use crate::text::TextMaker;

#[derive(Arbitrary)]
enum Action {
    Send,
    SendRef,
    SendUncompressed,
    Fragment {
        fin: bool,
    },
    Ping,
    Pong,
    Close {
        code: u16,
    },
    /// Takes so many bytes off the output.
    Take {
        count: u16,
    },
    TakeAll,
}

/// Something that was sent and has to arrive.
#[derive(Debug, PartialEq)]
pub(super) enum Item {
    Message(Message),
    Control(Control),
}

pub(super) fn case(setup: Setup, cuts: Cuts, input: &mut Unstructured<'_>) -> Result<()> {
    let role = setup.role();
    let mut outbound = Outbound::new(role, keys());
    outbound.set_fragment_size(setup.fragment_size());
    let limits = Limits::default().with_max_empty_fragments(u32::MAX);
    let mut inbound = Inbound::new(other(role), limits);
    if let Some(context) = setup.deflate() {
        let level = Level::new(setup.empty_fragments % 9 + 1).expect("1 to 9 are levels");
        let settings = Settings::new()
            .with_level(level)
            .with_threshold(usize::from(setup.frame_limit % 256));
        outbound.set_deflate(context, &settings);
        inbound.set_deflate(context);
    }
    let mut sent = Vec::new();
    let mut output = Vec::new();
    let mut texts = TextMaker::new(MAX_TEXT);
    let mut unfinished: Option<Message> = None;
    let mut is_closing = false;
    while !input.is_empty() {
        let Ok(action) = input.arbitrary() else { break };
        let before = outbound.queued();
        let result = match action {
            Action::Take { count } => {
                take(&mut outbound, count.into(), &mut output);
                continue;
            }
            Action::TakeAll => {
                take(&mut outbound, usize::MAX, &mut output);
                continue;
            }
            Action::Ping | Action::Pong => {
                let len = usize::from(input.arbitrary::<u8>()? % 126).min(input.len());
                let payload = ControlPayload::new(input.bytes(len)?).expect("it is short enough");
                let (result, control) = match action {
                    Action::Ping => (outbound.ping(&payload), Control::Ping(payload)),
                    _ => (outbound.pong(&payload), Control::Pong(payload)),
                };
                assert_eq!(result.is_err(), is_closing);
                result.map(|()| sent.push(Item::Control(control)))
            }
            Action::Close { code } => {
                let code = CloseCode::new(code);
                let frame = code.map(|code| CloseFrame::new(code, "reason"));
                let is_refused =
                    role == Role::Server && code == Some(CloseCode::MANDATORY_EXTENSION);
                let result = outbound.close(frame.clone());
                assert_eq!(result.is_err(), is_refused);
                if !is_refused && !is_closing {
                    is_closing = true;
                    sent.push(Item::Control(Control::Close(frame)));
                }
                result
            }
            action => {
                let message = message(&mut texts, input)?;
                let result = match action {
                    Action::Send => outbound.send(message.clone()),
                    Action::SendRef => outbound.send_ref(MessageRef::from(&message)),
                    Action::SendUncompressed => outbound.send_uncompressed(message.clone()),
                    Action::Fragment { fin } => {
                        let fin = if fin { Fin::Last } else { Fin::More };
                        let result = outbound.send_fragment(message.clone(), fin);
                        let expected = match &unfinished {
                            _ if is_closing => Err(SendError::Closing),
                            Some(open) if open.kind() != message.kind() => {
                                Err(SendError::KindMismatch)
                            }
                            _ => Ok(()),
                        };
                        assert_eq!(result, expected);
                        if result.is_ok() {
                            let whole = join(unfinished.take(), message);
                            match fin {
                                Fin::Last => sent.push(Item::Message(whole)),
                                Fin::More => unfinished = Some(whole),
                            }
                        }
                        continue;
                    }
                    _ => continue,
                };
                let expected = match unfinished {
                    _ if is_closing => Err(SendError::Closing),
                    Some(_) => Err(SendError::UnfinishedMessage),
                    None => Ok(()),
                };
                assert_eq!(result, expected);
                result.map(|()| sent.push(Item::Message(message)))
            }
        };
        assert!(
            result.is_ok() || outbound.queued() == before,
            "queued and refused"
        );
    }
    take(&mut outbound, usize::MAX, &mut output);
    Sent::read(&output, role == Role::Client, setup.deflate().is_some());
    let received = receive(inbound, cuts, &output);
    assert!(received == sent, "not what was sent");
    Ok(())
}

/// Text if the bytes are, else, or if the input wants so, binary.
pub(super) fn message(texts: &mut TextMaker, input: &mut Unstructured<'_>) -> Result<Message> {
    let is_text = input.arbitrary()?;
    let bytes = texts.text(input)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) if is_text => Message::text(text),
        Ok(text) => Message::binary(text.into_bytes()),
        Err(error) => Message::binary(error.into_bytes()),
    })
}

fn join(open: Option<Message>, fragment: Message) -> Message {
    let bytes = |message: Message| message.into_bytes().to_vec();
    match open {
        None => fragment,
        Some(Message::Text(text)) => {
            Message::text([text.as_str(), fragment.as_text().unwrap_or_default()].concat())
        }
        Some(open) => Message::binary([bytes(open), bytes(fragment)].concat()),
    }
}

/// Takes bytes off as a vectored write does, which may end anywhere.
pub(super) fn take(
    outbound: &mut Outbound<impl FnMut() -> [u8; 4]>,
    mut count: usize,
    output: &mut Vec<u8>,
) {
    while outbound.queued() > 0 && count > 0 {
        let queue = outbound.output();
        let mut slices = [IoSlice::new(&[]); 3];
        let filled = queue.chunks_vectored(&mut slices);
        assert_eq!(
            queue.chunk(),
            &*slices[0],
            "the first slice is another chunk"
        );
        let mut bytes = Vec::new();
        for slice in &slices[..filled] {
            bytes.extend_from_slice(slice);
        }
        assert!(!bytes.is_empty() && bytes.len() <= queue.remaining());
        let len = bytes.len().min(count);
        output.extend_from_slice(&bytes[..len]);
        queue.advance(len);
        count -= len;
        outbound.written();
    }
}

pub(super) fn receive(mut inbound: Inbound, cuts: Cuts, output: &[u8]) -> Vec<Item> {
    let mut received = Vec::new();
    let mut input = BytesMut::new();
    for piece in cuts.pieces(output) {
        input.extend_from_slice(piece);
        loop {
            match inbound.locate(&mut input).expect("what is sent is legal") {
                Step::More { .. } => break,
                Step::Message {
                    kind,
                    head,
                    len,
                    key,
                } => {
                    let payload = input.split_to(head + len).split_off(head);
                    let message = Inbound::message(kind, payload, key);
                    received.push(Item::Message(message.expect("text that is sent is text")));
                }
                Step::Control { opcode, head, len } => {
                    let control = inbound.control(opcode, &input[head..head + len]);
                    input.advance(head + len);
                    received.push(Item::Control(control.expect("what is sent is legal")));
                }
                Step::Fragment { len } => input.advance(len),
                Step::Assembled { len } => {
                    input.advance(len);
                    received.extend(inbound.take_message().map(Item::Message));
                }
            }
        }
    }
    received
}

pub(super) fn other(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// In bytes, over a case.
const MAX_TEXT: usize = 64 * 1024;
