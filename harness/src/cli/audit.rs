//! `gidcheck audit`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::image_options::{ImageOptions, Purpose};
use super::live_options::LiveOptions;
use super::manifest_options::SettingOptions;
use super::progress::Progress;
use super::{CommandError, Outcome, refuse_problems};
use crate::audit::cluster::Cluster;
use crate::audit::files::Files;
use crate::audit::{audit, sarif, text};
use crate::explain::Manifests;
use crate::explain::report::Severity;
use crate::explain::setting::Asked;
use crate::runner::with_sources;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
    Sarif,
}

/// What is grave enough to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

impl FailOn {
    fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity == Severity::Error,
            Self::Warning => severity <= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}

/// Find every container that gets a group nobody wrote down.
///
/// Looks at all manifests of folders and files, and at their images:
///
///   gidcheck audit deploy/
///   gidcheck audit deploy/ --output sarif >gidcheck.sarif
///   gidcheck audit --kubeconfig ~/.kube/config
///   kubectl get nodes,pv,pvc,pods,deployments,replicasets,statefulsets,daemonsets,jobs,cronjobs \
///     -A -o yaml | gidcheck audit -
///
/// Pods of a cluster are held against the nodes that they run on or may run on, as these nodes
/// say what they are; manifests without nodes against what --kubernetes and --runtime say.
///
/// Findings are sorted by weight: groups that open something on a host weigh more. Exit codes:
/// 0 nothing was found, 1 something was, or a file of a folder could not be read, 2 the input or
/// the command line is wrong, 3 with --pull missing, an image cannot be had.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    /// Manifests, folders of them, and what kubectl printed; - is standard input.
    #[arg(value_name = "PATH", required_unless_present_any = ["kubeconfig", "filename"])]
    paths: Vec<PathBuf>,
    /// The same as kubectl takes it; repeatable.
    #[arg(short, long, value_name = "PATH")]
    filename: Vec<PathBuf>,
    #[command(flatten)]
    live: LiveOptions,
    #[command(flatten)]
    images: ImageOptions,
    #[command(flatten)]
    setting: SettingOptions,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// From which severity on the exit code is 1.
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let asked = options.setting.asked()?;
    let mut files = Files::default();
    for path in options.paths.iter().chain(&options.filename) {
        files.read(path).map_err(|error| CommandError::Usage(with_sources(&error)))?;
    }
    refuse_problems(&files.problems, &files.sources)?;
    options.live.read(async |kubeconfig, context, timeout| {
        files.read_cluster(kubeconfig, context, timeout).await
    })?;
    files.manifests.leave_out_what_is_made();
    // A path that leads nowhere must not look like a clean one.
    if files.manifests.pods.is_empty() && files.not_read.is_empty() {
        return Err(CommandError::Usage(
            "there is no pod in the input, and nothing that makes pods; name folders or files with \
             manifests of pods, Deployments, Jobs and the like"
                .to_owned(),
        ));
    }
    let cluster = cluster(options, &files.manifests, &asked)?;
    let images = options.images.images(&files.manifests, cluster.architecture(), Purpose::Audit)?;
    let bar = Progress::of_pods(files.manifests.pods.len());
    let looked_at = || bar.advance();
    let audit = audit(&files.manifests, &images, &cluster, files.not_read, &looked_at);
    bar.finish();
    let mut out = anstream::stdout().lock();
    match options.output {
        Output::Text => text::write(&mut out, &audit)?,
        Output::Json => writeln!(out, "{:#}", serde_json::json!(audit))?,
        Output::Sarif => writeln!(out, "{:#}", sarif::log(&audit))?,
    }
    // What could not be read may hide anything, also what is grave.
    let unread = !audit.not_read.is_empty() && options.fail_on.fails(Severity::Error);
    let fails =
        unread || audit.findings.iter().any(|finding| options.fail_on.fails(finding.severity));
    Ok(if fails { Outcome::NotHeld } else { Outcome::Held })
}

/// The cluster that was read; where none was, the one that is asked for.
fn cluster(
    options: &Options,
    manifests: &Manifests,
    asked: &Asked,
) -> Result<Cluster, CommandError> {
    if manifests.nodes.iter().all(|node| node.is_windows) {
        return Ok(Cluster::of_setting(options.setting.setting()?, asked, manifests));
    }
    Cluster::of_nodes(manifests, asked).map_err(|error| CommandError::Usage(error.to_string()))
}
