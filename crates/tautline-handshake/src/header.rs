use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
    UPGRADE,
};

use crate::header_error::HeaderError;

/// Adds a caller's header, unless the handshake itself decides about that name.
pub(crate) fn append(
    headers: &mut HeaderMap,
    name: impl TryInto<HeaderName>,
    value: impl TryInto<HeaderValue>,
) -> Result<(), HeaderError> {
    let name = name.try_into().map_err(|_| HeaderError::Name)?;
    // `HeaderValue` holds no CR, LF or NUL, so no caller can break out of its line.
    let value = value.try_into().map_err(|_| HeaderError::Value)?;
    if is_reserved(&name) {
        return Err(HeaderError::Reserved(name));
    }
    match headers.try_append(name, value) {
        Ok(_) => Ok(()),
        Err(_) => Err(HeaderError::TooMany),
    }
}

/// The elements of a comma-separated header, all its lines joined, empty elements left out
/// (RFC 9110 section 5.6.1).
pub(crate) fn elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    headers
        .get_all(name)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(trim)
        .filter(|element| !element.is_empty())
}

/// Whether a comma-separated header contains `token`, whose ASCII case does not matter.
///
/// Only A to Z fold (RFC 6455 section 2.1): no letter outside ASCII stands in for one inside.
pub(crate) fn contains_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    elements(headers, name).any(|element| element.eq_ignore_ascii_case(token.as_bytes()))
}

/// Whether a header occurs on more than one line.
pub(crate) fn is_repeated(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get_all(name).iter().nth(1).is_some()
}

/// Whether `text` is a `token` of RFC 9110 section 5.6.2, the same set as in RFC 2616.
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().copied().all(is_token_byte)
}

pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Removes the spaces and tabs around a field value or list element, and nothing else.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The headers that frame a message or make up the handshake, which callers may not set.
fn is_reserved(name: &HeaderName) -> bool {
    [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, UPGRADE].contains(name)
        || name.as_str().starts_with("sec-websocket-")
}
