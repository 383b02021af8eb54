//! What clients and servers in the wild send, as far as others have failed on it.

use tautline_deflate::{AnswerError, Settings};

use crate::support::header::{answer, element, offers, offers_header};
use crate::support::windows::{WINDOWS, context, settings};

/// R7692-5-06: what browsers and libraries offer is accepted by default, from the first offer on.
#[test]
fn known_clients_are_accepted_by_default() {
    for offered in [
        // Browsers.
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate",
        // Clients without takeover, or without a say in their window.
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        // Clients that say everything, or want to save memory.
        "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12",
    ] {
        let server = Settings::new();
        let (answered, agreed) = server.answer(offers(offered)).unwrap();
        let offer = offers(offered)[0].unwrap();
        assert!(server.agree(&[offer], &answered).is_ok(), "{offered}");
        assert!(agreed.compress.is_some(), "{offered}");
    }
}

/// Some servers answer like this whatever is offered to them, also to a limit of their window.
#[test]
fn servers_without_windows_or_takeover_are_agreed_with() {
    let header = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    for peer in WINDOWS {
        let client = Settings::new().with_peer_window(peer);
        let agreed = client
            .agree(&client.offers(), &answer(header).unwrap())
            .unwrap();
        assert_eq!(agreed.decompress, context(15, false));
        assert!(!agreed.compress.unwrap().takeover);
    }
}

/// Servers of Go and of a default Rust `flate2` decline to limit their window: a client that asks
/// for it has something else to offer them, which takes no more of its memory.
#[test]
fn servers_that_decline_window_limits_find_a_second_offer() {
    for peer in &WINDOWS[..6] {
        let client = Settings::new().with_peer_window(*peer);
        let offered = client.offers();
        assert_eq!(offered.len(), 2);
        assert!(offered[0].server_max_window_bits.is_some());
        assert_eq!(offered[1].server_max_window_bits, None);
        assert!(offered[1].server_no_context_takeover);
        assert!(!offers_header(&offered[1..]).contains("server_max_window_bits"));
    }
}

/// One client panics when the server accepts what it was not told to offer.
#[test]
fn an_uninvited_answer_is_an_error() {
    let uninvited = answer("permessage-deflate; client_max_window_bits=9").unwrap();
    assert_eq!(
        Settings::new().agree(&[], &uninvited),
        Err(AnswerError::NotOffered)
    );
}

/// Autobahn 13.3 to 13.6: one library ignores the window once there is no context takeover, and a
/// peer with a window of 512 bytes cannot inflate its messages.
#[test]
fn window_and_takeover_are_agreed_on_apart_from_each_other() {
    for (takeover, bits) in [(true, 9), (true, 15), (false, 9), (false, 15)] {
        let flag = if takeover {
            ""
        } else {
            "; server_no_context_takeover"
        };
        let offered = format!("permessage-deflate; server_max_window_bits={bits}{flag}");
        let server = settings(context(15, true), context(15, true));
        let (answered, agreed) = server.answer(offers(&offered)).unwrap();
        assert_eq!(element(answered.params()), offered);
        assert_eq!(agreed.compress, Some(context(bits, takeover)));

        let flag = if takeover {
            ""
        } else {
            "; client_no_context_takeover"
        };
        let header = format!("permessage-deflate; client_max_window_bits={bits}{flag}");
        let client = server;
        let agreed = client
            .agree(&client.offers(), &answer(&header).unwrap())
            .unwrap();
        assert_eq!(agreed.compress, Some(context(bits, takeover)));
    }
}

/// One library writes the window of its inflater for both directions, another takes its own
/// settings for what the client has asked for.
#[test]
fn each_direction_has_its_own_window() {
    let server = settings(context(11, true), context(13, true));
    let (answered, agreed) = server
        .answer(offers(
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
        ))
        .unwrap();
    assert_eq!(
        element(answered.params()),
        "permessage-deflate; client_max_window_bits=13; server_max_window_bits=10"
    );
    assert_eq!(agreed.compress, Some(context(10, true)));
    assert_eq!(agreed.decompress, context(13, true));
}

/// One server only has takeover off and does not say so, and fails on a browser's second message.
#[test]
fn a_server_without_takeover_says_so() {
    let server = settings(context(15, false), context(15, false));
    for offered in [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
    ] {
        let (answered, agreed) = server.answer(offers(offered)).unwrap();
        assert_eq!(
            element(answered.params()),
            "permessage-deflate; client_no_context_takeover; server_no_context_takeover"
        );
        assert_eq!(agreed.compress, Some(context(15, false)));
        assert_eq!(agreed.decompress, context(15, false));
    }
}

/// Several clients refuse an answer above their hint although it is legal, and several servers
/// decline a hint below their own setting. Nothing here leads to either.
#[test]
fn a_hint_is_never_exceeded_and_never_declined() {
    for hint in 8..=15_u8 {
        for peer in WINDOWS {
            let server = Settings::new().with_peer_window(peer);
            let offered = format!("permessage-deflate; client_max_window_bits={hint}");
            let (answered, _) = server.answer(offers(&offered)).unwrap();
            let bits = answered.client_max_window_bits.unwrap();
            assert_eq!(bits.get(), hint.min(peer.bits().get()));
        }
    }
}
