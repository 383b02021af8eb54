//! What every adapter promises, written once and run on every runtime whose feature is on: clients
//! and servers over loopback sockets, streams in memory, and a clock that moves when it is told to.
//!
//! A behaviour is a function that is generic over the adapter; below is the list of them all. One
//! that is not in it is dead code to the compiler.
#![forbid(unsafe_code)]
#![cfg(any(feature = "tokio", feature = "async-std", feature = "smol"))]
#![expect(
    clippy::unwrap_used,
    reason = "what fails in the helpers of a test fails the test"
)]

mod support;

mod cancellation;
mod closing;
mod connecting;
#[cfg(feature = "deflate")]
mod deflate;
#[cfg(feature = "deflate")]
mod deflate_handshake;
mod facade;
#[cfg(feature = "futures")]
mod futures;
mod half_open;
mod halves;
mod keepalive;
mod pending;
mod prepared;
mod serve;
mod sizes;
mod timers;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(not(feature = "rustls"))]
mod tls_off;
mod upgrade;
mod vectored;

/// Makes of every behaviour a test for every adapter.
macro_rules! suite {
    ($($(#[$condition:meta])* $file:ident { $($behaviour:ident,)* })*) => {
        #[cfg(feature = "tokio")]
        mod tokio {
            $($(#[$condition])* mod $file {
                $(
                    #[test]
                    fn $behaviour() {
                        crate::support::run::<tautline::tokio::TokioRuntime>(
                            crate::$file::$behaviour::<tautline::tokio::TokioRuntime>(),
                        );
                    }
                )*
            })*
        }

        #[cfg(feature = "async-std")]
        mod async_std {
            $($(#[$condition])* mod $file {
                $(
                    #[test]
                    fn $behaviour() {
                        crate::support::run::<tautline::async_std::AsyncStdRuntime>(
                            crate::$file::$behaviour::<tautline::async_std::AsyncStdRuntime>(),
                        );
                    }
                )*
            })*
        }

        #[cfg(feature = "smol")]
        mod smol {
            $($(#[$condition])* mod $file {
                $(
                    #[test]
                    fn $behaviour() {
                        crate::support::run::<tautline::smol::SmolRuntime>(
                            crate::$file::$behaviour::<tautline::smol::SmolRuntime>(),
                        );
                    }
                )*
            })*
        }
    };
}

suite! {
    cancellation {
        nothing_is_lost_by_receiving_that_is_given_up,
        sending_that_is_given_up_sends_a_message_whole_or_not_at_all,
        a_task_that_gives_up_sending_takes_no_turn_away,
        a_close_that_is_given_up_goes_on,
        connecting_that_is_given_up_leaves_nothing_behind,
        accepting_that_is_given_up_loses_no_connection,
        a_handshake_that_a_server_gives_up_ends_the_stream,
        an_echo_goes_on_through_futures_that_are_given_up,
    }
    closing {
        a_close_from_either_side_is_clean_on_both,
        closes_that_cross_are_one_handshake,
        a_client_waits_for_the_server_to_end_the_stream,
        a_client_that_waits_for_the_end_in_vain_is_done_in_time_and_clean,
        a_peer_that_never_answers_a_close_is_given_up_in_time,
        a_server_ends_the_stream_first,
        what_a_peer_sends_after_its_close_does_not_cost_it_the_answer,
        a_peer_that_breaks_the_protocol_is_told_and_let_go_of,
        an_idle_client_stays_connected,
        a_connection_that_is_dropped_is_lost_for_the_other_end,
    }
    connecting {
        messages_of_every_kind_come_back_over_tcp,
        any_stream_will_do,
        nodelay_is_set_on_both_sides,
        nodelay_is_set_on_a_stream_that_was_connected_before,
        the_response_with_its_subprotocol_and_cookies_is_there_to_be_read,
        there_is_no_subprotocol_where_none_was_agreed_on,
        a_port_where_nobody_listens_is_an_error_of_connecting,
        an_invalid_uri_fails_before_any_input_or_output,
        a_refusal_comes_with_status_header_and_body,
        a_wrong_response_ends_the_connection_without_a_frame,
        a_server_that_stays_silent_runs_into_the_handshake_timeout,
        a_server_that_dribbles_runs_into_the_handshake_timeout,
        a_connection_that_is_reset_is_an_error_and_its_code_is_1006,
        a_stream_that_ends_without_a_closing_handshake_is_lost,
        bytes_in_the_segment_of_the_101_are_the_first_message,
        nothing_is_sent_between_the_request_and_the_101,
        every_handshake_has_a_nonce_of_its_own,
        an_ipv6_address_is_connected_to,
        a_request_carries_what_its_maker_added_and_no_origin_by_itself,
        a_handshake_done_elsewhere_is_taken_over_with_the_bytes_behind_it,
    }
    #[cfg(feature = "deflate")]
    deflate {
        both_ends_compress_what_they_send,
        what_would_not_get_shorter_is_sent_as_it_is,
        a_message_is_kept_from_being_compressed,
        a_handler_keeps_a_message_from_being_compressed,
        every_message_starts_anew_without_context_takeover,
        every_valid_form_of_a_message_is_inflated,
        rsv1_where_it_has_no_meaning_is_1002,
        what_is_corrupt_is_1007,
        a_limit_is_for_what_comes_out,
        a_server_outlives_a_bomb,
        a_message_leaves_in_fragments_of_the_size_that_was_set,
        fragments_are_compressed_one_by_one,
        keepalive_pings_go_between_compressed_fragments,
        nothing_is_lost_by_receiving_that_is_given_up,
        sending_that_is_given_up_leaves_the_context_as_the_peer_has_it,
        messages_of_all_sizes_and_kinds_come_back_through_serve,
        messages_of_all_sizes_and_kinds_go_each_way_through_halves,
        lent_messages_come_back_in_every_way_to_reply,
        a_prepared_message_is_compressed_as_each_connection_has_agreed,
        messages_of_all_sizes_and_kinds_come_in_fragments,
        connections_of_one_thread_do_not_mix_their_contexts,
        connections_on_several_threads_do_not_mix_their_contexts,
        a_handshake_done_elsewhere_brings_its_agreement_along,
    }
    #[cfg(feature = "deflate")]
    deflate_handshake {
        a_client_offers_what_its_settings_say,
        a_client_without_the_setting_offers_nothing,
        a_server_answers_the_first_offer_that_it_can_keep_to,
        offers_that_are_invalid_are_declined_and_not_the_handshake,
        a_server_without_the_setting_ignores_offers,
        a_server_accepts_nothing_that_was_not_offered,
        a_client_whose_offer_is_declined_compresses_nothing,
        an_answer_that_is_not_allowed_fails_before_any_frame,
        an_extension_that_was_never_offered_fails_the_handshake,
        a_client_takes_every_answer_that_is_allowed,
        a_client_that_must_keep_to_256_bytes_compresses_nothing,
        any_two_settings_get_along,
        no_other_extension_is_agreed_on_beside_it,
    }
    #[cfg(feature = "futures")]
    futures {
        a_server_forwards_its_stream_into_its_sink,
        a_stream_tells_an_error_once_and_ends,
    }
    half_open {
        a_peer_that_leaves_in_the_middle_of_a_message_is_lost,
        a_peer_that_is_reset_in_the_middle_of_a_message_is_an_error,
        messages_before_the_end_are_received,
        a_server_that_leaves_before_it_answers_fails_the_handshake,
        a_client_that_leaves_before_it_has_asked_fails_the_handshake,
    }
    halves {
        ten_thousand_messages_go_each_way_at_once,
        ten_thousand_messages_go_each_way_on_several_threads,
        ten_thousand_messages_go_each_way_through_a_pipe_of_one_kilobyte,
        small_socket_buffers_stop_nobody,
        an_echo_of_more_than_all_buffers_hold_comes_back,
        a_task_that_waits_to_send_learns_that_another_has_written_for_it,
        pings_are_answered_while_only_the_reading_half_is_in_use,
        a_writer_that_is_dropped_takes_no_answers_along,
        several_tasks_send_on_clones_of_the_writing_half,
        a_reader_that_waits_learns_that_the_peer_never_answered_the_close,
    }
    keepalive {
        a_client_gives_up_a_server_that_answers_no_ping,
        a_server_gives_up_a_client_that_answers_no_ping,
        a_message_that_nobody_takes_waits_no_longer_than_the_keepalive,
        a_message_that_nobody_finishes_waits_no_longer_than_its_timeout,
        a_peer_that_answers_is_kept_for_days,
        the_round_trip_of_a_ping_is_measured_by_the_clock_of_the_runtime,
    }
    pending {
        handshakes_with_one_address_take_turns,
        handshakes_under_two_names_of_one_address_take_turns,
        a_handshake_that_fails_or_is_given_up_lets_the_next_one_begin,
        handshakes_with_two_ports_do_not_wait_for_each_other,
        a_connector_for_load_tools_does_not_wait,
        waiting_for_the_turn_does_not_count_as_the_handshake,
    }
    prepared {
        one_message_is_sent_by_many_connections,
        handlers_tell_everybody,
        a_large_prepared_message_leaves_from_where_it_lies,
        a_prepared_message_that_is_given_up_is_sent_whole_or_not_at_all,
        a_prepared_message_is_not_sent_after_a_close,
    }
    serve {
        a_handler_answers_every_message_of_every_connection,
        what_keeps_a_peer_out_is_told_with_its_address,
        a_handler_may_speak_first,
        a_handler_that_fails_or_panics_closes_its_own_connection_with_1011,
        a_handler_that_panics_at_once_harms_nobody_else,
        a_handler_that_panics_as_it_is_dropped_harms_nobody_else,
        a_handler_that_returns_closes_normally_after_its_last_words,
        a_shutdown_tells_everyone_1001_and_ends_the_server,
        a_shutdown_is_bounded_by_twice_the_close_timeout,
        a_shutdown_does_not_wait_for_a_request_that_is_not_complete,
        a_server_that_is_dropped_takes_its_connections_and_handlers_along,
        pages_of_other_origins_get_403_unless_the_server_says_otherwise,
        a_peer_that_speaks_no_http_gets_an_answer_and_harms_nobody,
        a_peer_that_sends_no_request_is_let_go_of,
        the_limits_of_the_configuration_hold,
        another_task_sends_while_the_handler_waits,
    }
    sizes {
        sixteen_mebibytes_pass_both_ways,
        one_byte_more_than_sixteen_mebibytes_is_refused_with_1009,
    }
    timers {
        a_deadline_passes_not_before_its_time,
        a_deadline_that_has_passed_is_over_at_once_and_stays_so,
        a_deadline_that_is_replaced_counts_no_more,
        a_deadline_wakes_the_task_that_polled_last,
        a_task_sleeps_not_too_short,
    }
    #[cfg(feature = "rustls")]
    tls {
        messages_come_back_over_tls,
        both_directions_are_in_use_at_once_inside_tls,
        tls_1_2_and_1_3_are_spoken_and_nothing_older,
        certificates_that_do_not_convince_end_it_before_any_request,
        the_first_bytes_are_those_of_tls,
        whoever_listens_in_hears_nothing_but_tls,
        a_server_is_told_the_name_but_not_an_address,
        plain_http_on_a_tls_port_gets_no_http_back,
        peers_that_never_finish_tls_are_given_up,
        both_sides_end_tls_before_tcp,
        tls_that_is_cut_off_is_a_lost_connection,
    }
    #[cfg(not(feature = "rustls"))]
    tls_off {
        a_wss_uri_fails_before_any_input_or_output,
    }
    upgrade {
        a_request_is_seen_and_answered_with_a_subprotocol_and_header_fields,
        a_rejection_has_the_status_header_and_body_it_was_given,
        a_plain_rejection_has_no_body,
        a_page_is_served_on_the_same_port,
        origins_that_are_not_on_the_list_get_403,
        what_is_no_handshake_is_refused_with_the_status_that_fits,
        an_answer_that_is_not_allowed_is_the_servers_own_fault,
        a_subprotocol_that_was_not_offered_is_named_as_the_fault,
        bytes_in_the_segment_of_the_request_are_the_first_message,
        what_is_no_request_is_answered_as_far_as_it_can_be,
        a_client_that_stays_silent_runs_into_the_handshake_timeout,
        a_rejected_peer_that_does_not_read_or_does_not_leave_is_let_go_of,
        a_decision_may_take_longer_than_the_handshake_timeout,
    }
    vectored {
        a_large_message_leaves_in_one_write_from_where_it_lies,
        messages_that_were_queued_together_leave_in_one_write,
        a_write_that_took_a_part_goes_on_where_it_stopped,
        a_socket_takes_all_slices_in_one_call,
    }
}
