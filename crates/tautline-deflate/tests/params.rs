//! Which parameters an offer and an answer may have.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop, proptest};
use proptest::{option, prop_assert_eq};
use tautline_deflate::{Answer, ClientWindow, Offer, ParamError};

use crate::support::header::{answer, element, offers};
use crate::support::windows::bits;

const SNCT: &str = "server_no_context_takeover";
const CNCT: &str = "client_no_context_takeover";
const SMWB: &str = "server_max_window_bits";
const CMWB: &str = "client_max_window_bits";

#[test]
fn parameters_are_read_in_any_order() {
    let offer = Offer {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: Some(bits(10)),
        client_max_window_bits: Some(ClientWindow::AtMost(bits(12))),
    };
    let same = Answer {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        server_max_window_bits: Some(bits(10)),
        client_max_window_bits: Some(bits(12)),
    };
    let mut params = [
        (SNCT, None),
        (CNCT, None),
        (SMWB, Some("10")),
        (CMWB, Some("12")),
    ];
    for first in 0..4 {
        for second in 0..4 {
            params.swap(first, second);
            assert_eq!(Offer::parse(params), Ok(offer));
            assert_eq!(Answer::parse(params), Ok(same));
        }
    }
    assert_eq!(Offer::parse([]), Ok(Offer::default()));
    assert_eq!(Answer::parse([]), Ok(Answer::default()));
    assert_eq!(
        Offer::parse([(CMWB, None)]).unwrap().client_max_window_bits,
        Some(ClientWindow::Any)
    );
}

/// R7692-7-01, R7692-7-05 and R6455-9.1-04. The anagram is a name that a server which compares
/// the sums of a name's letters takes for another.
#[test]
fn unknown_parameters_are_errors() {
    for name in [
        "foo",
        "",
        "server_no_context_takeove",
        "server_no_context_takeoverr",
        "Server_No_Context_Takeover",
        "SERVER_MAX_WINDOW_BITS",
        "server-max-window-bits",
        "client_max_window_bit\u{17f}",
        "revres_max_window_bits",
        "no_context_takeover",
        "max_window_bits",
        "s2c_no_context_takeover",
        "permessage-deflate",
        "__proto__",
    ] {
        for value in [None, Some("1"), Some("10")] {
            let params = [(CMWB, Some("10")), (name, value)];
            assert_eq!(Offer::parse(params), Err(ParamError::Unknown), "{name}");
            assert_eq!(Answer::parse(params), Err(ParamError::Unknown), "{name}");
        }
    }
}

/// R7692-7-02, R7692-7-06, R7692-7.1.2.1-02, R7692-7.1.2.2-04 and C3.
#[test]
fn wrong_values_are_errors() {
    for value in [
        "", "0", "7", "16", "1000", "08", "010", "+9", "9 ", "\"9\"", "1e1", "abc", "true",
    ] {
        for name in [SNCT, CNCT, SMWB, CMWB] {
            let wrong = Err(ParamError::Value(name));
            assert_eq!(
                Offer::parse([(name, Some(value))]).map(drop),
                wrong,
                "{value:?}"
            );
            assert_eq!(
                Answer::parse([(name, Some(value))]).map(drop),
                wrong,
                "{value:?}"
            );
        }
    }
    // A value that is good for one parameter is not for another.
    for name in [SNCT, CNCT] {
        for value in ["1", "9", "15"] {
            assert_eq!(
                Offer::parse([(name, Some(value))]),
                Err(ParamError::Value(name))
            );
            assert_eq!(
                Answer::parse([(name, Some(value))]),
                Err(ParamError::Value(name))
            );
        }
    }
    assert_eq!(Offer::parse([(SMWB, None)]), Err(ParamError::Value(SMWB)));
    assert_eq!(Answer::parse([(SMWB, None)]), Err(ParamError::Value(SMWB)));
    assert_eq!(Answer::parse([(CMWB, None)]), Err(ParamError::Value(CMWB)));
}

/// R7692-7-03 and R7692-7-07, also when the value is the same or there is none the first time.
#[test]
fn repeated_parameters_are_errors() {
    for (name, first, second) in [
        (SNCT, None, None),
        (CNCT, None, None),
        (SMWB, Some("10"), Some("10")),
        (SMWB, Some("10"), Some("12")),
        (CMWB, Some("10"), Some("10")),
        (CMWB, Some("10"), Some("12")),
    ] {
        let other = if name == SNCT { CNCT } else { SNCT };
        let params = [(name, first), (other, None), (name, second)];
        let repeated = ParamError::Repeated(name);
        assert_eq!(Offer::parse(params), Err(repeated), "{name}");
        assert_eq!(Answer::parse(params), Err(repeated), "{name}");
    }
    for (first, second) in [(None, Some("10")), (Some("10"), None), (None, None)] {
        assert_eq!(
            Offer::parse([(CMWB, first), (CMWB, second)]),
            Err(ParamError::Repeated(CMWB))
        );
    }
}

#[test]
fn errors_say_which_parameter_it_is() {
    for (header, message) in [
        (
            "permessage-deflate; foo=1",
            "unknown parameter of permessage-deflate",
        ),
        (
            "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
            "repeated parameter client_max_window_bits",
        ),
        (
            "permessage-deflate; server_max_window_bits=7",
            "invalid value of parameter server_max_window_bits",
        ),
    ] {
        let error = offers(header)[0].unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

fn params() -> impl Strategy<Value = Vec<(String, Option<String>)>> {
    let name = prop::sample::select(vec![SNCT, CNCT, SMWB, CMWB, CMWB, "foo"]);
    let value = option::of(prop::sample::select(vec![
        "8", "9", "10", "15", "7", "16", "08", "", "+9",
    ]));
    vec(
        (name, value).prop_map(|(name, value)| (name.to_owned(), value.map(str::to_owned))),
        0..5,
    )
}

fn borrowed(params: &[(String, Option<String>)]) -> Vec<(&str, Option<&str>)> {
    let pairs = params.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_deref()))
        .collect()
}

/// The rules again, each for itself: names are known, none is there twice, values fit.
fn allowed(params: &[(&str, Option<&str>)], bare: &str) -> bool {
    let number = |value: &str| (8..=15).any(|bits: u8| bits.to_string() == value);
    params.iter().enumerate().all(|(at, &(name, value))| {
        let fits = match name {
            SNCT | CNCT => value.is_none(),
            SMWB | CMWB => value.map_or(name == bare, number),
            _ => false,
        };
        fits && params[..at].iter().all(|&(before, _)| before != name)
    })
}

fn sorted<'a>(params: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Vec<String> {
    let mut list: Vec<_> = params
        .into_iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    list.sort();
    list
}

proptest! {
    /// What is read is written again with the same parameters, and nothing else is read.
    #[test]
    fn exactly_what_the_rules_allow_is_read(params in params()) {
        let params = borrowed(&params);
        let given = sorted(params.iter().map(|&(name, value)| (name, value.map(str::to_owned))));

        let offer = Offer::parse(params.clone());
        prop_assert_eq!(offer.is_ok(), allowed(&params, CMWB));
        if let Ok(offer) = offer {
            let written = offer.params().map(|(name, bits)| (name, bits.map(|it| it.to_string())));
            prop_assert_eq!(&sorted(written), &given);
            prop_assert_eq!(offers(&element(offer.params())), [Ok(offer)]);
        }

        let read = Answer::parse(params.clone());
        prop_assert_eq!(read.is_ok(), allowed(&params, ""));
        if let Ok(read) = read {
            let written = read.params().map(|(name, bits)| (name, bits.map(|it| it.to_string())));
            prop_assert_eq!(sorted(written), given);
            prop_assert_eq!(answer(&element(read.params())), Ok(read));
        }
    }

    #[test]
    fn any_text_is_read_without_panic(params in vec((any::<String>(), any::<Option<String>>()), 0..6)) {
        let params = borrowed(&params);
        prop_assert_eq!(Offer::parse(params.clone()).is_ok(), allowed(&params, CMWB));
        prop_assert_eq!(Answer::parse(params.clone()).is_ok(), allowed(&params, ""));
    }
}
