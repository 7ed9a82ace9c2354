//! Options of the commands that read live clusters.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::{CommandError, wait_for};
use crate::input::live::LiveError;
use crate::runner::with_sources;

/// The live cluster that is read.
#[derive(Debug, Args)]
pub(super) struct LiveOptions {
    /// Read a live cluster with this kubeconfig.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context; the current one when left out.
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    context: Option<String>,
    /// How many seconds each answer of the live cluster may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "kubeconfig", value_parser = clap::value_parser!(u64).range(1..=3600))]
    request_timeout: u64,
}

impl LiveOptions {
    /// Reads the cluster, if one is named.
    ///
    /// # Errors
    /// [`CommandError::Usage`] for a kubeconfig that cannot be used, else
    /// [`CommandError::Environment`].
    pub(super) fn read<T>(
        &self,
        read: impl AsyncFnOnce(&Path, Option<&str>, Duration) -> Result<T, LiveError>,
    ) -> Result<Option<T>, CommandError> {
        let Some(kubeconfig) = &self.kubeconfig else { return Ok(None) };
        let timeout = Duration::from_secs(self.request_timeout);
        let read = wait_for(read(kubeconfig, self.context.as_deref(), timeout))?;
        read.map(Some).map_err(|error| {
            if error.is_usage() {
                CommandError::Usage(with_sources(&error))
            } else {
                CommandError::environment("the cluster cannot be read", error)
            }
        })
    }
}
