//! Refusals that a step expects.

use super::Stop;
use crate::check::Difference;
use crate::cluster::ClusterError;
use crate::scenario::Refusal;

/// Who is asked first: what the report calls an answer that should have been a refusal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    /// The API server.
    ApiServer,
    /// A component that is to start.
    Component,
}

/// Holds a step's outcome to the refusal that it expects, if it does.
pub(super) fn as_expected(
    wanted: Option<&Refusal>,
    asked: Asked,
    outcome: Result<(), Stop>,
) -> Result<(), Stop> {
    let Some(wanted) = wanted else { return outcome };
    match outcome {
        Ok(()) => {
            let (what, seen) = match asked {
                Asked::ApiServer => ("answer", "accepted"),
                Asked::Component => ("start", "it starts"),
            };
            Err(Stop::Different(vec![Difference::new(what, words(wanted), seen)]))
        }
        Err(Stop::Refused(refusal)) => compare(wanted, Some(refusal.reason), &refusal.message),
        Err(Stop::Cluster(ClusterError::FeatureGate(error)) | Stop::Gate { error, .. }) => {
            compare(wanted, None, &error.to_string())
        }
        Err(stop) => Err(stop),
    }
}

fn words(wanted: &Refusal) -> String {
    let parts = [
        wanted.reason.as_ref().map(|reason| format!("refused, reason {reason}")),
        wanted.message.as_ref().map(|message| format!("refused, saying {message:?}")),
        wanted.contains.as_ref().map(|part| format!("refused, saying …{part}…")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn compare(wanted: &Refusal, reason: Option<&str>, message: &str) -> Result<(), Stop> {
    let mut differences = Vec::new();
    if let Some(wanted) = &wanted.reason
        && Some(wanted.as_str()) != reason
    {
        differences.push(Difference::new("refusal's reason", wanted, reason.unwrap_or("none")));
    }
    if let Some(wanted) = &wanted.message
        && wanted != message
    {
        differences.push(Difference::new("refusal's message", wanted, message));
    }
    if let Some(part) = &wanted.contains
        && !message.contains(part)
    {
        differences.push(Difference::new("refusal's message", format!("…{part}…"), message));
    }
    if differences.is_empty() { Ok(()) } else { Err(Stop::Different(differences)) }
}
