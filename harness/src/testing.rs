//! Scenarios as tests of your own crate: one libtest trial a case, which
//! `cargo test` and nextest list, filter and run like any other.
//!
//! A test file with `harness = false` and one line runs a folder of scenarios:
//!
//! ```no_run
//! gidcheck::scenario_tests!("scenarios");
//! ```

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use cri_api::client::{EndpointError, RuntimeEndpoint};
use libtest_mimic::{Arguments, Failed, Trial};
use thiserror::Error;

use crate::deviations::known;
use crate::report::conformance::ConformanceReport;
use crate::report::terminal;
use crate::runner::{Keep, Verdict, run_all, run_alone, with_sources};
use crate::scenario::{Case, LoadError, Suite};
use crate::target::{RuntimeOptions, RuntimeTarget, RuntimeTargetError, Simulation, Target};

/// Names a real runtime for [`main`]; the simulation is used when it is not set.
pub const ENDPOINT_VARIABLE: &str = "GIDCHECK_RUNTIME_ENDPOINT";

/// Makes a test program of a folder of scenarios, named relative to the crate.
///
/// The cases run in the simulation, or on the runtime that the environment variable
/// `GIDCHECK_RUNTIME_ENDPOINT` names.
#[macro_export]
macro_rules! scenario_tests {
    ($folder:expr) => {
        fn main() -> ::std::process::ExitCode {
            let folder = ::std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join($folder);
            $crate::testing::main(&folder)
        }
    };
}

/// Why scenarios could not be played.
#[derive(Debug, Error)]
pub enum TestingError {
    /// Files could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Files are wrong; every problem, with its place.
    #[error("{0}")]
    Problems(String),
    /// The endpoint is none.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The runtime cannot be used.
    #[error(transparent)]
    Runtime(#[from] RuntimeTargetError),
}

/// Runs the built-in suite on a runtime, such as `unix:///run/containerd/containerd.sock`; the
/// whole conformance check in one call.
///
/// Must not be called from within a tokio runtime: it makes its own.
///
/// # Errors
/// [`TestingError`]; what does not hold is in the report.
pub fn check_runtime(endpoint: &str) -> Result<ConformanceReport, TestingError> {
    let suite = sound(Suite::built_in())?;
    let target = RuntimeTarget::connect(&[endpoint.parse()?], RuntimeOptions::default())?;
    let cases: Vec<&Case> = suite.cases.iter().collect();
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let reports = run_all(&cases, &target, jobs, Keep::Failures, &|_, _| {});
    target.finish();
    let implementation = target.implementations().swap_remove(0);
    Ok(ConformanceReport::new(implementation, &cases, &reports, true))
}

/// The test program that [`scenario_tests!`] makes.
#[must_use]
pub fn main(folder: &Path) -> ExitCode {
    let arguments = Arguments::from_args();
    match load(folder) {
        Ok((suite, target)) => {
            let conclusion = libtest_mimic::run(&arguments, trials(suite, Arc::clone(&target)));
            target.finish();
            conclusion.exit_code()
        }
        Err(error) => {
            eprintln!("{}", with_sources(&error));
            ExitCode::from(2)
        }
    }
}

fn load(folder: &Path) -> Result<(Suite, Arc<dyn Target>), TestingError> {
    let suite = sound(Suite::load(&[folder])?)?;
    let target: Arc<dyn Target> = match std::env::var(ENDPOINT_VARIABLE) {
        Ok(endpoint) => {
            let endpoint: RuntimeEndpoint = endpoint.parse()?;
            Arc::new(RuntimeTarget::connect(&[endpoint], RuntimeOptions::default())?)
        }
        Err(_) => Arc::new(Simulation),
    };
    Ok((suite, target))
}

/// A suite without problems.
fn sound(suite: Suite) -> Result<Suite, TestingError> {
    if suite.problems.is_empty() {
        return Ok(suite);
    }
    let problems = suite.problems.sorted();
    let reports = problems.iter().map(|problem| format!("{:?}", problem.report(&suite.sources)));
    Err(TestingError::Problems(reports.collect()))
}

/// A trial for each case of a suite, to run on a target.
///
/// A case that the target cannot be asked is listed as ignored.
#[must_use]
pub fn trials(suite: Suite, target: Arc<dyn Target>) -> Vec<Trial> {
    let suite = Arc::new(suite);
    (0..suite.cases.len())
        .map(|index| {
            let case = &suite.cases[index];
            let ignored = target.lacks(case).is_some();
            let (suite, target) = (Arc::clone(&suite), Arc::clone(&target));
            Trial::test(case.id.clone(), move || outcome(&suite, &suite.cases[index], &*target))
                .with_ignored_flag(ignored)
        })
        .collect()
}

/// Plays a case and says what a test says of it: a known deviation passes, one that is gone fails
/// until it is taken out of the table.
///
/// # Errors
/// The report of the failure, as text.
pub fn outcome(suite: &Suite, case: &Case, target: &dyn Target) -> Result<(), Failed> {
    let report = run_alone(case, target);
    match report.verdict {
        Verdict::Held => match target.implementation(case).and_then(|it| known(&case.id, &it)) {
            None => Ok(()),
            Some(deviation) => Err(Failed::from(format!(
                "a known deviation is gone; take it out of deviations.yaml: {}",
                deviation.reference
            ))),
        },
        Verdict::Deviates(..) => Ok(()),
        Verdict::Skipped(reason) => Err(Failed::from(format!("cannot run here: {reason}"))),
        Verdict::Failed(failure) | Verdict::Broken(failure) => Err(Failed::from(
            terminal::plain_failure(&suite.sources, case, &failure, report.scene.as_ref()),
        )),
    }
}
