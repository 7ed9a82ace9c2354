//! One command from its start to its end, with its streams over one WebSocket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cri_api::{ExecEvent, ExecEvents, ExecRequest};
use fake_kubelet::ExecError;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::super::containers::ContainerPlace;
use super::super::request::Context;
use super::Wanted;
use super::channels::{self, Sent};
use super::protocol::Protocol;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How many pieces of input may wait for the command.
const INPUT_AHEAD: usize = 64;

/// How long a client may leave a message unread, or its farewell unanswered.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

/// A command to be run for a client.
pub(super) struct Session {
    pub(super) context: Arc<Context>,
    pub(super) place: ContainerPlace,
    pub(super) wanted: Wanted,
    pub(super) protocol: Protocol,
}

impl Session {
    /// Runs the command; ends when it has, or when the client leaves.
    pub(super) async fn run(self, socket: Socket) {
        let (mut to_client, mut from_client) = socket.split();
        let (input, stdin) = mpsc::channel(INPUT_AHEAD);
        let request = ExecRequest {
            command: self.wanted.command.clone(),
            tty: self.wanted.tty,
            stdin: self.wanted.stdin.then_some(stdin),
        };
        let outcome = match self.start(request).await {
            Ok(events) => {
                let input = Some(input).filter(|_| self.wanted.stdin);
                let reading = read(&mut from_client, input, self.protocol);
                tokio::select! {
                    outcome = self.write(events, &mut to_client) => outcome,
                    // A client that leaves takes its command with it.
                    () = reading => None,
                }
            }
            Err(message) => Some(channels::failure(&message)),
        };
        let Some(outcome) = outcome else { return };
        let said = channels::message(channels::ERROR, outcome.to_string().as_bytes());
        let done = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let farewell = async {
            if to_client.send(Message::Binary(said)).await.is_ok()
                && to_client.send(Message::Close(Some(done))).await.is_ok()
            {
                // The client's own farewell ends the connection.
                while let Some(Ok(_)) = from_client.next().await {}
            }
        };
        // Whoever does not answer is left alone.
        let _ = timeout(CLIENT_TIMEOUT, farewell).await;
    }

    /// Starts the command on the pod's node; why not otherwise, in the words of a real cluster.
    async fn start(&self, request: ExecRequest) -> Result<ExecEvents, String> {
        let place = self.place.clone();
        let looked = self.context.cluster.look(move |cluster| {
            Box::pin(async move {
                let kubelet = cluster.node(&place.node).ok().and_then(|node| node.kubelet());
                let Some(kubelet) = kubelet else {
                    return Err(format!("no kubelet runs on node {}", place.node));
                };
                kubelet
                    .exec_stream(&place.pod, &place.container, request)
                    .await
                    .map_err(|error| words(&error))
            })
        });
        looked.await.unwrap_or_else(|_| Err("the cluster has ended".to_owned()))
    }

    /// Sends what the command prints; gives how it ended, or nothing when the client is gone.
    async fn write(
        &self,
        mut events: ExecEvents,
        to_client: &mut SplitSink<Socket, Message>,
    ) -> Option<Json> {
        while let Some(event) = events.recv().await {
            let (channel, text, is_wanted) = match event {
                ExecEvent::Output(text) => (channels::STDOUT, text, self.wanted.stdout),
                ExecEvent::Error(text) => (channels::STDERR, text, self.wanted.stderr),
                ExecEvent::Exited(code) => {
                    return Some(channels::outcome(code, &self.wanted.command));
                }
            };
            if is_wanted {
                let message = Message::Binary(channels::message(channel, &text));
                let sent = timeout(CLIENT_TIMEOUT, to_client.send(message)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return None;
                }
            }
        }
        Some(channels::failure("error executing command in container: the container has ended"))
    }
}

/// Why a command did not start, as a kubelet and its runtime say it.
fn words(error: &ExecError) -> String {
    match error {
        ExecError::PodNotFound { .. } => {
            "unable to upgrade connection: pod does not exist".to_owned()
        }
        ExecError::ContainerNotFound { .. } => format!("unable to upgrade connection: {error}"),
        ExecError::Runtime(_) => format!("error executing command in container: {error}"),
    }
}

/// Hands what the client sends to the command, until the client leaves.
async fn read(
    from_client: &mut SplitStream<Socket>,
    mut input: Option<mpsc::Sender<Bytes>>,
    protocol: Protocol,
) {
    while let Some(Ok(message)) = from_client.next().await {
        let message = match message {
            Message::Binary(message) => message,
            Message::Text(text) => Bytes::from(text),
            Message::Close(_) => return,
            _ => continue,
        };
        match Sent::read(&message, protocol) {
            Sent::Input(text) => {
                let gone = match &input {
                    Some(sender) => sender.send(text).await.is_err(),
                    None => false,
                };
                if gone {
                    // The command reads no more; what it prints still matters.
                    input = None;
                }
            }
            Sent::EndOfInput => input = None,
            Sent::Nothing => {}
        }
    }
}
