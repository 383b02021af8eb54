use core::net::Ipv6Addr;

/// A host and an optional port, as in a URI, a `Host` header or an `Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    /// In lower case; an IPv6 address is in brackets and in its shortest form.
    pub(crate) host: String,
    /// `None` when no port, or an empty one, is written.
    pub(crate) port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthorityError {
    Host,
    Port,
}

impl Authority {
    /// Reads `host`, `host:port`, `[v6]` or `[v6]:port`. Names are held to letters, digits and
    /// `-._~`: nothing else of what RFC 3986 allows in a name can be looked up.
    pub(crate) fn parse(text: &str) -> Result<Self, AuthorityError> {
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (address, port) = rest.split_once(']').ok_or(AuthorityError::Host)?;
            let address: Ipv6Addr = address.parse().map_err(|_| AuthorityError::Host)?;
            let port = match port.strip_prefix(':') {
                Some(port) => port,
                None if port.is_empty() => port,
                None => return Err(AuthorityError::Host),
            };
            (format!("[{address}]"), port)
        } else {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            // A second colon is an IPv6 address that lost its brackets, not a bad port.
            if !is_name(host) || port.contains(':') {
                return Err(AuthorityError::Host);
            }
            (host.to_ascii_lowercase(), port)
        };
        Ok(Self {
            host,
            port: parse_port(port)?,
        })
    }
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

/// Digits only: `u16::from_str` alone would also take a plus sign.
fn parse_port(port: &str) -> Result<Option<u16>, AuthorityError> {
    if port.is_empty() {
        return Ok(None);
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AuthorityError::Port);
    }
    port.parse().map(Some).map_err(|_| AuthorityError::Port)
}
