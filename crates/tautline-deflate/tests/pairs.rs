//! A client and a server that have negotiated see the same connection.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use proptest::{option, prop_assert, prop_assert_eq};
use tautline_deflate::{
    Agreed, Answer, ClientWindow, Context, Offer, ParamError, Settings, WindowBits,
};

use crate::support::header::{answer, element, offers, offers_header};
use crate::support::windows::{WINDOWS, bits, settings};

fn contexts() -> impl Strategy<Value = Context> {
    (prop::sample::select(&WINDOWS[..]), any::<bool>())
        .prop_map(|(window, takeover)| Context { window, takeover })
}

fn endpoints() -> impl Strategy<Value = Settings> {
    (contexts(), contexts()).prop_map(|(own, peer)| settings(own, peer))
}

fn any_bits() -> impl Strategy<Value = WindowBits> {
    (8..=15_u8).prop_map(bits)
}

fn any_offer() -> impl Strategy<Value = Offer> {
    let client = prop_oneof![
        Just(ClientWindow::Any),
        any_bits().prop_map(ClientWindow::AtMost)
    ];
    (
        any::<[bool; 2]>(),
        option::of(any_bits()),
        option::of(client),
    )
        .prop_map(
            |([server_no_context_takeover, client_no_context_takeover], server, client)| Offer {
                server_no_context_takeover,
                client_no_context_takeover,
                server_max_window_bits: server,
                client_max_window_bits: client,
            },
        )
}

fn any_answer() -> impl Strategy<Value = Answer> {
    let bits = || option::of(any_bits());
    (any::<[bool; 2]>(), bits(), bits()).prop_map(
        |([server_no_context_takeover, client_no_context_takeover], server, client)| Answer {
            server_no_context_takeover,
            client_no_context_takeover,
            server_max_window_bits: server,
            client_max_window_bits: client,
        },
    )
}

/// What RFC 7692 section 7.1 says about an answer to an offer.
fn fits(offer: &Offer, answer: &Answer) -> bool {
    let context = !offer.server_no_context_takeover || answer.server_no_context_takeover;
    let server_window = match (offer.server_max_window_bits, answer.server_max_window_bits) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(asked), Some(answered)) => answered.get() <= asked.get(),
    };
    let client_window =
        offer.client_max_window_bits.is_some() || answer.client_max_window_bits.is_none();
    context && server_window && client_window
}

/// Whether one endpoint can inflate what the other compresses.
fn inflates(compress: Option<Context>, decompress: Context) -> bool {
    compress.is_none_or(|compress| {
        compress.window <= decompress.window && (decompress.takeover || !compress.takeover)
    })
}

/// Whether an endpoint keeps to its own settings: its compressor, and its memory between messages.
fn keeps_to(settings: &Settings, agreed: &Agreed) -> bool {
    let compress = agreed.compress.is_none_or(|compress| {
        compress.window <= settings.window() && (settings.context_takeover() || !compress.takeover)
    });
    let decompress = agreed.decompress;
    let memory = !decompress.takeover
        || (settings.peer_context_takeover() && decompress.window <= settings.peer_window());
    compress && memory
}

/// R7692-5-16, for all settings there are, by way of the header's text.
#[test]
fn every_client_agrees_with_every_server() {
    let contexts = || {
        let contexts = WINDOWS.into_iter().zip([true; 7]);
        let contexts = contexts.chain(WINDOWS.into_iter().zip([false; 7]));
        contexts.map(|(window, takeover)| Context { window, takeover })
    };
    let endpoints: Vec<Settings> = contexts()
        .flat_map(|own| contexts().map(move |peer| settings(own, peer)))
        .collect();
    assert_eq!(endpoints.len(), 196);

    for client in &endpoints {
        let offered = client.offers();
        let received = offers(&offers_header(&offered));
        for server in &endpoints {
            let (answered, at_server) = server.answer(received.clone()).unwrap();
            let answered = answer(&element(answered.params())).unwrap();
            let at_client = client.agree(&offered, &answered).unwrap();

            // Both compress: a mirror image, but for a client that promises less than it could.
            let up = at_client.compress.unwrap();
            assert!(
                inflates(Some(up), at_server.decompress),
                "{client:?} {server:?}"
            );
            assert_eq!(up.takeover, at_server.decompress.takeover);
            assert_eq!(at_server.compress, Some(at_client.decompress));
            assert!(keeps_to(client, &at_client), "{client:?} {server:?}");
            assert!(keeps_to(server, &at_server), "{client:?} {server:?}");
        }
    }
}

proptest! {
    /// The same with the other endpoint's offers unknown: what a server answers to any list.
    #[test]
    fn a_server_answers_any_list_with_what_fits_the_first_acceptable_offer(
        server in endpoints(),
        list in vec(prop_oneof![4 => any_offer().prop_map(Ok), 1 => Just(Err(ParamError::Unknown))], 0..5),
    ) {
        let acceptable = |offer: &&Offer| offer.server_max_window_bits != Some(WindowBits::MIN);
        let first = list.iter().filter_map(|offer| offer.as_ref().ok()).find(acceptable);
        let answer = server.answer(list.clone());
        prop_assert_eq!(answer.is_some(), first.is_some());
        if let (Some((answer, agreed)), Some(offer)) = (answer, first) {
            prop_assert!(fits(offer, &answer));
            prop_assert!(keeps_to(&server, &agreed));
            prop_assert_eq!(agreed.compress.map(|it| !it.takeover), Some(answer.server_no_context_takeover));
            prop_assert_eq!(agreed.decompress.takeover, !answer.client_no_context_takeover);
            // A client that uses all it may use is understood.
            let limit = answer.client_max_window_bits.map_or(15, WindowBits::get);
            prop_assert!(agreed.decompress.window.size() >= 1 << limit);
            // The client is told of every limit of the server's compressor.
            let limit = answer.server_max_window_bits.map_or(15, WindowBits::get);
            prop_assert_eq!(agreed.compress.map(|it| it.window.size()), Some(1 << limit));
            // And a client of ours that had sent this offer would agree.
            prop_assert!(server.agree(&[*offer], &answer).is_ok());
        }
    }

    /// What a client makes of any answer: it agrees exactly with those that fit an offer of its.
    #[test]
    fn a_client_agrees_with_any_answer_that_fits(client in endpoints(), answer in any_answer()) {
        let offers = client.offers();
        let agreed = client.agree(&offers, &answer);
        prop_assert_eq!(agreed.is_ok(), offers.iter().any(|offer| fits(offer, &answer)));
        if let Ok(agreed) = agreed {
            prop_assert!(keeps_to(&client, &agreed));
            let limit = answer.client_max_window_bits.map_or(15, WindowBits::get);
            prop_assert_eq!(agreed.compress.is_none(), limit == 8);
            if let Some(compress) = agreed.compress {
                prop_assert!(compress.window.size() <= 1 << limit);
                prop_assert!(!(compress.takeover && answer.client_no_context_takeover));
            }
            let limit = answer.server_max_window_bits.map_or(15, WindowBits::get);
            prop_assert!(agreed.decompress.window.size() >= 1 << limit);
            prop_assert_eq!(agreed.decompress.takeover, !answer.server_no_context_takeover);
        }
    }

    /// Offers that somebody has made by hand are agreed on in the same way.
    #[test]
    fn offers_made_by_hand_are_agreed_on(
        client in endpoints(),
        server in endpoints(),
        offered in vec(any_offer(), 0..4),
    ) {
        if let Some((answer, at_server)) = server.answer(offered.iter().copied().map(Ok)) {
            let at_client = client.agree(&offered, &answer).unwrap();
            prop_assert!(inflates(at_server.compress, at_client.decompress));
            prop_assert!(inflates(at_client.compress, at_server.decompress));
        }
    }
}
