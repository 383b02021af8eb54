use std::error::Error;
use std::fmt::{self, Display, Formatter};

use crate::extension_parser::ExtensionParser;
use crate::header::is_token;

/// One element of `Sec-WebSocket-Extensions`: a name and its parameters (RFC 6455 section 9.1).
///
/// This is the grammar only. What a name or a parameter means, and whether it may be agreed on, is
/// the business of whoever implements the extension; names should be registered ones.
///
/// ```
/// use tautline_handshake::Extension;
///
/// let offered = Extension::parse(["permessage-deflate; client_max_window_bits, x-other; a=\"1\""])?;
/// assert_eq!(offered[0].name(), "permessage-deflate");
/// assert_eq!(offered[0].params().next(), Some(("client_max_window_bits", None)));
/// assert_eq!(offered[1].to_string(), "x-other; a=1");
/// # Ok::<(), tautline_handshake::ExtensionSyntaxError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Extension {
    name: String,
    params: Vec<(String, Option<String>)>,
}

/// Why a list of extensions is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionSyntaxError {
    /// The list has no element.
    Empty,
    /// There is no token where a name or a value has to be.
    Token,
    /// A name or value is followed by something else than a comma, a semicolon or the end.
    Separator,
    /// A quoted value has no closing quotation mark, or is no token without its quotation marks.
    Quoted,
    /// There are more than 32 extensions, or an extension has more than 32 parameters.
    TooMany,
}

impl Extension {
    /// An extension without parameters.
    ///
    /// # Errors
    ///
    /// When `name` is not a token.
    pub fn new(name: &str) -> Result<Self, ExtensionSyntaxError> {
        if !is_token(name.as_bytes()) {
            return Err(ExtensionSyntaxError::Token);
        }
        Ok(Self {
            name: name.to_owned(),
            params: Vec::new(),
        })
    }

    /// Adds a parameter, with or without a value.
    ///
    /// # Errors
    ///
    /// When `name` or `value` is not a token, or there are 32 parameters already.
    pub fn param(mut self, name: &str, value: Option<&str>) -> Result<Self, ExtensionSyntaxError> {
        if !is_token(name.as_bytes()) || !value.is_none_or(|value| is_token(value.as_bytes())) {
            return Err(ExtensionSyntaxError::Token);
        }
        if self.params.len() == MAX_PARAMS {
            return Err(ExtensionSyntaxError::TooMany);
        }
        self.params
            .push((name.to_owned(), value.map(str::to_owned)));
        Ok(self)
    }

    /// Reads a list from all the lines of a header, in their order.
    ///
    /// Several lines are one list (RFC 6455 section 11.3.2), and empty elements are skipped (RFC
    /// 9110 section 5.6.1). No lines at all are an empty list. Every byte is looked at once.
    ///
    /// # Errors
    ///
    /// When a line breaks the grammar, when there are lines but no element, or when a list is
    /// longer than anything meant seriously.
    pub fn parse<V>(lines: impl IntoIterator<Item = V>) -> Result<Vec<Self>, ExtensionSyntaxError>
    where
        V: AsRef<[u8]>,
    {
        let mut list = Vec::new();
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() {
            return Ok(list);
        }
        for line in lines {
            let mut parser = ExtensionParser::new(line.as_ref());
            while let Some(extension) = parser.extension()? {
                if list.len() == MAX_EXTENSIONS {
                    return Err(ExtensionSyntaxError::TooMany);
                }
                list.push(extension);
            }
        }
        if list.is_empty() {
            return Err(ExtensionSyntaxError::Empty);
        }
        Ok(list)
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The parameters in their order, each with its value if it has one, unquoted.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
    }
}

impl Display for Extension {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (name, value) in self.params() {
            write!(f, "; {name}")?;
            if let Some(value) = value {
                write!(f, "={value}")?;
            }
        }
        Ok(())
    }
}

impl Display for ExtensionSyntaxError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty list of extensions",
            Self::Token => "extension name or parameter is not a token",
            Self::Separator => "unexpected character between extensions or parameters",
            Self::Quoted => "quoted extension parameter is not a token",
            Self::TooMany => "too many extensions or parameters",
        })
    }
}

impl Error for ExtensionSyntaxError {}

/// A head of commas and letters could otherwise claim forty times its size in small strings.
const MAX_EXTENSIONS: usize = 32;
const MAX_PARAMS: usize = 32;
