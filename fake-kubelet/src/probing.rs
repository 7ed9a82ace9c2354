//! Making a probe: a command in the container, or a connection to a port where nothing listens.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cri_api::{Code, Cri};
use k8s_openapi::api::core::v1::{Container, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::sync::probes::Due;
use crate::translate::environment::{Environment, expand};

/// The most of a command's output that is kept, in bytes.
const MOST_OUTPUT: usize = 10 * 1024;

/// What a probe has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    Success,
    /// What it says of that.
    Failure(String),
    /// Why it could not be made; nothing follows from it.
    Error(String),
}

/// A probe that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probed {
    pub(crate) due: Due,
    pub(crate) finding: Finding,
}

/// A probe about to be made.
pub(crate) struct Run {
    pub(crate) due: Due,
    action: Action,
    timeout: Duration,
}

enum Action {
    Exec(Vec<String>),
    /// Known before: nothing listens.
    Refused(Finding),
    /// As refused, after the whole timeout.
    Unanswered(Finding),
}

impl Run {
    /// What a probe does; `address` is the pod's.
    pub(crate) fn new(due: Due, container: &Container, probe: &Probe, address: &str) -> Self {
        let seconds = probe.timeout_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let timeout = Duration::from_secs(seconds.unwrap_or(1).max(1));
        let port = |port: &IntOrString| port_number(port, container);
        let action = if let Some(exec) = &probe.exec {
            Action::Exec(expanded(exec.command.as_deref().unwrap_or_default(), container))
        } else if let Some(get) = &probe.http_get {
            Action::Refused(port(&get.port).map_or_else(Finding::Error, |port| {
                let host = get.host.as_deref().filter(|host| !host.is_empty()).unwrap_or(address);
                let scheme = get.scheme.as_deref().unwrap_or("HTTP").to_ascii_lowercase();
                let path = get.path.as_deref().unwrap_or("/").trim_start_matches('/');
                let place = join(host, port);
                let refused = refused(host, port);
                Finding::Failure(format!("Get \"{scheme}://{place}/{path}\": {refused}"))
            }))
        } else if let Some(socket) = &probe.tcp_socket {
            Action::Refused(port(&socket.port).map_or_else(Finding::Error, |port| {
                let host = socket.host.as_deref().filter(|host| !host.is_empty());
                Finding::Failure(refused(host.unwrap_or(address), port))
            }))
        } else if let Some(grpc) = &probe.grpc {
            let place = join(address, grpc.port);
            Action::Unanswered(Finding::Failure(format!(
                "timeout: failed to connect service {place:?} within {}s: context deadline exceeded",
                timeout.as_secs()
            )))
        } else {
            Action::Refused(Finding::Error("missing probe handler".to_owned()))
        };
        Self { due, action, timeout }
    }

    /// Makes it.
    pub(crate) async fn make(self, cri: Arc<dyn Cri>) -> Probed {
        let Self { due, action, timeout } = self;
        let finding = match action {
            Action::Exec(command) => {
                let answer = cri.exec_sync(&due.instance, &command, timeout).await;
                match answer {
                    Ok(answer) if answer.exit_code == 0 => Finding::Success,
                    Ok(mut answer) => {
                        answer.stdout.extend(answer.stderr);
                        answer.stdout.truncate(MOST_OUTPUT);
                        Finding::Failure(String::from_utf8_lossy(&answer.stdout).into_owned())
                    }
                    Err(error) if error.code == Code::DeadlineExceeded => {
                        Finding::Failure(format!(
                            "command timed out: {:?} timed out after {}s",
                            command.join(" "),
                            timeout.as_secs()
                        ))
                    }
                    Err(error) => Finding::Error(error.to_string()),
                }
            }
            Action::Refused(finding) => finding,
            Action::Unanswered(finding) => {
                tokio::time::sleep(timeout).await;
                finding
            }
        };
        Probed { due, finding }
    }
}

/// A command with references to the container's plain variables replaced; others it does not see.
fn expanded(command: &[String], container: &Container) -> Vec<String> {
    let mut known = Environment::default();
    for variable in container.env.iter().flatten() {
        if let Some(value) = &variable.value {
            // A variable that is too long for a process is none of a probe's either.
            let _ = known.set(variable.name.clone(), value.clone());
        }
    }
    command.iter().map(|word| expand(word, &known).unwrap_or_else(|_| word.clone())).collect()
}

/// A port by its number, or the name that the container gives it; Go's words otherwise.
fn port_number(port: &IntOrString, container: &Container) -> Result<i32, String> {
    let number = match port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let mut ports = container.ports.iter().flatten();
            let named = ports.find(|port| port.name.as_ref() == Some(name));
            match named {
                Some(port) => port.container_port,
                None => name
                    .parse()
                    .map_err(|_| format!("strconv.Atoi: parsing {name:?}: invalid syntax"))?,
            }
        }
    };
    if (1..=65_535).contains(&number) {
        Ok(number)
    } else {
        Err(format!("invalid port number: {number}"))
    }
}

fn join(host: &str, port: i32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// What Go says of a connection to where nothing listens.
fn refused(host: &str, port: i32) -> String {
    if host.parse::<IpAddr>().is_ok() {
        format!("dial tcp {}: connect: connection refused", join(host, port))
    } else {
        format!("dial tcp: lookup {host}: no such host")
    }
}
