//! The same cases with other names for users and groups and other gids: what must come of them
//! follows from what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use fake_cri::{FileKind, FileNode, FileTree, Image};
use gidcheck::recording::{Images, LinuxUser, Outcome, Request, Runtime, Suite};
use gidcheck::scenario::{Identity, Named};

/// Gids that mean something by their number stay: 0, and everything from the largest on.
const MOVABLE: std::ops::Range<i64> = 1..2_147_483_647;

/// A name as long as this is there for its length.
const LONG: usize = 100;

/// Other names and gids, each for exactly one.
pub(crate) struct Renaming {
    names: BTreeMap<String, String>,
    gids: BTreeMap<i64, i64>,
}

impl Renaming {
    /// New names for all that the suite knows, and its gids and as many others shuffled.
    pub(crate) fn random(seed: u64, suite: &Suite) -> Self {
        let mut random = Random(seed);
        let mut found = Found::default();
        for (_, image) in suite.images.iter() {
            found.user_text(&image.user);
            for (path, node) in image.files.iter() {
                if let FileKind::File(content) = &node.kind {
                    found.accounts(&String::from_utf8_lossy(content), path.contains("group"));
                }
            }
        }
        for request in &suite.requests {
            found.user_text(request.run_as_username.as_deref().unwrap_or_default());
            found.gids.extend(request.run_as_group);
            found.gids.extend(&request.supplemental_groups);
            found.gids.extend(&request.sandbox_supplemental_groups);
        }
        let old: Vec<i64> = found.gids.into_iter().filter(|gid| MOVABLE.contains(gid)).collect();
        let mut new: BTreeSet<i64> = old.iter().copied().collect();
        while new.len() < 2 * old.len() {
            new.insert(random.within(MOVABLE));
        }
        let new = random.shuffled(new.into_iter().collect());
        let names = found.names.into_iter().enumerate().map(|(index, name)| {
            let letters: String = (0..random.within(1..9))
                .filter_map(|_| char::from_digit(u32::try_from(random.within(10..36)).ok()?, 36))
                .collect();
            (name, format!("{letters}-{index}"))
        });
        Self { names: names.collect(), gids: old.into_iter().zip(new).collect() }
    }

    fn name(&self, name: &str) -> String {
        self.names.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn gid(&self, gid: i64) -> i64 {
        self.gids.get(&gid).copied().unwrap_or(gid)
    }

    /// A gid as text, or a group's name.
    fn group_text(&self, text: &str) -> String {
        match text.parse::<i64>() {
            Ok(gid) if self.gids.contains_key(&gid) => self.gid(gid).to_string(),
            _ => self.name(text),
        }
    }

    /// `USER`, `USER:GROUP` or more.
    fn user_text(&self, text: &str) -> String {
        let mut parts = text.split(':');
        let user = self.name(parts.next().unwrap_or_default());
        let groups = parts.map(|group| format!(":{}", self.group_text(group)));
        user + &groups.collect::<String>()
    }

    /// The same images, otherwise named and numbered.
    pub(crate) fn images(&self, images: &Images) -> Images {
        let mut renamed = Images::default();
        for (name, image) in images.iter() {
            let mut files = FileTree::default();
            for (path, node) in image.files.iter() {
                let node = match &node.kind {
                    FileKind::File(content) => {
                        let text = String::from_utf8_lossy(content);
                        FileNode::file(self.accounts(&text, path.contains("group")).into_bytes())
                    }
                    _ => node.clone(),
                };
                files.insert(path, node);
            }
            let user = self.user_text(&image.user);
            renamed.insert(name, Image { user, files, ..Image::clone(image) });
        }
        renamed
    }

    /// `/etc/group` or `/etc/passwd`, whatever its lines are.
    fn accounts(&self, text: &str, is_group: bool) -> String {
        let gid_field = if is_group { 2 } else { 3 };
        let line = |line: &str| {
            let fields = line.split(':').enumerate().map(|(index, field)| match index {
                0 => self.name(field),
                3 if is_group => {
                    let (members, end) =
                        field.strip_suffix('\r').map_or((field, ""), |m| (m, "\r"));
                    let members: Vec<_> = members.split(',').map(|name| self.name(name)).collect();
                    members.join(",") + end
                }
                _ if index == gid_field => self.group_text(field),
                _ => field.to_owned(),
            });
            fields.collect::<Vec<_>>().join(":")
        };
        text.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    /// What the runtime says of the renamed images.
    pub(crate) fn runtime(&self, runtime: &Runtime) -> Runtime {
        let mut renamed = runtime.clone();
        for user in renamed.image_status_user.values_mut() {
            user.username = self.name(&user.username);
        }
        renamed
    }

    /// The same request, otherwise named and numbered.
    pub(crate) fn request(&self, request: &Request) -> Request {
        let gids = |gids: &[i64]| gids.iter().map(|&gid| self.gid(gid)).collect();
        Request {
            run_as_group: request.run_as_group.map(|gid| self.gid(gid)),
            run_as_username: request.run_as_username.as_deref().map(|text| self.user_text(text)),
            supplemental_groups: gids(&request.supplemental_groups),
            sandbox_supplemental_groups: gids(&request.sandbox_supplemental_groups),
            ..request.clone()
        }
    }

    /// What must come of a renamed case; `sorted`: the runtime reports groups by number.
    pub(crate) fn outcome(&self, outcome: &Outcome, sorted: bool) -> Outcome {
        match outcome {
            Outcome::Ran { id_output, user } => Outcome::Ran {
                id_output: self.id_output(id_output),
                user: user.as_ref().map(|user| {
                    let groups = user.supplemental_groups.iter();
                    let mut groups: Vec<i64> = groups.map(|&gid| self.gid(gid)).collect();
                    if sorted {
                        groups.sort_unstable();
                    }
                    LinuxUser {
                        uid: user.uid,
                        gid: self.gid(user.gid),
                        supplemental_groups: groups,
                    }
                }),
            },
            Outcome::Refused { call, code, message } => {
                let (call, code) = (*call, code.clone());
                Outcome::Refused { call, code, message: self.message(message) }
            }
        }
    }

    /// The kernel keeps groups by number.
    fn id_output(&self, text: &str) -> String {
        let seen: Identity = text.parse().expect("a recorded id prints an identity");
        let group = |group: &Named| {
            let name = group.name.as_deref().map(|name| self.group_text(name));
            Named { id: self.gid(group.id), name }
        };
        let mut groups: Vec<Named> = seen.groups.iter().map(group).collect();
        groups.sort_by_key(|group| group.id);
        let name = seen.uid.name.as_deref().map(|name| self.name(name));
        let uid = Named { id: seen.uid.id, name };
        Identity { uid, gid: group(&seen.gid), groups }.to_string()
    }

    /// Messages name users and groups in a few places.
    fn message(&self, message: &str) -> String {
        let mut renamed = message.to_owned();
        for (before, after) in [
            ("USER value ", ""),
            ("USER value \"", "\""),
            ("user group \"", "\""),
            ("find user ", ": no matching"),
            ("for spec ", ": read"),
        ] {
            let Some((start, rest)) = message.split_once(before) else { continue };
            let end = if after.is_empty() { Some(rest.len()) } else { rest.find(after) };
            let Some(end) = end else { continue };
            let (text, rest) = rest.split_at(end);
            let text = match before {
                "user group \"" => self.group_text(text),
                _ => self.user_text(text),
            };
            renamed = format!("{start}{before}{text}{rest}");
        }
        renamed
    }
}

/// The names and gids in use.
#[derive(Default)]
struct Found {
    names: BTreeSet<String>,
    gids: BTreeSet<i64>,
}

impl Found {
    fn name(&mut self, text: &str) {
        let is_name = text.parse::<i64>().is_err() && !text.trim().is_empty();
        if is_name && text.len() < LONG && !text.starts_with('#') {
            self.names.insert(text.to_owned());
        }
    }

    fn group_text(&mut self, text: &str) {
        match text.parse() {
            Ok(gid) => {
                self.gids.insert(gid);
            }
            Err(_) => self.name(text),
        }
    }

    fn user_text(&mut self, text: &str) {
        let mut parts = text.split(':');
        self.name(parts.next().unwrap_or_default());
        parts.for_each(|group| self.group_text(group));
    }

    fn accounts(&mut self, text: &str, is_group: bool) {
        for line in text.lines() {
            let fields: Vec<_> = line.split(':').collect();
            self.name(fields[0]);
            if let Some(gid) = fields.get(if is_group { 2 } else { 3 }) {
                self.group_text(gid);
            }
            if is_group && let Some(members) = fields.get(3) {
                members.split(',').for_each(|member| self.name(member));
            }
        }
    }
}

/// Numbers that follow from a seed (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn within(&mut self, range: std::ops::Range<i64>) -> i64 {
        let length = u64::try_from(range.end - range.start).expect("the range is not empty");
        range.start + i64::try_from(self.next() % length).expect("it is less than the length")
    }

    fn shuffled(&mut self, mut values: Vec<i64>) -> Vec<i64> {
        for last in (1..values.len()).rev() {
            let end = i64::try_from(last + 1).expect("there are few values");
            let other = usize::try_from(self.within(0..end)).expect("the range starts at 0");
            values.swap(last, other);
        }
        values
    }
}
