//! Which containers of many manifests get groups that nobody wrote down, by weight.
//!
//! The findings are the warnings of [`explain`](crate::explain); what is
//! added is how much each weighs.

mod dump;
pub mod files;
pub mod report;
pub mod sarif;
pub mod text;
pub mod weight;

use std::collections::BTreeSet;

use crate::explain::report::{ContainerOutcome, ExplainedPod, Explanation, Id, Warning};
use crate::explain::warnings::{Rule, implicit_groups};
use report::{Audit, Finding, FoundContainer, NotRead, SCHEMA};

/// Weighs what an explanation warns of.
#[must_use]
pub fn audit(explanation: Explanation, not_read: Vec<NotRead>) -> Audit {
    let mut findings: Vec<Finding> = explanation
        .pods
        .iter()
        .flat_map(|pod| pod.warnings.iter().map(move |warning| finding(pod, warning)))
        .collect();
    let place = |finding: &Finding| (finding.file.clone(), finding.line, finding.rule);
    findings.sort_by(|a, b| {
        b.weight
            .cmp(&a.weight)
            .then(a.severity.cmp(&b.severity))
            .then_with(|| place(a).cmp(&place(b)))
    });
    let outcomes = || explanation.pods.iter().map(ExplainedPod::shown);
    let implicit = outcomes().flatten().filter(|one| !implicit_groups(one).is_empty());
    Audit {
        schema: SCHEMA.to_owned(),
        pods: explanation.pods.len(),
        containers: outcomes().map(<[_]>::len).sum(),
        with_implicit_groups: implicit.count(),
        findings,
        passed_over: explanation.passed_over,
        cluster: explanation.cluster,
        not_read,
    }
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
        text: warning.text.clone(),
        help: warning.rule.about().help.to_owned(),
    }
}

/// The groups that a finding is about.
fn groups(rule: Rule, container: &ContainerOutcome) -> Vec<Id> {
    match rule {
        Rule::ImplicitGroups | Rule::StrictIgnored => {
            implicit_groups(container).into_iter().cloned().collect()
        }
        Rule::RootGroup | Rule::ImplicitPrimaryGroup => {
            container.identity.iter().map(|identity| identity.group.clone()).collect()
        }
        _ => Vec::new(),
    }
}
