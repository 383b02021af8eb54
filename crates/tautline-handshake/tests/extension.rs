//! The grammar of `Sec-WebSocket-Extensions`.

use tautline_handshake::{Extension, ExtensionSyntaxError};

fn parse(lines: &[&str]) -> Result<Vec<String>, ExtensionSyntaxError> {
    let list = Extension::parse(lines)?;
    Ok(list.iter().map(ToString::to_string).collect())
}

/// R6455-9.1-01.
#[test]
fn malformed_lists_are_refused() {
    use ExtensionSyntaxError::{Empty, Quoted, Separator, Token};
    for (line, error) in [
        ("permessage-deflate;;x", Token),
        ("permessage-deflate;", Token),
        (";", Token),
        (",;x", Token),
        ("a b", Separator),
        ("foo=1", Separator),
        ("foo; =1", Token),
        ("foo; \"x\"", Token),
        ("foo; x=", Token),
        ("foo; x=,bar", Token),
        ("foo; x=1=2", Separator),
        ("foo; x=\"1\"2", Separator),
        ("foo; x=\"unterminated", Quoted),
        ("foo; x=\"\\", Quoted),
        ("foo; x=\"a\\", Quoted),
        ("f\u{f6}o", Separator),
        ("", Empty),
        (" , ,,", Empty),
    ] {
        assert_eq!(parse(&[line]), Err(error), "{line:?}");
        assert!(parse(&["ok", line]).is_err() || error == Empty, "{line:?}");
    }
}

/// R6455-4.3-01: what is quoted has to be a token all the same.
#[test]
fn quoted_values_are_tokens_without_their_quotes() {
    for (line, value) in [
        ("a; b=10", "10"),
        ("a; b=\"10\"", "10"),
        ("a; b=\"1\\0\"", "10"),
        ("a;b=\"\\1\\0\"", "10"),
        ("a ; b = \"10\" ", "10"),
    ] {
        let list = Extension::parse([line]).unwrap();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].params().collect::<Vec<_>>(), [("b", Some(value))]);
    }
    for value in ["1 0", "", "a,b", "a;b", "\\\"", "\\\\", "\u{e9}"] {
        let line = format!("a; b=\"{value}\", c");
        assert_eq!(
            parse(&[&line]),
            Err(ExtensionSyntaxError::Quoted),
            "{value}"
        );
    }
}

/// R6455-9.1-02, R6455-9.1-04 and R9110-5.6.1-01.
#[test]
fn lines_join_and_empty_elements_are_skipped() {
    let joined = parse(&["foo, bar; baz=2; qux"]).unwrap();
    assert_eq!(joined, ["foo", "bar; baz=2; qux"]);
    assert_eq!(parse(&["foo", "bar; baz=2; qux"]), Ok(joined.clone()));
    assert_eq!(parse(&[", foo,, ", "", "\tbar;baz=2;qux,"]), Ok(joined));
    assert_eq!(parse(&[]), Ok(Vec::new()));
    assert_eq!(
        parse(&[&",".repeat(10_000)]),
        Err(ExtensionSyntaxError::Empty)
    );
    assert_eq!(
        parse(&[&format!("{}a", ",".repeat(10_000))]),
        Ok(vec!["a".to_owned()])
    );
}

/// R6455-9.1-04: a parameter stays with its extension, also when both occur twice.
#[test]
fn parameters_belong_to_the_extension_before_them() {
    let list = Extension::parse(["a; x=1; x, a; y, b"]).unwrap();
    let names: Vec<&str> = list.iter().map(Extension::name).collect();
    assert_eq!(names, ["a", "a", "b"]);
    assert_eq!(
        list[0].params().collect::<Vec<_>>(),
        [("x", Some("1")), ("x", None)]
    );
    assert_eq!(list[1].params().collect::<Vec<_>>(), [("y", None)]);
    assert_eq!(list[2].params().count(), 0);
}

/// H5: names that trip other languages are names.
#[test]
fn odd_names_are_just_names() {
    assert_eq!(
        parse(&["constructor, __proto__; toString=valueOf"]).unwrap(),
        ["constructor", "__proto__; toString=valueOf"]
    );
}

/// H4: long nonsense is refused, and cannot claim memory.
#[test]
fn long_lists_are_refused() {
    let long = "x".repeat(1 << 16);
    for (line, expected) in [
        (" ".repeat(1 << 16), Err(ExtensionSyntaxError::Empty)),
        (format!("a;b=\"{long}"), Err(ExtensionSyntaxError::Quoted)),
        (
            format!("a;b=\"{}", "\\c".repeat(1 << 15)),
            Err(ExtensionSyntaxError::Quoted),
        ),
        ("a,".repeat(33), Err(ExtensionSyntaxError::TooMany)),
        (
            format!("a{}", ";b".repeat(33)),
            Err(ExtensionSyntaxError::TooMany),
        ),
        (
            format!("a{}", " ".repeat(1 << 16)),
            Ok(vec!["a".to_owned()]),
        ),
    ] {
        assert_eq!(parse(&[&line]), expected);
    }
    assert_eq!(parse(&[&"a,".repeat(32)]).unwrap().len(), 32);
    assert!(parse(&[&format!("a{}", ";b".repeat(32))]).is_ok());
}

#[test]
fn an_extension_can_be_built_and_written() {
    let extension = Extension::new("permessage-deflate")
        .and_then(|e| e.param("server_no_context_takeover", None))
        .and_then(|e| e.param("server_max_window_bits", Some("10")))
        .unwrap();
    let text = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
    assert_eq!(extension.to_string(), text);
    assert_eq!(Extension::parse([text]), Ok(vec![extension.clone()]));
    assert_eq!(Extension::new("a b"), Err(ExtensionSyntaxError::Token));
    assert!(extension.clone().param("", None).is_err());
    assert!(extension.param("a", Some("b,c")).is_err());
}
