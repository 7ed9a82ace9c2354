//! Reading a live cluster: lists, page by page, and nothing else.

mod answer;
mod connect;
mod error;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::collect::Collector;
use super::{finish, json};
use crate::plan::snapshot::Snapshot;
use answer::Server;
pub use error::LiveError;

/// What is listed: the path, what it lists, and whether there is no plan without it.
const LISTS: &[(&str, &str, bool)] = &[
    ("/api/v1/nodes", "nodes", true),
    ("/api/v1/pods", "pods", true),
    ("/api/v1/replicationcontrollers", "replication controllers", false),
    ("/apis/apps/v1/deployments", "deployments", false),
    ("/apis/apps/v1/replicasets", "replica sets", false),
    ("/apis/apps/v1/daemonsets", "daemon sets", false),
    ("/apis/apps/v1/statefulsets", "stateful sets", false),
    ("/apis/batch/v1/jobs", "jobs", false),
    ("/apis/batch/v1/cronjobs", "cron jobs", false),
    ("/apis/policy/v1/poddisruptionbudgets", "pod disruption budgets", false),
];
/// Objects in one page.
const PAGE: usize = 500;
/// The most pages of one list; pages may be empty.
const MOST_PAGES: usize = 20_000;

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
    let server = Server { client: connect::client(path, context).await?, timeout };
    let mut collector = Collector::default();
    match server.get("/version", "").await {
        Ok(text) => {
            let version = serde_json::from_str::<Version>(&text).ok();
            if let Some(version) = version.and_then(|version| version.git_version) {
                collector.set_api_server_version(version);
            }
        }
        // Who may list nodes may still not be told the version, which then is supposed.
        Err(LiveError::Forbidden(_)) => {}
        Err(error) => return Err(error),
    }
    for (path, what, needed) in LISTS {
        match read_list(&server, path, &mut collector).await {
            Err(LiveError::Forbidden(_)) if !needed => collector.not_read(what),
            // Not every cluster serves every group.
            Err(LiveError::Refused { code: 404, .. }) if !needed => {}
            read => read?,
        }
    }
    Ok(finish(collector)?)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: Option<String>,
}

async fn read_list(
    server: &Server,
    path: &str,
    collector: &mut Collector,
) -> Result<(), LiveError> {
    let mut token = String::new();
    for pages in 1..=MOST_PAGES {
        let mut query = form_urlencoded::Serializer::new(format!("limit={PAGE}"));
        if !token.is_empty() {
            query.append_pair("continue", &token);
        }
        let text = server.get(path, &query.finish()).await?;
        let answer = json::read_answer(path, &text, collector)?;
        if !answer.is_list {
            return Err(LiveError::NoList(path.to_owned()));
        }
        match answer.continues {
            None => return Ok(()),
            // Whoever is told to go on from where it is goes on for ever.
            Some(next) if next == token || pages == MOST_PAGES => {
                return Err(LiveError::Endless { path: path.to_owned(), pages });
            }
            Some(next) => token = next,
        }
    }
    Ok(())
}
