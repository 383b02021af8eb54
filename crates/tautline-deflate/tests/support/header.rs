//! Just enough of the header's grammar to write offers and answers as they are on the wire.

use tautline_deflate::{Answer, NAME, Offer, ParamError, WindowBits};

/// The parameters of every element that has the extension's name.
pub(crate) fn elements(header: &str) -> impl Iterator<Item = Vec<(&str, Option<&str>)>> {
    header.split(',').filter_map(|element| {
        let mut parts = element.split(';').map(str::trim);
        if parts.next() != Some(NAME) {
            return None;
        }
        Some(
            parts
                .map(|part| match part.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (part, None),
                })
                .collect(),
        )
    })
}

pub(crate) fn offers(header: &str) -> Vec<Result<Offer, ParamError>> {
    elements(header).map(Offer::parse).collect()
}

/// An answer that has to be a single element.
pub(crate) fn answer(header: &str) -> Result<Answer, ParamError> {
    let [params] = elements(header).collect::<Vec<_>>().try_into().unwrap();
    Answer::parse(params)
}

/// An element as it is sent.
pub(crate) fn element(params: impl Iterator<Item = (&'static str, Option<WindowBits>)>) -> String {
    let mut text = NAME.to_owned();
    for (name, value) in params {
        text.push_str("; ");
        text.push_str(name);
        if let Some(bits) = value {
            text.push('=');
            text.push_str(&bits.to_string());
        }
    }
    text
}

pub(crate) fn offers_header(offers: &[Offer]) -> String {
    let elements: Vec<_> = offers.iter().map(|offer| element(offer.params())).collect();
    elements.join(", ")
}
