//! Messages, owned and borrowed.

use bytes::Bytes;
use tautline_frame::OpCode;
use tautline_message::{Kind, Message, MessageRef, Utf8Bytes};

#[test]
fn strings_become_text_and_bytes_become_binary() {
    let text = Message::Text(Utf8Bytes::from("hi"));
    assert_eq!(Message::from("hi"), text);
    assert_eq!(Message::from("hi".to_owned()), text);
    assert_eq!(Message::from(Utf8Bytes::from("hi")), text);
    assert_eq!(Message::text("hi"), text);
    let binary = Message::Binary(Bytes::from_static(b"hi"));
    assert_eq!(Message::from(b"hi"), binary);
    assert_eq!(Message::from(&b"hi"[..]), binary);
    assert_eq!(Message::from(b"hi".to_vec()), binary);
    assert_eq!(Message::from(Bytes::from_static(b"hi")), binary);
    assert_eq!(Message::binary(b"hi".to_vec()), binary);
    assert_ne!(text, binary);
}

/// R6455-5.2-05, R6455-5.6-02: binary is opaque, so it is never text.
#[test]
fn owned_and_borrowed_messages_tell_the_same() {
    for (message, kind, opcode, text) in [
        (Message::from("κ"), Kind::Text, OpCode::Text, Some("κ")),
        (
            Message::from("κ".as_bytes()),
            Kind::Binary,
            OpCode::Binary,
            None,
        ),
    ] {
        assert_eq!((message.kind(), message.kind().opcode()), (kind, opcode));
        assert_eq!(message.as_text(), text);
        assert_eq!(message.as_bytes(), "κ".as_bytes());
        assert_eq!((message.len(), message.is_empty()), (2, false));

        let borrowed = MessageRef::from(&message);
        assert_eq!(borrowed.kind(), kind);
        assert_eq!(borrowed.as_text(), text);
        assert_eq!(borrowed.as_bytes(), "κ".as_bytes());
        assert_eq!((borrowed.len(), borrowed.is_empty()), (2, false));
        assert_eq!(borrowed.to_owned(), message);
    }
    assert!(Message::from("").is_empty());
    assert!(MessageRef::Binary(b"").is_empty());
}

#[test]
fn a_message_gives_up_its_memory_without_a_copy() {
    let bytes = Bytes::from(b"hi".to_vec());
    let message = Message::from(bytes.clone());
    assert_eq!(message.clone().into_text(), Err(message.clone()));
    assert_eq!(message.into_bytes().as_ptr(), bytes.as_ptr());

    let text = Utf8Bytes::try_from(bytes.clone()).unwrap();
    let message = Message::from(text);
    assert_eq!(
        message.clone().into_text().unwrap().as_ptr(),
        bytes.as_ptr()
    );
    assert_eq!(message.into_bytes().as_ptr(), bytes.as_ptr());
}
