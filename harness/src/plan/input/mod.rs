//! From what is read of a cluster to a [`Snapshot`]: only what a plan looks at is kept.

mod collect;
mod fields;
mod identity;
mod interned;
mod joining;
mod object;
mod placement;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::snapshot::Snapshot;
use crate::input::live::{self, List, LiveError, list};
use crate::input::{self, InputError, Sink as _};
use collect::Collector;

/// What is listed besides pods and what makes them.
const BUDGETS: List = list("/apis/policy/v1/poddisruptionbudgets", "pod disruption budgets", false);
/// All of it, as kubectl names it.
const KINDS: &str = "nodes,pods,deployments,replicasets,daemonsets,statefulsets,jobs,cronjobs,pdb";

/// Reads files into one snapshot; `-` is standard input.
///
/// # Errors
/// [`InputError`].
pub fn read_files(paths: &[PathBuf]) -> Result<Snapshot, InputError> {
    let mut collector = Collector::default();
    input::read_files(paths, &mut collector)?;
    finish(collector)
}

/// Reads a text, as if it were a file of this name.
///
/// # Errors
/// [`InputError`].
pub fn read_text(name: &str, text: &[u8]) -> Result<Snapshot, InputError> {
    let mut collector = Collector::default();
    input::read_text(name, text, &mut collector)?;
    finish(collector)
}

/// Reads a cluster with a kubeconfig; the current context where none is named. Each answer may
/// take so long, from the request to its last byte.
///
/// # Errors
/// [`LiveError`].
pub async fn read_cluster(
    path: &Path,
    context: Option<&str>,
    timeout: Duration,
) -> Result<Snapshot, LiveError> {
    let mut collector = Collector::default();
    let lists = [&[live::NODES], &live::MAKERS[..], &[BUDGETS]].concat();
    live::read_cluster(path, context, timeout, &lists, &mut collector).await?;
    Ok(finish(collector)?)
}

fn finish(collector: Collector) -> Result<Snapshot, InputError> {
    let understood = collector.understood();
    let snapshot = collector.finish();
    if snapshot.nodes.is_empty() {
        return Err(InputError::Nothing { wanted: "node", understood, kinds: KINDS });
    }
    Ok(snapshot)
}
