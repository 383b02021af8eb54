//! Why Tautline is behind where it is, as far as somebody has found out.
//!
//! Written by hand. What has no reason here is shown without one.

use serde_json::{Map, Value};

use crate::bench::peers::group::Group;
use crate::bench::peers::record::Contestant;

/// The reason for being behind in cells of one kind.
pub(super) struct Reason {
    group: Group,
    /// Members of a cell, as words; the others may be anything.
    cell: &'static [(&'static str, &'static str)],
    /// The libraries that are ahead; any, if there is none.
    rivals: &'static [&'static str],
    text: &'static str,
}

/// The first reason that is about a cell in which `rival` is ahead.
pub(super) fn reason(
    group: Group,
    cell: &Map<String, Value>,
    rival: &Contestant,
) -> Option<&'static str> {
    find(REASONS, group, cell, rival)
}

fn find(
    reasons: &[Reason],
    group: Group,
    cell: &Map<String, Value>,
    rival: &Contestant,
) -> Option<&'static str> {
    let is_about = |reason: &&Reason| {
        let is_member = |(name, wanted): &(&str, &str)| {
            let words = |value: &Value| match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_string(),
            };
            cell.get(*name).is_some_and(|value| words(value) == *wanted)
        };
        reason.group == group
            && reason.cell.iter().all(is_member)
            && (reason.rivals.is_empty() || reason.rivals.contains(&rival.library.as_str()))
    };
    reasons.iter().find(is_about).map(|reason| reason.text)
}

const REASONS: &[Reason] = &[
    Reason {
        group: Group::InMemory,
        cell: &[("reads", "full"), ("message", "16384")],
        rivals: &["tokio-websockets", "wtx"],
        // Reads counted in the ring of `benches/peers`, instructions by callgrind.
        text: "it reads 64 KiB at once, four of these messages, and the rival one: fewer reads and instructions, but \
               more bytes than the first cache holds",
    },
    Reason {
        group: Group::Instructions,
        cell: &[("role", "server"), ("message", "65536")],
        rivals: &["tokio-websockets"],
        text: "unmasking: the loop for AVX2 has 5,700 instructions for 64 KiB, the rival's 5,000; the rest is equal",
    },
    Reason {
        group: Group::Instructions,
        cell: &[],
        rivals: &["sockudo-ws"],
        // Counted by callgrind in four runs of one cell: 4.2, 4.6, 5.2 and 5.3 million.
        text: "the rival's count is not exact: its clock measures itself when the process starts, with 4 to 5 million \
               instructions, and the difference of two runs has the difference of that in it",
    },
    Reason {
        group: Group::InMemory,
        cell: &[("kind", "text"), ("message", "1048576")],
        rivals: &[],
        text: "text that came in several reads is checked as it comes, and once more when it becomes a string, so that \
               the proof needs no unsafe code",
    },
    Reason {
        group: Group::InMemory,
        cell: &[("kind", "binary"), ("message", "1048576")],
        rivals: &[],
        text: "the first 64 KiB are read into the buffer of the thread, and copied when the message turns out to be larger",
    },
    Reason {
        group: Group::Handshake,
        cell: &[],
        rivals: &["web-socket", "fastwebsockets"],
        text: "the rival has no opening handshake of its own in this way of use: it is a short one of the benchmark, \
               which checks next to nothing",
    },
    Reason {
        group: Group::FanOut,
        cell: &[],
        rivals: &["wtx"],
        text: "the frame goes through a queue, so that it can wait for its turn and leave with others; the rival hands a \
               slice to the transport. Over loopback that makes no difference",
    },
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Reason, find};
    use crate::bench::peers::group::Group;
    use crate::bench::peers::record::tests::record;

    #[test]
    fn a_reason_is_for_a_group_a_kind_of_cell_and_some_rivals() {
        let reasons = [
            Reason {
                group: Group::InMemory,
                cell: &[("role", "client"), ("message", "16")],
                rivals: &["wtx"],
                text: "small",
            },
            Reason {
                group: Group::Handshake,
                cell: &[],
                rivals: &[],
                text: "any",
            },
        ];
        let client = json!({ "role": "client", "message": 16 });
        let found = |group, cell: &Value, rival| {
            let rival = record(rival, &json!({}), &[]).contestant;
            find(&reasons, group, cell.as_object().unwrap(), &rival)
        };
        assert_eq!(found(Group::InMemory, &client, "wtx"), Some("small"));
        assert_eq!(found(Group::InMemory, &client, "yawc"), None);
        let server = json!({ "role": "server", "message": 16 });
        assert_eq!(found(Group::InMemory, &server, "wtx"), None);
        assert_eq!(found(Group::Loopback, &client, "wtx"), None);
        assert_eq!(found(Group::Handshake, &json!({}), "yawc"), Some("any"));
    }
}
