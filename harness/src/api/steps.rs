//! What scenarios do to clusters, done to a cluster that is served: upgrades, faults, gates,
//! drains, time.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Incoming;
use kubernetes_objects::Status;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::answer::{self, Answer};
use super::body::{self, Body};
use super::request::{Context, Head, ended};
use crate::check::Difference;
use crate::scenario::StepList;

/// Where steps are sent to.
pub const STEPS_PATH: &str = "/gidcheck/v1/steps";

/// How many outcomes may wait for the client.
const OUTCOMES_AHEAD: usize = 16;

/// The most problems that are said at once.
const SHOWN_PROBLEMS: usize = 20;

/// How a step ended, as the server reports it: one line of JSON each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedStep {
    /// Whether it went as the step says.
    pub held: bool,
    /// Whether the step makes no sense to the cluster as it is.
    pub broken: bool,
    /// What did not; empty where all did.
    pub what: String,
    /// Each difference.
    pub differences: Vec<ReportedDifference>,
}

/// A difference between what a step expects and what is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedDifference {
    /// What is compared.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What is.
    pub observed: String,
}

impl From<Difference> for ReportedDifference {
    fn from(Difference { what, expected, observed }: Difference) -> Self {
        Self { what, expected, observed }
    }
}

/// Takes the steps of a request, in order, up to the first that does not hold.
pub(super) async fn take(
    context: &Arc<Context>,
    head: &Head,
    body: Incoming,
) -> Result<Answer, Status> {
    match head.content_type() {
        "" | "application/json" | "application/yaml" => {}
        other => {
            return Err(Status::new(
                415,
                "UnsupportedMediaType",
                format!("steps are YAML or JSON, not {other}"),
            ));
        }
    }
    let text = body::read(body).await?;
    let text = String::from_utf8(text.to_vec())
        .map_err(|_| Status::bad_request("steps are text in UTF-8"))?;
    let list = StepList::read("steps", &text, None);
    if !list.problems.is_empty() {
        let said: Vec<_> = list
            .problems
            .sorted()
            .iter()
            .take(SHOWN_PROBLEMS)
            .map(|problem| {
                let (line, column) = list.sources.position(problem.span);
                format!("steps:{line}:{column}: {}", problem.message)
            })
            .collect();
        return Err(Status::bad_request(said.join("\n")));
    }
    let steps = list.steps;
    let (sender, mut outcomes) = mpsc::channel(OUTCOMES_AHEAD);
    context.cluster.take(steps, sender).await.map_err(|_| ended())?;
    let (lines, receiver) = mpsc::channel(OUTCOMES_AHEAD);
    tokio::spawn(async move {
        while let Some(outcome) = outcomes.recv().await {
            let reported = ReportedStep {
                held: outcome.held,
                broken: outcome.broken,
                what: outcome.what,
                differences: outcome
                    .differences
                    .into_iter()
                    .map(ReportedDifference::from)
                    .collect(),
            };
            let line = serde_json::to_string(&reported).unwrap_or_default();
            if lines.send(format!("{line}\n").into()).await.is_err() {
                return;
            }
        }
    });
    Ok(answer::of_type(StatusCode::OK, "application/json", Body::Stream(receiver)))
}
