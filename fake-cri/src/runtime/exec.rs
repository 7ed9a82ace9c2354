//! Processes beside a container's first one: `ExecSync`, and `Exec` with its streams.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cri_api::{CriError, EVENTS_AHEAD, ExecEvent, ExecEvents, ExecRequest, NO_DEADLINE, v1};
use tokio::sync::mpsc;
use toolbox::{Step, Stream};

use super::containers::KILLED;
use super::state::Container;
use super::{Inner, words};
use crate::process::{Console, NoSuchCommand, Process, Terminal};

impl Inner {
    pub(super) async fn exec_sync(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<v1::ExecSyncResponse, CriError> {
        let (container, process) = self.start_exec(id, command)?;
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let talk = Talk { container, process, terminal: None, stdin: None, events: sender };
        let run = async { tokio::join!(talk.run(), gather(events)).1 };
        if timeout == NO_DEADLINE {
            return Ok(run.await);
        }
        tokio::time::timeout(timeout, run)
            .await
            .map_err(|_| words::exec_timed_out(timeout.as_secs()))
    }

    /// Starts a command; it ends with its container, or when nobody listens any more.
    pub(super) fn exec(&self, id: &str, request: ExecRequest) -> Result<ExecEvents, CriError> {
        let ExecRequest { command, tty, stdin } = request;
        let (container, mut process) = self.start_exec(id, &command)?;
        if stdin.is_some() || tty {
            let mut console = Console::new(tty);
            if stdin.is_none() {
                console.close();
            }
            process.console = Some(Box::new(console));
        }
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        let terminal = tty.then(Terminal::default);
        let talk = Talk { container, process, terminal, stdin, events: sender };
        tokio::spawn(async move {
            let heard = talk.events.clone();
            tokio::select! {
                () = talk.run() => {}
                () = heard.closed() => {}
            }
        });
        Ok(events)
    }

    fn start_exec(
        &self,
        id: &str,
        command: &[String],
    ) -> Result<(Arc<Container>, Process), CriError> {
        let profile = self.profile();
        let container = self.container(id)?;
        let pid = {
            let mut life = container.life();
            if let Some(state) = life.phase.not_running() {
                return Err(words::exec_needs_running(profile, &container.id, state));
            }
            life.next_pid = life.next_pid.wrapping_add(1);
            life.next_pid
        };
        let process =
            container.process(pid, command.into()).map_err(|NoSuchCommand(command)| {
                let (_, exec_id) = self.next_id();
                words::cannot_exec(profile, &exec_id, &command)
            })?;
        Ok((container, process))
    }
}

/// Both streams of a command that ran to its end.
async fn gather(mut events: ExecEvents) -> v1::ExecSyncResponse {
    let mut response = v1::ExecSyncResponse::default();
    while let Some(event) = events.recv().await {
        match event {
            ExecEvent::Output(bytes) => response.stdout.extend_from_slice(&bytes),
            ExecEvent::Error(bytes) => response.stderr.extend_from_slice(&bytes),
            ExecEvent::Exited(code) => response.exit_code = code,
        }
    }
    response
}

/// A process, and who talks to it.
struct Talk {
    container: Arc<Container>,
    process: Process,
    terminal: Option<Terminal>,
    stdin: Option<mpsc::Receiver<Bytes>>,
    events: mpsc::Sender<ExecEvent>,
}

impl Talk {
    /// Runs the process to its end, or to its container's.
    async fn run(mut self) {
        let code = self.code().await;
        // Nobody may listen any more.
        let _ = self.events.send(ExecEvent::Exited(code)).await;
    }

    async fn code(&mut self) -> i32 {
        let container = Arc::clone(&self.container);
        loop {
            let ended = container.ended.notified();
            if !container.is_running() {
                return KILLED;
            }
            let step = self.process.step(&container.files, &container.processes);
            self.show().await;
            let over = tokio::select! {
                biased;
                () = ended => return KILLED,
                over = self.wait(step) => over,
            };
            if let Some(code) = over {
                return code;
            }
        }
    }

    /// Waits until the process can take the next step; its exit code if there is none.
    async fn wait(&mut self, step: Step) -> Option<i32> {
        let wakes = async {
            match step {
                Step::Sleep(duration) => tokio::time::sleep(duration).await,
                _ => std::future::pending().await,
            }
        };
        let mut wakes = std::pin::pin!(wakes);
        if let Step::Exit(code) = step {
            return Some(i32::from(code));
        }
        loop {
            let readable = self.process.console.as_ref().is_some_and(|input| input.is_readable());
            if step == Step::Input && readable {
                return None;
            }
            // Only a terminal takes in what nobody reads yet: it may be a ^C.
            let listens = step == Step::Input || self.terminal.is_some();
            tokio::select! {
                biased;
                () = &mut wakes => return None,
                bytes = next(&mut self.stdin), if listens => {
                    if self.take(bytes).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Takes in standard input; whether it interrupts the process.
    async fn take(&mut self, bytes: Option<Bytes>) -> bool {
        let Some(console) = &mut self.process.console else { return false };
        let Some(bytes) = bytes else {
            console.close();
            self.stdin = None;
            return false;
        };
        let received = console.receive(self.terminal.as_mut(), &bytes);
        if received.interrupts {
            self.process.interrupt();
        }
        if !received.echo.is_empty() {
            // Nobody may listen any more.
            let _ = self.events.send(ExecEvent::Output(Bytes::from(received.echo))).await;
        }
        received.interrupts
    }

    /// Hands over what the process has printed.
    async fn show(&mut self) {
        for (stream, bytes) in self.process.printed.take() {
            let event = match (&self.terminal, stream) {
                (Some(_), _) => ExecEvent::Output(Bytes::from(Terminal::shown(&bytes))),
                (None, Stream::Output) => ExecEvent::Output(Bytes::from(bytes)),
                (None, Stream::Error) => ExecEvent::Error(Bytes::from(bytes)),
            };
            // Nobody may listen any more.
            let _ = self.events.send(event).await;
        }
    }
}

/// The next of standard input; never, where there is none or its end has been seen.
async fn next(stdin: &mut Option<mpsc::Receiver<Bytes>>) -> Option<Bytes> {
    match stdin {
        Some(stdin) => stdin.recv().await,
        None => std::future::pending().await,
    }
}
