//! One process as far as a client is connected to it, with its streams over one WebSocket.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cri_api::{AttachRequest, ExecEvent, ExecEvents, ExecRequest};
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
use super::channels::{self, Sent};
use super::protocol::Protocol;
use super::{Process, Wanted};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How many pieces of input may wait for the command.
const INPUT_AHEAD: usize = 64;

/// How long a client may leave a message unread, or its farewell unanswered.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(60);

/// A client's connection to a process.
pub(super) struct Session {
    pub(super) context: Arc<Context>,
    pub(super) place: ContainerPlace,
    pub(super) wanted: Wanted,
    pub(super) protocol: Protocol,
}

impl Session {
    /// Connects the two; ends when the process has, or when the client leaves.
    pub(super) async fn run(self, socket: Socket) {
        let (mut to_client, mut from_client) = socket.split();
        let (input, stdin) = mpsc::channel(INPUT_AHEAD);
        let stdin = self.wanted.stdin.then_some(stdin);
        let outcome = match self.start(stdin).await {
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

    /// Reaches the process on the pod's node; why not otherwise, in the words of a real cluster.
    async fn start(&self, stdin: Option<mpsc::Receiver<Bytes>>) -> Result<ExecEvents, String> {
        let (place, wanted) = (self.place.clone(), self.wanted.clone());
        let looked = self.context.cluster.look(move |cluster| {
            Box::pin(async move {
                let kubelet = cluster.node(&place.node).ok().and_then(|node| node.kubelet());
                let Some(kubelet) = kubelet else {
                    return Err(format!("no kubelet runs on node {}", place.node));
                };
                let (pod, container) = (&place.pod, &place.container);
                match wanted.process {
                    Process::Command(command) => {
                        let request = ExecRequest { command, tty: wanted.tty, stdin };
                        let events = kubelet.exec_stream(pod, container, request).await;
                        events.map_err(|error| words(&error, "executing command in"))
                    }
                    Process::First => {
                        let events = kubelet.attach(pod, container, AttachRequest { stdin }).await;
                        events.map_err(|error| words(&error, "attaching to"))
                    }
                }
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
                ExecEvent::Exited(code) => return Some(self.outcome(code)),
            };
            if is_wanted {
                let message = Message::Binary(channels::message(channel, &text));
                let sent = timeout(CLIENT_TIMEOUT, to_client.send(message)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return None;
                }
            }
        }
        Some(match self.wanted.process {
            Process::Command(_) => {
                channels::failure("error executing command in container: the container has ended")
            }
            // Whoever is attached hears of the end, not of how it came.
            Process::First => self.outcome(0),
        })
    }

    fn outcome(&self, exit_code: i32) -> Json {
        match &self.wanted.process {
            Process::Command(command) => channels::outcome(exit_code, command),
            Process::First => channels::outcome(exit_code, &[]),
        }
    }
}

/// Why a process could not be reached, as a kubelet and its runtime say it.
fn words(error: &ExecError, doing: &str) -> String {
    match error {
        ExecError::PodNotFound { .. } => {
            "unable to upgrade connection: pod does not exist".to_owned()
        }
        ExecError::ContainerNotFound { .. } => format!("unable to upgrade connection: {error}"),
        ExecError::Runtime(_) => format!("error {doing} container: {error}"),
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
