//! Connections: TLS on loopback, so many and so long.

use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;

/// The most connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 1024;

/// How long a client may take to agree on TLS.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take for the head of a request, and be idle between two (kube-apiserver
/// `ReadHeaderTimeout`).
const HEADER_TIMEOUT: Duration = Duration::from_secs(32);

/// The most bytes of a request's head that are held.
const MOST_HEADER_BYTES: usize = 256 * 1024;

/// The most headers of a request.
const MOST_HEADERS: usize = 100;

/// How long answers that are under way may take when the server ends.
const FAREWELL: Duration = Duration::from_millis(500);

/// Opens a port of loopback; any free one for 0.
pub(super) async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Serves connections until `stop` says so; then none is left.
pub(super) async fn serve<F>(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    mut stop: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Answer> + Send + 'static,
{
    let acceptor = TlsAcceptor::from(tls);
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    let ends = stop.clone();
    loop {
        let place = tokio::select! {
            () = until(&mut stop) => break,
            place = Arc::clone(&places).acquire_owned() => place,
            Some(_) = connections.join_next() => continue,
        };
        let accepted = tokio::select! {
            () = until(&mut stop) => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, say: give connections time to end.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (acceptor, answer, ends) = (acceptor.clone(), answer.clone(), ends.clone());
        connections.spawn(async move {
            connection(stream, acceptor, ends, answer).await;
            drop(place);
        });
    }
    drop(listener);
    let all_end = async { while connections.join_next().await.is_some() {} };
    // Watches and commands that still go on are cut off.
    let _ = tokio::time::timeout(FAREWELL, all_end).await;
    connections.shutdown().await;
}

async fn connection<F>(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    mut ends: watch::Receiver<bool>,
    answer: impl Fn(Request<Incoming>) -> F,
) where
    F: Future<Output = Answer>,
{
    // Small answers should not wait for more.
    let _ = stream.set_nodelay(true);
    let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await;
    let Ok(Ok(stream)) = handshake else { return };
    let service = service_fn(|request| {
        let answer = answer(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MOST_HEADER_BYTES)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        // What a client does to its connection is its own affair.
        _ = connection.as_mut() => true,
        () = until(&mut ends) => false,
    };
    if !ended {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

/// Completes when the flag is up, or can never be.
async fn until(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|up| *up).await;
}
