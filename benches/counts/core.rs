use std::hint::black_box;

use benches::Script;
use bytes::{Buf, BytesMut};
use tautline::{
    Limits, Message, MessageRef, Role,
    connection::{Connection, Inbound, NoKeys, Outbound, Step},
    message::Kind,
};

/// The server's halves of the protocol without a transport or a task: bytes in, bytes out.
///
/// This is what is to be put beside parsers and formatters that are measured alone.
pub(crate) fn echo(kind: Kind, size: usize, messages: u64) {
    let text = Script::Ascii.text(size);
    let message = match kind {
        Kind::Text => Message::text(text),
        Kind::Binary => Message::binary(text.into_bytes()),
    };
    let mut client = Connection::with_limits(Role::Client, || [1, 2, 3, 4], Limits::default());
    client.send(message).expect("the connection is open");
    let output = client.output();
    let frame = output.copy_to_bytes(output.remaining());

    let mut inbound = Inbound::new(Role::Server, Limits::default());
    let mut outbound = Outbound::new(Role::Server, NoKeys);
    let mut input = BytesMut::from(&frame[..]);
    for _ in 0..messages {
        input.copy_from_slice(&frame);
        let step = inbound.locate(black_box(&mut input));
        let Ok(Step::Message { head, len, key, .. }) = step else {
            panic!("a whole frame is a message");
        };
        let payload = &mut input[head..head + len];
        let message = match kind {
            Kind::Text => MessageRef::Text(Inbound::text(payload, key).expect("it is ASCII")),
            Kind::Binary => MessageRef::Binary(Inbound::binary(payload, key)),
        };
        outbound.send_ref(message).expect("the connection is open");
        while outbound.queued() > 0 {
            let written = black_box(outbound.output().chunk()).len();
            outbound.output().advance(written);
            outbound.written();
        }
    }
}
