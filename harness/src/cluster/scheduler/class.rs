//! The nodes in the order in which they suit one class of equal pods.
//!
//! Placing a pod looks at the best node only; what changed since the last pod
//! of the class is put in order again first. So a pod costs the same however
//! many nodes and pods there are.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fake_kubelet::version::KubernetesVersion;

use super::demand::Demand;
use super::filter::{self, Refused};
use super::message;
use super::neighbours::Outlook;
use super::nodes::{NodeId, Nodes};
use super::score::Raw;

/// The best node first: by points, then by fewer pods, then the one that was chosen longest ago,
/// then by name.
type Rank = (Reverse<i64>, usize, u64, Arc<str>, NodeId);

/// What is known of a node for the class.
#[derive(Debug)]
enum Standing {
    Suits { raw: Raw, rank: Rank },
    Refuses(Refused),
}

/// A class of equal pods.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) demand: Demand,
    standings: BTreeMap<NodeId, Standing>,
    ranked: BTreeSet<Rank>,
    affinities: Counts,
    taints: Counts,
    reasons: BTreeMap<String, usize>,
    lacking_room: usize,
    seen: Option<u64>,
    /// How high the scores were that the ranks were made with.
    highest: (i64, i64),
}

impl Class {
    pub(super) fn new(demand: Demand) -> Self {
        Self {
            demand,
            standings: BTreeMap::new(),
            ranked: BTreeSet::new(),
            affinities: Counts::default(),
            taints: Counts::default(),
            reasons: BTreeMap::new(),
            lacking_room: 0,
            seen: None,
            highest: (0, 0),
        }
    }

    /// The best node for a pod of the class, if any takes it: of those that its outlook allows,
    /// where it has one.
    pub(super) fn best(&self, outlook: Option<&Outlook>, nodes: &Nodes) -> Option<NodeId> {
        let mut ids = self.ranked.iter().map(|(.., id)| *id);
        match outlook {
            None => ids.next(),
            Some(outlook) => {
                ids.find(|id| nodes.get(*id).is_some_and(|node| outlook.check(node).is_ok()))
            }
        }
    }

    /// Why no node takes a pod of the class.
    pub(super) fn message(
        &self,
        outlook: Option<&Outlook>,
        nodes: &Nodes,
        version: KubernetesVersion,
    ) -> String {
        let mut reasons = self.reasons.clone();
        let mut lacking_room = self.lacking_room;
        let suiting = self.ranked.iter().filter_map(|(.., id)| nodes.get(*id));
        let refused = |node| outlook.and_then(|outlook| outlook.check(node).err());
        for refused in suiting.filter_map(refused) {
            lacking_room += usize::from(refused.for_lack_of_room);
            for reason in refused.reasons {
                *reasons.entry(reason).or_default() += 1;
            }
        }
        let never = self.demand.never_preempts();
        message::unschedulable(nodes.len(), &reasons, lacking_room, never, version)
    }

    /// Takes in what changed about the nodes since the last time.
    pub(super) fn catch_up(&mut self, nodes: &Nodes, version: KubernetesVersion) {
        let revision = nodes.revision();
        if self.seen == Some(revision) {
            return;
        }
        match self.seen.and_then(|seen| nodes.changed_since(seen)) {
            Some(changed) => {
                for &id in changed {
                    self.look_at(id, nodes, version);
                }
            }
            None => {
                self.forget();
                for id in nodes.ids() {
                    self.look_at(id, nodes, version);
                }
            }
        }
        self.seen = Some(revision);
        let highest = (self.affinities.highest(), self.taints.highest());
        if highest != self.highest {
            self.highest = highest;
            self.rank_all();
        }
    }

    fn forget(&mut self) {
        self.standings.clear();
        self.ranked.clear();
        self.affinities = Counts::default();
        self.taints = Counts::default();
        self.reasons.clear();
        self.lacking_room = 0;
    }

    fn look_at(&mut self, id: NodeId, nodes: &Nodes, version: KubernetesVersion) {
        match self.standings.remove(&id) {
            Some(Standing::Suits { raw, rank }) => {
                self.ranked.remove(&rank);
                self.affinities.remove(raw.affinity);
                self.taints.remove(raw.taints);
            }
            Some(Standing::Refuses(refused)) => self.count(&refused, false),
            None => {}
        }
        let Some(node) = nodes.get(id) else { return };
        let standing = match filter::check(&self.demand, node, version) {
            Ok(()) => {
                let raw = Raw::of(&self.demand, node);
                let points = raw.total(self.highest.0, self.highest.1);
                let name = Arc::clone(&node.name);
                let rank = (Reverse(points), node.taken.pods, node.chosen, name, id);
                self.affinities.add(raw.affinity);
                self.taints.add(raw.taints);
                self.ranked.insert(rank.clone());
                Standing::Suits { raw, rank }
            }
            Err(refused) => {
                self.count(&refused, true);
                Standing::Refuses(refused)
            }
        };
        self.standings.insert(id, standing);
    }

    fn count(&mut self, refused: &Refused, more: bool) {
        for reason in &refused.reasons {
            match self.reasons.get_mut(reason) {
                Some(count) if more => *count += 1,
                Some(count) => {
                    *count -= 1;
                    if *count == 0 {
                        self.reasons.remove(reason);
                    }
                }
                None => {
                    self.reasons.insert(reason.clone(), 1);
                }
            }
        }
        if refused.for_lack_of_room {
            if more {
                self.lacking_room += 1;
            } else {
                self.lacking_room -= 1;
            }
        }
    }

    fn rank_all(&mut self) {
        let (affinity, taints) = self.highest;
        self.ranked.clear();
        for standing in self.standings.values_mut() {
            if let Standing::Suits { raw, rank } = standing {
                rank.0 = Reverse(raw.total(affinity, taints));
                self.ranked.insert(rank.clone());
            }
        }
    }
}

/// Values, and how often each is there.
#[derive(Debug, Default)]
struct Counts(BTreeMap<i64, usize>);

impl Counts {
    fn add(&mut self, value: i64) {
        *self.0.entry(value).or_default() += 1;
    }

    fn remove(&mut self, value: i64) {
        if let Some(count) = self.0.get_mut(&value) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&value);
            }
        }
    }

    fn highest(&self) -> i64 {
        self.0.last_key_value().map_or(0, |(value, _)| *value)
    }
}
