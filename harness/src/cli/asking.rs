//! How commands ask a runtime the cases of a recording.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use cri_api::client::RuntimeEndpoint;
use fake_cri::Profile;

use super::progress::Progress;
use super::{CommandError, wait_for};
use crate::recording::{Images, ObserveError, Observed, ReadError, Suite, WriteError, observe};
use crate::runner::with_sources;
use crate::scenario::{Duration, RuntimeName};
use crate::target::{RuntimeOptions, RuntimeTarget, Simulation, Target};

/// What is asked, and how.
#[derive(Debug, Args)]
pub(super) struct Asking {
    /// Say what is in images that cases name, beside the built-in ones; repeatable.
    ///
    /// The file is JSON: by name `passwd`, `group`, `user`, and more `files` by path.
    #[arg(long, value_name = "FILE")]
    images: Vec<PathBuf>,
    /// Where a real runtime finds the images, instead of on loopback.
    #[arg(long, value_name = "PREFIX", value_parser = super::select::image_prefix)]
    image_prefix: Option<String>,
    /// How long one call to a real runtime may take.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    call_timeout: Duration,
}

impl Asking {
    /// Adds the images that were named to a suite.
    ///
    /// # Errors
    /// [`CommandError::Usage`] when a file is none of images.
    pub(super) fn add_images(&self, suite: &mut Suite) -> Result<(), CommandError> {
        for path in &self.images {
            let images =
                Images::read(path).map_err(|error| CommandError::Usage(with_sources(&error)))?;
            suite.images.extend(images);
        }
        Ok(())
    }

    /// Asks a real runtime.
    ///
    /// # Errors
    /// [`CommandError`].
    pub(super) fn ask_endpoint(
        &self,
        suite: &Suite,
        endpoint: &RuntimeEndpoint,
        jobs: Option<NonZeroUsize>,
    ) -> Result<Observed, CommandError> {
        let options = RuntimeOptions {
            call_timeout: self.call_timeout.0,
            image_prefix: self.image_prefix.clone(),
            ..RuntimeOptions::default()
        };
        let target = RuntimeTarget::connect(std::slice::from_ref(endpoint), options)
            .map_err(|error| CommandError::environment("the runtime cannot be used", error))?;
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let bar = Progress::of_cases(suite.requests.len());
        let jobs = jobs.map_or(processors, NonZeroUsize::get);
        let observed = ask(suite, &target, None, jobs, &|| bar.advance());
        bar.finish();
        target.finish();
        observed
    }
}

/// Asks a fake runtime in this process.
///
/// # Errors
/// [`CommandError`].
pub(super) fn ask_profile(
    suite: &Suite,
    profile: &'static Profile,
) -> Result<Observed, CommandError> {
    ask(suite, &Simulation, Some(RuntimeName::Release(profile)), 1, &|| {})
}

fn ask(
    suite: &Suite,
    target: &dyn Target,
    runtime: Option<RuntimeName>,
    jobs: usize,
    played: &(dyn Fn() + Sync),
) -> Result<Observed, CommandError> {
    let observed = wait_for(observe(suite, target, runtime, jobs, played))?;
    observed.map_err(|error| match error {
        ObserveError::NoSuchImage { .. } => CommandError::Usage(error.to_string()),
        error => CommandError::environment("the runtime could not be asked every case", error),
    })
}

/// A file of cases that is wrong.
pub(super) fn unreadable(error: ReadError) -> CommandError {
    CommandError::Usage(with_sources(&error))
}

/// A file that cannot be written.
pub(super) fn unwritable(error: WriteError) -> CommandError {
    CommandError::environment("the recording cannot be kept", error)
}
