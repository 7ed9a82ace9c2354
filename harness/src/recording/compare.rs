//! Where two runtimes differ, by rule.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::model::{LinuxUser, Outcome, Runtime};
use super::normalise::normalise;
use crate::scenario::{Identity, Named};

/// What runtimes can differ in, the coarsest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The `features` message of CRI `Status`.
    Features,
    /// The user that CRI `ImageStatus` gives for an image.
    ImageUser,
    /// Whether the container runs.
    Outcome,
    /// Which call fails.
    FailingCall,
    /// The gRPC code of the failing call.
    Code,
    /// The words of the failing call, without what differs from run to run.
    Message,
    /// The process's uid.
    Uid,
    /// The process's primary gid.
    Gid,
    /// The process's groups, as a set.
    Groups,
    /// The names that `id` finds for the same numbers.
    Names,
    /// What `id` prints, where that is no identity.
    IdOutput,
    /// Whether CRI reports a user.
    UserReported,
    /// The uid, gid or set of groups that CRI reports.
    ReportedUser,
    /// The order of the groups that CRI reports, or that `id` prints.
    Order,
}

impl Rule {
    /// The rule in words, such as `failing call`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Features => "features that the runtime reports",
            Self::ImageUser => "user that the runtime reads in an image",
            Self::Outcome => "outcome: whether the container runs",
            Self::FailingCall => "failing call",
            Self::Code => "code of the failing call",
            Self::Message => "message of the failing call",
            Self::Uid => "uid of the process",
            Self::Gid => "gid of the process",
            Self::Groups => "groups of the process",
            Self::Names => "names of users and groups",
            Self::IdOutput => "what id prints",
            Self::UserReported => "whether a user is reported",
            Self::ReportedUser => "reported user",
            Self::Order => "order of the groups",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What differs.
    pub rule: Rule,
    /// What was recorded.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

impl Difference {
    fn new(rule: Rule, expected: impl ToString, observed: impl ToString) -> Self {
        Self { rule, expected: expected.to_string(), observed: observed.to_string() }
    }
}

/// Compares what runtimes say of themselves, apart from name and version, each with the image it
/// is about, if it is about one; only images that both speak of count.
#[must_use]
pub fn compare_runtimes(
    expected: &Runtime,
    observed: &Runtime,
) -> Vec<(Option<String>, Difference)> {
    let mut differences = Vec::new();
    if set_features(expected) != set_features(observed) {
        let (expected, observed) = (show_features(expected), show_features(observed));
        differences.push((None, Difference::new(Rule::Features, expected, observed)));
    }
    for (image, user) in &expected.image_status_user {
        let seen = observed.image_status_user.get(image);
        if let Some(seen) = seen.filter(|seen| *seen != user) {
            let show = |user: &super::ImageUser| match user.uid {
                Some(uid) => format!("uid {uid}"),
                None => format!("username {:?}", user.username),
            };
            let difference = Difference::new(Rule::ImageUser, show(user), show(seen));
            differences.push((Some(image.clone()), difference));
        }
    }
    differences
}

/// The features that are true; `None`: no features were sent.
fn set_features(runtime: &Runtime) -> Option<BTreeSet<&str>> {
    let features = runtime.features.as_ref()?;
    Some(features.iter().filter(|(_, set)| **set).map(|(name, _)| name.as_str()).collect())
}

fn show_features(runtime: &Runtime) -> String {
    match set_features(runtime) {
        None => "none sent".to_owned(),
        Some(set) if set.is_empty() => "sent, all false".to_owned(),
        Some(set) => set.into_iter().collect::<Vec<_>>().join(", "),
    }
}

/// Compares what came of a case with what was recorded; nothing when they agree.
#[must_use]
pub fn compare(expected: &Outcome, observed: &Outcome) -> Vec<Difference> {
    match (expected, observed) {
        (
            Outcome::Ran { id_output: expected_id, user: expected_user },
            Outcome::Ran { id_output: observed_id, user: observed_user },
        ) => {
            let mut differences = compare_id(expected_id, observed_id);
            differences.extend(compare_reported(expected_user.as_ref(), observed_user.as_ref()));
            differences
        }
        (
            Outcome::Refused { call, code, message },
            Outcome::Refused { call: seen_call, code: seen_code, message: seen_message },
        ) => {
            let mut differences = Vec::new();
            if call != seen_call {
                differences.push(Difference::new(Rule::FailingCall, call, seen_call));
            }
            if code != seen_code {
                differences.push(Difference::new(Rule::Code, code, seen_code));
            }
            let (message, seen_message) = (normalise(message), normalise(seen_message));
            if message != seen_message {
                differences.push(Difference::new(Rule::Message, message, seen_message));
            }
            differences
        }
        _ => vec![Difference::new(Rule::Outcome, show(expected), show(observed))],
    }
}

fn show(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ran { id_output, .. } => format!("runs as {id_output}"),
        Outcome::Refused { call, code, message } => {
            format!("{call} fails with {code}: {}", normalise(message))
        }
    }
}

fn compare_id(expected: &str, observed: &str) -> Vec<Difference> {
    if expected == observed {
        return Vec::new();
    }
    let whole = |rule| Difference::new(rule, expected, observed);
    let (Ok(wanted), Ok(seen)) = (expected.parse::<Identity>(), observed.parse::<Identity>())
    else {
        return vec![whole(Rule::IdOutput)];
    };
    let mut differences = Vec::new();
    let mut names_differ = false;
    for (rule, wanted, seen) in
        [(Rule::Uid, &wanted.uid, &seen.uid), (Rule::Gid, &wanted.gid, &seen.gid)]
    {
        if wanted.id != seen.id {
            differences.push(Difference::new(rule, wanted, seen));
        } else if wanted != seen {
            names_differ = true;
        }
    }
    let (wanted_set, seen_set) = (by_id(&wanted.groups), by_id(&seen.groups));
    if !wanted_set.keys().eq(seen_set.keys()) {
        differences.push(Difference::new(Rule::Groups, list(&wanted.groups), list(&seen.groups)));
    } else if wanted_set != seen_set {
        names_differ = true;
    } else if wanted.groups != seen.groups {
        differences.push(Difference::new(Rule::Order, list(&wanted.groups), list(&seen.groups)));
    }
    if names_differ {
        differences.push(whole(Rule::Names));
    }
    if differences.is_empty() {
        differences.push(whole(Rule::IdOutput));
    }
    differences
}

fn by_id(groups: &[Named]) -> BTreeMap<i64, &Named> {
    groups.iter().map(|group| (group.id, group)).collect()
}

fn list(groups: &[Named]) -> String {
    groups.iter().map(Named::to_string).collect::<Vec<_>>().join(",")
}

fn compare_reported(
    expected: Option<&LinuxUser>,
    observed: Option<&LinuxUser>,
) -> Option<Difference> {
    let show = |user: Option<&LinuxUser>| user.map_or("nobody".to_owned(), LinuxUser::to_string);
    let rule = match (expected, observed) {
        (expected, observed) if expected == observed => return None,
        (Some(wanted), Some(seen)) => {
            let set = |user: &LinuxUser| {
                user.supplemental_groups.iter().copied().collect::<BTreeSet<_>>()
            };
            if (wanted.uid, wanted.gid, set(wanted)) == (seen.uid, seen.gid, set(seen)) {
                Rule::Order
            } else {
                Rule::ReportedUser
            }
        }
        _ => Rule::UserReported,
    };
    Some(Difference::new(rule, show(expected), show(observed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Call;

    fn ran(id_output: &str, groups: Option<&[i64]>) -> Outcome {
        let user =
            groups.map(|groups| LinuxUser { uid: 1, gid: 2, supplemental_groups: groups.to_vec() });
        Outcome::Ran { id_output: id_output.to_owned(), user }
    }

    fn refused(call: Call, code: &str, message: &str) -> Outcome {
        Outcome::Refused { call, code: code.to_owned(), message: message.to_owned() }
    }

    fn rules(expected: &Outcome, observed: &Outcome) -> Vec<Rule> {
        compare(expected, observed).into_iter().map(|difference| difference.rule).collect()
    }

    #[test]
    fn each_difference_is_named_by_its_rule() {
        let base = ran("uid=1(a) gid=2 groups=2,3(c)", Some(&[2, 3]));
        for (other, expected) in [
            (ran("uid=1(a) gid=2 groups=2,3(c)", Some(&[2, 3])), vec![]),
            (ran("uid=9(a) gid=2 groups=2,3(c)", Some(&[2, 3])), vec![Rule::Uid]),
            (ran("uid=1(a) gid=9 groups=2,3(c)", Some(&[2, 3])), vec![Rule::Gid]),
            (ran("uid=1(a) gid=2 groups=2", Some(&[2, 3])), vec![Rule::Groups]),
            (ran("uid=1(b) gid=2 groups=2,3(c)", Some(&[2, 3])), vec![Rule::Names]),
            (ran("uid=1(a) gid=2 groups=2,3", Some(&[2, 3])), vec![Rule::Names]),
            (ran("uid=1(a) gid=2 groups=3(c),2", Some(&[2, 3])), vec![Rule::Order]),
            (ran("uid=1(a)  gid=2 groups=2,3(c)", Some(&[2, 3])), vec![Rule::IdOutput]),
            (ran("\u{1b}[2J", Some(&[2, 3])), vec![Rule::IdOutput]),
            (ran("uid=1(a) gid=2 groups=2,3(c)", Some(&[3, 2])), vec![Rule::Order]),
            (ran("uid=1(a) gid=2 groups=2,3(c)", Some(&[2])), vec![Rule::ReportedUser]),
            (ran("uid=1(a) gid=2 groups=2,3(c)", None), vec![Rule::UserReported]),
            (refused(Call::CreateContainer, "Unknown", "x"), vec![Rule::Outcome]),
        ] {
            assert_eq!(rules(&base, &other), expected, "{other:?}");
        }
        let base =
            refused(Call::CreateContainer, "Unknown", "on /a/tmpmounts/containerd-mount1: x");
        for (other, expected) in [
            (
                refused(Call::CreateContainer, "Unknown", "on /b/tmpmounts/containerd-mount2: x"),
                vec![],
            ),
            (
                refused(Call::StartContainer, "Internal", "y"),
                vec![Rule::FailingCall, Rule::Code, Rule::Message],
            ),
        ] {
            assert_eq!(rules(&base, &other), expected, "{other:?}");
        }
    }
}
