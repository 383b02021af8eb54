use std::error::Error;
use std::fmt::{self, Display, Formatter};

use http::header::ORIGIN;

use crate::authority::Authority;
use crate::header::is_repeated;
use crate::origin::{Origin, default_port};
use crate::refusal::{Refusal, RefusalReason};
use crate::request::Request;

/// Whose pages may open a WebSocket here (RFC 6455 section 10.2).
///
/// A browser sends cookies along with the handshake whichever site its page is from, and the
/// same-origin policy does not apply to WebSockets. A server that trusts cookies therefore has to
/// look at `Origin`, or any page the user visits can act as the user.
///
/// Origins are compared in full: scheme, host and port, in lower case, with default ports left
/// out. `null` and `file://` match only a policy that lists them. Programs that are not browsers
/// can send any `Origin` they like, so this is no authentication (section 10.1).
///
/// ```
/// use tautline_handshake::{MissingOrigin, OriginPolicy};
///
/// let policy = OriginPolicy::allow(["https://example.com", "https://*.example.com"])?
///     .missing(MissingOrigin::Refuse);
/// # Ok::<(), tautline_handshake::OriginPatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OriginPolicy {
    rule: Rule,
    missing: MissingOrigin,
}

/// What becomes of a request without an `Origin`, which is not from a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a request passes or it does not, and nothing is between the two"
)]
pub enum MissingOrigin {
    /// It passes: there is no browser whose user could be abused.
    #[default]
    Accept,
    /// It is refused, so only browsers and those who pretend to be one get in.
    Refuse,
}

/// A text is neither an origin nor an origin with a leading `*` label.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OriginPatternError {
    /// The text.
    pub pattern: String,
}

impl OriginPolicy {
    /// Lets every origin in: for services that do not trust cookies, such as public ones.
    #[must_use]
    pub fn any() -> Self {
        Self::new(Rule::Any)
    }

    /// Lets pages in that came from the host and port which the request itself is for.
    ///
    /// The server may sit behind TLS that it does not see, so the scheme is not compared beyond
    /// being `http` or `https`; where `Host` names no port, the default port of the page's scheme
    /// is meant. Behind a proxy that rewrites `Host`, list the origins instead.
    #[must_use]
    pub fn same_origin() -> Self {
        Self::new(Rule::SameOrigin)
    }

    /// Lets the listed origins in, and no others.
    ///
    /// A pattern is an origin such as `https://example.com:8443`, `null` or `file://`, or an origin
    /// whose host begins with `*.`: `https://*.example.com` stands for all names below
    /// `example.com`, at any depth, and not for `example.com` itself. International names are
    /// written in their ASCII form, as browsers send them.
    ///
    /// # Errors
    ///
    /// When a pattern is anything else, such as a bare host, or has a path or another wildcard.
    pub fn allow<P>(patterns: impl IntoIterator<Item = P>) -> Result<Self, OriginPatternError>
    where
        P: AsRef<str>,
    {
        let patterns = patterns
            .into_iter()
            .map(|pattern| Pattern::parse(pattern.as_ref()))
            .collect::<Result<_, _>>()?;
        Ok(Self::new(Rule::List(patterns)))
    }

    /// Sets what becomes of requests without `Origin`; they are accepted by default.
    #[must_use]
    pub fn missing(mut self, missing: MissingOrigin) -> Self {
        self.missing = missing;
        self
    }

    /// Judges a request.
    ///
    /// # Errors
    ///
    /// A refusal with status 403 when the origin may not pass, also when it is not an origin at
    /// all, and 400 when there are several.
    pub fn check(&self, request: &Request) -> Result<(), Refusal> {
        let headers = request.headers();
        if is_repeated(headers, &ORIGIN) {
            return Err(Refusal::new(
                RefusalReason::DuplicateHeader(ORIGIN),
                request,
            ));
        }
        let Some(value) = headers.get(ORIGIN) else {
            return match self.missing {
                MissingOrigin::Accept => Ok(()),
                MissingOrigin::Refuse => Err(Refusal::new(RefusalReason::OriginMissing, request)),
            };
        };
        let allowed = match &self.rule {
            Rule::Any => true,
            Rule::SameOrigin => value
                .to_str()
                .is_ok_and(|origin| is_same(origin, request.host())),
            Rule::List(patterns) => value.to_str().is_ok_and(|origin| {
                Origin::parse(origin)
                    .is_some_and(|origin| patterns.iter().any(|pattern| pattern.matches(&origin)))
            }),
        };
        if allowed {
            Ok(())
        } else {
            Err(Refusal::new(RefusalReason::OriginNotAllowed, request))
        }
    }

    fn new(rule: Rule) -> Self {
        Self {
            rule,
            missing: MissingOrigin::default(),
        }
    }
}

/// The same origin, which keeps other sites out without anything to configure.
impl Default for OriginPolicy {
    fn default() -> Self {
        Self::same_origin()
    }
}

impl Display for OriginPatternError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not an origin pattern", self.pattern)
    }
}

impl Error for OriginPatternError {}

#[derive(Clone, Debug)]
enum Rule {
    Any,
    SameOrigin,
    List(Vec<Pattern>),
}

#[derive(Clone, Debug)]
enum Pattern {
    Exact(Origin),
    /// Any host below this one, whose scheme and port are the same.
    Below(Origin),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, OriginPatternError> {
        let pattern = match text.split_once("://*.") {
            Some((scheme, domain)) => {
                Origin::parse(&format!("{scheme}://{domain}")).and_then(|origin| match &origin {
                    // An address has nothing below it.
                    Origin::Tuple { host, .. } if !host.is_empty() && !host.starts_with('[') => {
                        Some(Self::Below(origin))
                    }
                    _ => None,
                })
            }
            None => Origin::parse(text).map(Self::Exact),
        };
        pattern.ok_or_else(|| OriginPatternError {
            pattern: text.to_owned(),
        })
    }

    fn matches(&self, origin: &Origin) -> bool {
        let (domain, below) = match self {
            Self::Exact(allowed) => return origin == allowed,
            Self::Below(domain) => (domain, origin),
        };
        match (domain, below) {
            (
                Origin::Tuple {
                    scheme: allowed_scheme,
                    host: domain,
                    port: allowed_port,
                },
                Origin::Tuple { scheme, host, port },
            ) => {
                // The dot belongs to the comparison: `evil-example.com` ends in `example.com` too.
                scheme == allowed_scheme
                    && port == allowed_port
                    && host
                        .strip_suffix(domain.as_str())
                        .and_then(|labels| labels.strip_suffix('.'))
                        .is_some_and(|labels| labels.split('.').all(|label| !label.is_empty()))
            }
            _ => false,
        }
    }
}

fn is_same(origin: &str, host: Option<&str>) -> bool {
    let Some(Origin::Tuple {
        scheme,
        host: page_host,
        port: page_port,
    }) = Origin::parse(origin)
    else {
        return false;
    };
    if scheme != "http" && scheme != "https" {
        return false;
    }
    let Some(Ok(Authority { host, port })) = host.map(Authority::parse) else {
        return false;
    };
    let default = default_port(&scheme);
    page_host == host && page_port.or(default) == port.or(default)
}
