//! Opcodes and their numbers.

use tautline_frame::OpCode;

const ALL: [(u8, OpCode); 6] = [
    (0, OpCode::Continuation),
    (1, OpCode::Text),
    (2, OpCode::Binary),
    (8, OpCode::Close),
    (9, OpCode::Ping),
    (10, OpCode::Pong),
];

/// R6455-5.2-04, R6455-5.2-05
#[test]
fn six_numbers_are_opcodes_and_all_others_are_reserved() {
    for number in 0..=u8::MAX {
        let expected = ALL
            .iter()
            .find(|(known, _)| *known == number)
            .map(|(_, opcode)| *opcode);
        assert_eq!(OpCode::try_from(number).ok(), expected, "{number}");
    }
    for (number, opcode) in ALL {
        assert_eq!(u8::from(opcode), number);
    }
    assert_eq!(
        OpCode::try_from(3).unwrap_err().to_string(),
        "opcode 3 is reserved"
    );
}

#[test]
fn close_ping_and_pong_are_control_opcodes() {
    let control = ALL
        .iter()
        .filter(|(_, opcode)| opcode.is_control())
        .map(|(_, opcode)| *opcode);
    assert!(control.eq([OpCode::Close, OpCode::Ping, OpCode::Pong]));
}
