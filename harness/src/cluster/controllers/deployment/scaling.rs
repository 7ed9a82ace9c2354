//! How many pods each ReplicaSet of a Deployment asks for.

use k8s_openapi::api::apps::v1::ReplicaSet;
use kubernetes_objects::Status;

use super::annotations::{DESIRED, MOST, annotate_size, number};
use super::new_replica_set::name;
use super::{Deployments, Rollout, available, created, is_rolling, limits, replicas};

/// Whether the Deployment was scaled since its ReplicaSets last were.
pub(super) fn is_scaling(rollout: &Rollout) -> bool {
    let wanted = rollout.wanted();
    rollout
        .all()
        .filter(|set| replicas(set) > 0)
        .any(|set| number(set, DESIRED).is_some_and(|desired| desired != wanted))
}

/// How many pods the new ReplicaSet is to ask for next (`NewRSNewReplicas`).
pub(super) fn new_size(rollout: &Rollout, new: &ReplicaSet) -> i32 {
    let wanted = rollout.wanted();
    if !is_rolling(&rollout.deployment) {
        return wanted;
    }
    let most = wanted + limits(&rollout.deployment).0;
    let room = most - rollout.asked();
    let size = replicas(new);
    if room <= 0 { size } else { size + room.min(wanted - size) }
}

impl Deployments {
    /// Lets a ReplicaSet ask for as many pods; says whether that changed.
    pub(super) async fn resize(
        &self,
        rollout: &mut Rollout,
        set: &ReplicaSet,
        size: i32,
    ) -> Result<bool, Status> {
        let before = replicas(set);
        let mut changed = set.clone();
        changed.spec.get_or_insert_default().replicas = Some(size);
        let annotations = changed.metadata.annotations.get_or_insert_default();
        let annotated = annotate_size(&rollout.deployment, annotations);
        if before == size && !annotated {
            return Ok(false);
        }
        let object = self.client.update_typed(self.kinds.replica_sets, "", &changed).await?;
        if let Some(Ok(updated)) = object.other().map(|object| object.read::<ReplicaSet>()) {
            let known = rollout.new.iter_mut().chain(&mut rollout.old);
            for known in known.filter(|known| known.metadata.uid == updated.metadata.uid) {
                known.clone_from(&updated);
            }
        }
        if before != size {
            let way = if size > before { "up" } else { "down" };
            let message = format!("Scaled {way} replica set {} from {before} to {size}", name(set));
            self.say(&rollout.deployment, "Normal", "ScalingReplicaSet", &message);
        }
        Ok(before != size)
    }

    /// Scales the ReplicaSets when the Deployment is scaled, or paused.
    pub(super) async fn scale(&self, rollout: &mut Rollout) -> Result<(), Status> {
        let wanted = rollout.wanted();
        if let Some(only) = active_or_latest(rollout) {
            if replicas(&only) != wanted {
                self.resize(rollout, &only, wanted).await?;
            }
            return Ok(());
        }
        if is_saturated(rollout) {
            for set in rollout.old.clone().iter().filter(|set| replicas(set) > 0) {
                self.resize(rollout, set, 0).await?;
            }
            return Ok(());
        }
        if is_rolling(&rollout.deployment) {
            self.scale_in_proportion(rollout).await?;
        }
        Ok(())
    }

    /// Shares what is added or taken away among the ReplicaSets by their sizes.
    async fn scale_in_proportion(&self, rollout: &mut Rollout) -> Result<(), Status> {
        let mut sets: Vec<_> = rollout.all().filter(|set| replicas(set) > 0).cloned().collect();
        let total: i32 = sets.iter().map(replicas).sum();
        let wanted = rollout.wanted();
        let allowed = if wanted > 0 { wanted + limits(&rollout.deployment).0 } else { 0 };
        let change = allowed - total;
        sets.sort_by(|a, b| {
            let by_age =
                if change > 0 { created(b).cmp(&created(a)) } else { created(a).cmp(&created(b)) };
            replicas(b).cmp(&replicas(a)).then(by_age)
        });
        let mut given = 0;
        let mut sizes = Vec::new();
        for set in &sets {
            let part = if change == 0 { 0 } else { proportion(set, allowed, change, given) };
            given += part;
            sizes.push((replicas(set) + part).max(0));
        }
        // What rounding left goes to the largest.
        if let Some(first) = sizes.first_mut() {
            *first = (*first + change - given).max(0);
        }
        for (set, size) in sets.iter().zip(sizes) {
            self.resize(rollout, set, size).await?;
        }
        Ok(())
    }
}

/// A ReplicaSet's share of a change (`GetReplicaSetProportion`).
fn proportion(set: &ReplicaSet, allowed: i32, change: i32, given: i32) -> i32 {
    let size = replicas(set);
    if size == 0 || change == given {
        return 0;
    }
    let before = number(set, MOST).filter(|most| *most > 0);
    let Some(before) = before else { return 0 };
    let share = f64::from(size) * f64::from(allowed) / f64::from(before);
    #[allow(clippy::cast_possible_truncation, reason = "as sizes are far below 2^31")]
    let fraction = share.round() as i32 - size;
    let left = change - given;
    if change > 0 { fraction.min(left) } else { fraction.max(left) }
}

/// The only ReplicaSet with pods; the newest where none has any.
fn active_or_latest(rollout: &Rollout) -> Option<ReplicaSet> {
    let active: Vec<_> = rollout.all().filter(|set| replicas(set) > 0).collect();
    match active.as_slice() {
        [] => rollout.new.clone().or_else(|| rollout.old.last().cloned()),
        [only] => Some((*only).clone()),
        _ => None,
    }
}

fn is_saturated(rollout: &Rollout) -> bool {
    let wanted = rollout.wanted();
    rollout.new.as_ref().is_some_and(|new| {
        replicas(new) == wanted && number(new, DESIRED) == Some(wanted) && available(new) == wanted
    })
}
