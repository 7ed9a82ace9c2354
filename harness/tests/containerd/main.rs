//! The built-in suite on real containerds, each in a container that this test starts.
//!
//! A runtime is started when the first of its trials runs; listing starts
//! none. `ci/runtime-images` builds the images. Where they or a container
//! engine are missing there is one ignored trial for each runtime, which says
//! so; `GIDCHECK_REQUIRE_CONTAINERS=1` makes it fail instead.

mod container;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use fake_cri::profile::{self, Profile};
use gidcheck::scenario::Suite;
use gidcheck::target::{Implementation, RuntimeTarget, lacks};
use gidcheck::testing::outcome;
use libtest_mimic::{Arguments, Failed, Trial};

use container::{Containerd, Images};

/// The runtimes, by the name of the profile that stands for each in the simulation.
const RUNTIMES: [&str; 3] = ["containerd-1.6", "containerd-1.7", "containerd-2.1"];

/// Makes a missing container engine, or a missing image, a failure.
const REQUIRE_VARIABLE: &str = "GIDCHECK_REQUIRE_CONTAINERS";

/// How many trials wait for a runtime at a time when nothing is said: they mostly wait.
const THREADS: usize = 4;

/// After how many failures in a row nothing more is asked of a runtime: on one that runs no pod
/// each trial would wait half a minute for it, and all of them for hours.
const FAILURES_IN_A_ROW: usize = 16;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(THREADS);
    let suite = Arc::new(Suite::built_in());
    if !suite.problems.is_empty() {
        for problem in suite.problems.sorted() {
            eprintln!("{:?}", problem.report(&suite.sources));
        }
        return ExitCode::from(2);
    }
    let images = Images::look();
    let runtimes: Vec<_> = RUNTIMES
        .iter()
        .filter_map(|name| profile::find(name))
        .map(|profile| Arc::new(OnDemand::new(profile)))
        .collect();
    let trials = runtimes.iter().flat_map(|runtime| trials(runtime, &suite, &images)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let ended: Vec<_> = runtimes.iter().filter_map(|runtime| runtime.end().err()).collect();
    for problem in &ended {
        eprintln!("{problem}");
    }
    if ended.is_empty() { conclusion.exit_code() } else { ExitCode::FAILURE }
}

/// A trial for each case that this runtime can be asked; the others are ignored, with the reason.
fn trials(runtime: &Arc<OnDemand>, suite: &Arc<Suite>, images: &Images) -> Vec<Trial> {
    let name = runtime.profile.name;
    if let Some(missing) = images.missing(runtime.profile) {
        let required = std::env::var_os(REQUIRE_VARIABLE).is_some_and(|value| value == "1");
        let failure = missing.clone();
        let trial = Trial::test(name, move || Err(Failed::from(failure)));
        return vec![trial.with_kind(missing).with_ignored_flag(!required)];
    }
    let implementation = runtime.expected();
    let trial = |index: usize| {
        let case = &suite.cases[index];
        let lacking = lacks(case, std::iter::once(&implementation));
        let ignored = lacking.is_some();
        let (runtime, suite) = (Arc::clone(runtime), Arc::clone(suite));
        Trial::test(format!("{name}/{}", case.id), move || {
            runtime.ask(|target| outcome(&suite, &suite.cases[index], target))
        })
        .with_kind(lacking.map(|lacking| format!("needs {lacking}")).unwrap_or_default())
        .with_ignored_flag(ignored)
    };
    (0..suite.cases.len()).map(trial).collect()
}

/// A runtime that is started when it is needed.
struct OnDemand {
    profile: &'static Profile,
    started: OnceLock<Result<Containerd, String>>,
    failures_in_a_row: AtomicUsize,
}

impl OnDemand {
    fn new(profile: &'static Profile) -> Self {
        Self { profile, started: OnceLock::new(), failures_in_a_row: AtomicUsize::new(0) }
    }

    /// Runs a trial, unless so many before it failed that it would too.
    fn ask(&self, trial: impl FnOnce(&RuntimeTarget) -> Result<(), Failed>) -> Result<(), Failed> {
        if self.failures_in_a_row.load(Ordering::Relaxed) >= FAILURES_IN_A_ROW {
            return Err(Failed::from(format!(
                "not tried: the {FAILURES_IN_A_ROW} trials on this runtime before it failed"
            )));
        }
        let result = self.target().and_then(trial);
        match result {
            Ok(()) => self.failures_in_a_row.store(0, Ordering::Relaxed),
            Err(_) => {
                self.failures_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
        }
        result
    }

    /// What it will say of itself.
    fn expected(&self) -> Implementation {
        let features = self.profile.features.as_ref();
        Implementation {
            name: self.profile.runtime_name.to_owned(),
            version: self.profile.runtime_version.to_owned(),
            supplemental_groups_policy: features
                .is_some_and(|features| features.supplemental_groups_policy),
        }
    }

    fn target(&self) -> Result<&RuntimeTarget, Failed> {
        let started = self.started.get_or_init(|| self.start());
        started.as_ref().map(Containerd::target).map_err(Failed::from)
    }

    /// Starts it and makes sure that it is what trials were listed for.
    fn start(&self) -> Result<Containerd, String> {
        let containerd = Containerd::start(self.profile).map_err(|error| error.to_string())?;
        let expected = self.expected();
        let is = containerd.target().implementations().swap_remove(0);
        let same = is.name == expected.name
            && is.release() == expected.release()
            && is.supplemental_groups_policy == expected.supplemental_groups_policy;
        if same {
            Ok(containerd)
        } else {
            Err(format!("the image for {} holds another runtime: {is:?}", self.profile.name))
        }
    }

    /// Ends it, if it was started.
    fn end(&self) -> Result<(), String> {
        match self.started.get() {
            Some(Ok(containerd)) => containerd.end().map_err(|error| error.to_string()),
            Some(Err(_)) | None => Ok(()),
        }
    }
}
