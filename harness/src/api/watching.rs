//! Watches: one line of JSON an event, until the time is up, the client is gone, or it reads too
//! slowly.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use kubernetes_objects::Status;
use kubernetes_objects::table::{partial, watch_table};
use rustls::crypto::ring;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::answer::{self, Answer};
use super::body::Body;
use super::negotiation::{Form, Shape};
use super::options;
use super::path::Target;
use super::request::{Context, Head};
use crate::cluster::{Watch, WatchEvent};

/// How long a watch lasts when nobody says; as long again at most, by chance, so that clients do
/// not all come back at once.
const LEAST_DURATION: Duration = Duration::from_secs(30 * 60);

/// Between two bookmarks, as of kube-apiserver.
const BOOKMARK_PERIOD: Duration = Duration::from_secs(60);

/// How long before its end a watch sends its last bookmark.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// How many events a watch may be ahead of its client.
const EVENTS_AHEAD: usize = 64;

/// How long a client may leave an event unread.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) fn watch(
    context: &Arc<Context>,
    target: &Target,
    head: &Head,
) -> Result<Answer, Status> {
    let form = head.form()?;
    let options = options::watch(&head.query, target.resource, &target.name)?;
    let sends_bookmarks = options.bookmarks;
    let seconds = head.query.integer("timeoutSeconds")?.and_then(|it| u64::try_from(it).ok());
    let lasts = match seconds {
        None | Some(0) => LEAST_DURATION + by_chance(LEAST_DURATION),
        Some(seconds) => Duration::from_secs(seconds),
    };
    let watch = context.cluster.api.watch(&target.place(), options);
    let (sender, receiver) = mpsc::channel(EVENTS_AHEAD);
    let events = Events {
        context: Arc::clone(context),
        target: target.clone(),
        form,
        is_first: true,
        sender,
    };
    tokio::spawn(events.send_all(watch, Instant::now() + lasts, sends_bookmarks));
    let media_type =
        if form.says_stream { "application/json;stream=watch" } else { "application/json" };
    Ok(answer::of_type(StatusCode::OK, media_type, Body::Stream(receiver)))
}

/// Some time up to this one.
fn by_chance(most: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness all watches last equally long, which harms nobody here.
    let _ = ring::default_provider().secure_random.fill(&mut byte);
    most * u32::from(byte[0]) / 256
}

/// What turns events into lines for one client.
struct Events {
    context: Arc<Context>,
    target: Target,
    form: Form,
    is_first: bool,
    sender: mpsc::Sender<Bytes>,
}

/// The client reads no more, or too slowly.
struct Left;

impl Events {
    async fn send_all(mut self, mut watch: Watch, end: Instant, sends_bookmarks: bool) {
        let mut bookmark_at = next_bookmark(end);
        let sender = self.sender.clone();
        loop {
            let sent = tokio::select! {
                // Clients that are gone are noticed even when nothing happens.
                () = sender.closed() => return,
                () = sleep_until(end) => return,
                () = sleep_until(bookmark_at), if sends_bookmarks => {
                    bookmark_at = next_bookmark(end);
                    let bookmark = watch.bookmark();
                    self.send(bookmark).await
                }
                event = watch.next() => match event {
                    Some(event) => self.send(event).await,
                    None => return,
                },
            };
            if sent.is_err() {
                return;
            }
        }
    }

    async fn send(&mut self, event: WatchEvent) -> Result<(), Left> {
        let object = self.shaped(event.kind, event.object);
        let line = format!("{}\n", json!({"type": event.kind, "object": object}));
        match timeout(READ_TIMEOUT, self.sender.send(line.into())).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Left),
        }
    }

    fn shaped(&mut self, kind: &str, object: Json) -> Json {
        if kind == "ERROR" {
            return object;
        }
        let (mut shaped, version) = match self.form.shape {
            Shape::Whole => return object,
            Shape::Table(version, include) => {
                let now = self.context.cluster.clock.now().0;
                let is_first = std::mem::replace(&mut self.is_first, false);
                (watch_table(self.target.resource, &object, include, now, is_first), version)
            }
            Shape::Partial(version) | Shape::PartialList(version) => (partial(&object), version),
        };
        shaped["apiVersion"] = version.into();
        shaped
    }
}

/// When the next bookmark is due: after a while, or shortly before the end.
fn next_bookmark(end: Instant) -> Instant {
    let now = Instant::now();
    let regular = now + BOOKMARK_PERIOD;
    match end.checked_sub(LAST_BOOKMARK) {
        Some(last) if last > now => regular.min(last),
        _ => regular,
    }
}
