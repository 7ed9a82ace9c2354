//! `gidcheck plan`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fake_cri::Image;
use fake_kubelet::version::KubernetesVersion;

use super::live_options::LiveOptions;
use super::{CommandError, Outcome};
use crate::nodes::given_version;
use crate::oci::archive::read_archive;
use crate::plan::change::{Change, ChangeError, RuntimeChange, parse_gate};
use crate::plan::input::{read_cluster, read_files};
use crate::plan::snapshot::Snapshot;
use crate::plan::words::{Form, write};
use crate::plan::{Known, PlanError, compute};
use crate::runner::with_sources;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Markdown,
    Json,
}

/// Say what an upgrade, another runtime or a feature gate would do to a cluster's pods.
///
/// Reads a live cluster (`--kubeconfig`, lists only) or what kubectl printed:
///
///   kubectl get nodes,pods,deployments,replicasets,daemonsets,statefulsets,jobs,cronjobs,pdb \
///     -A -o json >dump.json
///   gidcheck plan dump.json --kubernetes 1.33
///   gidcheck plan dump.json --kubernetes 1.33 --runtime pool=gpu=containerd-2.1
///
/// The change is run in the simulation. Exit codes: 0 nothing breaks, 1 something would break,
/// 2 the input or the command line is wrong, 3 the environment failed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    /// Files with nodes, pods and workloads, JSON or YAML; - is standard input.
    #[arg(
        value_name = "FILE",
        required_unless_present = "kubeconfig",
        conflicts_with = "kubeconfig"
    )]
    files: Vec<PathBuf>,
    #[command(flatten)]
    live: LiveOptions,
    /// The version that API server and kubelets get, 1.30 to 1.36.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    kubernetes: Option<KubernetesVersion>,
    /// The runtime that nodes get: containerd-2.1, or pool=gpu=containerd-2.1 for nodes with
    /// these labels; repeatable, of several the last counts.
    #[arg(long, value_name = "[SELECTOR=]NAME")]
    runtime: Vec<RuntimeChange>,
    /// A feature gate that API server and kubelets get; repeatable.
    #[arg(long, value_name = "NAME=BOOL", value_parser = parse_gate)]
    feature_gate: Vec<(String, bool)>,
    /// A feature gate that is set now, which no API shows; repeatable.
    #[arg(long, value_name = "NAME=BOOL", value_parser = parse_gate)]
    gates: Vec<(String, bool)>,
    /// The API server's version now; as the newest kubelet when left out.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    api_server: Option<KubernetesVersion>,
    /// Take images from this archive instead of from what the cluster reports; repeatable.
    #[arg(long, value_name = "FILE")]
    image_archive: Vec<PathBuf>,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let mut images = Vec::new();
    for path in &options.image_archive {
        let archived =
            read_archive(path).map_err(|error| CommandError::Usage(error.to_string()))?;
        for image in archived {
            for reference in image.references {
                images.push(Image { reference, ..image.image.clone() });
            }
        }
    }
    let snapshot = read(options)?;
    let change = Change {
        kubernetes: options.kubernetes,
        runtimes: options.runtime.clone(),
        feature_gates: options.feature_gate.iter().cloned().collect(),
    };
    let known = Known {
        api_server: options.api_server,
        gates: options.gates.iter().cloned().collect(),
        images,
    };
    let plan = compute(&snapshot, &change, &known).map_err(|error| match error {
        PlanError::Change(error) => usage(&error),
        error @ PlanError::NoVersion => CommandError::Usage(error.to_string()),
        error @ PlanError::Trial(_) => CommandError::environment("there is no plan", error),
    })?;
    let mut out = anstream::stdout().lock();
    match options.output {
        Output::Text => out.write_all(write(&plan, Form::Text).as_bytes())?,
        Output::Markdown => out.write_all(write(&plan, Form::Markdown).as_bytes())?,
        Output::Json => writeln!(out, "{:#}", serde_json::json!(plan))?,
    }
    Ok(if plan.breaks { Outcome::NotHeld } else { Outcome::Held })
}

fn usage(error: &ChangeError) -> CommandError {
    CommandError::Usage(error.to_string())
}

fn read(options: &Options) -> Result<Snapshot, CommandError> {
    let live = options.live.read(read_cluster)?;
    let files =
        || read_files(&options.files).map_err(|error| CommandError::Usage(with_sources(&error)));
    live.map_or_else(files, Ok)
}
