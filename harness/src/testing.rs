//! Scenarios as tests: one libtest trial a case, which `cargo test` and
//! nextest list, filter and run like any other.

use std::sync::Arc;

use libtest_mimic::{Failed, Trial};

use crate::deviations::known;
use crate::report::terminal;
use crate::runner::{Verdict, run_alone};
use crate::scenario::Suite;
use crate::target::Target;

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
            Trial::test(case.id.clone(), move || test(&suite, index, &*target))
                .with_ignored_flag(ignored)
        })
        .collect()
}

fn test(suite: &Suite, index: usize, target: &dyn Target) -> Result<(), Failed> {
    let case = &suite.cases[index];
    match run_alone(case, target).verdict {
        Verdict::Held => match target.implementation(case).and_then(|it| known(&case.id, &it)) {
            None => Ok(()),
            Some(deviation) => Err(Failed::from(format!(
                "a known deviation is gone; take it out of deviations.yaml: {}",
                deviation.reference
            ))),
        },
        Verdict::Deviates(..) => Ok(()),
        Verdict::Skipped(reason) => Err(Failed::from(format!("cannot run here: {reason}"))),
        Verdict::Failed(failure) | Verdict::Broken(failure) => {
            Err(Failed::from(terminal::plain_failure(&suite.sources, case, &failure)))
        }
    }
}
