//! `wss://` without the feature.

use futures_util::FutureExt;
use tautline_tokio::{ConnectError, connect};

/// Outside a runtime, whatever asks for a socket, a timer or a name panics.
///
/// R6455-10.6-01
#[test]
fn a_wss_uri_fails_before_any_input_or_output() {
    let result = connect("wss://server.example.com/").now_or_never();
    assert!(matches!(result, Some(Err(ConnectError::TlsNotEnabled))));
}
