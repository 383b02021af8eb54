//! What a server answers.

use tautline_deflate::{Agreed, Settings};

use crate::support::header::{element, offers};
use crate::support::windows::{context, settings};

/// A server with the largest windows and takeover in both directions.
fn open() -> Settings {
    settings(context(15, true), context(15, true))
}

fn answer(server: &Settings, header: &str) -> Option<(String, Agreed)> {
    let (answer, agreed) = server.answer(offers(header))?;
    Some((element(answer.params()), agreed))
}

fn text(server: &Settings, header: &str) -> Option<String> {
    answer(server, header).map(|(text, _)| text)
}

/// R7692-5-06, R7692-5-08, R7692-5-16, R7692-7.1.1.1-02, R7692-7.1.1.1-03, R7692-7.1.2.1-04,
/// R7692-7.1.2.2-03, R7692-7.1.2.2-07, R7692-7.2.2-05 and R7692-7.2.2-09.
#[test]
fn an_open_server_does_what_is_asked_and_sets_no_limit() {
    for (offered, answered, compress, decompress) in [
        (
            "permessage-deflate",
            "permessage-deflate",
            (15, true),
            (15, true),
        ),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate",
            (15, true),
            (15, true),
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=10",
            (15, true),
            (10, true),
        ),
        (
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover",
            (15, false),
            (15, true),
        ),
        (
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
            (15, true),
            (15, false),
        ),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10",
            (10, true),
            (15, true),
        ),
        (
            "permessage-deflate; server_max_window_bits=15",
            "permessage-deflate; server_max_window_bits=15",
            (15, true),
            (15, true),
        ),
        // The two kinds of limit do not get into each other's way.
        (
            "permessage-deflate; server_no_context_takeover; server_max_window_bits=9; \
             client_no_context_takeover; client_max_window_bits=11",
            "permessage-deflate; client_max_window_bits=11; server_max_window_bits=9; \
             client_no_context_takeover; server_no_context_takeover",
            (9, false),
            (11, false),
        ),
    ] {
        let (text, agreed) = answer(&open(), offered).unwrap();
        assert_eq!(text, answered);
        assert_eq!(
            agreed.compress,
            Some(context(compress.0, compress.1)),
            "{offered}"
        );
        assert_eq!(
            agreed.decompress,
            context(decompress.0, decompress.1),
            "{offered}"
        );
    }
}

/// R7692-7.1.1.1-04, R7692-7.1.1.2-02, R7692-7.1.2.1-04, R7692-7.1.2.1-05, R7692-7.1.2.2-03 and
/// R7692-7.1.2.2-04.
#[test]
fn a_server_states_its_own_limits_asked_or_not() {
    let browser = "permessage-deflate; client_max_window_bits";
    for (own, peer, offered, answered) in [
        (
            (11, true),
            (15, true),
            browser,
            "permessage-deflate; server_max_window_bits=11",
        ),
        (
            (15, true),
            (10, true),
            browser,
            "permessage-deflate; client_max_window_bits=10",
        ),
        (
            (15, false),
            (15, true),
            browser,
            "permessage-deflate; server_no_context_takeover",
        ),
        (
            (15, true),
            (15, false),
            browser,
            "permessage-deflate; client_no_context_takeover",
        ),
        (
            (12, false),
            (9, false),
            browser,
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=12; \
             client_no_context_takeover; server_no_context_takeover",
        ),
        // The smaller of two limits.
        (
            (12, true),
            (12, true),
            "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=10; server_max_window_bits=10",
        ),
        (
            (12, true),
            (12, true),
            "permessage-deflate; client_max_window_bits=14; server_max_window_bits=14",
            "permessage-deflate; client_max_window_bits=12; server_max_window_bits=12",
        ),
    ] {
        let server = settings(context(own.0, own.1), context(peer.0, peer.1));
        assert_eq!(text(&server, offered).as_deref(), Some(answered));
    }
}

/// R7692-7.1.2.2-05 and R7692-7.2.2-09: one library answers with its limit all the same, and then
/// fails on messages that use the window the client may use.
#[test]
fn a_client_that_cannot_limit_its_window_gives_up_its_context_instead() {
    let server = settings(context(15, true), context(10, true));
    for (offered, answered) in [
        (
            "permessage-deflate",
            "permessage-deflate; client_no_context_takeover",
        ),
        (
            "permessage-deflate; server_max_window_bits=12",
            "permessage-deflate; server_max_window_bits=12; client_no_context_takeover",
        ),
    ] {
        let (text, agreed) = answer(&server, offered).unwrap();
        assert_eq!(text, answered);
        assert_eq!(agreed.decompress, context(15, false));
    }
}

/// R7692-5-13, R7692-7-01, R7692-7-02, R7692-7-03 and C3: declined, which is no error.
#[test]
fn invalid_offers_are_declined() {
    for params in [
        "foo",
        "foo=1",
        "server_max_window_bits",
        "server_max_window_bits=7",
        "server_max_window_bits=16",
        "server_max_window_bits=0",
        "server_max_window_bits=200",
        "server_max_window_bits=1000",
        "server_max_window_bits=08",
        "server_max_window_bits=+9",
        "server_max_window_bits=1e1",
        "server_max_window_bits=abc",
        "server_max_window_bits=",
        "client_max_window_bits=7",
        "client_max_window_bits=16",
        "client_max_window_bits=010",
        "client_max_window_bits=",
        "server_no_context_takeover=1",
        "client_no_context_takeover=true",
        "client_max_window_bits; client_max_window_bits=10",
        "server_no_context_takeover; server_no_context_takeover",
    ] {
        let invalid = format!("permessage-deflate; {params}");
        assert_eq!(text(&open(), &invalid), None, "{params}");
        // Another offer is looked at, before it or behind it.
        let valid = "permessage-deflate; server_max_window_bits=12";
        for header in [format!("{invalid}, {valid}"), format!("{valid}, {invalid}")] {
            assert_eq!(text(&open(), &header).as_deref(), Some(valid), "{header}");
        }
    }
    assert_eq!(text(&open(), ""), None);
}

/// R7692-5-07, R7692-7-04, R7692-7.1.2.1-03, D-17 and C8: others accept it and use 9, or panic.
#[test]
fn a_server_window_of_8_bits_is_declined() {
    for own in 9..=15 {
        let server = settings(context(own, true), context(15, true));
        let offered = "permessage-deflate; server_max_window_bits=8";
        assert_eq!(text(&server, offered), None);
        assert_eq!(
            text(
                &server,
                &format!("{offered}, permessage-deflate; server_max_window_bits=9")
            ),
            Some("permessage-deflate; server_max_window_bits=9".to_owned())
        );
    }
}

/// D-17, D-18 and C8: a client may limit itself to 8 bits, and may have a zlib that uses 9.
#[test]
fn a_client_window_of_8_bits_is_inflated_with_9() {
    for peer in [9, 15] {
        let server = settings(context(15, true), context(peer, true));
        let offered = "permessage-deflate; client_max_window_bits=8";
        let (text, agreed) = answer(&server, offered).unwrap();
        assert_eq!(text, offered);
        assert_eq!(agreed.decompress, context(9, true));
    }
}

/// R7692-5-03 and R6455-9.1-07: the client's order is the order of preference.
#[test]
fn the_first_acceptable_offer_is_taken() {
    for (offered, answered) in [
        (
            "permessage-deflate; server_max_window_bits=10, permessage-deflate",
            "permessage-deflate; server_max_window_bits=10",
        ),
        (
            "permessage-deflate, permessage-deflate; server_max_window_bits=10",
            "permessage-deflate",
        ),
        (
            "permessage-deflate; foo, permessage-deflate; server_max_window_bits=8, \
             x-other, permessage-deflate; server_no_context_takeover, permessage-deflate",
            "permessage-deflate; server_no_context_takeover",
        ),
        // Three offers, as in Autobahn 13.7.
        (
            "permessage-deflate; client_no_context_takeover; client_max_window_bits; \
             server_no_context_takeover; server_max_window_bits=9, \
             permessage-deflate; client_no_context_takeover; client_max_window_bits; \
             server_no_context_takeover, \
             permessage-deflate; client_no_context_takeover; client_max_window_bits",
            "permessage-deflate; server_max_window_bits=9; client_no_context_takeover; \
             server_no_context_takeover",
        ),
    ] {
        assert_eq!(text(&open(), offered).as_deref(), Some(answered));
    }
}

/// Nothing behind the accepted offer is asked for, however long the list is.
#[test]
fn offers_behind_the_accepted_one_are_not_looked_at() {
    let mut looked_at = 0;
    let valid = offers("permessage-deflate")[0];
    let endless = std::iter::repeat_with(|| {
        looked_at += 1;
        valid
    });
    assert!(open().answer(endless).is_some());
    assert_eq!(looked_at, 1);
}
