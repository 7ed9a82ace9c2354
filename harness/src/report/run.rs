//! What a run says, for programs: a versioned document.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::conformance::DifferenceEntry;
use super::terminal::Counts;
use crate::document::{Sources, Span};
use crate::runner::scene::{Happening, SeenContainer};
use crate::runner::{Failure, Report, Verdict};
use crate::scenario::{Case, ClusterSpec, DEFAULT_NODE, KubernetesName, RuntimeName};
use crate::target::Target;

/// What the document's `schema` field says: its format and version.
pub const SCHEMA: &str = "gidcheck.dev/run/v1";

/// How the cases of a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The format of this document: `gidcheck.dev/run/v1`.
    pub schema: String,
    /// The version of gidcheck that ran.
    pub gidcheck: String,
    /// What it ran on, such as `simulation` or `containerd 2.1.9`.
    pub target: String,
    /// Whether the clusters' time is virtual, so that hours pass at once.
    pub virtual_time: bool,
    /// How long the run took, in seconds of wall time.
    pub seconds: f64,
    /// How many cases ended how.
    pub counts: Counts,
    /// The command that runs these scenarios again; ` --filter '=ID'` makes it one case.
    pub command: String,
    /// Every case, in the order of the files.
    pub cases: Vec<CaseReport>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseReport {
    /// Its name in full: area, scenario, and the values of the matrix.
    pub id: String,
    /// The folder of its scenario; empty for a file that is in none.
    pub area: String,
    /// What it can be told apart by besides its name: its level, what it needs of a target, and
    /// the values of its matrix.
    pub tags: Vec<String>,
    /// What the scenario shows.
    pub description: String,
    /// Where it is written, as `FILE:LINE`.
    pub place: String,
    /// The version of the API server at the start, such as `1.36`.
    pub kubernetes: String,
    /// The nodes at the start.
    pub nodes: Vec<NodeReport>,
    /// How it ended.
    pub verdict: CaseVerdict,
    /// Why it was skipped, or where its deviation was seen before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How long it took, in seconds of its cluster's clock.
    pub seconds: f64,
    /// What is not as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureReport>,
    /// What happened, oldest first: events and CRI calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcript: Vec<Happening>,
    /// Who the containers are that there were at the end, and where their ids come from. Known on
    /// the simulation only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<SeenContainer>,
}

/// A node at the start of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// The version of its kubelet, such as `1.36`.
    pub kubernetes: String,
    /// Its runtime, such as `containerd-2.1`.
    pub runtime: String,
}

/// How a case ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CaseVerdict {
    /// Everything expected was so.
    Held,
    /// Something was not as expected.
    Failed,
    /// The case could not be played to its end.
    Broken,
    /// Something was not as expected, as is known of this runtime.
    Deviates,
    /// The target lacks something that the case needs.
    Skipped,
}

/// What is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureReport {
    /// What went wrong, in a sentence.
    pub what: String,
    /// Where the step or the expectation is written, as `FILE:LINE:COLUMN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The first lines of what is written there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Each thing expected and what was observed instead.
    pub differences: Vec<DifferenceEntry>,
    /// The command that runs only this case.
    pub command: String,
}

/// What a run was about.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// What it ran on.
    pub target: &'a dyn Target,
    /// The texts of the scenarios.
    pub sources: &'a Sources,
    /// How long it took.
    pub duration: Duration,
    /// The paths of the command line, each with a space before it.
    pub paths: &'a str,
}

impl RunReport {
    /// The report of a run.
    #[must_use]
    pub fn new(about: About<'_>, cases: &[&Case], reports: &[Report]) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            gidcheck: env!("CARGO_PKG_VERSION").to_owned(),
            target: about.target.name(),
            virtual_time: about.target.has_virtual_time(),
            seconds: about.duration.as_secs_f64(),
            counts: Counts::of(reports),
            command: format!("gidcheck run{}", about.paths),
            cases: cases.iter().zip(reports).map(|(case, one)| of_case(about, case, one)).collect(),
        }
    }
}

fn of_case(about: About<'_>, case: &Case, report: &Report) -> CaseReport {
    let (verdict, reason) = match &report.verdict {
        Verdict::Held => (CaseVerdict::Held, None),
        Verdict::Failed(_) => (CaseVerdict::Failed, None),
        Verdict::Broken(_) => (CaseVerdict::Broken, None),
        Verdict::Deviates(_, deviation) => (CaseVerdict::Deviates, Some(&*deviation.reference)),
        Verdict::Skipped(reason) => (CaseVerdict::Skipped, Some(reason.as_str())),
    };
    let failure = match &report.verdict {
        Verdict::Failed(failure) | Verdict::Broken(failure) | Verdict::Deviates(failure, _) => {
            Some(of_failure(about, case, failure))
        }
        Verdict::Held | Verdict::Skipped(_) => None,
    };
    let place = case.places.first().map(|place| {
        let (line, _) = about.sources.position(place.span);
        format!("{}:{line}", about.sources.get(place.span.source).name)
    });
    let scene = report.scene.clone().unwrap_or_default();
    let cluster = &case.spec.cluster;
    CaseReport {
        id: case.id.clone(),
        area: case.area.clone(),
        tags: tags(case),
        description: case.description.to_string(),
        place: place.unwrap_or_default(),
        kubernetes: minor(cluster.api_server.kubernetes.or(cluster.kubernetes)),
        nodes: nodes(about.target, case),
        verdict,
        reason: reason.map(|reason| reason.trim().to_owned()),
        seconds: report.cluster_time.as_secs_f64(),
        failure,
        transcript: scene.happenings,
        containers: scene.containers,
    }
}

fn tags(case: &Case) -> Vec<String> {
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let in_json = "a level or a capability is one word";
    let level = word(serde_json::to_value(case.spec.level).expect(in_json));
    let needs = case.spec.requires.iter().map(|requirement| {
        let capability = word(serde_json::to_value(requirement.capability()).expect(in_json));
        format!("requires={capability}")
    });
    std::iter::once(level).chain(needs).chain(case.labels.iter().cloned()).collect()
}

fn nodes(target: &dyn Target, case: &Case) -> Vec<NodeReport> {
    let real = target.implementation(case).map(|it| format!("{} {}", it.name, it.version));
    let cluster = &case.spec.cluster;
    let node = |name: &str, kubernetes: Option<KubernetesName>, runtime: Option<RuntimeName>| {
        let runtime = runtime.or(cluster.runtime);
        NodeReport {
            name: name.to_owned(),
            kubernetes: minor(kubernetes.or(cluster.kubernetes)),
            runtime: real.clone().unwrap_or_else(|| simulated(runtime)),
        }
    };
    let ClusterSpec { nodes, .. } = cluster;
    if nodes.is_empty() {
        return vec![node(DEFAULT_NODE, None, None)];
    }
    nodes.iter().map(|one| node(&one.name, one.kubernetes, one.runtime)).collect()
}

/// The release that the simulation takes where a scenario names a class of them, or none.
fn simulated(runtime: Option<RuntimeName>) -> String {
    runtime.unwrap_or_default().profile().name.to_owned()
}

fn minor(version: Option<KubernetesName>) -> String {
    format!("1.{}", version.unwrap_or_default().0.minor())
}

fn of_failure(about: About<'_>, case: &Case, failure: &Failure) -> FailureReport {
    let place = |span: Span| {
        let (line, column) = about.sources.position(span);
        format!("{}:{line}:{column}", about.sources.get(span.source).name)
    };
    FailureReport {
        what: failure.what.clone(),
        place: failure.span.map(place),
        lines: failure
            .span
            .map(|span| about.sources.item(span).map(str::to_owned).collect())
            .unwrap_or_default(),
        differences: failure.differences.iter().map(DifferenceEntry::from).collect(),
        command: super::only_this_case(about.paths, &case.id),
    }
}
