//! Container events to any number of subscribers, none lost silently.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cri_api::{Code, CriError, EventStream, v1};
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Something that happened to a container or a sandbox.
///
/// The state of the whole pod, which an event carries, is looked up only when somebody takes the
/// event: what waits stays small, however many pods start at once.
#[derive(Debug, Clone)]
pub(super) struct Happened {
    /// The container's id, or the sandbox's.
    pub(super) id: Arc<str>,
    pub(super) sandbox_id: Arc<str>,
    pub(super) kind: v1::ContainerEventType,
    /// Nanoseconds since 1970.
    pub(super) created_at: i64,
}

/// The subscribers.
pub(super) struct Events {
    subscribers: Mutex<Vec<Subscriber>>,
    most_behind: usize,
}

struct Subscriber {
    /// All kinds, or one.
    kind: Option<v1::ContainerEventType>,
    sender: UnboundedSender<Result<Happened, CriError>>,
    /// Sent and not yet taken.
    behind: Arc<AtomicUsize>,
}

impl Events {
    pub(super) fn new(most_behind: usize) -> Self {
        Self { subscribers: Mutex::default(), most_behind }
    }

    /// Every event from now on, or those of one kind, made by `tell`. A subscriber that falls too far behind gets
    /// `ResourceExhausted` after what it was sent, and the end.
    pub(super) fn subscribe(
        &self,
        kind: Option<v1::ContainerEventType>,
        tell: impl Fn(Happened) -> v1::ContainerEventResponse + Send + 'static,
    ) -> EventStream {
        let (sender, receiver) = unbounded_channel();
        let behind = Arc::new(AtomicUsize::new(0));
        let taken = Arc::clone(&behind);
        self.lock().push(Subscriber { kind, sender, behind });
        Box::pin(UnboundedReceiverStream::new(receiver).map(move |happened| {
            taken.fetch_sub(1, Ordering::Relaxed);
            happened.map(&tell)
        }))
    }

    /// Tells every subscriber.
    pub(super) fn send(&self, happened: &Happened) {
        self.lock().retain(|subscriber| {
            if subscriber.kind.is_some_and(|kind| kind != happened.kind) {
                return !subscriber.sender.is_closed();
            }
            let behind = subscriber.behind.fetch_add(1, Ordering::Relaxed);
            if behind < self.most_behind {
                return subscriber.sender.send(Ok(happened.clone())).is_ok();
            }
            let message = format!("the subscriber is {behind} events behind; subscribe again");
            let _ = subscriber.sender.send(Err(CriError::new(Code::ResourceExhausted, message)));
            false
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Subscriber>> {
        self.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened(created_at: i64) -> Happened {
        let id: Arc<str> = Arc::from("id");
        let kind = v1::ContainerEventType::ContainerCreatedEvent;
        Happened { sandbox_id: Arc::clone(&id), id, kind, created_at }
    }

    fn event(created_at: i64) -> v1::ContainerEventResponse {
        v1::ContainerEventResponse { created_at, ..Default::default() }
    }

    #[tokio::test]
    async fn a_subscriber_that_falls_behind_is_told() {
        let events = Events::new(2);
        let mut stream = events.subscribe(None, |happened| event(happened.created_at));
        for number in 0..4 {
            events.send(&happened(number));
        }
        assert_eq!(stream.next().await, Some(Ok(event(0))));
        assert_eq!(stream.next().await, Some(Ok(event(1))));
        let told = stream.next().await;
        assert!(matches!(told, Some(Err(error)) if error.code == Code::ResourceExhausted));
        assert_eq!(stream.next().await, None);
    }
}
