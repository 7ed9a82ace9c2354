//! From one release to another: which way that is, and who may be how old beside whom.

use std::cmp::Ordering;

use fake_kubelet::version::KubernetesVersion;
use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

use super::names::RuntimeName;

/// Which way a step changes releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To newer ones.
    Up,
    /// To older ones.
    Back,
}

/// Why a change of a release is not what its step says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectionError {
    /// Nothing changes.
    #[error("it is {0} already")]
    Already(String),
    /// It is the other direction.
    #[error("{from} to {to} is {}", other_way(*.is))]
    IsOther {
        /// The release it is.
        from: String,
        /// The release it is to be.
        to: String,
        /// Which way that is.
        is: Direction,
    },
}

fn other_way(is: Direction) -> &'static str {
    match is {
        Direction::Up => "an upgrade",
        Direction::Back => "a roll-back",
    }
}

impl Direction {
    /// Checks that a component's version changes this way.
    ///
    /// # Errors
    /// [`DirectionError`].
    pub fn check_kubernetes(
        self,
        from: KubernetesVersion,
        to: KubernetesVersion,
    ) -> Result<(), DirectionError> {
        self.check(to.cmp(&from), &from.to_string(), &to.to_string())
    }

    /// Checks that a runtime changes this way. Between different runtimes there is no older and
    /// newer.
    ///
    /// # Errors
    /// [`DirectionError`].
    pub fn check_runtime(self, from: RuntimeName, to: RuntimeName) -> Result<(), DirectionError> {
        let (old, new) = (from.profile(), to.profile());
        if old.runtime_name != new.runtime_name {
            return Ok(());
        }
        let place =
            |profile| fake_cri::profile::all().iter().position(|one| std::ptr::eq(one, profile));
        self.check(place(new).cmp(&place(old)), old.name, new.name)
    }

    fn check(self, order: Ordering, from: &str, to: &str) -> Result<(), DirectionError> {
        let is = match order {
            Ordering::Equal => return Err(DirectionError::Already(from.to_owned())),
            Ordering::Less => Self::Back,
            Ordering::Greater => Self::Up,
        };
        if is == self {
            return Ok(());
        }
        Err(DirectionError::IsOther { from: from.to_owned(), to: to.to_owned(), is })
    }
}

/// Whether kubelets may be further from their API server than Kubernetes supports: newer, or more
/// than three minor versions older.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum VersionSkew {
    /// They may not.
    #[default]
    Supported,
    /// They may, to see what happens then.
    Allowed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_held_to_its_direction() {
        let version = |text: &str| text.parse::<KubernetesVersion>().expect("a known version");
        let (old, new) = (version("1.32"), version("1.33.2"));
        assert_eq!(Direction::Up.check_kubernetes(old, new), Ok(()));
        let words = |outcome: Result<(), DirectionError>| {
            outcome.map_err(|error| error.to_string()).expect_err("refused")
        };
        assert_eq!(
            words(Direction::Back.check_kubernetes(old, new)),
            "v1.32.0 to v1.33.2 is an upgrade"
        );
        assert_eq!(words(Direction::Up.check_kubernetes(new, new)), "it is v1.33.2 already");
        let runtime = |text: &str| text.parse::<RuntimeName>().expect("a known runtime");
        assert_eq!(
            words(Direction::Up.check_runtime(runtime("supporting"), runtime("containerd-1.7"))),
            "containerd-2.3 to containerd-1.7 is a roll-back"
        );
    }

    #[test]
    fn another_runtime_is_neither_newer_nor_older() {
        let runtime = |text: &str| text.parse::<RuntimeName>().expect("a known runtime");
        for direction in [Direction::Up, Direction::Back] {
            let to = runtime("cri-o-1.31");
            assert_eq!(direction.check_runtime(runtime("containerd-2.1"), to), Ok(()));
        }
    }
}
