//! `pods/exec` and `pods/attach`: a command in a container, or its first process, over a WebSocket,
//! as kubectl has spoken since 1.31.

mod channels;
mod protocol;
mod session;

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    UPGRADE,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use kubernetes_objects::Status;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::answer::Answer;
use super::body::Body;
use super::containers;
use super::path::Target;
use super::query::Query;
use super::request::{Context, Head};
use protocol::Protocol;
use session::Session;

/// The largest message that is read from a client, in bytes.
const LARGEST_MESSAGE: usize = 1024 * 1024;

/// What a client is connected to.
#[derive(Debug, Clone)]
enum Process {
    /// A command of its own.
    Command(Vec<String>),
    /// The container's first process.
    First,
}

/// What a client wants to be connected to, and with which streams.
#[derive(Debug, Clone)]
struct Wanted {
    process: Process,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
}

impl Wanted {
    fn of(subresource: &str, query: &Query) -> Result<Self, Status> {
        let tty = query.flag("tty");
        let process = if subresource == "attach" {
            Process::First
        } else {
            Process::Command(query.all("command").map(str::to_owned).collect())
        };
        let wanted = Self {
            process,
            stdin: query.flag("stdin"),
            stdout: query.flag("stdout"),
            // A terminal has one stream for both.
            stderr: query.flag("stderr") && !tty,
            tty,
        };
        if !(wanted.stdin || wanted.stdout || wanted.stderr) {
            let message = "you must specify at least 1 of stdin, stdout, stderr";
            return Err(Status::bad_request(message));
        }
        if matches!(&wanted.process, Process::Command(words) if words.is_empty()) {
            return Err(Status::bad_request(
                "you must specify at least one command for the container",
            ));
        }
        Ok(wanted)
    }
}

/// Connects a client that speaks WebSocket to a process.
pub(super) async fn connect(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
    mut request: Request<Incoming>,
) -> Result<Answer, Status> {
    let place = containers::find(context, target, head.query.text("container"))?;
    if place.node.is_empty() {
        let pod = &target.name;
        return Err(Status::bad_request(format!("pod {pod} does not have a host assigned")));
    }
    let upgrade = head.header(&UPGRADE).to_ascii_lowercase();
    if upgrade.is_empty() {
        return Err(Status::bad_request("Upgrade request required"));
    }
    if upgrade != "websocket" {
        return Err(Status::bad_request(format!(
            "gidcheck speaks {} over WebSocket only; use kubectl 1.31 or newer, without \
             KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false",
            target.below()
        )));
    }
    let wanted = Wanted::of(target.below(), &head.query)?;
    let offered = head.header(&SEC_WEBSOCKET_PROTOCOL);
    let protocol = Protocol::choose(offered).ok_or_else(|| {
        Status::bad_request(format!(
            "unable to negotiate protocol: client supports [{offered}], server accepts [{}]",
            protocol::NAMES
        ))
    })?;
    let key = head.header(&SEC_WEBSOCKET_KEY);
    if key.is_empty() {
        return Err(Status::bad_request("websocket: Sec-WebSocket-Key is missing"));
    }
    let accept = derive_accept_key(key.as_bytes());
    let upgraded = hyper::upgrade::on(&mut request);
    let session = Session { context: Arc::clone(context), place, wanted, protocol };
    tokio::spawn(async move {
        // A client that leaves before the upgrade has nothing to be told.
        let Ok(upgraded) = upgraded.await else { return };
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(LARGEST_MESSAGE);
        config.max_frame_size = Some(LARGEST_MESSAGE);
        let io = TokioIo::new(upgraded);
        let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        session.run(socket).await;
    });
    Ok(switching(&accept, protocol))
}

fn switching(accept: &str, protocol: Protocol) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol.name()));
    if let Ok(accept) = HeaderValue::from_str(accept) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    answer
}
