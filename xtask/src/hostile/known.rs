//! What has been done to implementations of WebSocket between 2014 and 2026, and what keeps it from
//! being done to Tautline.

/// A known attack, or a family of them.
pub(super) struct Known {
    /// H for handshakes, F for frames, C for compression, L for the life of a connection.
    pub(super) id: &'static str,
    /// What happened, and to whom.
    pub(super) what: &'static str,
    /// Tests that prove the same without sockets, as `package::file::function`.
    pub(super) tests: &'static [&'static str],
    /// What rules it out, or why it is not for this library.
    pub(super) note: &'static str,
}

const fn known(
    id: &'static str,
    what: &'static str,
    tests: &'static [&'static str],
    note: &'static str,
) -> Known {
    Known {
        id,
        what,
        tests,
        note,
    }
}

pub(super) const ROWS: &[Known] = &[
    known(
        "H1",
        "heads that are parsed anew with every read: tungstenite (CVE-2023-43669)",
        &[
            "tautline-handshake::tests/hostile_heads.rs::a_limit_is_noticed_at_the_byte_that_passes_it",
            "tautline-driver::tests/upgrading.rs::a_slow_head_costs_no_more_than_a_fast_one",
        ],
        "",
    ),
    known(
        "H2",
        "a header beyond the limit is missing and that is not expected: ws (CVE-2024-37890)",
        &[
            "tautline-handshake::tests/hostile_heads.rs::the_handshake_may_come_behind_two_thousand_headers",
            "tautline-handshake::tests/server_handshake.rs::no_header_of_a_handshake_can_be_left_out",
        ],
        "",
    ),
    known(
        "H3",
        "copies of one header are not counted: Cowboy (CVE-2026-65624)",
        &["tautline-handshake::tests/hostile_heads.rs::copies_of_one_header_count_one_by_one"],
        "",
    ),
    known(
        "H4",
        "patterns that take exponential time over a header: ws (CVE-2021-32640), \
         websocket-extensions (CVE-2020-7662), Deno (CVE-2023-26103)",
        &[
            "tautline-handshake::tests/hostile_heads.rs::sixty_four_kibibytes_of_nonsense_are_refused",
        ],
        "There are no regular expressions; every parser goes over its input once.",
    ),
    known(
        "H5",
        "an extension called `constructor`: ws (2017)",
        &["tautline-handshake::tests/extension.rs::odd_names_are_just_names"],
        "",
    ),
    known(
        "H6",
        "a request hidden in the body of the upgrade request: aiohttp (CVE-2026-69243)",
        &[
            "tautline-handshake::tests/server_handshake.rs::a_request_that_breaks_a_rule_gets_an_error_and_a_proper_one_gets_101",
        ],
        "",
    ),
    known(
        "H7",
        "a refused upgrade leaves a tunnel open: proxies (websocket-smuggle, CVE-2019-17567)",
        &[
            "tautline-handshake::tests/reject.rs::a_refusal_is_a_complete_response_that_closes_the_connection",
            "tautline-handshake::tests/client_refusal.rs::a_body_is_cut_off_at_the_limit",
        ],
        "",
    ),
    known(
        "H8",
        "line breaks in what an application sets: undici (CVE-2026-1527), autobahn (CVE-2020-35678)",
        &[
            "tautline-handshake::tests/client_request.rs::headers_of_the_handshake_cannot_be_set_and_lines_cannot_be_broken",
            "tautline-handshake::tests/accept.rs::headers_of_the_handshake_cannot_be_set_and_lines_cannot_be_broken",
            "tautline-handshake::tests/client_request.rs::offered_subprotocols_are_different_tokens",
            "tautline-handshake::tests/client_request.rs::credentials_go_into_a_header_that_is_not_debugged",
            "tautline-handshake::tests/client_request.rs::an_origin_is_sent_once_and_in_its_ascii_form",
            "tautline-handshake::tests/uri.rs::bad_uris_are_refused_with_the_reason",
        ],
        "CR, LF and NUL are a typed error in every field, before anything is sent.",
    ),
    known(
        "H9",
        "credentials go along with a redirect: Tomcat (CVE-2026-42498)",
        &[
            "tautline-handshake::tests/client_refusal.rs::challenges_and_redirects_can_be_read_and_are_not_followed",
        ],
        "Redirects are not followed.",
    ),
    known(
        "H10",
        "pages of other origins are let in: CVE-2022-42975, CVE-2025-24964, CVE-2018-14732, CVE-2021-46701",
        &[
            "tautline-handshake::tests/origin_policy.rs::origins_match_in_full_and_never_in_part",
            "tautline-handshake::tests/origin_policy.rs::patterns_that_could_match_too_much_are_refused",
            "tautline::tests/adapters/serve.rs::pages_of_other_origins_get_403_unless_the_server_says_otherwise",
        ],
        "",
    ),
    known(
        "H11",
        "a password is compared in a time that tells: websockets (CVE-2021-33880)",
        &[],
        "Tautline compares no secrets: authentication is the application's.",
    ),
    known(
        "H12",
        "names in certificates are not checked: faye (CVE-2020-15133), Java-WebSocket (CVE-2020-11050), \
         Tomcat (CVE-2018-8034)",
        &[
            "tautline::tests/adapters/tls.rs::certificates_that_do_not_convince_end_it_before_any_request",
        ],
        "Only a verifier of one's own, in the configuration of rustls, turns it off.",
    ),
    known(
        "H13",
        "memory is used after an upgrade that was given up: libwebsockets (CVE-2025-11677)",
        &[
            "tautline::tests/adapters/cancellation.rs::accepting_that_is_given_up_loses_no_connection",
            "tautline::tests/adapters/cancellation.rs::a_handshake_that_a_server_gives_up_ends_the_stream",
        ],
        "Safe Rust.",
    ),
    known(
        "H14",
        "`Connection: keep-alive, Upgrade` is refused: Deno",
        &["tautline-handshake::tests/client_handshake.rs::names_match_in_any_case_and_order"],
        "",
    ),
    known(
        "F1",
        "lengths of 64 bits overflow: gorilla (CVE-2020-27813), Tomcat (CVE-2020-13935), undici \
         (CVE-2026-1528), Mongoose (CVE-2017-2921)",
        &[
            "tautline-message::tests/assembler.rs::lengths_that_overflow_are_too_big",
            "tautline-connection::tests/limits.rs::sums_of_lengths_do_not_wrap_around",
            "tautline-frame::tests/header.rs::bad_lengths_are_refused_before_what_follows_them",
        ],
        "",
    ),
    known(
        "F2",
        "memory is taken for what a header promises: websocket for Rust (CVE-2022-35922), Qt \
         (CVE-2018-21035), ws (CVE-2016-10542)",
        &[
            "tautline-connection::tests/allocations.rs::a_header_alone_allocates_next_to_nothing",
            "tautline-driver::tests/memory.rs::a_header_that_claims_much_costs_little",
        ],
        "",
    ),
    known(
        "F3",
        "a payload is stored before its opcode is refused: Jetty (CVE-2026-19204)",
        &["tautline-connection::tests/framing.rs::a_bad_header_is_refused_before_its_payload"],
        "",
    ),
    known(
        "F4",
        "endless small fragments: ws (CVE-2026-48779), undici (CVE-2026-12151), Netty (CVE-2014-0193)",
        &[
            "tautline-connection::tests/floods.rs::a_million_fragments_pass_if_they_carry_something",
            "tautline-connection::tests/limits.rs::as_many_empty_fragments_pass_as_the_limit_says",
        ],
        "",
    ),
    known(
        "F5",
        "each fragment costs as much as all before it: Bandit (CVE-2026-65623)",
        &["tautline-connection::tests/floods.rs::a_message_of_many_fragments_passes"],
        "",
    ),
    known(
        "F6",
        "Pongs leak buffers: Undertow (CVE-2021-3690)",
        &["tautline-connection::tests/allocations.rs::unsolicited_pongs_allocate_nothing"],
        "",
    ),
    known(
        "F7",
        "answers to a peer that does not read pile up: ws-rs (RUSTSEC-2020-0043)",
        &[
            "tautline-connection::tests/allocations.rs::a_flood_of_pings_that_is_not_read_holds_little",
            "tautline-driver::tests/flushing.rs::replies_to_a_peer_that_does_not_read_are_bounded",
        ],
        "",
    ),
    known(
        "F8",
        "masking keys can be predicted: curl (CVE-2025-10148)",
        &["tautline-driver::tests/keys.rs::every_frame_has_a_key_that_the_ones_before_do_not_tell"],
        "",
    ),
    known(
        "F9",
        "a packet makes the parser go round for ever: curl (CVE-2025-5399)",
        &[
            "tautline-connection::tests/floods.rs::every_call_makes_progress",
            "tautline-connection::tests/splits.rs::garbage_reads_the_same_in_any_pieces",
        ],
        "",
    ),
    known(
        "F10",
        "frames of a client need no mask: aiohttp, uWebSockets",
        &[
            "tautline-connection::tests/framing.rs::frames_with_the_wrong_direction_of_the_mask_are_refused",
        ],
        "",
    ),
    known(
        "F11",
        "lengths of the old drafts have no bound: websocket-driver (CVE-2026-54466)",
        &[
            "tautline-handshake::tests/server_handshake.rs::a_wrong_version_is_answered_with_the_right_one",
        ],
        "Only version 13 is spoken.",
    ),
    known(
        "F12",
        "an error of the protocol that nobody handles ends the program: engine.io (CVE-2022-21676)",
        &[
            "tautline-connection::tests/failing.rs::each_violation_is_told_to_the_peer_and_to_the_caller",
        ],
        "An error is a value that is returned.",
    ),
    known(
        "F13",
        "control frames between fragments: Mongoose (CVE-2017-2922)",
        &[
            "tautline-connection::tests/fragmentation.rs::control_frames_between_all_fragments_change_nothing",
        ],
        "",
    ),
    known(
        "C1",
        "little that inflates to much: websockets (CVE-2018-1000518), undici (CVE-2026-1526), \
         websocket-driver (CVE-2026-54490), Tornado, Netty",
        &["tautline-connection::tests/bombs.rs::bombs_are_defused_in_little_memory"],
        "",
    ),
    known(
        "C2",
        "very many tiny deflate streams in one message: aiohttp",
        &[
            "tautline-deflate::tests/decompressor.rs::very_many_tiny_blocks_are_inflated_unless_they_only_end_streams",
        ],
        "",
    ),
    known(
        "C3",
        "windows out of range: undici (CVE-2026-2229)",
        &[
            "tautline-deflate::tests/windows.rs::window_bits_have_one_spelling",
            "tautline-deflate::tests/params.rs::wrong_values_are_errors",
        ],
        "",
    ),
    known(
        "C4",
        "compression that was never agreed on: aiohttp (CVE-2026-59881)",
        &[
            "tautline-connection::tests/deflate/receiving.rs::rsv1_without_agreement_fails_the_connection",
            "tautline-deflate::tests/client.rs::a_server_cannot_accept_what_was_not_offered",
        ],
        "",
    ),
    known(
        "C5",
        "control frames disturb compressed messages: aiohttp",
        &[
            "tautline-connection::tests/deflate/receiving.rs::control_frames_come_between_compressed_fragments",
        ],
        "",
    ),
    known(
        "C6",
        "empty messages and full buffers: CivetWeb (CVE-2026-29035)",
        &[
            "tautline-deflate::tests/compressor.rs::an_empty_message_is_a_single_zero_byte",
            "tautline-deflate::tests/decompressor.rs::payloads_inflate_to_what_they_mean",
        ],
        "",
    ),
    known(
        "C7",
        "the tail of a message is left on: Tomcat against Netty",
        &["tautline-deflate::tests/decompressor.rs::payloads_inflate_to_what_they_mean"],
        "",
    ),
    known(
        "C8",
        "a window of 8 bits becomes one of 9: zlib, Bun",
        &[
            "tautline-deflate::tests/server.rs::a_server_window_of_8_bits_is_declined",
            "tautline-deflate::tests/client.rs::a_client_that_is_limited_to_8_bits_does_not_compress",
        ],
        "There is no `Window` of 8 bits.",
    ),
    known(
        "C9",
        "writers wait in the middle of a compressed message: aiohttp",
        &[
            "tautline::tests/adapters/deflate.rs::sending_that_is_given_up_leaves_the_context_as_the_peer_has_it",
        ],
        "Compressing and queueing is one call that waits for nothing.",
    ),
    known(
        "C10",
        "assertions at the edges of messages: libwebsockets, ws",
        &[
            "tautline-deflate::tests/decompressor.rs::corrupt_data_is_refused_and_so_is_what_comes_after_it",
        ],
        "The inflater is fuzzed, too.",
    ),
    known(
        "L1",
        "connections that close early, or never, are kept: Tomcat (CVE-2024-23672, CVE-2021-42340), Jetty",
        &[
            "tautline::tests/adapters/closing.rs::a_peer_that_never_answers_a_close_is_given_up_in_time",
            "tautline-driver::tests/unclean_ends.rs::a_peer_that_reads_nothing_is_waited_for_no_longer_than_the_close_timeout",
        ],
        "",
    ),
    known(
        "L2",
        "sending and closing at the same time: Tomcat (CVE-2022-25762)",
        &[
            "tautline-connection::tests/pair.rs::sending_after_a_close_fails_at_every_moment",
            "tautline-driver::tests/halves.rs::a_writer_that_waits_ends_with_the_closing_handshake",
        ],
        "",
    ),
    known(
        "L3",
        "foreign memory in the reason of a Close: ws (CVE-2026-45736)",
        &[
            "tautline-frame::tests/control_payload.rs::a_reason_of_123_bytes_fits_and_one_of_124_does_not",
            "tautline-frame::tests/control_payload.rs::a_reason_too_long_is_cut_between_characters",
        ],
        "Safe Rust; a reason is a `ControlPayload` of its own length.",
    ),
    known(
        "L4",
        "the stack overflows in a tree of topics: uWebSockets (CVE-2020-36406)",
        &[],
        "There are no topics, and no parser calls itself.",
    ),
    known(
        "L5",
        "a number as the payload of a Ping is a length: ws (CVE-2016-10518)",
        &["tautline-frame::tests/control_payload.rs::at_most_125_bytes_fit"],
        "A payload is bytes: a number does not compile.",
    ),
    known(
        "L6",
        "faults of what is built upon: h2, bytes, tokio's broadcast channel",
        &[],
        "h2 and that channel are not used; the `bytes` in `Cargo.lock` is newer than its fault.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::ROWS;
    use crate::hostile::attacks;

    #[test]
    fn every_row_is_attacked_or_proved_or_ruled_out() {
        let mut ids = BTreeSet::new();
        for row in ROWS {
            assert!(ids.insert(row.id), "{} appears twice", row.id);
            let attacked = attacks::all().any(|attack| attack.rows.contains(&row.id));
            let answered = attacked || !row.tests.is_empty() || !row.note.is_empty();
            assert!(answered, "{}", row.id);
        }
    }

    #[test]
    fn the_tests_that_are_named_exist() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
        for test in ROWS.iter().flat_map(|row| row.tests) {
            let parts: Vec<&str> = test.split("::").collect();
            let [package, file, function] = parts[..] else {
                panic!("{test} is not package::file::function");
            };
            let source = fs::read_to_string(crates.join(package).join(file));
            let source = source.unwrap_or_else(|error| panic!("{test}: {error}"));
            let found = ["(", "<"]
                .iter()
                .any(|end| source.contains(&format!("fn {function}{end}")));
            assert!(found, "{test} does not exist");
        }
    }
}
