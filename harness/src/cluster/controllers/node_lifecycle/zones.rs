//! How fast nodes may be given up: slower the more of them are not ready, and not at all when
//! all of them are, since then it is rather the control plane that is cut off.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;

use super::super::super::delays::Limit;
use super::super::super::token_bucket::TokenBucket;

/// Nodes a second (`--node-eviction-rate`).
const RATE: f64 = 0.1;
/// Nodes a second in a large zone much of which is not ready (`--secondary-node-eviction-rate`).
const SLOW_RATE: f64 = 0.01;
/// Beyond this many nodes a zone is large (`--large-cluster-size-threshold`).
const LARGE: usize = 50;
/// From this share on much of a zone is not ready, in hundredths (`--unhealthy-zone-threshold`).
const UNHEALTHY_PERCENT: usize = 55;

/// How a zone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Normal,
    PartlyDisrupted,
    Disrupted,
}

#[derive(Debug)]
struct Zone {
    state: State,
    /// None gives nobody a turn.
    turns: Option<TokenBucket>,
}

/// The zones, and whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Zones {
    zones: BTreeMap<String, Zone>,
    all_disrupted: bool,
}

/// What a look at all nodes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// As before.
    Usual,
    /// No node is ready any more: what drives pods away is taken back.
    AllLost,
    /// Some are ready again: all get their full time once more.
    SomeBack,
}

/// The zone that a node is in.
pub(super) fn zone_of(node: &Node) -> String {
    let label = |key| node.metadata.labels.as_ref().and_then(|labels| labels.get(key));
    let part = |key| label(key).map(String::as_str).unwrap_or_default();
    format!("{}:{}", part("topology.kubernetes.io/region"), part("topology.kubernetes.io/zone"))
}

fn state(ready: usize, not_ready: usize) -> State {
    if ready == 0 && not_ready > 0 {
        State::Disrupted
    } else if not_ready > 2 && not_ready * 100 >= UNHEALTHY_PERCENT * (ready + not_ready) {
        State::PartlyDisrupted
    } else {
        State::Normal
    }
}

fn turns(state: State, size: usize) -> Option<TokenBucket> {
    let per_second = match state {
        State::Normal | State::Disrupted => RATE,
        State::PartlyDisrupted if size > LARGE => SLOW_RATE,
        State::PartlyDisrupted => return None,
    };
    Some(TokenBucket::new(Limit { per_second, burst: 1.0 }))
}

impl Zones {
    /// Takes in how many nodes of each zone are ready and are not.
    pub(super) fn look(&mut self, counts: &BTreeMap<String, (usize, usize)>) -> Seen {
        let states = counts.iter().map(|(zone, (ready, lost))| (zone, state(*ready, *lost)));
        let states: BTreeMap<_, _> = states.collect();
        let all = !states.is_empty() && states.values().all(|state| *state == State::Disrupted);
        let was = std::mem::replace(&mut self.all_disrupted, all);
        self.zones.retain(|zone, _| states.contains_key(zone));
        if all {
            self.zones.values_mut().for_each(|zone| zone.turns = None);
            return if was { Seen::Usual } else { Seen::AllLost };
        }
        for (name, state) in states {
            let size = counts.get(name).map_or(0, |(ready, lost)| ready + lost);
            match self.zones.get_mut(name) {
                Some(zone) if zone.state == state && !was => {}
                _ => {
                    self.zones.insert(name.clone(), Zone { state, turns: turns(state, size) });
                }
            }
        }
        if was { Seen::SomeBack } else { Seen::Usual }
    }

    /// Whether a node of the zone may be given up now.
    pub(super) fn take_turn(&self, zone: &str) -> bool {
        let turns = self.zones.get(zone).and_then(|zone| zone.turns.as_ref());
        turns.is_some_and(TokenBucket::try_take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(zones: &mut Zones, ready: usize, lost: usize) -> Seen {
        zones.look(&BTreeMap::from([("z".to_owned(), (ready, lost))]))
    }

    #[tokio::test(start_paused = true)]
    async fn one_node_every_ten_seconds_is_given_up() {
        let mut zones = Zones::default();
        assert_eq!(look(&mut zones, 3, 2), Seen::Usual);
        assert!(zones.take_turn("z") && !zones.take_turn("z"));
        tokio::time::advance(std::time::Duration::from_secs(10)).await;
        assert!(zones.take_turn("z"));
    }

    #[tokio::test(start_paused = true)]
    async fn when_no_node_is_ready_none_is_given_up() {
        let mut zones = Zones::default();
        look(&mut zones, 1, 0);
        assert_eq!(look(&mut zones, 0, 1), Seen::AllLost);
        assert!(!zones.take_turn("z"));
        assert_eq!(look(&mut zones, 0, 1), Seen::Usual);
        assert_eq!(look(&mut zones, 1, 0), Seen::SomeBack);
        assert!(zones.take_turn("z"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_zone_that_is_mostly_lost_is_left_alone() {
        let mut zones = Zones::default();
        look(&mut zones, 2, 3);
        assert!(!zones.take_turn("z"));
    }
}
