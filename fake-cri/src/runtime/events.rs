//! Container events to any number of subscribers, none lost silently.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cri_api::{Code, CriError, EventStream, v1};
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

/// The subscribers.
pub(super) struct Events {
    subscribers: Mutex<Vec<Subscriber>>,
    most_behind: usize,
}

struct Subscriber {
    sender: UnboundedSender<Result<v1::ContainerEventResponse, CriError>>,
    /// Sent and not yet taken.
    behind: Arc<AtomicUsize>,
}

impl Events {
    pub(super) fn new(most_behind: usize) -> Self {
        Self { subscribers: Mutex::default(), most_behind }
    }

    /// Every event from now on. A subscriber that falls too far behind gets
    /// `ResourceExhausted` after what it was sent, and the end.
    pub(super) fn subscribe(&self) -> EventStream {
        let (sender, receiver) = unbounded_channel();
        let behind = Arc::new(AtomicUsize::new(0));
        let taken = Arc::clone(&behind);
        self.lock().push(Subscriber { sender, behind });
        Box::pin(UnboundedReceiverStream::new(receiver).inspect(move |_| {
            taken.fetch_sub(1, Ordering::Relaxed);
        }))
    }

    /// Sends an event, which is made only if somebody listens.
    pub(super) fn send(&self, event: impl FnOnce() -> v1::ContainerEventResponse) {
        let mut subscribers = self.lock();
        if subscribers.is_empty() {
            return;
        }
        let event = event();
        subscribers.retain(|subscriber| {
            let behind = subscriber.behind.fetch_add(1, Ordering::Relaxed);
            if behind < self.most_behind {
                return subscriber.sender.send(Ok(event.clone())).is_ok();
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

    fn event(created_at: i64) -> v1::ContainerEventResponse {
        v1::ContainerEventResponse { created_at, ..Default::default() }
    }

    #[tokio::test]
    async fn a_subscriber_that_falls_behind_is_told() {
        let events = Events::new(2);
        let mut stream = events.subscribe();
        for number in 0..4 {
            events.send(|| event(number));
        }
        assert_eq!(stream.next().await, Some(Ok(event(0))));
        assert_eq!(stream.next().await, Some(Ok(event(1))));
        let told = stream.next().await;
        assert!(matches!(told, Some(Err(error)) if error.code == Code::ResourceExhausted));
        assert_eq!(stream.next().await, None);
    }
}
