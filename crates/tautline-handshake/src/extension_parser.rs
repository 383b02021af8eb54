use crate::extension::{Extension, ExtensionSyntaxError};
use crate::header::{is_token, is_token_byte};

/// Reads the extensions of one header line, left to right and without backtracking.
pub(crate) struct ExtensionParser<'a> {
    rest: &'a [u8],
}

impl<'a> ExtensionParser<'a> {
    pub(crate) fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// The next element of the list, or `None` at the end of the line.
    pub(crate) fn extension(&mut self) -> Result<Option<Extension>, ExtensionSyntaxError> {
        while let [b',' | b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut extension = Extension::new(self.token()?)?;
        while self.separator()? == Some(b';') {
            self.skip_blanks();
            let name = self.token()?;
            self.skip_blanks();
            if let [b'=', rest @ ..] = self.rest {
                self.rest = rest;
                self.skip_blanks();
                extension = match self.rest {
                    [b'"', rest @ ..] => {
                        self.rest = rest;
                        extension.param(name, Some(&self.quoted()?))?
                    }
                    _ => extension.param(name, Some(self.token()?))?,
                };
            } else {
                extension = extension.param(name, None)?;
            }
        }
        Ok(Some(extension))
    }

    /// Takes the comma or semicolon that has to follow, if anything does.
    fn separator(&mut self) -> Result<Option<u8>, ExtensionSyntaxError> {
        self.skip_blanks();
        match self.rest {
            [] => Ok(None),
            [separator @ (b',' | b';'), rest @ ..] => {
                self.rest = rest;
                Ok(Some(*separator))
            }
            _ => Err(ExtensionSyntaxError::Separator),
        }
    }

    fn token(&mut self) -> Result<&'a str, ExtensionSyntaxError> {
        let end = self
            .rest
            .iter()
            .position(|&byte| !is_token_byte(byte))
            .unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        if token.is_empty() {
            return Err(ExtensionSyntaxError::Token);
        }
        std::str::from_utf8(token).map_err(|_| ExtensionSyntaxError::Token)
    }

    /// Reads on behind an opening quotation mark. What the quotes hold has to be a token once the
    /// backslashes are gone (RFC 6455 section 4.3), so a comma inside never ends an element.
    fn quoted(&mut self) -> Result<String, ExtensionSyntaxError> {
        let mut value = String::new();
        loop {
            let byte = match self.rest {
                [b'"', rest @ ..] => {
                    self.rest = rest;
                    break;
                }
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] => {
                    self.rest = rest;
                    *byte
                }
                [] => return Err(ExtensionSyntaxError::Quoted),
            };
            // A lone backslash at the end of the line is no token byte either.
            if !is_token_byte(byte) {
                return Err(ExtensionSyntaxError::Quoted);
            }
            value.push(char::from(byte));
        }
        if !is_token(value.as_bytes()) {
            return Err(ExtensionSyntaxError::Quoted);
        }
        Ok(value)
    }

    fn skip_blanks(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}
