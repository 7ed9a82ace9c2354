//! Those who have joined the streams of a container's first process.

use std::sync::Arc;

use bytes::Bytes;
use cri_api::{AttachRequest, CriError, EVENTS_AHEAD, ExecEvent, ExecEvents};
use tokio::sync::mpsc;
use toolbox::Stream;

use super::state::{Container, Life, Phase, Waits};
use super::{Inner, words};
use crate::process::{Received, Terminal};

/// How many may have joined one container's streams.
const MOST: usize = 64;

/// How many events come of one piece of input at most: its echo, and what the process prints on
/// either stream.
const EVENTS_OF_ONE_INPUT: usize = 3;

/// A shell, whose own signal handling is the toolbox's.
const SHELL: &str = "sh";

/// A first process's terminal, and who has joined its streams.
#[derive(Default)]
pub(super) struct Attached {
    terminal: Terminal,
    listeners: Vec<mpsc::Sender<ExecEvent>>,
}

impl Attached {
    /// Tells all who listen; who is too slow, or gone, is left out from then on.
    fn tell(&mut self, event: &ExecEvent) {
        self.listeners.retain(|listener| listener.try_send(event.clone()).is_ok());
    }
}

impl Inner {
    /// Joins the first process's streams. As in containerd, the end of what is sent closes the
    /// process's standard input where the container wants that (`stdinOnce`, without a terminal),
    /// and elsewhere ends the connection only.
    pub(super) fn attach(
        self: &Arc<Self>,
        id: &str,
        request: AttachRequest,
    ) -> Result<ExecEvents, CriError> {
        let container = self.container(id)?;
        let (listener, events) = mpsc::channel(EVENTS_AHEAD);
        {
            let mut life = container.life();
            if let Some(state) = life.phase.not_running() {
                return Err(words::attach_needs_running(self.profile(), &container.id, state));
            }
            let attached = life.attached.get_or_insert_default();
            attached.listeners.retain(|listener| !listener.is_closed());
            if attached.listeners.len() >= MOST {
                return Err(words::too_many("connections to one container's streams", MOST));
            }
            attached.listeners.push(listener.clone());
        }
        if let Some(stdin) = request.stdin.filter(|_| container.config.stdin) {
            tokio::spawn(Arc::clone(self).forward(container, stdin, listener.downgrade()));
        }
        Ok(events)
    }

    /// Hands what somebody sends to the first process, until either ends.
    async fn forward(
        self: Arc<Self>,
        container: Arc<Container>,
        mut stdin: mpsc::Receiver<Bytes>,
        listener: mpsc::WeakSender<ExecEvent>,
    ) {
        while let Some(bytes) = stdin.recv().await {
            // The container's end, or a reader that is too slow, takes the listener away.
            let Some(sender) = listener.upgrade() else { return };
            // What comes of the input must not make its own sender too slow.
            if sender.reserve_many(EVENTS_OF_ONE_INPUT).await.is_err() {
                break;
            }
            self.receive(&container, &bytes);
        }
        self.end_of_input(&container, listener.upgrade().as_ref());
    }

    fn receive(self: &Arc<Self>, container: &Arc<Container>, bytes: &[u8]) {
        let mut life = container.life();
        let Life { phase, attached, .. } = &mut *life;
        let Phase::Running { process, waits, .. } = phase else { return };
        let Some(console) = &mut process.console else { return };
        let terminal = attached.as_mut().map(|attached| &mut attached.terminal);
        let Received { interrupts, echo } =
            console.receive(terminal.filter(|_| container.config.tty), bytes);
        let readable = *waits == Waits::Input && console.is_readable();
        // A process 1 that does not handle the signal does not notice it.
        let interrupts =
            interrupts && (process.name == SHELL || !container.ignores_sigterm(process));
        if interrupts {
            process.interrupt();
            if let Waits::Time(wake) = *waits {
                self.timers.cancel(wake);
            }
        }
        if !echo.is_empty() {
            self.show(&mut life, vec![(Stream::Output, echo)]);
        }
        drop(life);
        if interrupts || readable {
            self.advance(container);
        }
    }

    fn end_of_input(
        self: &Arc<Self>,
        container: &Arc<Container>,
        listener: Option<&mpsc::Sender<ExecEvent>>,
    ) {
        let mut life = container.life();
        let Life { phase, attached, .. } = &mut *life;
        if !container.config.stdin_once || container.config.tty {
            if let (Some(attached), Some(own)) = (attached, listener) {
                attached.listeners.retain(|listener| !listener.same_channel(own));
            }
            return;
        }
        let Phase::Running { process, waits, .. } = phase else { return };
        if let Some(console) = &mut process.console {
            console.close();
        }
        if *waits == Waits::Input {
            drop(life);
            self.advance(container);
        }
    }

    /// Writes what has come out of the first process or its terminal to the log, and tells all
    /// who listen.
    pub(super) fn show(&self, life: &mut Life, printed: Vec<(Stream, Vec<u8>)>) {
        let (mut output, mut error) = (Vec::new(), Vec::new());
        for (stream, bytes) in printed {
            life.log.get_or_insert_default().write(self.now(), stream, &bytes);
            if life.attached.is_some() {
                match stream {
                    Stream::Output => output.extend(bytes),
                    Stream::Error => error.extend(bytes),
                }
            }
        }
        let Some(attached) = &mut life.attached else { return };
        for (bytes, event) in
            [(output, ExecEvent::Output as fn(Bytes) -> ExecEvent), (error, ExecEvent::Error)]
        {
            if !bytes.is_empty() {
                attached.tell(&event(Bytes::from(bytes)));
            }
        }
    }
}
