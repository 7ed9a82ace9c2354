//! The two strategies: pods replaced a few at a time, or all at once.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSet;
use kubernetes_objects::Status;

use super::super::super::store::ObjectName;
use super::scaling::new_size;
use super::status::is_complete;
use super::{Deployments, Rollout, available, limits, replicas};

impl Deployments {
    /// `RollingUpdate`: the new ReplicaSet grows as the old ones shrink, within the limits.
    pub(super) async fn roll(
        self: &Arc<Self>,
        key: &ObjectName,
        mut rollout: Rollout,
    ) -> Result<(), Status> {
        self.sync_new(&mut rollout, true).await?;
        if self.grow_new(&mut rollout).await? || self.shrink_old(&mut rollout).await? {
            return self.write_progress(key, &rollout).await;
        }
        if is_complete(&rollout) {
            self.clean_up(&rollout).await?;
        }
        self.write_progress(key, &rollout).await
    }

    async fn grow_new(&self, rollout: &mut Rollout) -> Result<bool, Status> {
        let Some(new) = rollout.new.clone() else { return Ok(false) };
        let wanted = rollout.wanted();
        if replicas(&new) == wanted {
            return Ok(false);
        }
        let size = if replicas(&new) > wanted { wanted } else { new_size(rollout, &new) };
        self.resize(rollout, &new, size).await
    }

    async fn shrink_old(&self, rollout: &mut Rollout) -> Result<bool, Status> {
        let old: i32 = rollout.old.iter().map(replicas).sum();
        if old == 0 {
            return Ok(false);
        }
        let least = rollout.wanted() - limits(&rollout.deployment).1;
        let unavailable = rollout.new.as_ref().map_or(0, |new| replicas(new) - available(new));
        let surplus = rollout.asked() - least - unavailable;
        if surplus <= 0 {
            return Ok(false);
        }
        let unhealthy = self.shrink(rollout, surplus, |set| replicas(set) - available(set)).await?;
        let healthy: i32 = rollout.all().map(available).sum();
        let shrunk = self.shrink(rollout, healthy - least, replicas).await?;
        Ok(unhealthy || shrunk)
    }

    /// Takes up to as many pods from the old ReplicaSets, the oldest first; from each no more
    /// than may be taken.
    async fn shrink(
        &self,
        rollout: &mut Rollout,
        mut surplus: i32,
        may_be_taken: impl Fn(&ReplicaSet) -> i32,
    ) -> Result<bool, Status> {
        let mut shrunk = false;
        for set in rollout.old.clone() {
            let taken = may_be_taken(&set).min(surplus);
            if taken <= 0 || replicas(&set) == 0 {
                continue;
            }
            shrunk |= self.resize(rollout, &set, replicas(&set) - taken).await?;
            surplus -= taken;
        }
        Ok(shrunk)
    }

    /// `Recreate`: no new pod before the last old one is gone.
    pub(super) async fn recreate(
        self: &Arc<Self>,
        key: &ObjectName,
        mut rollout: Rollout,
    ) -> Result<(), Status> {
        self.sync_new(&mut rollout, false).await?;
        let mut shrunk = false;
        for set in rollout.old.clone().iter().filter(|set| replicas(set) > 0) {
            shrunk |= self.resize(&mut rollout, set, 0).await?;
        }
        if shrunk || self.old_pods_run(&rollout) {
            return self.write_progress(key, &rollout).await;
        }
        if rollout.new.is_none() {
            self.sync_new(&mut rollout, true).await?;
        }
        let wanted = rollout.wanted();
        if let Some(new) = rollout.new.clone() {
            self.resize(&mut rollout, &new, wanted).await?;
        }
        if is_complete(&rollout) {
            self.clean_up(&rollout).await?;
        }
        self.write_progress(key, &rollout).await
    }
}
