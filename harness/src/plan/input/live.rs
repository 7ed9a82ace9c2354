//! Reading a live cluster: lists, page by page, and nothing else.

use std::path::Path;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::Request;
use kube::core::params::ListParams;
use kube::{Client, Config};
use thiserror::Error;

use super::collect::Collector;
use super::{InputError, finish, json};
use crate::plan::snapshot::Snapshot;

/// What is listed; the groups' paths.
const LISTS: &[&str] = &[
    "/api/v1/nodes",
    "/api/v1/pods",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets",
    "/apis/apps/v1/daemonsets",
    "/apis/apps/v1/statefulsets",
    "/apis/batch/v1/jobs",
    "/apis/batch/v1/cronjobs",
];
/// Objects in one page.
const PAGE: u32 = 500;
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Why a live cluster cannot be read.
#[derive(Debug, Error)]
pub enum LiveError {
    /// The kubeconfig is wrong.
    #[error("the kubeconfig {path} cannot be used")]
    Kubeconfig {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: kube::config::KubeconfigError,
    },
    /// No client can be made of the kubeconfig.
    #[error("no connection can be made as the kubeconfig says")]
    Client(#[source] kube::Error),
    /// The server does not know who asks.
    #[error("the API server does not accept these credentials (401); log in again")]
    Unauthorized,
    /// The server knows who asks and refuses.
    #[error("{0} (403); a plan needs `list` on nodes, pods and workloads in all namespaces")]
    Forbidden(String),
    /// The server does not answer.
    #[error("the API server cannot be reached for {path}")]
    Unreachable {
        /// What was asked.
        path: String,
        /// Why.
        #[source]
        source: kube::Error,
    },
    /// The server does not answer in time.
    #[error("the API server did not answer {0} within {ANSWER:?}")]
    Timeout(String),
    /// The answer makes no sense.
    #[error(transparent)]
    Input(#[from] InputError),
}

/// Reads a cluster with a kubeconfig; the current context where none is named.
///
/// # Errors
/// [`LiveError`].
pub async fn read_cluster(path: &Path, context: Option<&str>) -> Result<Snapshot, LiveError> {
    let wrong = |source| LiveError::Kubeconfig { path: path.display().to_string(), source };
    let file = Kubeconfig::read_from(path).map_err(wrong)?;
    let options =
        KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(file, &options).await.map_err(wrong)?;
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(ANSWER);
    let client = Client::try_from(config).map_err(LiveError::Client)?;
    let mut collector = Collector::default();
    let version = limited("/version", client.apiserver_version()).await?;
    collector.set_api_server_version(version.git_version);
    for path in LISTS {
        read_list(&client, path, &mut collector).await?;
    }
    Ok(finish(collector)?)
}

async fn read_list(
    client: &Client,
    path: &str,
    collector: &mut Collector,
) -> Result<(), LiveError> {
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let request = Request::new(path)
            .list(&params)
            .map_err(|error| LiveError::Client(kube::Error::BuildRequest(error)))?;
        let text = match limited(path, client.request_text(request)).await {
            // Not every cluster serves every group.
            Err(LiveError::Unreachable { source: kube::Error::Api(status), .. })
                if status.code == 404 =>
            {
                return Ok(());
            }
            answer => answer?,
        };
        match json::read_answer(path, &text, collector)? {
            Some(token) => params.continue_token = Some(token),
            None => return Ok(()),
        }
    }
}

async fn limited<T>(
    path: &str,
    call: impl Future<Output = Result<T, kube::Error>>,
) -> Result<T, LiveError> {
    let answer = tokio::time::timeout(ANSWER, call).await;
    let answer = answer.map_err(|_| LiveError::Timeout(path.to_owned()))?;
    answer.map_err(|source| match &source {
        kube::Error::Api(status) if status.code == 401 => LiveError::Unauthorized,
        kube::Error::Api(status) if status.code == 403 => {
            LiveError::Forbidden(crate::report::shown_line(&status.message))
        }
        _ => LiveError::Unreachable { path: path.to_owned(), source },
    })
}
