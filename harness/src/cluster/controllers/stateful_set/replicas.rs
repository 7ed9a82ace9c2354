//! Brings the pods of a StatefulSet to what it asks for, in order or all at once.

use std::cmp::Reverse;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kubernetes_objects::Status;

use super::super::super::store::has_ended;
use super::super::pods::{is_available, is_ready, phase};
use super::super::slow_start::in_growing_batches;
use super::identity::{first_ordinal, ordinal, pod_of};
use super::revisions::{Revisions, revision_name, template};
use super::{REVISION, StatefulSets};

/// The most missing pods that are made in one go (`MaxBatchSize`).
const MOST_AT_ONCE: usize = 500;

/// A pod of the set: one that there is, or one that is to be made.
#[derive(Debug, Clone)]
pub(super) struct Replica {
    pub(super) pod: Arc<Pod>,
    pub(super) exists: bool,
    ordinal: i32,
}

impl Replica {
    fn leaves(&self) -> bool {
        self.pod.metadata.deletion_timestamp.is_some()
    }

    /// Running, and ready.
    pub(super) fn is_ready(&self) -> bool {
        self.exists && phase(&self.pod) == "Running" && is_ready(&self.pod)
    }

    pub(super) fn is_available(&self, min_ready_seconds: i32, now: &Time) -> bool {
        self.is_ready() && is_available(&self.pod, min_ready_seconds, now)
    }

    /// The name of the revision that the pod was made from.
    pub(super) fn revision(&self) -> Option<&str> {
        let labels = self.pod.metadata.labels.as_ref()?;
        labels.get(REVISION).map(String::as_str)
    }
}

/// A StatefulSet and its pods while it is worked on.
pub(super) struct Work<'a> {
    pub(super) set: &'a StatefulSet,
    pub(super) spec: StatefulSetSpec,
    pub(super) revisions: &'a Revisions,
    /// By their ordinals; those beyond what is made in one go are left out.
    pub(super) replicas: Vec<Replica>,
    /// Those beyond the number asked for, the last first.
    pub(super) condemned: Vec<Replica>,
    pub(super) now: Time,
    /// Whether one is done after the other.
    ordered: bool,
}

/// Whether work on a set goes on in this sync.
#[derive(PartialEq, Eq)]
enum Goes {
    On,
    NoFurther,
}

impl<'a> Work<'a> {
    /// Sorts the pods that there are, and thinks up those that are missing.
    pub(super) fn new(
        controller: &StatefulSets,
        set: &'a StatefulSet,
        revisions: &'a Revisions,
        pods: &[Arc<Pod>],
    ) -> Self {
        let spec = set.spec.clone().unwrap_or_default();
        let wanted = spec.replicas.unwrap_or(1).max(0);
        let first = first_ordinal(set);
        let mut known: Vec<_> = pods
            .iter()
            .filter_map(|pod| {
                let ordinal = ordinal(set, pod)?;
                Some(Replica { pod: Arc::clone(pod), exists: true, ordinal })
            })
            .collect();
        known.sort_by_key(|replica| replica.ordinal);
        let in_range =
            |replica: &Replica| (first..first.saturating_add(wanted)).contains(&replica.ordinal);
        let (mut here, mut condemned): (Vec<_>, Vec<_>) = known.into_iter().partition(in_range);
        condemned.sort_by_key(|replica| Reverse(replica.ordinal));
        let has_index = controller.client.api.gates().version().at_least(28);
        let mut replicas = Vec::new();
        let mut here = here.drain(..).peekable();
        let mut missing = 0;
        for ordinal in first..first.saturating_add(wanted) {
            if let Some(known) = here.next_if(|replica| replica.ordinal == ordinal) {
                replicas.push(known);
                continue;
            }
            if missing == MOST_AT_ONCE {
                break;
            }
            missing += 1;
            replicas.push({
                let revision = if needs_current(set, &spec, revisions, ordinal) {
                    &revisions.current
                } else {
                    &revisions.update
                };
                let pod = pod_of(
                    controller.kinds.stateful_sets,
                    set,
                    &template(set, revision),
                    revision_name(revision),
                    ordinal,
                    has_index,
                );
                Replica { pod: Arc::new(pod), exists: false, ordinal }
            });
        }
        replicas.extend(here);
        let ordered = spec.pod_management_policy.as_deref() != Some("Parallel");
        let now = controller.client.api.clock().now();
        Self { set, spec, revisions, replicas, condemned, now, ordered }
    }

    fn min_ready_seconds(&self) -> i32 {
        self.spec.min_ready_seconds.unwrap_or(0)
    }

    fn is_available(&self, replica: &Replica) -> bool {
        replica.is_available(self.min_ready_seconds(), &self.now)
    }

    /// The ordinal of the first pod that is not available or that leaves.
    fn first_unavailable(&self) -> Option<i32> {
        let unavailable = |one: &&Replica| !self.is_available(one) || one.leaves();
        let condemned = self.condemned.iter().rev();
        self.replicas.iter().chain(condemned).find(unavailable).map(|one| one.ordinal)
    }
}

/// Whether a missing pod is to be made from the revision before the update.
fn needs_current(
    set: &StatefulSet,
    spec: &StatefulSetSpec,
    revisions: &Revisions,
    ordinal: i32,
) -> bool {
    let strategy = spec.update_strategy.clone().unwrap_or_default();
    if strategy.type_.as_deref() == Some("OnDelete") {
        return false;
    }
    let status = set.status.clone().unwrap_or_default();
    if status.current_revision.as_deref() == Some(revision_name(&revisions.update)) {
        return false;
    }
    let before = match strategy.rolling_update {
        Some(rolling) => rolling.partition.unwrap_or(0),
        None => status.current_replicas.unwrap_or(0),
    };
    ordinal < first_ordinal(set).saturating_add(before)
}

/// How many pods may be unavailable while an update goes on; more than one since 1.35 (gate
/// `MaxUnavailableStatefulSet`).
fn most_unavailable(work: &Work<'_>, may_be_more: bool) -> usize {
    let rolling = work.spec.update_strategy.as_ref().and_then(|one| one.rolling_update.as_ref());
    let given = rolling.and_then(|rolling| rolling.max_unavailable.as_ref());
    let most = match given.filter(|_| may_be_more) {
        Some(IntOrString::Int(number)) => usize::try_from(*number).unwrap_or(1),
        Some(IntOrString::String(text)) => {
            let percent: usize =
                text.strip_suffix('%').and_then(|text| text.parse().ok()).unwrap_or(0);
            work.replicas.len().saturating_mul(percent).div_ceil(100)
        }
        None => 1,
    };
    most.max(1)
}

impl StatefulSets {
    /// Makes, deletes and replaces pods as far as this sync may.
    pub(super) async fn bring_about(&self, work: &Work<'_>) -> Result<(), Status> {
        if work.ordered {
            for replica in &work.replicas {
                if self.process(work, replica).await? == Goes::NoFurther {
                    return Ok(());
                }
            }
            for replica in &work.condemned {
                if self.condemn(work, replica).await? == Goes::NoFurther {
                    return Ok(());
                }
            }
        } else {
            let mut next = work.replicas.iter();
            let (_, outcome) = in_growing_batches(work.replicas.len(), || {
                let replica = next.next();
                async move {
                    match replica {
                        Some(replica) => self.process(work, replica).await.map(drop),
                        None => Ok(()),
                    }
                }
            })
            .await;
            outcome?;
            for replica in &work.condemned {
                self.condemn(work, replica).await?;
            }
        }
        self.roll(work).await
    }

    /// Makes a pod that is missing; deletes one that ended, so that it is missing next time.
    async fn process(&self, work: &Work<'_>, replica: &Replica) -> Result<Goes, Status> {
        if replica.exists && has_ended(&replica.pod) {
            if !replica.leaves() {
                self.delete(work.set, &replica.pod).await?;
            }
            return Ok(Goes::NoFurther);
        }
        if !replica.exists {
            self.make_claims(work.set, &replica.pod, replica.ordinal).await?;
            self.create(work.set, &replica.pod).await?;
        } else if phase(&replica.pod) == "Pending" {
            self.make_claims(work.set, &replica.pod, replica.ordinal).await?;
        }
        let done = replica.exists && !replica.leaves() && work.is_available(replica);
        Ok(if work.ordered && !done { Goes::NoFurther } else { Goes::On })
    }

    /// Deletes a pod that is one too many.
    async fn condemn(&self, work: &Work<'_>, replica: &Replica) -> Result<Goes, Status> {
        if replica.leaves() {
            return Ok(if work.ordered { Goes::NoFurther } else { Goes::On });
        }
        let first = work.first_unavailable() == Some(replica.ordinal);
        if work.ordered && !work.is_available(replica) && !first {
            return Ok(Goes::NoFurther);
        }
        self.delete(work.set, &replica.pod).await?;
        Ok(if work.ordered { Goes::NoFurther } else { Goes::On })
    }

    /// Deletes pods of another revision, the last first, no more than may be unavailable.
    async fn roll(&self, work: &Work<'_>) -> Result<(), Status> {
        let strategy = work.spec.update_strategy.clone().unwrap_or_default();
        if strategy.type_.as_deref() == Some("OnDelete") {
            return Ok(());
        }
        let partition = strategy.rolling_update.and_then(|one| one.partition).unwrap_or(0);
        let update = revision_name(&work.revisions.update);
        let unavailable = |one: &&Replica| !work.is_available(one) || one.leaves();
        let already = work.replicas.iter().filter(unavailable).count();
        let may_be_more = self.client.api.gates().version().at_least(35);
        let most = most_unavailable(work, may_be_more).saturating_sub(already);
        let from = usize::try_from(partition).unwrap_or(0);
        let old = work.replicas.iter().skip(from).rev();
        let old = old.filter(|one| one.exists && one.revision() != Some(update) && !one.leaves());
        for replica in old.take(most) {
            self.delete(work.set, &replica.pod).await?;
        }
        Ok(())
    }
}
