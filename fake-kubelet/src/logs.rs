//! A container's log as the kubelet hands it out.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use cri_api::{Code, Cri, CriError, LogEntry, LogStream};
use futures_util::Stream;
use futures_util::stream::unfold;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// What of a log is wanted, as in the API's `PodLogOptions`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogOptions {
    /// Goes on until the container ends.
    pub follow: bool,
    /// The container before the last restart.
    pub previous: bool,
    /// Nothing older than that many seconds.
    pub since_seconds: Option<i64>,
    /// Nothing older than that. If both are given, the later one counts.
    pub since_time: Option<Time>,
    /// Puts the time before each line.
    pub timestamps: bool,
    /// The last lines only.
    pub tail_lines: Option<u64>,
    /// Ends after that many bytes.
    pub limit_bytes: Option<u64>,
    /// One stream only.
    pub stream: Option<LogStream>,
}

/// The text of a log, piece by piece. A log that breaks off has lost its runtime.
pub type LogText = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// Why a kubelet hands out no log; the texts are the kubelet's own, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogError {
    /// The pod does not run here.
    #[error("pod does not exist")]
    PodNotFound,
    /// The pod has no such container.
    #[error("container {container:?} not found in pod {pod:?}")]
    ContainerNotFound {
        /// The container's name.
        container: String,
        /// The pod's name.
        pod: String,
    },
    /// No container ended before this one.
    #[error("previous terminated container {container:?} in pod {pod:?} not found")]
    NoPrevious {
        /// The container's name.
        container: String,
        /// The pod's name.
        pod: String,
    },
    /// It has not run yet.
    #[error("container {container:?} in pod {pod:?} is waiting to start: {}", waiting(.reason))]
    Waiting {
        /// The container's name.
        container: String,
        /// The pod's name.
        pod: String,
        /// The reason in its status.
        reason: String,
    },
    /// It has not run and will not.
    #[error("container {container:?} in pod {pod:?} is not available")]
    NotAvailable {
        /// The container's name.
        container: String,
        /// The pod's name.
        pod: String,
    },
    /// The runtime does not know the container any more.
    #[error("unable to retrieve container logs for {id}")]
    Gone {
        /// The container's id, with the runtime's name.
        id: String,
    },
    /// The runtime's logs are out of reach here; no text of a kubelet's.
    #[error(
        "node {node:?} hands out no logs: {message}; read them on the machine of its runtime, or \
         run the pod on a simulated one"
    )]
    OutOfReach {
        /// The node.
        node: String,
        /// Why.
        message: String,
    },
}

/// How the reason for waiting shows in the text.
fn waiting(reason: &str) -> &str {
    match reason {
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        other => other,
    }
}

/// Reads a log from its start as far as the options want.
pub(crate) async fn read(
    cri: Arc<dyn Cri>,
    id: Arc<str>,
    options: LogOptions,
    now: &Time,
) -> Result<LogText, CriError> {
    let page = cri.container_log(&id, 0, false).await?;
    let mut entries = VecDeque::from(page.entries);
    if let Some(lines) = options.tail_lines {
        let lines = usize::try_from(lines).unwrap_or(usize::MAX);
        entries.drain(..entries.len().saturating_sub(lines));
    }
    let goes_on = options.follow && !page.ended;
    let since = since(&options, now);
    let left = options.limit_bytes;
    let reader = Reader { cri, id, options, since, entries, next: page.next, goes_on, left };
    Ok(Box::pin(unfold(reader, Reader::piece)))
}

/// The time that nothing older is wanted than.
fn since(options: &LogOptions, now: &Time) -> Timestamp {
    let before =
        |seconds| now.0.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN);
    let seconds = options.since_seconds.map_or(Timestamp::MIN, before);
    options.since_time.as_ref().map_or(seconds, |time| time.0.max(seconds))
}

/// How far a log has been read.
struct Reader {
    cri: Arc<dyn Cri>,
    id: Arc<str>,
    options: LogOptions,
    since: Timestamp,
    entries: VecDeque<LogEntry>,
    next: u64,
    goes_on: bool,
    /// Bytes.
    left: Option<u64>,
}

impl Reader {
    async fn piece(mut self) -> Option<(Bytes, Self)> {
        loop {
            while let Some(entry) = self.entries.pop_front() {
                if self.left == Some(0) {
                    return None;
                }
                if let Some(text) = self.shown(entry) {
                    return Some((text, self));
                }
            }
            if !self.goes_on {
                return None;
            }
            let page = self.cri.container_log(&self.id, self.next, true).await.ok()?;
            self.entries = page.entries.into();
            self.next = page.next;
            self.goes_on = !page.ended;
        }
    }

    fn shown(&mut self, entry: LogEntry) -> Option<Bytes> {
        let time = Timestamp::from_nanosecond(entry.time.into()).unwrap_or_default();
        if time < self.since || self.options.stream.is_some_and(|wanted| wanted != entry.stream) {
            return None;
        }
        let mut text = entry.text;
        if self.options.timestamps {
            let time = time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ ").to_string();
            text = [time.as_bytes(), &text].concat().into();
        }
        if let Some(left) = &mut self.left {
            text.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= u64::try_from(text.len()).unwrap_or(u64::MAX);
        }
        Some(text)
    }
}

impl LogError {
    /// What the runtime's refusal means.
    pub(crate) fn of_runtime(error: CriError, node: &str, id: String) -> Self {
        if error.code == Code::NotFound {
            return Self::Gone { id };
        }
        Self::OutOfReach { node: node.to_owned(), message: error.message }
    }
}
