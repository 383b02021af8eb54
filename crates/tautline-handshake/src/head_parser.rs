use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::uri::Uri;
use http::{Method, Request, Response, StatusCode, Version};

use crate::authority::Authority;
use crate::head_error::HeadError;
use crate::head_scanner::HeadFault;
use crate::header::trim;

/// Parses a complete request head, with room for as many headers as it has lines.
pub(crate) fn parse_request(head: &Bytes, headers: usize) -> Result<Request<()>, HeadError> {
    let mut fields = vec![httparse::EMPTY_HEADER; headers];
    let mut parsed = httparse::Request::new(&mut fields);
    let is_complete = parsed.parse(head).is_ok_and(|status| status.is_complete());
    let (true, Some(method), Some(target), Some(minor)) =
        (is_complete, parsed.method, parsed.path, parsed.version)
    else {
        return Err(HeadError::Malformed);
    };
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| HeadError::Malformed)?;
    let mut request = Request::new(());
    *request.uri_mut() = parse_target(&method, target)?;
    *request.method_mut() = method;
    *request.version_mut() = version(minor);
    *request.headers_mut() = share_headers(head, parsed.headers)?;
    Ok(request)
}

/// Parses a complete response head, with room for as many headers as it has lines.
pub(crate) fn parse_response(head: &Bytes, headers: usize) -> Result<Response<()>, HeadFault> {
    let mut fields = vec![httparse::EMPTY_HEADER; headers];
    let mut parsed = httparse::Response::new(&mut fields);
    let is_complete = parsed.parse(head).is_ok_and(|status| status.is_complete());
    let (true, Some(code), Some(minor)) = (is_complete, parsed.code, parsed.version) else {
        return Err(HeadFault::Malformed);
    };
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(code).map_err(|_| HeadFault::Malformed)?;
    *response.version_mut() = version(minor);
    *response.headers_mut() = share_headers(head, parsed.headers)?;
    Ok(response)
}

/// Takes the two forms a resource is asked for in: a path, or an absolute `http` or `https` URI
/// (RFC 6455 section 4.2.1, RFC 9112 section 3.2). CONNECT and OPTIONS have a form of their own.
fn parse_target(method: &Method, target: &str) -> Result<Uri, HeadError> {
    // `Uri` would silently cut off a fragment, and keep bytes that are no URI characters.
    if !target
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    {
        return Err(HeadError::Target);
    }
    let uri: Uri = target.parse().map_err(|_| HeadError::Target)?;
    let has_form = match uri.scheme_str() {
        Some("http" | "https") => uri
            .authority()
            .is_some_and(|authority| Authority::parse(authority.as_str()).is_ok()),
        Some(_) => false,
        None => {
            target.starts_with('/')
                || (target == "*" && method == Method::OPTIONS)
                || (method == Method::CONNECT && uri.authority().is_some())
        }
    };
    if has_form {
        Ok(uri)
    } else {
        Err(HeadError::Target)
    }
}

/// The headers of a head as slices of it: one allocation holds all values.
fn share_headers(head: &Bytes, fields: &[httparse::Header<'_>]) -> Result<HeaderMap, HeadFault> {
    let mut headers = HeaderMap::new();
    for field in fields {
        let name =
            HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| HeadFault::Malformed)?;
        let value = HeaderValue::from_maybe_shared(head.slice_ref(trim(field.value)))
            .map_err(|_| HeadFault::Malformed)?;
        // A map has room for some ten thousand names, however many the limits permit.
        headers
            .try_append(name, value)
            .map_err(|_| HeadFault::TooManyHeaders)?;
    }
    Ok(headers)
}

fn version(minor: u8) -> Version {
    if minor == 0 {
        Version::HTTP_10
    } else {
        Version::HTTP_11
    }
}
