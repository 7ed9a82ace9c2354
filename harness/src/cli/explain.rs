//! `gidcheck explain`

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::image_options::{ImageOptions, Purpose};
use super::manifest_options::SettingOptions;
use super::{CommandError, Outcome, refuse_problems};
use crate::audit::files::read_text;
use crate::document::{Problems, Sources};
use crate::explain::{Foreign, Manifests, explain, has_errors, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Say who the containers of manifests would be, and where each of their groups comes from.
///
/// Reads pods and whatever makes pods (Deployment, Job, CronJob, StatefulSet, DaemonSet, List,
/// many documents), and their images:
///
///   gidcheck explain -f pod.yaml
///   gidcheck explain -f pod.yaml --image-archive app.tar
///   gidcheck explain -f pod.yaml --image registry.example/team/app:next
///   kubectl get deployment web -o yaml | gidcheck explain -f - --runtime containerd-1.7
///
/// Shows Merge and Strict side by side. Exit codes: 0 it runs as it is written, 1 it does not
/// (rejected, refused, Strict not honoured), 2 the input or the command line is wrong, 3 an image
/// cannot be had.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Options {
    /// Manifests, YAML or JSON; - is standard input.
    #[arg(value_name = "FILE", required_unless_present = "filename")]
    files: Vec<PathBuf>,
    /// The same as kubectl takes it; repeatable.
    #[arg(short, long, value_name = "FILE")]
    filename: Vec<PathBuf>,
    #[command(flatten)]
    images: ImageOptions,
    #[command(flatten)]
    setting: SettingOptions,
    /// How to print it.
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let setting = options.setting.setting()?;
    let manifests = read(options.files.iter().chain(&options.filename))?;
    if manifests.pods.is_empty() {
        return Err(CommandError::Usage(
            "there is no pod in the input, and nothing that makes pods; give manifests of pods, \
             Deployments, Jobs and the like"
                .to_owned(),
        ));
    }
    let images = options.images.images(
        &manifests,
        setting.node.architecture.as_deref(),
        Purpose::Explain,
    )?;
    let explanation = explain(&manifests, &images, &setting);
    let mut out = anstream::stdout().lock();
    match options.output {
        Output::Text => text::write(&mut out, &explanation)?,
        Output::Json => writeln!(out, "{:#}", serde_json::json!(explanation))?,
    }
    Ok(if has_errors(&explanation) { Outcome::NotHeld } else { Outcome::Held })
}

fn read<'a>(files: impl Iterator<Item = &'a PathBuf>) -> Result<Manifests, CommandError> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let mut manifests = Manifests::default();
    for file in files {
        let (name, text) =
            read_text(file).map_err(|error| CommandError::Usage(error.to_string()))?;
        let id = sources.add(name, text);
        manifests.read(&sources, id, Foreign::Refused, &mut problems);
    }
    refuse_problems(&problems, &sources)?;
    Ok(manifests)
}
