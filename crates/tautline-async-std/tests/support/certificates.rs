//! A certificate that lives as long as a test.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tautline_async_std::tls::{
    self,
    rustls::{
        ClientConfig, ServerConfig,
        pki_types::{PrivateKeyDer, ServerName},
    },
};

/// Settings of a client and of a server that the client trusts.
pub(crate) fn configs() -> (Arc<ClientConfig>, Arc<ServerConfig>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    (
        tls::client_config_with_roots([certificate.clone()]).unwrap(),
        tls::server_config(vec![certificate], key).unwrap(),
    )
}

/// The name that the certificate is for.
pub(crate) fn name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}
