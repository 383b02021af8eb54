//! Shared text.

use std::collections::{BTreeSet, HashSet};

use bytes::{Bytes, BytesMut};
use tautline_message::{Utf8Bytes, unmask_utf8, validate_utf8};

#[test]
fn it_behaves_as_the_str_that_it_is() {
    let text = Utf8Bytes::from("κόσμε");
    assert_eq!(text.as_str(), "κόσμε");
    assert_eq!(text.chars().count(), 5);
    assert_eq!(text, "κόσμε");
    assert_eq!(text, *"κόσμε");
    assert_eq!(text, "κόσμε".to_owned());
    assert_eq!(text, Utf8Bytes::from("κόσμε".to_owned()));
    assert_eq!(text, Utf8Bytes::from_static("κόσμε"));
    assert_ne!(text, "kosme");
    assert_eq!(text.to_string(), "κόσμε");
    assert_eq!(
        format!("{:?} {text:>6}", Utf8Bytes::from("\"")),
        "\"\\\"\"  κόσμε"
    );
    assert_eq!(AsRef::<str>::as_ref(&text), "κόσμε");
    assert_eq!(AsRef::<[u8]>::as_ref(&text), "κόσμε".as_bytes());
    assert_eq!(Utf8Bytes::default(), "");
}

#[test]
fn maps_and_sets_of_it_are_asked_with_a_str() {
    let texts = ["b", "a", "ab"].map(Utf8Bytes::from);
    let set: HashSet<Utf8Bytes> = texts.clone().into();
    assert!(set.contains("ab") && !set.contains("c"));
    let set: BTreeSet<Utf8Bytes> = texts.into();
    assert!(set.contains("ab") && !set.contains("c"));
    assert!(set.iter().map(Utf8Bytes::as_str).eq(["a", "ab", "b"]));
}

/// R6455-5.6-01, R3629-6-01: a byte order mark is text like any other.
#[test]
fn bytes_become_text_if_they_are_utf8_and_are_not_copied() {
    let bytes = Bytes::copy_from_slice("\u{feff}a".as_bytes());
    let text = Utf8Bytes::try_from(bytes.clone()).unwrap();
    assert_eq!(text, "\u{feff}a");
    assert_eq!(text.as_ptr(), bytes.as_ptr());
    let clone = text.clone();
    assert_eq!(clone.as_ptr(), bytes.as_ptr());
    assert_eq!(Bytes::from(clone).as_ptr(), bytes.as_ptr());
    assert_eq!(text.into_bytes(), bytes);
    assert_eq!(Utf8Bytes::try_from(b"ab".to_vec()).unwrap(), "ab");
    assert_eq!(Utf8Bytes::try_from(BytesMut::from("ab")).unwrap(), "ab");
}

/// R6455-8.1-01, R3629-3-01
#[test]
fn bytes_that_are_not_utf8_are_refused() {
    let bad = b"ab\xed\xa0\x80";
    assert_eq!(
        Utf8Bytes::try_from(Bytes::from_static(bad))
            .unwrap_err()
            .valid_up_to,
        2
    );
    assert_eq!(
        Utf8Bytes::try_from(bad.to_vec()).unwrap_err().valid_up_to,
        2
    );
    assert_eq!(
        Utf8Bytes::try_from(BytesMut::from(&bad[..]))
            .unwrap_err()
            .valid_up_to,
        2
    );
    assert_eq!(validate_utf8(bad).unwrap_err().valid_up_to, 2);
    assert_eq!(validate_utf8("κόσμε".as_bytes()), Ok("κόσμε"));
}

/// R6455-5.3-05, R6455-8.1-01
#[test]
fn text_is_unmasked_and_checked_in_one_go() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mask = |bytes: &[u8]| -> Vec<u8> {
        let keys = key.iter().cycle();
        bytes
            .iter()
            .zip(keys)
            .map(|(byte, key)| byte ^ key)
            .collect()
    };
    for padding in [0, 1, 62, 300, 5000] {
        for (text, valid) in [
            (&b"abc"[..], true),
            ("κ".as_bytes(), true),
            (b"\xce", false),
        ] {
            let bytes = [&vec![b'a'; padding], text].concat();
            let expected = valid.then(|| String::from_utf8(bytes.clone()).unwrap());
            let mut masked = mask(&bytes);
            let error = match unmask_utf8(&mut masked, key) {
                Ok(text) => {
                    assert_eq!(Some(text), expected.as_deref());
                    None
                }
                Err(error) => Some(error.valid_up_to),
            };
            assert_eq!(error, (!valid).then_some(padding));
            let owned = Utf8Bytes::unmask(BytesMut::from(&mask(&bytes)[..]), key);
            assert_eq!(owned.ok().as_deref(), expected.as_deref());
        }
    }
}
