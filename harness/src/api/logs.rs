//! `pods/log`: what a container has printed, and what it prints while somebody reads.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fake_kubelet::{LogError, LogOptions, LogText};
use futures_util::StreamExt;
use hyper::StatusCode;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kubernetes_objects::Status;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::answer::{self, Answer};
use super::body::Body;
use super::containers::{self, ContainerPlace};
use super::path::Target;
use super::query::{Fault, Query, refuse};
use super::request::{Context, Head, ended};

/// How many pieces a log may be ahead of its reader.
const PIECES_AHEAD: usize = 64;

/// How long a client may leave a piece unread.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) async fn log(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
) -> Result<Answer, Status> {
    let options = options(&head.query, &target.name)?;
    let place = containers::find(context, target, head.query.text("container"))?;
    if place.node.is_empty() {
        // Nobody has printed anything yet.
        return Ok(answer::of_type(StatusCode::NO_CONTENT, "text/plain", Body::empty()));
    }
    let text = open(context, place, options).await?;
    let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
    tokio::spawn(send(text, sender));
    Ok(answer::of_type(StatusCode::OK, "text/plain", Body::Stream(receiver)))
}

async fn open(
    context: &Arc<Context>,
    place: ContainerPlace,
    options: LogOptions,
) -> Result<LogText, Status> {
    let looked = context.cluster.look(move |cluster| {
        Box::pin(async move {
            let kubelet = cluster.node(&place.node).ok().and_then(|node| node.kubelet());
            let kubelet = kubelet.ok_or_else(|| unreachable_node(&place.node))?;
            let answer = kubelet.logs(&place.pod, &place.container, options).await;
            answer.map_err(|error| refused(&error))
        })
    });
    looked.await.map_err(|_| ended())?
}

/// 500: no kubelet answers on the node.
pub(super) fn unreachable_node(node: &str) -> Status {
    Status::new(
        500,
        "InternalError",
        format!("Internal error occurred: no kubelet runs on node {node}"),
    )
}

fn refused(error: &LogError) -> Status {
    match error {
        LogError::PodNotFound => Status::new(404, "NotFound", error.to_string()),
        LogError::OutOfReach { .. } => answer::not_implemented(error.to_string()),
        _ => Status::bad_request(error.to_string()),
    }
}

async fn send(mut text: LogText, sender: mpsc::Sender<Bytes>) {
    loop {
        let piece = tokio::select! {
            () = sender.closed() => return,
            piece = text.next() => piece,
        };
        let Some(piece) = piece else { return };
        if !matches!(timeout(READ_TIMEOUT, sender.send(piece)).await, Ok(Ok(()))) {
            return;
        }
    }
}

fn options(query: &Query, pod: &str) -> Result<LogOptions, Status> {
    let mut faults = Vec::new();
    let tail = query.integer("tailLines")?;
    if let Some(lines) = tail.filter(|lines| *lines < 0) {
        let why = "must be greater than or equal to 0";
        faults.push(Fault::invalid("tailLines", &lines.to_string(), why));
    }
    let limit = query.integer("limitBytes")?;
    if let Some(bytes) = limit.filter(|bytes| *bytes < 1) {
        faults.push(Fault::invalid("limitBytes", &bytes.to_string(), "must be greater than 0"));
    }
    let seconds = query.integer("sinceSeconds")?;
    let time = query.first("sinceTime").filter(|text| !text.is_empty());
    let time = time.map(|text| {
        text.parse().map(Time).map_err(|_| {
            Status::bad_request(format!(
                "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \
                 a time in RFC 3339"
            ))
        })
    });
    let time = time.transpose()?;
    match (seconds, &time) {
        (Some(_), Some(_)) => faults.push(Fault::forbidden(
            "",
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        )),
        (Some(seconds), None) if seconds < 1 => {
            let why = "must be greater than 0";
            faults.push(Fault::invalid("sinceSeconds", &seconds.to_string(), why));
        }
        _ => {}
    }
    refuse("", "PodLogOptions", pod, faults)?;
    Ok(LogOptions {
        follow: query.flag("follow"),
        previous: query.flag("previous"),
        since_seconds: seconds,
        since_time: time,
        timestamps: query.flag("timestamps"),
        tail_lines: tail.and_then(|lines| u64::try_from(lines).ok()),
        limit_bytes: limit.and_then(|bytes| u64::try_from(bytes).ok()),
        stream: None,
    })
}
