//! Puts together what was read: pods with their nodes and controllers, budgets with their pods.

use std::collections::{BTreeMap, HashMap};

use super::collect::{Collector, Key, PodAndOwner};
use crate::cluster::selects;
use crate::plan::snapshot::{Recreation, Snapshot, Workload};

impl Collector {
    /// The snapshot of everything that was taken.
    pub(super) fn finish(mut self) -> Snapshot {
        self.nodes.sort_by(|a, b| a.name.cmp(&b.name));
        let places: HashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
        let mut pods = std::mem::take(&mut self.pods);
        pods.sort_by(|a, b| {
            (&a.record.namespace, &a.record.name).cmp(&(&b.record.namespace, &b.record.name))
        });
        let mut workloads: BTreeMap<Key, Workload> = BTreeMap::new();
        for (at, pod) in pods.iter_mut().enumerate() {
            pod.record.node = pod.node.as_deref().and_then(|name| places.get(name).copied());
            let key = match &pod.owner {
                Some(owner) => self.top(owner),
                None => (pod.record.namespace.clone(), "Pod".to_owned(), pod.record.name.clone()),
            };
            let workload = workloads.entry(key.clone()).or_insert_with(|| self.workload(key));
            if pod.is_static {
                workload.recreation = Recreation::Kubelet;
            }
            workload.pods.push(at);
        }
        for (key, controller) in &self.controllers {
            if controller.owner.is_none() && controller.template.is_some() {
                workloads.entry(key.clone()).or_insert_with(|| self.workload(key.clone()));
            }
        }
        self.find_budgets_pods(&pods);
        let workloads: Vec<_> = workloads.into_values().collect();
        for (place, workload) in workloads.iter().enumerate() {
            for at in &workload.pods {
                pods[*at].record.workload = place;
            }
        }
        Snapshot {
            nodes: self.nodes,
            pods: pods.into_iter().map(|pod| pod.record).collect(),
            workloads,
            identities: self.identities.values,
            placements: self.placements.values,
            labels: self.labels.values,
            ..self.snapshot
        }
    }

    /// Which pods each budget is about. Labels are compared once for all pods that share them.
    fn find_budgets_pods(&mut self, pods: &[PodAndOwner]) {
        let budgets = &mut self.snapshot.budgets;
        budgets.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
        for budget in budgets {
            let Some(selector) = &budget.selector else { continue };
            let mut selected: Vec<Option<bool>> = vec![None; self.labels.values.len()];
            let first = pods.partition_point(|pod| pod.record.namespace < budget.namespace);
            let of_namespace = pods[first..].iter().enumerate();
            for (at, pod) in
                of_namespace.take_while(|(_, pod)| pod.record.namespace == budget.namespace)
            {
                let is_selected = *selected[pod.record.labels].get_or_insert_with(|| {
                    selects(selector, Some(&self.labels.values[pod.record.labels]))
                });
                if is_selected && pod.record.is_active() {
                    budget.pods.push(first + at);
                }
            }
        }
    }

    /// The controller's controller, such as the Deployment of a `ReplicaSet`.
    fn top(&self, owner: &Key) -> Key {
        let mut top = owner;
        // Owners of owners of owners exist; circles in hostile input do, too.
        for _ in 0..4 {
            match self.controllers.get(top).and_then(|controller| controller.owner.as_ref()) {
                Some(next) => top = next,
                None => break,
            }
        }
        top.clone()
    }

    fn workload(&self, key: Key) -> Workload {
        let known = self.controllers.get(&key);
        let (namespace, kind, name) = key;
        let recreation = known.map(|known| known.recreation).unwrap_or(match kind.as_str() {
            "Pod" => Recreation::Never,
            "DaemonSet" => Recreation::OnTheSameNode,
            _ => Recreation::Controller,
        });
        Workload {
            namespace,
            kind,
            name,
            recreation,
            replicas: known.and_then(|known| known.replicas),
            template: known.and_then(|known| known.template),
            template_labels: known.and_then(|known| known.template_labels),
            pods: Vec::new(),
        }
    }
}
