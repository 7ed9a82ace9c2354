//! Reading a live cluster: lists, page by page, and nothing else.

mod answer;
mod connect;
mod error;

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::{Sink, json};
use answer::Server;
pub use error::LiveError;

/// Objects of one kind that are listed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct List {
    /// Their path.
    pub(crate) path: &'static str,
    /// What they are, in words.
    pub(crate) what: &'static str,
    /// Whether nothing can be said without them.
    pub(crate) is_needed: bool,
}

/// A kind of objects: its path, what it is, whether it is needed.
pub(crate) const fn list(path: &'static str, what: &'static str, is_needed: bool) -> List {
    List { path, what, is_needed }
}

/// Nodes.
pub(crate) const NODES: List = list("/api/v1/nodes", "nodes", true);

/// Persistent volumes, and what claims them.
pub(crate) const VOLUMES: [List; 2] = [
    list("/api/v1/persistentvolumes", "persistent volumes", false),
    list("/api/v1/persistentvolumeclaims", "persistent volume claims", false),
];

/// Pods, and what makes them.
pub(crate) const MAKERS: [List; 8] = [
    list("/api/v1/pods", "pods", true),
    list("/api/v1/replicationcontrollers", "replication controllers", false),
    list("/apis/apps/v1/deployments", "deployments", false),
    list("/apis/apps/v1/replicasets", "replica sets", false),
    list("/apis/apps/v1/daemonsets", "daemon sets", false),
    list("/apis/apps/v1/statefulsets", "stateful sets", false),
    list("/apis/batch/v1/jobs", "jobs", false),
    list("/apis/batch/v1/cronjobs", "cron jobs", false),
];

/// Whether objects are called after this path, and not after a file.
pub(crate) fn is_path(source: &str) -> bool {
    MAKERS.iter().chain([&NODES]).any(|list| list.path == source)
}

/// Objects in one page.
const PAGE: usize = 500;
/// The most pages of one list; pages may be empty.
const MOST_PAGES: usize = 20_000;

/// Reads a cluster with a kubeconfig; the current context where none is named. Each answer may
/// take so long, from the request to its last byte.
///
/// # Errors
/// [`LiveError`].
pub(crate) async fn read_cluster(
    path: &Path,
    context: Option<&str>,
    timeout: Duration,
    lists: &[List],
    sink: &mut dyn Sink,
) -> Result<(), LiveError> {
    let server = Server { client: connect::client(path, context).await?, timeout };
    match server.get("/version", "").await {
        Ok(text) => {
            let version = serde_json::from_str::<Version>(&text).ok();
            if let Some(version) = version.and_then(|version| version.git_version) {
                sink.set_api_server_version(version);
            }
        }
        // Who may list nodes may still not be told the version, which then is supposed.
        Err(LiveError::Forbidden(_)) => {}
        Err(error) => return Err(error),
    }
    for List { path, what, is_needed } in lists.iter().copied() {
        match read_list(&server, path, sink).await {
            Err(LiveError::Forbidden(_)) if !is_needed => sink.not_read(what),
            Err(LiveError::Forbidden(message)) => {
                return Err(LiveError::NotAllowed { message, needed: needed(lists) });
            }
            // Not every cluster serves every group.
            Err(LiveError::Refused { code: 404, .. }) if !is_needed => {}
            read => read?,
        }
    }
    Ok(())
}

/// What must be listed, in words.
fn needed(lists: &[List]) -> String {
    let needed = lists.iter().filter(|list| list.is_needed).map(|list| list.what);
    needed.collect::<Vec<_>>().join(" and ")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: Option<String>,
}

async fn read_list(server: &Server, path: &str, sink: &mut dyn Sink) -> Result<(), LiveError> {
    let mut token = String::new();
    for pages in 1..=MOST_PAGES {
        let mut query = form_urlencoded::Serializer::new(format!("limit={PAGE}"));
        if !token.is_empty() {
            query.append_pair("continue", &token);
        }
        let text = server.get(path, &query.finish()).await?;
        let answer = json::read_answer(path, &text, sink)?;
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
