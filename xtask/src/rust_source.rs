//! Just enough of Rust's lexical grammar to tell code from comments and literals.

/// What [`strip`] does with string literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Literals {
    Keep,
    Blank,
}

/// Replaces comments, and string literals if asked to, with spaces.
///
/// Lines stay where they are, so that a line number in the result is one in the source.
pub(crate) fn strip(source: &str, literals: Literals) -> String {
    let mut output = String::with_capacity(source.len());
    let mut rest = source;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let (length, blank) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), true)
        } else if rest.starts_with("/*") {
            (block_comment(rest), true)
        } else if let Some(length) = literal(rest, previous) {
            (length, literals == Literals::Blank)
        } else {
            (first.len_utf8(), false)
        };
        let (token, tail) = rest.split_at(length);
        if blank {
            output.extend(token.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            output.push_str(token);
        }
        previous = token.chars().next_back().unwrap_or(' ');
        rest = tail;
    }
    output
}

/// The identifiers of stripped code with their line numbers and what follows each on the line.
pub(crate) fn identifiers(code: &str) -> impl Iterator<Item = Identifier<'_>> {
    code.lines().enumerate().flat_map(|(index, line)| {
        let mut position = 0;
        std::iter::from_fn(move || {
            let start = position + line[position..].find(is_identifier)?;
            let length = line[start..]
                .find(|c| !is_identifier(c))
                .unwrap_or(line.len() - start);
            position = start + length;
            Some(Identifier {
                line: index + 1,
                before: &line[..start],
                name: &line[start..position],
                after: &line[position..],
            })
        })
    })
}

/// One identifier (or number) in its line.
pub(crate) struct Identifier<'a> {
    pub(crate) line: usize,
    pub(crate) before: &'a str,
    pub(crate) name: &'a str,
    pub(crate) after: &'a str,
}

/// The length of the comment that `text` starts with; block comments nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while position < text.len() {
        let rest = &text[position..];
        if rest.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// The length of the string, byte string, raw string or character that `text` starts with.
fn literal(text: &str, previous: char) -> Option<usize> {
    if text.starts_with('"') {
        return Some(quoted(text, '"'));
    }
    if let Some(rest) = text.strip_prefix('\'') {
        // A lifetime has no closing quote after one character.
        let mut chars = rest.chars();
        let is_char = chars.next() == Some('\\') || chars.next() == Some('\'');
        return is_char.then(|| quoted(text, '\''));
    }
    if is_identifier(previous) {
        return None;
    }
    // r"", r#""#, br"", cr"": plain prefixes (b"", c"") need nothing, their quote comes next.
    let raw = text
        .strip_prefix(['b', 'c'])
        .unwrap_or(text)
        .strip_prefix('r')?;
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    let body = raw[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body
        .find(&end)
        .map_or(body.len(), |position| position + end.len());
    Some(text.len() - body.len() + length)
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (position, c) in text.char_indices().skip(1) {
        if !escaped && c == quote {
            return position + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    text.len()
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::{Literals, identifiers, strip};

    fn words(source: &str, literals: Literals) -> Vec<String> {
        let code = strip(source, literals);
        identifiers(&code)
            .map(|identifier| identifier.name.to_owned())
            .collect()
    }

    #[test]
    fn comments_and_literals_are_no_code() {
        let cases: &[(&str, &[&str])] = &[
            ("a // b\nc", &["a", "c"]),
            ("/// unsafe\nfn", &["fn"]),
            ("a /* b /* c */ d */ e", &["a", "e"]),
            (r#"a "b \" c" d"#, &["a", "d"]),
            (r##"a r#"b " c"# d"##, &["a", "d"]),
            (r#"a br"b\" c"#, &["a", "c"]),
            (r"a '\'' b", &["a", "b"]),
            ("a 'b' c", &["a", "c"]),
            ("a &'static b '\"' c", &["a", "static", "b", "c"]),
            ("var\"x\" y", &["var", "y"]),
            ("\"// no comment\" a", &["a"]),
            ("'ä' b", &["b"]),
        ];
        for &(source, expected) in cases {
            assert_eq!(words(source, Literals::Blank), expected, "{source}");
        }
    }

    #[test]
    fn literals_can_be_kept() {
        assert_eq!(words("a \"b // c\" // d", Literals::Keep), ["a", "b", "c"]);
    }

    #[test]
    fn lines_keep_their_numbers() {
        let source = "/* a\n b */ c \"d\n e\" f";
        let code = strip(source, Literals::Blank);
        let found: Vec<_> = identifiers(&code)
            .map(|id| (id.line, id.name.to_owned()))
            .collect();
        assert_eq!(found, [(2, "c".to_owned()), (3, "f".to_owned())]);
    }

    #[test]
    fn an_identifier_knows_its_surroundings() {
        let code = "use tokio::net;";
        let tokio = identifiers(code).nth(1).unwrap();
        assert_eq!(
            (tokio.before, tokio.name, tokio.after),
            ("use ", "tokio", "::net;")
        );
    }
}
