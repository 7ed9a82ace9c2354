//! Runs cases: one cluster each, its steps in order, a verdict at the end.

mod parallel;
pub mod scene;
mod steps;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::check::Difference;
use crate::cluster::Cluster;
use crate::deviations::{self, Deviation};
use crate::document::Span;
use crate::images;
use crate::scenario::{Case, Step};
use crate::target::Target;

pub use parallel::{Progress, run_all, run_alone};
pub use scene::Scene;

/// Of which cases it is kept what was seen when they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Of those that did not hold.
    Failures,
    /// Of all.
    All,
}

/// How a case ended.
#[derive(Debug)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// What was seen when it ended, where that is kept.
    pub scene: Option<Scene>,
    /// The time it took by its cluster's clock, which is virtual on the simulation.
    pub cluster_time: Duration,
    /// The wall time it took.
    pub duration: Duration,
    /// The part of it that was spent inside CRI calls.
    pub in_calls: Duration,
    /// The part of it, outside CRI calls, that the scenario asks to let pass, with `advance`,
    /// `never` and `measure`.
    pub asked_for: Duration,
}

/// What became of a case.
#[derive(Debug)]
pub enum Verdict {
    /// Everything expected was so.
    Held,
    /// Something was not as expected.
    Failed(Failure),
    /// Something was not as expected, as is known of this runtime.
    Deviates(Failure, &'static Deviation),
    /// The target lacks something that the case needs; the reason.
    Skipped(String),
    /// The case could not be played; what happened.
    Broken(Failure),
}

/// Where a case stopped, and what was seen there.
#[derive(Debug)]
pub struct Failure {
    /// The step or expectation.
    pub span: Option<Span>,
    /// What the step was to do or show.
    pub what: String,
    /// What is not as expected.
    pub differences: Vec<Difference>,
}

/// Runs a case on a target.
///
/// Must be called in a tokio runtime whose clock is paused where the target's
/// time is virtual.
pub async fn run(case: &Case, target: &dyn Target, keep: Keep) -> Report {
    let start = Instant::now();
    let cluster_start = tokio::time::Instant::now();
    let mut spent = Spent::default();
    let (verdict, scene) = match target.lacks(case) {
        Some(reason) => (Verdict::Skipped(reason), None),
        None => play(case, target, keep, &mut spent).await,
    };
    let verdict = match (verdict, target.implementation(case)) {
        (Verdict::Failed(failure), Some(implementation)) => {
            match deviations::known(&case.id, &implementation) {
                Some(deviation) => Verdict::Deviates(failure, deviation),
                None => Verdict::Failed(failure),
            }
        }
        (verdict, _) => verdict,
    };
    let Spent { in_calls, asked_for } = spent;
    let cluster_time = cluster_start.elapsed();
    Report { verdict, scene, cluster_time, duration: start.elapsed(), in_calls, asked_for }
}

/// Where the time of a case went, but for our own share.
#[derive(Default)]
struct Spent {
    in_calls: Duration,
    asked_for: Duration,
}

async fn play(
    case: &Case,
    target: &dyn Target,
    keep: Keep,
    spent: &mut Spent,
) -> (Verdict, Option<Scene>) {
    let images = Arc::new(images::store_of(&case.spec.images));
    let mut cluster = match Cluster::start(&case.spec.cluster, &images, target).await {
        Ok(cluster) => cluster,
        Err(error) => {
            let what = format!("the cluster does not start: {}", with_sources(&error));
            return (Verdict::Broken(Failure { span: None, what, differences: Vec::new() }), None);
        }
    };
    let deadline = target.case_limit().map(|limit| tokio::time::Instant::now() + limit);
    let mut verdict = Verdict::Held;
    for (index, step) in case.spec.steps.iter().enumerate() {
        let (step_start, calls_before) = (Instant::now(), cluster.time_in_calls());
        let patience = waiting::Patience::new(target.has_virtual_time());
        let taken = steps::take(step, &mut cluster, patience);
        let outcome = match deadline {
            None => taken.await,
            Some(deadline) => match tokio::time::timeout_at(deadline, taken).await {
                Ok(outcome) => outcome,
                Err(_) => Err(steps::Stop::OutOfTime),
            },
        };
        if step.advance.is_some() || step.never.is_some() || step.measure.is_some() {
            let in_calls = cluster.time_in_calls().saturating_sub(calls_before);
            spent.asked_for += step_start.elapsed().saturating_sub(in_calls);
        }
        if let Err(stop) = outcome {
            verdict = stop.verdict(case, index);
            break;
        }
    }
    let is_kept = keep == Keep::All || !matches!(verdict, Verdict::Held);
    let scene = is_kept.then(|| Scene::of(&cluster));
    spent.in_calls = cluster.stop().await;
    (verdict, scene)
}

/// How one step went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutcome {
    /// Whether it went as the step says.
    pub held: bool,
    /// Whether the step could not be taken at all.
    pub broken: bool,
    /// What did not go as the step says; empty where all did.
    pub what: String,
    /// Each difference.
    pub differences: Vec<Difference>,
}

/// Takes one step in a cluster that others use meanwhile.
pub async fn take_step(step: &Step, cluster: &mut Cluster) -> StepOutcome {
    let held =
        |held| StepOutcome { held, broken: false, what: String::new(), differences: Vec::new() };
    match steps::take(step, cluster, waiting::Patience::new(false)).await {
        Ok(()) => held(true),
        Err(stop) => StepOutcome {
            broken: stop.is_broken(),
            what: with_sources(&stop),
            differences: stop.into_differences(),
            ..held(false)
        },
    }
}

/// An error and everything that caused it, in one line.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        source = error.source();
    }
    text
}
