//! Options of the commands that look at manifests and their images.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fake_kubelet::version::KubernetesVersion;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{CommandError, profile};
use crate::explain::images::{ImageError, Images};
use crate::explain::setting::{Asked, Setting};
use crate::explain::{Manifests, references};
use crate::nodes::given_version;
use crate::plan::change::parse_gate;

/// The runtime where nobody says which.
const USUAL_RUNTIME: &str = "containerd-2.1";

/// The cluster that manifests are held against.
#[derive(Debug, Args)]
pub(super) struct SettingOptions {
    /// The version of API server and kubelet, 1.30 to 1.36; 1.36 when left out and no cluster says
    /// its own.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    kubernetes: Option<KubernetesVersion>,
    /// The API server's version, where it is another.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    api_server: Option<KubernetesVersion>,
    /// The kubelet's version, where it is another.
    #[arg(long, value_name = "VERSION", value_parser = given_version)]
    kubelet: Option<KubernetesVersion>,
    /// A feature gate of API server and kubelet; repeatable.
    #[arg(long, value_name = "NAME=BOOL", value_parser = parse_gate)]
    feature_gate: Vec<(String, bool)>,
    /// The runtime, such as containerd-1.7; containerd-2.1 when left out and no cluster says its
    /// own.
    #[arg(long, value_name = "NAME")]
    runtime: Option<String>,
}

impl SettingOptions {
    /// A cluster that is all that is asked for, and usual in everything else.
    ///
    /// # Errors
    /// [`CommandError::Usage`] for an unknown runtime or gate, and for versions that do not go
    /// together.
    pub(super) fn setting(&self) -> Result<Setting, CommandError> {
        let asked = self.asked()?;
        let api_server = asked.api_server.or(asked.kubelet).unwrap_or(KubernetesVersion::NEWEST);
        let kubelet = asked.kubelet.unwrap_or(api_server);
        let runtime = asked.runtime.map_or_else(|| profile(USUAL_RUNTIME), Ok)?;
        Setting::new(api_server, kubelet, &asked.gates, runtime)
            .map_err(|error| CommandError::Usage(error.to_string()))
    }

    /// What is asked for.
    ///
    /// # Errors
    /// [`CommandError::Usage`] for an unknown runtime.
    pub(super) fn asked(&self) -> Result<Asked, CommandError> {
        Ok(Asked {
            api_server: self.api_server.or(self.kubernetes),
            kubelet: self.kubelet.or(self.kubernetes),
            gates: self.feature_gate.iter().cloned().collect(),
            runtime: self.runtime.as_deref().map(profile).transpose()?,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Pull {
    /// Pull what no archive has.
    Missing,
    /// Pull nothing; what is not known is said to be so.
    Never,
}

/// Where images come from.
#[derive(Debug, Args)]
pub(super) struct ImageOptions {
    /// Take images from this archive (OCI layout or docker save, also compressed, also unpacked as
    /// a folder); repeatable.
    #[arg(long, value_name = "FILE")]
    image_archive: Vec<PathBuf>,
    /// Take the image of this name from an archive with one image; repeatable.
    #[arg(long, value_name = "NAME=FILE", value_parser = named)]
    image: Vec<(String, PathBuf)>,
    /// Whether images that no archive has are pulled from their registries, with the credentials
    /// of the docker configuration.
    #[arg(long, value_enum, default_value = "missing")]
    pull: Pull,
}

fn named(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("write it as NAME=FILE")?;
    if name.is_empty() || path.is_empty() {
        return Err("write it as NAME=FILE".to_owned());
    }
    Ok((name.to_owned(), path.into()))
}

impl ImageOptions {
    /// The images that the manifests need.
    ///
    /// # Errors
    /// [`CommandError`] for the first that cannot be had.
    pub(super) fn images(&self, manifests: &Manifests) -> Result<Images, CommandError> {
        let mut images = Images::default();
        let wrong = |error: ImageError| CommandError::Usage(error.to_string());
        for path in &self.image_archive {
            images.add_archive(path).map_err(wrong)?;
        }
        for (reference, path) in &self.image {
            images.add_named(reference, path).map_err(wrong)?;
        }
        let missing = images.missing(references(manifests));
        if missing.is_empty() || self.pull == Pull::Never {
            return Ok(images);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CommandError::environment("no tokio runtime can be made", error))?;
        for reference in missing {
            let bar = bar(&reference);
            let progress = |done, total| {
                bar.set_length(total);
                bar.set_position(done);
            };
            let pulled = runtime.block_on(images.pull(&reference, &progress));
            bar.finish_and_clear();
            pulled.map_err(|error| CommandError::environment(ADVICE, error))?;
        }
        Ok(images)
    }
}

const ADVICE: &str = "an image cannot be had (give it with --image-archive, or do without it with \
                      --pull never)";

/// A bar for the bytes of an image; it shows nothing but on a terminal.
fn bar(reference: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(4));
    let style = ProgressStyle::with_template("{msg} {bar:30} {bytes} of {total_bytes}, {eta} left")
        .expect("the template is well-formed");
    bar.set_style(style);
    bar.set_message(crate::report::shown_line(reference));
    bar
}
