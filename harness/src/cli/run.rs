//! `gidcheck run`

use std::io::Write;
use std::num::NonZeroUsize;
use std::time::Instant;

use clap::Args;
use cri_api::client::RuntimeEndpoint;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::select::Selection;
use super::{CommandError, Outcome};
use crate::report::terminal;
use crate::runner::run_all;
use crate::target::{RuntimeTarget, Simulation, Target};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Run on a real runtime, such as unix:///run/containerd/containerd.sock; repeatable, then
    /// each node gets the first runtime that is what its scenario asks for.
    #[arg(long, value_name = "ENDPOINT")]
    runtime_endpoint: Vec<RuntimeEndpoint>,
    /// How many cases run at once; as many as there are processors when left out.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let start = Instant::now();
    let suite = options.selection.suite()?;
    let cases = options.selection.cases(&suite)?;
    let target: Box<dyn Target> = if options.runtime_endpoint.is_empty() {
        Box::new(Simulation)
    } else {
        Box::new(
            RuntimeTarget::connect(&options.runtime_endpoint)
                .map_err(|error| CommandError::environment("the runtime cannot be used", error))?,
        )
    };
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = options.jobs.map_or(processors, NonZeroUsize::get);
    let bar = progress_bar(cases.len());
    let reports = run_all(&cases, &*target, jobs, &|_, _| bar.inc(1));
    bar.finish_and_clear();
    target.finish();
    let mut out = anstream::stdout().lock();
    let name = target.name();
    let paths = options.selection.paths_as_given();
    let run = terminal::Run {
        target: &name,
        sources: &suite.sources,
        duration: start.elapsed(),
        paths: &paths,
    };
    terminal::write(&mut out, run, &cases, &reports)?;
    out.flush()?;
    match terminal::Counts::of(&reports).failed {
        0 => Ok(Outcome::Held),
        _ => Ok(Outcome::NotHeld),
    }
}

/// A bar on the terminal; it shows nothing elsewhere, nor before it moves.
fn progress_bar(cases: usize) -> ProgressBar {
    let length = u64::try_from(cases).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(4));
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} cases, {eta} left")
        .expect("the template is well-formed");
    bar.set_style(style);
    bar
}
