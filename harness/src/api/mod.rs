//! The cluster's API over HTTPS, for kubectl and every other client.
//!
//! What a request means is decided here, by the table of resources; what it does is the store's
//! business. The server listens on loopback only, and answers nobody without its token.

mod answer;
mod authorization;
mod body;
mod certificate;
mod connections;
mod containers;
mod driven;
mod exec;
mod health;
mod kubeconfig;
mod logs;
mod negotiation;
mod node_proxy;
mod objects;
mod options;
mod path;
mod query;
mod request;
mod reviews;
mod steps;
mod token;
mod version;
mod watching;

use std::future::Future;
use std::io;
use std::sync::Arc;

use fake_cri::ImageStore;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cluster::ClusterError;
use crate::scenario::ClusterSpec;

pub use kubeconfig::{Kubeconfig, KubeconfigError};
pub use steps::{ReportedDifference, ReportedStep, STEPS_PATH};
pub use token::Token;

/// Why a cluster is not served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The system gives no randomness.
    #[error("the system gives no random bytes for a token")]
    Random,
    /// A certificate could not be made.
    #[error("no certificate can be made: {0}")]
    Certificate(String),
    /// The port could not be opened.
    #[error("port {port} of 127.0.0.1 cannot be opened; choose another with --port, or 0 for any")]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No thread or runtime could be made.
    #[error("the cluster's thread cannot be started")]
    Thread(#[source] io::Error),
    /// The cluster's thread ended before the cluster was up.
    #[error("the cluster's thread has ended")]
    ClusterThread,
    /// The cluster could not be brought up.
    #[error(transparent)]
    Cluster(ClusterError),
}

/// What is served, and where.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The cluster at the start.
    pub cluster: ClusterSpec,
    /// How many times as fast as real time the cluster's time passes; 0: it stands still until
    /// steps are taken. At most [`MOST_SPEED`].
    pub speed: f64,
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
}

/// The fastest that a cluster's time can be asked to pass, as a multiple of real time.
pub const MOST_SPEED: f64 = 100_000.0;

/// How a server is reached.
#[derive(Debug, Clone)]
pub struct Access {
    /// The port on 127.0.0.1.
    pub port: u16,
    /// The certificate, as PEM.
    pub certificate: String,
    /// The token that every request carries.
    pub token: Token,
}

impl Access {
    /// The server's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

/// A cluster that is up and about to be served.
pub struct Server {
    access: Access,
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    cluster: driven::DrivenCluster,
    thread: std::thread::JoinHandle<()>,
}

impl Server {
    /// Brings a cluster up and opens its port. Needs a tokio runtime with I/O.
    ///
    /// # Errors
    /// [`ServeError`].
    pub async fn start(options: ServeOptions, images: Arc<ImageStore>) -> Result<Self, ServeError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let token = Token::random(&provider)?;
        let certificate = certificate::Certificate::new(provider)?;
        let port = options.port;
        let failed = |source| ServeError::Listen { port, source };
        let listener = connections::listen(port).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let (cluster, thread) =
            driven::DrivenCluster::start(options.cluster, images, options.speed)?;
        cluster.api.publish_certificate(&certificate.pem);
        Ok(Self {
            access: Access { port, certificate: certificate.pem, token },
            listener,
            tls: certificate.tls,
            cluster,
            thread,
        })
    }

    /// How clients reach it.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Serves until `until` completes; then every connection is closed and the cluster is gone.
    pub async fn serve(self, until: impl Future<Output = ()>) {
        let (stop, stops) = watch::channel(false);
        let context = Arc::new(request::Context {
            cluster: self.cluster,
            token: self.access.token,
            port: self.access.port,
        });
        let answer = move |request| request::answer(Arc::clone(&context), request);
        let serving = connections::serve(self.listener, self.tls, stops, answer);
        let stopping = async {
            until.await;
            // The other side ends only when it is told to.
            let _ = stop.send(true);
        };
        tokio::join!(serving, stopping);
        // With the last request gone the thread has nothing to wait for.
        let _ = tokio::task::spawn_blocking(move || self.thread.join()).await;
    }
}
