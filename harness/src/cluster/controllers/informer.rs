//! Brings what happens in the cluster to the controllers, a watch's delay later.

use std::collections::VecDeque;
use std::sync::Arc;

use kubernetes_objects::resource::{RESOURCES, Resource};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use super::super::ApiServer;
use super::super::delays::WATCH;
use super::super::object::Object;
use super::super::store::{Change, ChangeKind, ObjectName, name_of};
use super::All;

/// What controllers are told: a change of which the view knows already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    pub(super) resource: &'static Resource,
    pub(super) kind: ChangeKind,
    pub(super) before: Option<&'a Object>,
    /// Of an object that is gone the last state.
    pub(super) after: &'a Object,
}

impl Told<'_> {
    /// Whether it is about an object of this resource.
    pub(super) fn is(&self, resource: &'static Resource) -> bool {
        std::ptr::eq(self.resource, resource)
    }

    /// Namespace and name of the object.
    pub(super) fn key(&self) -> ObjectName {
        name_of(self.after.metadata())
    }
}

/// Changes of all resources but events, which no controller reads.
#[derive(Debug)]
pub(super) struct Changes(UnboundedReceiver<Change>);

impl Changes {
    /// All changes from now on.
    pub(super) fn of(api: &ApiServer) -> Self {
        let watched = RESOURCES
            .iter()
            .filter(|resource| resource.plural != "events" && resource.verbs.contains(&"watch"));
        Self(api.changes_of_all(watched))
    }
}

/// Tells the controllers of changes until the server is gone.
pub(super) async fn run(mut changes: Changes, all: Arc<All>) {
    let mut on_their_way: VecDeque<(Instant, Change)> = VecDeque::new();
    loop {
        let next = on_their_way.front().map(|(at, _)| *at);
        tokio::select! {
            change = changes.0.recv() => {
                let Some(change) = change else { return };
                if on_their_way.is_empty() && !all.concerns(change.resource, &change) {
                    all.view.heard().take_in(change.resource, &change);
                } else {
                    on_their_way.push_back((Instant::now() + WATCH, change));
                }
            }
            () = arrival(next) => {
                while on_their_way.front().is_some_and(|(at, _)| *at <= Instant::now()) {
                    if let Some((_, change)) = on_their_way.pop_front() {
                        tell(&all, &change);
                    }
                }
            }
        }
    }
}

async fn arrival(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn tell(all: &All, change: &Change) {
    let resource = change.resource;
    all.view.heard().take_in(resource, change);
    all.hear(&Told {
        resource,
        kind: change.kind,
        before: change.before.as_ref().map(|before| &before.object),
        after: &change.record.object,
    });
}
