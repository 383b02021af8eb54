//! `wss://` without the feature.

use futures_util::FutureExt;
use tautline::driver::{ConnectError, Connector};

use crate::support::{Adapter, Untouched};

/// R6455-10.6-01
pub(crate) async fn a_wss_uri_fails_before_any_input_or_output<A: Adapter>() {
    let connector = Connector::<Untouched<A>>::new();
    let result = connector
        .connect("wss://server.example.com/")
        .now_or_never();
    assert!(matches!(result, Some(Err(ConnectError::TlsNotEnabled))));
}
