//! `gidcheck serve`

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use fake_cri::UnknownImages;
use fake_kubelet::version::FeatureGateError;

use super::cluster_options::{ApiServerOption, GatesOption, NodeOption, runtime};
use super::fake_cri::{add_archive, stop_signal};
use super::{CommandError, NO_RUNTIME, Outcome, refuse_problems};
use crate::api::{Kubeconfig, MOST_SPEED, ServeError, ServeOptions, Server};
use crate::cluster::ClusterError;
use crate::images;
use crate::report::counted;
use crate::scenario::{
    ClusterSpec, ImageSpec, KubernetesName, NodeSpec, RuntimeName, Suite, VersionSkew,
};

/// The most nodes that are made at once.
const MOST_NODES: u16 = 5000;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// How many nodes there are, called node-1, node-2, …; 1 when nothing says which.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_NODES)), conflicts_with = "node")]
    nodes: Option<u16>,
    /// The Kubernetes version of every component that says nothing else, such as 1.33.
    #[arg(long, value_name = "VERSION", value_parser = kubernetes)]
    kubernetes: Option<KubernetesName>,
    /// The runtime of every node that says nothing else: a release such as containerd-2.1, or
    /// supporting or unsupporting.
    #[arg(long, value_name = "NAME", value_parser = runtime)]
    runtime: Option<RuntimeName>,
    /// A node of its own kind: its name, version, runtime and gates; repeatable.
    #[arg(long, value_name = "NAME[=VERSION[,RUNTIME[,GATE=BOOL]…]]")]
    node: Vec<NodeOption>,
    /// Feature gates of every component that says nothing else.
    #[arg(long, value_name = "GATE=BOOL,…", default_value = "", hide_default_value = true)]
    feature_gates: GatesOption,
    /// The API server's own version and gates.
    #[arg(long, value_name = "VERSION[,GATE=BOOL]…")]
    api_server: Option<ApiServerOption>,
    /// Whether kubelets may be further from the API server than Kubernetes supports: newer, or more
    /// than three minor versions older.
    #[arg(long, value_name = "WHICH")]
    skew: Option<VersionSkew>,
    /// Take the cluster and the images of this scenario; of several cases the first.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Have the images of this archive: an OCI image layout, or what docker save writes;
    /// repeatable.
    #[arg(long, value_name = "FILE")]
    image_archive: Vec<PathBuf>,
    /// What a pull of any other image gives.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "empty")]
    unknown_images: Unknown,
    /// How many times as fast as real time the cluster's time passes; 0: it stands still until
    /// gidcheck control advances it.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// The port on 127.0.0.1; any free one when left out.
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Where the kubeconfig is written, which goes when the server ends; the folder for temporary
    /// files when left out.
    #[arg(long, value_name = "FILE")]
    write_kubeconfig: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Unknown {
    /// An image without users, groups and files, whose program waits.
    Empty,
    /// An error, as for an image that no registry has.
    Refused,
}

fn kubernetes(text: &str) -> Result<KubernetesName, String> {
    text.parse()
        .map(KubernetesName)
        .map_err(|error: fake_kubelet::version::VersionError| error.to_string())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.0..=MOST_SPEED).contains(&speed) => Ok(speed),
        _ => Err(format!("a speed is a number from 0 to {MOST_SPEED}")),
    }
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let (cluster, images) = options.cluster()?;
    let nodes = cluster.nodes.len().max(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::environment(NO_RUNTIME, error))?;
    let path = options.kubeconfig_path();
    runtime.block_on(async {
        let images = images::store_of(&images).with_unknown(match options.unknown_images {
            Unknown::Empty => UnknownImages::Empty,
            Unknown::Refused => UnknownImages::Refused,
        });
        for archive in &options.image_archive {
            add_archive(&images, archive)?;
        }
        let images = Arc::new(images);
        let serve = ServeOptions { cluster, speed: options.speed, port: options.port };
        let server = Server::start(serve, images).await.map_err(not_served)?;
        let kubeconfig = Kubeconfig::write(&path, server.access())
            .map_err(|error| CommandError::environment("the cluster is not served", error))?;
        announce(&server, nodes, kubeconfig.path())?;
        server.serve(stop_signal()).await;
        drop(kubeconfig);
        Ok(Outcome::Held)
    })
}

/// Says how the server is reached, which answers from now on. Whoever has read enough and closes
/// the output still has a cluster.
fn announce(server: &Server, nodes: usize, kubeconfig: &Path) -> Result<(), CommandError> {
    let path = kubeconfig.display();
    let nodes = counted(nodes, "node");
    let url = server.access().url();
    let words = format!(
        "A cluster of {nodes} is served at {url}\n\
         kubeconfig: {path}\n\
         Try: kubectl --kubeconfig {path} get nodes\n"
    );
    let mut out = anstream::stdout().lock();
    match out.write_all(words.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn not_served(error: ServeError) -> CommandError {
    match error {
        ServeError::Cluster(ClusterError::FeatureGate(error)) => wrong_gate(&error),
        ServeError::Cluster(error @ ClusterError::Skew { .. }) => {
            CommandError::Usage(format!("{error}; or give --skew allowed to see what happens then"))
        }
        error => CommandError::environment("the cluster is not served", error),
    }
}

fn wrong_gate(error: &FeatureGateError) -> CommandError {
    CommandError::Usage(error.to_string())
}

impl Options {
    /// The cluster and the images that its nodes can pull.
    fn cluster(&self) -> Result<(ClusterSpec, Vec<ImageSpec>), CommandError> {
        let (mut cluster, images) = match &self.file {
            Some(path) => of_scenario(path)?,
            None => (ClusterSpec::default(), Vec::new()),
        };
        if self.kubernetes.is_some() {
            cluster.kubernetes = self.kubernetes;
        }
        if let Some(skew) = self.skew {
            cluster.skew = skew;
        }
        if self.runtime.is_some() {
            cluster.runtime = self.runtime;
        }
        cluster.feature_gates.extend(self.feature_gates.0.clone());
        if let Some(api_server) = &self.api_server {
            cluster.api_server = api_server.spec();
        }
        if let Some(count) = self.nodes {
            cluster.nodes = (1..=count).map(|number| named(format!("node-{number}"))).collect();
        }
        if !self.node.is_empty() {
            cluster.nodes = self.node.iter().map(NodeOption::spec).collect();
            let mut names: Vec<_> = cluster.nodes.iter().map(|node| &node.name).collect();
            names.sort();
            if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(CommandError::Usage(format!("two nodes are called {:?}", twice[0])));
            }
        }
        Ok((cluster, images))
    }

    fn kubeconfig_path(&self) -> PathBuf {
        self.write_kubeconfig.clone().unwrap_or_else(|| {
            std::env::temp_dir().join(format!("gidcheck-{}.kubeconfig", std::process::id()))
        })
    }
}

fn of_scenario(path: &Path) -> Result<(ClusterSpec, Vec<ImageSpec>), CommandError> {
    let mut suite = Suite::load(&[path])?;
    refuse_problems(&suite.problems, &suite.sources)?;
    if suite.cases.is_empty() {
        let path = path.display();
        return Err(CommandError::Usage(format!(
            "{path} has no case whose cluster could be served"
        )));
    }
    let spec = suite.cases.swap_remove(0).spec;
    Ok((spec.cluster, spec.images))
}

/// A node of which nothing but the name is said.
pub(super) fn named(name: String) -> NodeSpec {
    NodeSpec {
        name,
        kubernetes: None,
        feature_gates: None,
        runtime: None,
        labels: std::collections::BTreeMap::new(),
    }
}
