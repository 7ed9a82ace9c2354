//! Which containers of many manifests get groups that nobody wrote down, by weight.
//!
//! The findings are the warnings of [`explain`](crate::explain); what is
//! added is how much each weighs.

pub mod cluster;
mod dump;
pub mod files;
mod folder;
pub mod report;
pub mod sarif;
pub mod text;
pub mod weight;

use std::collections::{BTreeMap, BTreeSet};

use crate::explain::images::Images;
use crate::explain::report::{ContainerOutcome, ExplainedPod, Id, NodeSummary, Severity, Warning};
use crate::explain::text::node_words;
use crate::explain::warnings::{Rule, groups_of_volumes, implicit_groups};
use crate::explain::{Explainer, Manifests};
use cluster::Cluster;
use report::{Audit, Finding, FoundContainer, NotRead, SCHEMA};

/// Explains every pod on every kind of node that it may run on, and weighs what there is to warn
/// of. `looked_at` is called after each pod.
#[must_use]
pub fn audit(
    manifests: &Manifests,
    images: &Images,
    cluster: &Cluster,
    not_read: Vec<NotRead>,
    looked_at: &dyn Fn(),
) -> Audit {
    let kinds: Vec<_> = cluster.kinds.iter().collect();
    let explainer = Explainer::new(cluster.api_server, &kinds, images, &manifests.volumes);
    let summary = cluster.summary();
    let mut audit = Audit {
        schema: SCHEMA.to_owned(),
        cluster: summary,
        pods: 0,
        containers: 0,
        with_implicit_groups: 0,
        findings: Vec::new(),
        passed_over: manifests.passed_over,
        not_read,
    };
    for (at, pod) in manifests.pods.iter().enumerate() {
        let kinds = cluster.kinds_of(at, pod);
        let reported = |kind: usize, container: &str| cluster.reported(kind, pod, container);
        let explained = explainer.explain(pod, &kinds, &reported);
        match explained.first() {
            Some(first) => {
                audit.pods += 1;
                audit.containers += first.shown().len();
                audit.with_implicit_groups += with_implicit_groups(&explained);
                audit.findings.extend(findings(&kinds, &explained, &audit.cluster.nodes));
            }
            None => audit.passed_over += 1,
        }
        looked_at();
    }
    let place = |finding: &Finding| (finding.file.clone(), finding.line, finding.rule);
    audit.findings.sort_by(|a, b| {
        b.weight
            .cmp(&a.weight)
            .then(a.severity.cmp(&b.severity))
            .then_with(|| place(a).cmp(&place(b)))
    });
    audit
}

/// How many containers of a pod get groups that nobody wrote down, on some node.
fn with_implicit_groups(explained: &[ExplainedPod]) -> usize {
    let containers = explained.iter().flat_map(|pod| &pod.as_written().containers);
    let implicit = containers.filter(|container| !implicit_groups(container).is_empty());
    implicit.map(|container| &container.name).collect::<BTreeSet<_>>().len()
}

/// What there is to warn of, once for all nodes where it is the same.
fn findings(kinds: &[usize], explained: &[ExplainedPod], nodes: &[NodeSummary]) -> Vec<Finding> {
    type Key<'a> = (Rule, Severity, Option<&'a str>, &'a str);
    let mut found: BTreeMap<Key<'_>, (Finding, Vec<usize>)> = BTreeMap::new();
    for (kind, pod) in kinds.iter().zip(explained) {
        for warning in &pod.warnings {
            let container = warning.container.as_deref();
            let key = (warning.rule, warning.severity, container, warning.text.as_str());
            let (_, on) = found.entry(key).or_insert_with(|| (finding(pod, warning), Vec::new()));
            on.push(*kind);
        }
    }
    let on_some = |(mut finding, on): (Finding, Vec<usize>)| {
        if on.len() < kinds.len() {
            finding.only_on = on.iter().map(|kind| node_words(&nodes[*kind])).collect();
        }
        finding
    };
    found.into_values().map(on_some).collect()
}

fn finding(pod: &ExplainedPod, warning: &Warning) -> Finding {
    let container = warning.container.as_ref().and_then(|name| {
        pod.as_written().containers.iter().find(|container| container.name == *name)
    });
    let groups = container.map(|container| groups(warning.rule, container)).unwrap_or_default();
    let identity = container.and_then(|container| container.identity.as_ref());
    let opens: BTreeSet<String> = groups
        .iter()
        .filter_map(|group| {
            weight::opened_by(group)
                .map(|sensitive| format!("{}: {}", sensitive.name, sensitive.opens))
        })
        .collect();
    let line = container.and_then(|container| pod.container_lines.get(&container.name));
    Finding {
        rule: warning.rule,
        severity: warning.severity,
        weight: weight::weight(warning.rule, &groups, identity),
        kind: pod.kind.clone(),
        namespace: pod.namespace.clone(),
        name: pod.name.clone(),
        policy: pod.policy,
        container: container.map(|container| FoundContainer {
            name: container.name.clone(),
            kind: container.kind,
            image: container.image.clone(),
        }),
        groups,
        opens: opens.into_iter().collect(),
        file: pod.file.clone(),
        line: line.copied().unwrap_or(pod.line),
        only_on: Vec::new(),
        text: warning.text.clone(),
        help: warning.rule.about().help.to_owned(),
    }
}

/// The groups that a finding is about.
fn groups(rule: Rule, container: &ContainerOutcome) -> Vec<Id> {
    match rule {
        Rule::ImplicitGroups | Rule::StrictIgnored | Rule::StaleFeature => {
            implicit_groups(container).into_iter().cloned().collect()
        }
        Rule::VolumeGroups => groups_of_volumes(container).into_iter().cloned().collect(),
        Rule::RootGroup | Rule::ImplicitPrimaryGroup => {
            container.identity.iter().map(|identity| identity.group.clone()).collect()
        }
        _ => Vec::new(),
    }
}
