//! What runtimes are known to do differently from what a scenario demands.
//!
//! A known deviation is data, with a reference to where it was seen. It is
//! reported as a deviation: not hidden, and not a failure. A runtime that has
//! improved is noticed, because its case then holds.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::target::Implementation;

/// The table.
const TABLE: &str = include_str!("deviations.yaml");

/// Something that a runtime is known to do differently.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deviation {
    /// The runtime's name, as its CRI `Version` says it.
    pub runtime: String,
    /// Its releases, as `major.minor`.
    pub releases: Vec<String>,
    /// Cases whose name begins so.
    pub cases: Vec<String>,
    /// What it does, and where that was seen.
    pub reference: String,
}

static DEVIATIONS: LazyLock<Vec<Deviation>> =
    LazyLock::new(|| serde_saphyr::from_str(TABLE).expect("the table is valid; a test reads it"));

/// The known deviation that covers a case on a runtime, if there is one.
#[must_use]
pub fn known(case: &str, implementation: &Implementation) -> Option<&'static Deviation> {
    let release = implementation.release();
    DEVIATIONS.iter().find(|deviation| {
        deviation.runtime == implementation.name
            && release.as_ref().is_some_and(|release| deviation.releases.contains(release))
            && deviation.cases.iter().any(|prefix| case.starts_with(prefix.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Suite;

    #[test]
    fn every_known_deviation_is_about_a_case_of_the_suite() {
        let suite = Suite::built_in();
        for deviation in DEVIATIONS.iter() {
            assert!(!deviation.reference.trim().is_empty(), "{deviation:?}");
            for prefix in &deviation.cases {
                let covers = suite.cases.iter().any(|case| case.id.starts_with(prefix.as_str()));
                assert!(covers, "no case begins with {prefix:?}");
            }
        }
    }
}
