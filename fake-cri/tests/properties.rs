//! What holds for every image, request and release.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fake_cri::identity::{GidOrigin, Request, Resolved, Surroundings, resolve};
use fake_cri::profile::{PolicySupport, Profile};
use fake_cri::{FileNode, FileTree, profile};
use proptest::collection::vec;
use proptest::prelude::*;

const MERGE: i32 = 0;
const STRICT: i32 = 1;

/// A line of `/etc/passwd`.
#[derive(Debug, Clone)]
struct User {
    name: usize,
    uid: usize,
    gid: usize,
}

/// A line of `/etc/group`.
#[derive(Debug, Clone)]
struct Group {
    name: usize,
    gid: usize,
    members: Vec<usize>,
}

/// What is asked: ids and names are places in a [`World`]'s lists.
#[derive(Debug, Clone)]
struct Ask {
    user: Option<usize>,
    user_name: Option<usize>,
    group: Option<usize>,
    requested: Vec<usize>,
    image_user: Option<usize>,
}

#[derive(Debug, Clone)]
struct Case {
    profile: &'static Profile,
    users: Vec<User>,
    groups: Vec<Group>,
    ask: Ask,
}

/// How many names and ids there are.
const NAMES: usize = 6;
const IDS: usize = 8;

/// The names and ids that places stand for.
#[derive(Debug, Clone)]
struct World {
    names: [String; NAMES],
    ids: [u32; IDS],
}

impl World {
    fn plain() -> Self {
        let names = ["root", "anna", "bert", "carl", "dora", "erik"].map(str::to_owned);
        Self { names, ids: [0, 1000, 1001, 3000, 4000, 5000, 50_000, 2_147_483_647] }
    }

    /// The same world by other names and numbers; 0 stays 0, which nobody needs to name.
    fn renamed() -> Self {
        let names = ["wheel", "x1", "y-2", "z_3", "longer-than-before", "q"].map(str::to_owned);
        Self { names, ids: [0, 77, 2_000_000_000, 5, 12, 65_534, 9, 4000] }
    }

    fn passwd(&self, users: &[User]) -> String {
        users.iter().fold(String::new(), |mut text, User { name, uid, gid }| {
            let (name, uid, gid) = (&self.names[*name], self.ids[*uid], self.ids[*gid]);
            let _ = writeln!(text, "{name}:x:{uid}:{gid}::/:/bin/sh");
            text
        })
    }

    /// Groups have names of their own, so that none is named like a user by chance.
    fn group(&self, groups: &[Group]) -> String {
        groups.iter().fold(String::new(), |mut text, Group { name, gid, members }| {
            let members: Vec<&str> =
                members.iter().map(|member| self.names[*member].as_str()).collect();
            let _ = writeln!(
                text,
                "g-{}:x:{}:{}",
                self.names[*name],
                self.ids[*gid],
                members.join(",")
            );
            text
        })
    }

    fn resolve(&self, case: &Case, policy: i32) -> Option<Resolved> {
        let mut files = FileTree::default();
        files.insert("/etc/passwd", FileNode::file(self.passwd(&case.users).into_bytes()));
        files.insert("/etc/group", FileNode::file(self.group(&case.groups).into_bytes()));
        let ask = &case.ask;
        let name = ask.user_name.map(|name| self.names[name].clone()).unwrap_or_default();
        let image_user = ask.image_user.map(|name| self.names[name].clone()).unwrap_or_default();
        let requested: Vec<i64> =
            ask.requested.iter().map(|gid| i64::from(self.ids[*gid])).collect();
        let request = Request {
            run_as_user: ask.user.map(|uid| i64::from(self.ids[uid])),
            run_as_username: &name,
            run_as_group: ask.group.map(|gid| i64::from(self.ids[gid])),
            supplemental_groups: &requested,
            supplemental_groups_policy: policy,
        };
        resolve(case.profile, &request, &Surroundings::of_image(&files, &image_user))
            .ok()
            .filter(|resolved| resolved.refused_at_start.is_none())
    }
}

fn attached(resolved: &Resolved) -> BTreeSet<u32> {
    resolved.identity.groups.iter().copied().collect()
}

fn profiles() -> impl Strategy<Value = &'static Profile> {
    proptest::sample::select(profile::all().iter().collect::<Vec<_>>())
}

fn cases() -> impl Strategy<Value = Case> {
    let user = (0..NAMES, 0..IDS, 0..IDS).prop_map(|(name, uid, gid)| User { name, uid, gid });
    let group = (0..NAMES, 0..IDS, vec(0..NAMES, 0..4)).prop_map(|(name, gid, members)| Group {
        name,
        gid,
        members,
    });
    let ask = (
        proptest::option::of(0..IDS),
        proptest::option::of(0..NAMES),
        proptest::option::of(0..IDS),
        vec(0..IDS, 0..5),
        proptest::option::of(0..NAMES),
    )
        .prop_map(|(user, user_name, group, requested, image_user)| Ask {
            user,
            user_name,
            group,
            requested,
            image_user,
        });
    (profiles(), vec(user, 0..6), vec(group, 0..8), ask)
        .prop_map(|(profile, users, groups, ask)| Case { profile, users, groups, ask })
}

proptest! {
    #[test]
    fn under_strict_every_gid_is_the_primary_one_or_a_requested_one(case in cases()) {
        prop_assume!(case.profile.rules.policy == PolicySupport::Honoured);
        let world = World::plain();
        if let Some(resolved) = world.resolve(&case, STRICT) {
            let requested: Vec<u32> = case.ask.requested.iter().map(|gid| world.ids[*gid]).collect();
            for gid in &resolved.identity.groups {
                prop_assert!(*gid == resolved.identity.gid || requested.contains(gid));
            }
            for entry in &resolved.identity.provenance {
                let is_membership = matches!(entry.origin, GidOrigin::GroupFile { .. });
                prop_assert!(!is_membership);
            }
        }
    }

    #[test]
    fn merge_attaches_at_least_what_strict_does(case in cases()) {
        let world = World::plain();
        if let (Some(merge), Some(strict)) =
            (world.resolve(&case, MERGE), world.resolve(&case, STRICT))
        {
            prop_assert!(attached(&merge).is_superset(&attached(&strict)));
            prop_assert_eq!(merge.identity.uid, strict.identity.uid);
            prop_assert_eq!(merge.identity.gid, strict.identity.gid);
        }
    }

    #[test]
    fn order_and_repetition_never_change_the_set(
        case in cases(),
        policy in MERGE..=STRICT,
        turn in 0_usize..8,
    ) {
        let world = World::plain();
        let mut other = case.clone();
        if !other.ask.requested.is_empty() {
            let turn = turn % other.ask.requested.len();
            other.ask.requested.rotate_left(turn);
            other.ask.requested.extend_from_within(..);
        }
        // By name, a group that stands twice is found where it stands first.
        if !other.groups.is_empty() {
            let turn = turn % other.groups.len();
            other.groups.rotate_left(turn);
            other.groups.extend_from_within(..);
        }
        let before = world.resolve(&case, policy);
        let after = world.resolve(&other, policy);
        prop_assert_eq!(before.as_ref().map(attached), after.as_ref().map(attached));
    }

    #[test]
    fn renaming_users_and_permuting_ids_permutes_the_answer(
        case in cases(),
        policy in MERGE..=STRICT,
    ) {
        let (plain, renamed) = (World::plain(), World::renamed());
        let number: BTreeMap<u32, u32> = plain.ids.into_iter().zip(renamed.ids).collect();
        let before = plain.resolve(&case, policy);
        let after = renamed.resolve(&case, policy);
        prop_assert_eq!(before.is_some(), after.is_some());
        if let (Some(before), Some(after)) = (before, after) {
            prop_assert_eq!(number[&before.identity.uid], after.identity.uid);
            prop_assert_eq!(number[&before.identity.gid], after.identity.gid);
            let mapped: BTreeSet<u32> = attached(&before).iter().map(|gid| number[gid]).collect();
            prop_assert_eq!(mapped, attached(&after));
            let origins = |resolved: &Resolved| -> Vec<GidOrigin> {
                resolved.identity.provenance.iter().map(|entry| entry.origin).collect()
            };
            prop_assert_eq!(origins(&before), origins(&after));
        }
    }

    #[test]
    fn the_reported_groups_are_the_attached_ones(case in cases(), policy in MERGE..=STRICT) {
        if let Some(resolved) = World::plain().resolve(&case, policy) {
            let listed: BTreeSet<u32> = resolved.identity.listed_groups.iter().copied().collect();
            prop_assert_eq!(listed.len(), resolved.identity.listed_groups.len());
            prop_assert_eq!(listed, attached(&resolved));
            let origins: BTreeSet<u32> =
                resolved.identity.provenance.iter().map(|entry| entry.gid).collect();
            prop_assert!(attached(&resolved).is_subset(&origins));
        }
    }

    #[test]
    fn no_bytes_and_no_request_make_it_panic(
        profile in profiles(),
        passwd in lines(),
        group in lines(),
        image_user in ".{0,12}",
        run_as_username in ".{0,12}",
        run_as_user in proptest::option::of(any::<i64>()),
        run_as_group in proptest::option::of(any::<i64>()),
        requested in vec(any::<i64>(), 0..4),
        policy in any::<i32>(),
        link in any::<bool>(),
    ) {
        let mut files = FileTree::default();
        files.insert("/etc/passwd", FileNode::file(passwd));
        if link {
            files.insert("/etc/group", FileNode::symlink(image_user.clone()));
        } else {
            files.insert("/etc/group", FileNode::file(group));
        }
        let request = Request {
            run_as_user,
            run_as_username: &run_as_username,
            run_as_group,
            supplemental_groups: &requested,
            supplemental_groups_policy: policy,
        };
        let _ = resolve(profile, &request, &Surroundings::of_image(&files, &image_user));
    }
}

/// Bytes that look like user files often enough to get far.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        "[a-z]{0,3}".prop_map(String::into_bytes),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        (0_u32..5).prop_map(|number| number.to_string().into_bytes()),
        vec(any::<u8>(), 0..6),
    ];
    vec(vec(field, 0..8), 0..8).prop_map(|lines| {
        let lines: Vec<Vec<u8>> = lines.iter().map(|fields| fields.join(&b':')).collect();
        lines.join(&b'\n')
    })
}
