//! What a case needs of real runtimes, and which of them has it.

use std::time::Duration;

use super::Implementation;
use crate::scenario::{Capability, Case, Requirement, RuntimeName, Step};

/// The longest time that a case may let pass for real.
const PATIENCE: Duration = Duration::from_secs(10);

impl Implementation {
    /// Its release as `major.minor`, if its version can be read.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        minor_of(&self.version).map(|(major, minor)| format!("{major}.{minor}"))
    }

    /// Whether it is what a node of a scenario asks for.
    #[must_use]
    pub fn is(&self, wanted: Option<RuntimeName>) -> bool {
        match wanted {
            None => true,
            Some(RuntimeName::Supporting) => self.supplemental_groups_policy,
            Some(RuntimeName::Unsupporting) => !self.supplemental_groups_policy,
            Some(RuntimeName::Release(profile)) => {
                self.name == profile.runtime_name
                    && minor_of(&self.version) == minor_of(profile.runtime_version)
            }
        }
    }
}

/// Major and minor of a version such as `2.1.9+unknown` or `v1.7.24`.
fn minor_of(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('v').split(['.', '-', '+', '~']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Why a case cannot be asked of these runtimes, if it cannot.
///
/// They need not run: what they say of themselves is enough.
pub fn lacks<'a>(
    case: &Case,
    implementations: impl Iterator<Item = &'a Implementation> + Clone,
) -> Option<String> {
    let spec = &case.spec;
    let needs: Vec<_> = spec.requires.iter().map(Requirement::capability).collect();
    for capability in &needs {
        match capability {
            Capability::RuntimeChange => return Some("a runtime whose release changes".into()),
            Capability::VirtualTime => return Some("virtual time".into()),
            Capability::SupplementalGroupsPolicy | Capability::Faults => {}
        }
    }
    let strict = needs.contains(&Capability::SupplementalGroupsPolicy);
    for wanted in case.runtimes() {
        match implementations.clone().find(|one| one.is(wanted)) {
            None => {
                let wanted = wanted.map(|name| name.to_string()).unwrap_or_default();
                return Some(format!("runtime {wanted}"));
            }
            Some(one) if strict && !one.supplemental_groups_policy => {
                return Some("a runtime that honours supplementalGroupsPolicy".into());
            }
            Some(_) => {}
        }
    }
    spec.steps.iter().find_map(obstacle)
}

/// What in a step cannot be done, or takes too long, on a real runtime.
fn obstacle(step: &Step) -> Option<String> {
    let one = step.upgrade.as_ref().or(step.roll_back.as_ref());
    let many = step.rolling_upgrade.as_ref().or(step.rolling_roll_back.as_ref());
    let runtime = one.and_then(|change| change.runtime);
    if runtime.or(many.and_then(|change| change.runtime)).is_some() {
        return Some("a runtime whose release changes".to_owned());
    }
    let pause = many.and_then(|change| change.pause);
    let mut times = [step.advance, step.during, pause].into_iter().flatten();
    let waits = times.any(|time| time.0 > PATIENCE);
    waits.then(|| "virtual time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::minor_of;

    #[test]
    fn a_release_is_told_by_major_and_minor() {
        assert_eq!(minor_of("2.1.9+unknown"), Some((2, 1)));
        assert_eq!(minor_of("v1.7.24~ds1"), Some((1, 7)));
        assert_eq!(minor_of("unknown"), None);
    }
}
