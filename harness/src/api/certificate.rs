//! The server's certificate, made anew at every start and kept in memory only.

use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::ServeError;

/// The names under which the server can be reached: loopback only.
const NAMES: &[&str] = &["localhost", "127.0.0.1", "::1"];

/// A certificate and what TLS needs to use it.
pub(super) struct Certificate {
    /// The certificate as PEM, for those who are to trust it.
    pub(super) pem: String,
    /// TLS with it.
    pub(super) tls: Arc<ServerConfig>,
}

impl Certificate {
    /// Makes a certificate that signs itself.
    ///
    /// # Errors
    /// [`ServeError::Certificate`].
    pub(super) fn new(provider: Arc<CryptoProvider>) -> Result<Self, ServeError> {
        let failed = |error: &dyn std::error::Error| ServeError::Certificate(error.to_string());
        let names: Vec<_> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).map_err(|error| failed(&error))?;
        params.distinguished_name.push(DnType::CommonName, "gidcheck");
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let certificate = params.self_signed(&key).map_err(|error| failed(&error))?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .map_err(|error| failed(&error))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem: certificate.pem(), tls: Arc::new(tls) })
    }
}
