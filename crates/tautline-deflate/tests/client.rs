//! What a client offers, and which answers it takes.

use tautline_deflate::{Agreed, AnswerError, Offer, Settings};

use crate::support::header::{answer, offers, offers_header};
use crate::support::windows::{WINDOWS, context, settings};

/// A client with the largest windows and takeover in both directions.
fn open() -> Settings {
    settings(context(15, true), context(15, true))
}

fn agree(client: &Settings, header: &str) -> Result<Agreed, AnswerError> {
    client.agree(&client.offers(), &answer(header).unwrap())
}

/// R7692-5-01, R7692-5-02, R7692-5-04, R7692-5-05, R7692-7.1.1.1-01, R7692-7.1.1.2-01,
/// R7692-7.1.2.1-01, R7692-7.1.2.1-06 and R7692-7.1.2.2-01.
///
/// The second offer is for servers that cannot limit their window, or that decline whoever asks.
#[test]
fn a_client_offers_what_its_settings_say() {
    for (own, peer, header) in [
        (
            (15, true),
            (15, true),
            "permessage-deflate; client_max_window_bits",
        ),
        (
            (11, true),
            (15, true),
            "permessage-deflate; client_max_window_bits=11",
        ),
        (
            (15, false),
            (15, true),
            "permessage-deflate; client_max_window_bits; client_no_context_takeover",
        ),
        (
            (15, true),
            (15, false),
            "permessage-deflate; client_max_window_bits; server_no_context_takeover",
        ),
        (
            (15, true),
            (10, true),
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, \
             permessage-deflate; client_max_window_bits; server_no_context_takeover",
        ),
        (
            (9, false),
            (12, false),
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=12; \
             client_no_context_takeover; server_no_context_takeover, \
             permessage-deflate; client_max_window_bits=9; \
             client_no_context_takeover; server_no_context_takeover",
        ),
    ] {
        let client = settings(context(own.0, own.1), context(peer.0, peer.1));
        assert_eq!(offers_header(&client.offers()), header);
    }
}

/// D-17 and C8: 8 bits are what many servers decline, or accept and use 9.
#[test]
fn a_client_never_offers_8_bits() {
    for own in WINDOWS {
        for peer in WINDOWS {
            let client = Settings::new().with_window(own).with_peer_window(peer);
            let header = offers_header(&client.offers());
            assert!(!header.contains("=8"), "{header}");
        }
    }
}

/// R7692-5-16, R7692-7.1.1.1-04, R7692-7.1.1.2-03, R7692-7.1.2.1-05, R7692-7.2.2-03, R7692-7.2.2-06,
/// R7692-7.2.2-07 and R7692-7.2.2-10.
#[test]
fn a_server_may_set_limits_unasked() {
    for (header, compress, decompress) in [
        ("permessage-deflate", (15, true), (15, true)),
        (
            "permessage-deflate; server_no_context_takeover",
            (15, true),
            (15, false),
        ),
        (
            "permessage-deflate; client_no_context_takeover",
            (15, false),
            (15, true),
        ),
        (
            "permessage-deflate; server_max_window_bits=15",
            (15, true),
            (15, true),
        ),
        (
            "permessage-deflate; server_max_window_bits=11",
            (15, true),
            (11, true),
        ),
        (
            "permessage-deflate; client_max_window_bits=9",
            (9, true),
            (15, true),
        ),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=12",
            (12, false),
            (10, false),
        ),
    ] {
        let agreed = agree(&open(), header).unwrap();
        assert_eq!(
            agreed.compress,
            Some(context(compress.0, compress.1)),
            "{header}"
        );
        assert_eq!(
            agreed.decompress,
            context(decompress.0, decompress.1),
            "{header}"
        );
    }
}

/// R7692-7.1.1.1-02, R7692-7.1.2.1-04, R7692-5.1-01 and D-16. The last is what a client offers that
/// wants windows of 10 bits.
#[test]
fn a_server_has_to_do_what_is_asked_of_it() {
    use AnswerError::{ServerContext, ServerWindow};
    let asked = [
        (
            "permessage-deflate; server_max_window_bits=10",
            &[
                ("permessage-deflate", Err(ServerWindow)),
                (
                    "permessage-deflate; server_max_window_bits=11",
                    Err(ServerWindow),
                ),
                (
                    "permessage-deflate; server_max_window_bits=15",
                    Err(ServerWindow),
                ),
                (
                    "permessage-deflate; server_no_context_takeover",
                    Err(ServerWindow),
                ),
                (
                    "permessage-deflate; server_max_window_bits=10",
                    Ok((10, true)),
                ),
                (
                    "permessage-deflate; server_max_window_bits=9",
                    Ok((9, true)),
                ),
            ][..],
        ),
        (
            "permessage-deflate; server_no_context_takeover",
            &[
                ("permessage-deflate", Err(ServerContext)),
                (
                    "permessage-deflate; client_no_context_takeover",
                    Err(ServerContext),
                ),
                (
                    "permessage-deflate; server_max_window_bits=9",
                    Err(ServerContext),
                ),
                (
                    "permessage-deflate; server_no_context_takeover",
                    Ok((15, false)),
                ),
            ][..],
        ),
        (
            "permessage-deflate; server_max_window_bits=10, \
         permessage-deflate; server_no_context_takeover",
            &[
                ("permessage-deflate", Err(ServerContext)),
                (
                    "permessage-deflate; server_max_window_bits=11",
                    Err(ServerContext),
                ),
                (
                    "permessage-deflate; server_max_window_bits=10",
                    Ok((10, true)),
                ),
                (
                    "permessage-deflate; server_no_context_takeover",
                    Ok((15, false)),
                ),
                (
                    "permessage-deflate; server_max_window_bits=11; server_no_context_takeover",
                    Ok((11, false)),
                ),
            ][..],
        ),
    ];
    for (offered, answers) in asked {
        let offered: Vec<_> = offers(offered).into_iter().map(Result::unwrap).collect();
        for &(header, expected) in answers {
            let agreed = open().agree(&offered, &answer(header).unwrap());
            let expected = expected.map(|(bits, takeover)| context(bits, takeover));
            assert_eq!(agreed.map(|agreed| agreed.decompress), expected, "{header}");
        }
    }
}

/// R7692-7.1.2.2-05, R7692-5-15 and C4.
#[test]
fn a_server_cannot_limit_a_client_that_has_not_offered_it() {
    let offered = [Offer::default()];
    for number in 8..=15 {
        let header = format!("permessage-deflate; client_max_window_bits={number}");
        assert_eq!(
            open().agree(&offered, &answer(&header).unwrap()),
            Err(AnswerError::ClientWindow)
        );
    }
    assert!(
        open()
            .agree(&offered, &answer("permessage-deflate").unwrap())
            .is_ok()
    );
}

/// R7692-5-15 and C4: an answer to nothing is an error, for a client that is ready to compress
/// as for one that is not.
#[test]
fn a_server_cannot_accept_what_was_not_offered() {
    for header in [
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
    ] {
        assert_eq!(
            open().agree(&[], &answer(header).unwrap()),
            Err(AnswerError::NotOffered)
        );
    }
}

/// R7692-7.1.2.2-06, R7692-7.2.1-13, R7692-7.2.2-10 and D-15.
#[test]
fn a_limit_above_the_clients_hint_is_legal_and_its_own_limit_holds() {
    for (own, limit, expected) in [
        (10, None, 10),
        (10, Some(15), 10),
        (10, Some(12), 10),
        (10, Some(10), 10),
        (10, Some(9), 9),
        (15, Some(15), 15),
        (15, Some(9), 9),
    ] {
        let header = limit.map_or("permessage-deflate".to_owned(), |limit: u8| {
            format!("permessage-deflate; client_max_window_bits={limit}")
        });
        let client = settings(context(own, true), context(15, true));
        let agreed = agree(&client, &header).unwrap();
        assert_eq!(
            agreed.compress,
            Some(context(expected, true)),
            "{own} {header}"
        );
    }
}

/// R7692-7-08, R7692-7.2.1-12 and D-17: no compressor keeps to 256 bytes, so none is used.
#[test]
fn a_client_that_is_limited_to_8_bits_does_not_compress() {
    let header = "permessage-deflate; client_max_window_bits=8; server_max_window_bits=12";
    for own in WINDOWS {
        let agreed = agree(&open().with_window(own), header).unwrap();
        assert_eq!(agreed.compress, None);
        assert_eq!(agreed.decompress, context(12, true));
    }
}

/// D-17, D-18 and C8: a server that says 8 may have a zlib that uses 9.
#[test]
fn a_server_with_8_bits_is_inflated_with_9() {
    for asked in [15, 9] {
        let client = settings(context(15, true), context(asked, true));
        let agreed = agree(&client, "permessage-deflate; server_max_window_bits=8").unwrap();
        assert_eq!(agreed.decompress, context(9, true));
    }
}

/// R7692-7.2.1-08 and R7692-7.2.1-09: also when the server does not repeat the hint. A server that
/// has no takeover, and does not say so, fails on the second message of a client that has.
#[test]
fn a_client_without_takeover_has_none_whatever_the_answer() {
    let client = settings(context(15, false), context(15, true));
    for header in [
        "permessage-deflate",
        "permessage-deflate; client_no_context_takeover",
    ] {
        let agreed = agree(&client, header).unwrap();
        assert_eq!(agreed.compress, Some(context(15, false)));
        assert_eq!(agreed.decompress, context(15, true));
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (offered, header, message) in [
        (
            "",
            "permessage-deflate",
            "permessage-deflate accepted but not offered",
        ),
        (
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate",
            "offered server_no_context_takeover is missing in the answer",
        ),
        (
            "permessage-deflate; server_max_window_bits=9",
            "permessage-deflate; server_max_window_bits=10",
            "server_max_window_bits missing or larger than offered",
        ),
        (
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits=10",
            "client_max_window_bits accepted but not offered",
        ),
    ] {
        let offered: Vec<_> = offers(offered).into_iter().map(Result::unwrap).collect();
        let error = open()
            .agree(&offered, &answer(header).unwrap())
            .unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
