//! Values that are written as text: times and identities.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

/// The longest time a scenario may name: a week.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 3600);

/// A length of time, written as `30s`, `5m` or `1h 30m`; at most a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

/// Why a text is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DurationError {
    /// It cannot be read.
    #[error("{0:?} is not a length of time; write it as 30s, 5m or 1h 30m")]
    Unreadable(String),
    /// It is negative or too long.
    #[error("{0:?} is out of range; a length of time is between 0s and a week")]
    OutOfRange(String),
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let signed: k8s_openapi::jiff::SignedDuration =
            text.parse().map_err(|_| DurationError::Unreadable(text.to_owned()))?;
        std::time::Duration::try_from(signed)
            .ok()
            .filter(|duration| *duration <= LONGEST)
            .map(Self)
            .ok_or_else(|| DurationError::OutOfRange(text.to_owned()))
    }
}

/// Who a process is, as `id` prints it: `uid=1000 gid=3000 groups=3000,4000`.
///
/// Names in parentheses may follow a number, as in `uid=1000(alice)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityText {
    /// Nobody is reported; written `none`.
    None,
    /// This identity.
    Is(Identity),
}

/// The numbers of an identity, and the names that go with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub uid: Named,
    /// The primary group.
    pub gid: Named,
    /// The groups, in the order they are written.
    pub groups: Vec<Named>,
}

/// A number and, where known, its name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The uid or gid. Signed and wide, so that nothing a runtime reports is lost.
    pub id: i64,
    /// The name that `id` prints for it.
    pub name: Option<String>,
}

/// Why a text is no identity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not an identity: {what}; write it as uid=1000 gid=3000 groups=3000,4000")]
pub struct IdentityError {
    text: String,
    what: String,
}

impl Identity {
    /// An identity of numbers alone.
    #[must_use]
    pub fn numeric(uid: i64, gid: i64, groups: impl IntoIterator<Item = i64>) -> Self {
        let named = |id| Named { id, name: None };
        Self { uid: named(uid), gid: named(gid), groups: groups.into_iter().map(named).collect() }
    }

    /// Whether `seen` is this identity: the same numbers, groups in any order, and the same
    /// names where this one gives names.
    #[must_use]
    pub fn fits(&self, seen: &Self) -> bool {
        let fits = |wanted: &Named, seen: &Named| {
            wanted.id == seen.id && (wanted.name.is_none() || wanted.name == seen.name)
        };
        let ids = |identity: &Self| -> BTreeSet<i64> {
            identity.groups.iter().map(|group| group.id).collect()
        };
        fits(&self.uid, &seen.uid)
            && fits(&self.gid, &seen.gid)
            && ids(self) == ids(seen)
            && self.groups.iter().filter(|group| group.name.is_some()).all(|wanted| {
                seen.groups.iter().any(|group| group.id == wanted.id && group.name == wanted.name)
            })
    }
}

impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |what: &str| IdentityError { text: text.to_owned(), what: what.to_owned() };
        let mut identity = Self::default();
        let mut seen = BTreeSet::new();
        for word in text.split_whitespace() {
            let (key, value) = word.split_once('=').ok_or_else(|| error("a word has no \"=\""))?;
            if !seen.insert(key) {
                return Err(error(&format!("{key:?} stands twice")));
            }
            match key {
                "uid" => identity.uid = named(value).ok_or_else(|| error("uid is no number"))?,
                "gid" => identity.gid = named(value).ok_or_else(|| error("gid is no number"))?,
                "groups" if value.is_empty() => {}
                "groups" => {
                    identity.groups = value
                        .split(',')
                        .map(named)
                        .collect::<Option<_>>()
                        .ok_or_else(|| error("a group is no number"))?;
                }
                _ => return Err(error(&format!("{key:?} is not known"))),
            }
        }
        for key in ["uid", "gid"] {
            if !seen.contains(key) {
                return Err(error(&format!("{key} is missing")));
            }
        }
        Ok(identity)
    }
}

fn named(text: &str) -> Option<Named> {
    let (id, name) = match text.split_once('(') {
        Some((id, rest)) => (id, Some(rest.strip_suffix(')')?.to_owned())),
        None => (text, None),
    };
    Some(Named { id: id.parse().ok()?, name })
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}({name})", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid={} gid={} groups=", self.uid, self.gid)?;
        for (index, group) in self.groups.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{group}")?;
        }
        Ok(())
    }
}

impl fmt::Display for IdentityText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Is(identity) => identity.fmt(f),
        }
    }
}

impl FromStr for IdentityText {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "none" { Ok(Self::None) } else { text.parse().map(Self::Is) }
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for IdentityText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "x-format": "duration",
            "description": "A length of time, at most a week.",
            "examples": ["30s", "5m", "1h 30m"],
        })
    }
}

impl JsonSchema for IdentityText {
    fn schema_name() -> Cow<'static, str> {
        "Identity".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "x-format": "identity",
            "description": "Who a process is, as `id` prints it; a name in parentheses is compared where it is given. `none` where nobody is reported.",
            "examples": ["uid=1000 gid=3000 groups=3000,4000", "none"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_compared_as_a_set_of_groups() {
        let wanted: Identity = "uid=1 gid=2 groups=3,2".parse().expect("valid");
        let seen: Identity = "uid=1(a) gid=2(b) groups=2(b),3(c)".parse().expect("valid");
        assert!(wanted.fits(&seen));
        assert!(!wanted.fits(&Identity::numeric(1, 2, [2])));
    }

    #[test]
    fn a_name_is_compared_where_it_is_given() {
        let wanted: Identity = "uid=1(a) gid=2 groups=2".parse().expect("valid");
        assert!(wanted.fits(&"uid=1(a) gid=2(x) groups=2(x)".parse().expect("valid")));
        assert!(!wanted.fits(&"uid=1(b) gid=2 groups=2".parse().expect("valid")));
        assert!(!wanted.fits(&Identity::numeric(1, 2, [2])));
    }

    #[test]
    fn what_is_no_identity_is_said() {
        for text in ["", "uid=1", "uid=x gid=1", "uid=1 gid=1 uid=1", "uid=1 gid=1 euid=2", "1 2"] {
            assert!(text.parse::<Identity>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_length_of_time_is_bounded() {
        assert_eq!("90s".parse(), Ok(Duration(std::time::Duration::from_secs(90))));
        assert!(matches!(
            "8d".parse::<Duration>(),
            Err(DurationError::OutOfRange(_) | DurationError::Unreadable(_))
        ));
        assert!(matches!("-1s".parse::<Duration>(), Err(DurationError::OutOfRange(_))));
        assert!(matches!("soon".parse::<Duration>(), Err(DurationError::Unreadable(_))));
    }
}
