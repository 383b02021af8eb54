//! Just enough of Markdown to find examples, links and headings.

/// A fenced block.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CodeBlock {
    /// The text after the opening fence.
    pub(crate) info: String,
    pub(crate) code: String,
}

impl CodeBlock {
    /// Whether rustdoc would compile the block, and then what it would do with the program.
    pub(crate) fn doctest(&self) -> Option<Doctest> {
        let words = || self.info.split([',', ' ']).filter(|word| !word.is_empty());
        let known = [
            "rust",
            "no_run",
            "should_panic",
            "edition2021",
            "edition2024",
        ];
        if !words().all(|word| known.contains(&word)) {
            return None;
        }
        // A program that has to panic is no example of use: compiling it is enough.
        let runs = words().all(|word| word != "no_run" && word != "should_panic");
        Some(if runs { Doctest::Run } else { Doctest::Compile })
    }
}

/// What rustdoc does with an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doctest {
    Run,
    Compile,
}

/// The fenced blocks of `text`.
pub(crate) fn code_blocks(text: &str) -> Vec<CodeBlock> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, CodeBlock)> = None;
    for line in text.lines() {
        match (fence(line), open.take()) {
            (Some((fence, info)), None) => {
                open = Some((
                    fence,
                    CodeBlock {
                        info: info.to_owned(),
                        code: String::new(),
                    },
                ));
            }
            (Some((closing, "")), Some((opening, block))) if closing.starts_with(opening) => {
                blocks.push(block);
            }
            (_, Some((opening, mut block))) => {
                block.code.push_str(line);
                block.code.push('\n');
                open = Some((opening, block));
            }
            (None, None) => {}
        }
    }
    blocks
}

/// The text with fenced blocks and code spans blanked, line by line.
pub(crate) fn prose(text: &str) -> Vec<String> {
    let mut open: Option<&str> = None;
    text.lines()
        .map(|line| match (fence(line), open) {
            (Some((fence, _)), None) => {
                open = Some(fence);
                String::new()
            }
            (Some((closing, "")), Some(opening)) if closing.starts_with(opening) => {
                open = None;
                String::new()
            }
            (_, Some(_)) => String::new(),
            (None, None) => without_code_spans(line),
        })
        .collect()
}

/// The targets of the links in a line of [`prose`]: inline ones and reference definitions.
pub(crate) fn links(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if line.trim_start().starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        found.extend(target.split_whitespace().next());
    }
    for (position, _) in line.match_indices("](") {
        let target = &line[position + 2..];
        let target = target.split(')').next().unwrap_or(target);
        // A title may follow: [text](target "title").
        found.extend(target.split_whitespace().next());
    }
    found
}

/// The anchor that GitHub gives a heading line, or `None` for another line.
pub(crate) fn anchor(line: &str) -> Option<String> {
    let text = line.trim_start_matches('#');
    if text.len() == line.len() || !text.starts_with(' ') {
        return None;
    }
    let kept = text
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(
        kept.flat_map(char::to_lowercase)
            .map(|c| if c == ' ' { '-' } else { c })
            .collect(),
    )
}

/// The fence characters and the info text, if the line is a fence.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    let marker = ['`', '~']
        .into_iter()
        .find(|&marker| line.starts_with(marker))?;
    let info = line.trim_start_matches(marker);
    let length = line.len() - info.len();
    (length >= 3 && !info.contains('`')).then(|| (&line[..length], info.trim()))
}

fn without_code_spans(line: &str) -> String {
    // Odd pieces are inside. An unpaired backtick is text, so the last odd piece stays.
    let pieces: Vec<&str> = line.split('`').collect();
    let inside = |index: usize| index % 2 == 1 && index + 1 < pieces.len();
    let kept = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| match inside(index) {
            true => " ",
            false => piece,
        });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::{Doctest, anchor, code_blocks, links, prose};

    #[test]
    fn blocks_are_found_with_their_info() {
        let text = "a\n```rust,no_run\nlet x = 1;\n```\nb\n~~~~\n```\n~~~~\n";
        let blocks = code_blocks(text);
        let found: Vec<_> = blocks
            .iter()
            .map(|block| (block.info.as_str(), block.code.as_str()))
            .collect();
        assert_eq!(found, [("rust,no_run", "let x = 1;\n"), ("", "```\n")]);
    }

    #[test]
    fn blocks_are_doctests_as_in_rustdoc() {
        let cases = [
            ("", Some(Doctest::Run)),
            ("rust", Some(Doctest::Run)),
            ("rust,no_run", Some(Doctest::Compile)),
            ("should_panic", Some(Doctest::Compile)),
            ("text", None),
            ("rust,ignore", None),
            ("compile_fail", None),
            ("toml", None),
        ];
        for (info, doctest) in cases {
            let blocks = code_blocks(&format!("```{info}\n```"));
            assert_eq!(blocks[0].doctest(), doctest, "{info}");
        }
    }

    #[test]
    fn links_are_found_outside_code() {
        let text = "see [a](b.md), ![i](c.png \"t\") and `[x](y)`\n```\n[p](q)\n```\n[r]: s.md\n";
        let lines = prose(text);
        let found: Vec<&str> = lines.iter().flat_map(|line| links(line)).collect();
        assert_eq!(found, ["b.md", "c.png", "s.md"]);
    }

    #[test]
    fn anchors_are_made_as_on_github() {
        assert_eq!(
            anchor("## How it works, in short!").as_deref(),
            Some("how-it-works-in-short")
        );
        assert_eq!(
            anchor("# `cargo xtask` & co").as_deref(),
            Some("cargo-xtask--co")
        );
        assert_eq!(anchor("no heading"), None);
        assert_eq!(anchor("#hashtag"), None);
    }
}
