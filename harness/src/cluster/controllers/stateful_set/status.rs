//! What a StatefulSet's status says.

use k8s_openapi::api::apps::v1::StatefulSetStatus;

use super::replicas::{Replica, Work};
use super::revisions::revision_name;

/// The status by the pods known before anything was made or deleted.
pub(super) fn of(work: &Work<'_>) -> StatefulSetStatus {
    let pods = || work.replicas.iter().chain(&work.condemned).filter(|one| one.exists);
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let some = |count: usize| (count > 0).then(|| number(count));
    let stays = |one: &&Replica| one.pod.metadata.deletion_timestamp.is_none();
    let of_revision = |name: &str| {
        let fits = |one: &&Replica| one.revision() == Some(name);
        pods().filter(stays).filter(fits).count()
    };
    let update = revision_name(&work.revisions.update);
    let current = revision_name(&work.revisions.current);
    let min_ready_seconds = work.spec.min_ready_seconds.unwrap_or(0);
    let ready = pods().filter(|one| one.is_ready()).count();
    let available = pods().filter(|one| one.is_available(min_ready_seconds, &work.now)).count();
    let updated = of_revision(update);
    let mut status = StatefulSetStatus {
        replicas: number(pods().count()),
        ready_replicas: some(ready),
        available_replicas: Some(number(available)),
        current_replicas: some(of_revision(current)),
        updated_replicas: some(updated),
        current_revision: Some(current.to_owned()),
        update_revision: Some(update.to_owned()),
        collision_count: Some(work.revisions.collisions),
        observed_generation: work.set.metadata.generation,
        conditions: work.set.status.as_ref().and_then(|status| status.conditions.clone()),
    };
    let wanted = work.spec.replicas.unwrap_or(1);
    let rolls = work.spec.update_strategy.as_ref().and_then(|one| one.type_.as_deref());
    // The update is done: what it brought is the current revision from now on.
    if rolls != Some("OnDelete")
        && number(updated) == wanted
        && number(ready) == wanted
        && status.replicas == wanted
    {
        status.current_replicas = status.updated_replicas;
        status.current_revision.clone_from(&status.update_revision);
    }
    status
}
