//! What is known of images, which no dump contains: from the identities that the cluster reports.
//!
//! What a container reports minus what its manifest asks for are the groups
//! that the image grants to that user. An image is made for the simulation that
//! grants exactly these. Where nothing was reported, placeholders stand for
//! what is not known, so that it is never taken for nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fake_cri::image::normalise_reference;
use fake_cri::{FileNode, Image, ImageStore};

use super::snapshot::{ContainerClass, IdentityClass, Reported, Snapshot};
use crate::report::shown_line;

/// Stands for whatever groups an image grants to a user of whom nothing was reported.
pub const UNKNOWN_GROUPS: u32 = 2_147_483_601;
/// Stands for a user's primary group that was not reported.
pub const UNKNOWN_PRIMARY: u32 = 2_147_483_602;
/// Stands for the user of an image that was not reported.
pub const UNKNOWN_USER: u32 = 2_147_483_603;

/// What an image runs here: it waits.
const WAIT: &str = "/bin/pause";

/// The images of a cluster, as far as they are known.
#[derive(Debug, Default)]
pub struct Images {
    by_reference: BTreeMap<String, Known>,
    contradictions: BTreeSet<String>,
}

#[derive(Debug)]
enum Known {
    /// From what was reported.
    Reported(Evidence),
    /// As a whole: from an archive, or built in.
    Whole(Arc<Image>),
}

/// What was seen of an image.
#[derive(Debug, Default)]
struct Evidence {
    /// The users that the image itself names, with a pod that shows it.
    users: BTreeMap<u32, String>,
    by_uid: BTreeMap<u32, OfUser>,
    /// Whether some container leaves the user to the image.
    leaves_user_to_image: bool,
}

/// What was seen of one user of an image.
#[derive(Debug, Default)]
struct OfUser {
    /// Primary groups where the manifest gives none, with a pod that shows it.
    primary: BTreeMap<u32, String>,
    /// Each different observation, with a pod that shows it.
    groups: BTreeMap<Observation, String>,
}

/// A container's groups, where the image's are among them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Observation {
    reported: BTreeSet<u32>,
    requested: BTreeSet<u32>,
}

impl OfUser {
    /// The groups that the image grants; none where that was never seen.
    fn granted(&self) -> Option<BTreeSet<u32>> {
        if self.groups.is_empty() {
            return None;
        }
        let granted = self.groups.keys().flat_map(|seen| seen.reported.difference(&seen.requested));
        Some(granted.copied().collect())
    }
}

impl Images {
    /// Gathers what the pods of a cluster report; images from archives are taken as they are.
    #[must_use]
    pub fn gather(snapshot: &Snapshot, archives: &[Image]) -> Self {
        let mut images = Self::default();
        for class in &snapshot.identities {
            for container in &class.containers {
                images.want(class, container);
            }
        }
        for pod in &snapshot.pods {
            let class = &snapshot.identities[pod.identity];
            for (container, reported) in class.containers.iter().zip(&pod.reported) {
                if let Some(reported) = reported {
                    let title = || shown_line(&format!("{}/{}", pod.namespace, pod.name));
                    images.observe(class, container, reported, title);
                }
            }
        }
        images.find_contradictions();
        // What the pods report outweighs what a reference usually means; an archive was given.
        let built_in = Image::agnhost();
        if images.is_wanted_and_unseen(&built_in.reference) {
            images.know(&built_in);
        }
        archives.iter().for_each(|archive| images.know(archive));
        images
    }

    fn know(&mut self, image: &Image) {
        let waits = Image { entrypoint: vec![WAIT.to_owned()], cmd: Vec::new(), ..image.clone() };
        let reference = normalise_reference(&image.reference);
        self.by_reference.insert(reference, Known::Whole(Arc::new(waits)));
    }

    fn is_wanted_and_unseen(&self, reference: &str) -> bool {
        let known = self.by_reference.get(&normalise_reference(reference));
        matches!(known, Some(Known::Reported(evidence)) if !evidence.is_any())
    }

    /// What is said twice and differently, in words.
    pub fn contradictions(&self) -> impl Iterator<Item = &str> {
        self.contradictions.iter().map(String::as_str)
    }

    /// The image's name in the simulation.
    #[must_use]
    pub fn name(&self, reference: &str) -> String {
        let reference = normalise_reference(reference);
        let place = self.by_reference.range(..reference).count();
        format!("plan.invalid/image-{place}:1")
    }

    /// The images as a simulated runtime has them.
    #[must_use]
    pub fn store(&self) -> ImageStore {
        let store = ImageStore::new();
        for (place, known) in self.by_reference.values().enumerate() {
            let reference = format!("plan.invalid/image-{place}:1");
            let image = match known {
                Known::Reported(evidence) => evidence.image(),
                Known::Whole(image) => Image::clone(image),
            };
            store.add(Image { reference, ..image });
        }
        store
    }

    fn evidence(&mut self, reference: &str) -> Option<&mut Evidence> {
        let reference = normalise_reference(reference);
        let known = self
            .by_reference
            .entry(reference)
            .or_insert_with(|| Known::Reported(Evidence::default()));
        if let Known::Reported(evidence) = known { Some(evidence) } else { None }
    }

    fn want(&mut self, class: &IdentityClass, container: &ContainerClass) {
        let user = class.user_of(container);
        let Some(evidence) = self.evidence(&container.image) else { return };
        match user.map(u32::try_from) {
            Some(Ok(uid)) => {
                evidence.by_uid.entry(uid).or_default();
            }
            Some(Err(_)) => {}
            None => evidence.leaves_user_to_image = true,
        }
    }

    fn observe(
        &mut self,
        class: &IdentityClass,
        container: &ContainerClass,
        reported: &Reported,
        title: impl Fn() -> String,
    ) {
        let (Ok(uid), Ok(gid)) = (u32::try_from(reported.uid), u32::try_from(reported.gid)) else {
            return;
        };
        let asks_user = class.user_of(container).is_some();
        let asks_group = class.group_of(container).is_some();
        let Some(evidence) = self.evidence(&container.image) else { return };
        if !asks_user {
            evidence.users.entry(uid).or_insert_with(&title);
        }
        let user = evidence.by_uid.entry(uid).or_default();
        if !asks_group {
            user.primary.entry(gid).or_insert_with(&title);
        }
        let groups = reported.groups.iter().filter_map(|gid| u32::try_from(*gid).ok()).collect();
        let mut requested: BTreeSet<u32> =
            class.requested().filter_map(|gid| u32::try_from(gid).ok()).collect();
        requested.insert(gid);
        let seen = Observation { reported: groups, requested };
        // Under Strict the image's groups are not among them, unless Strict does not hold.
        if !class.is_strict() || !seen.reported.is_subset(&seen.requested) {
            user.groups.entry(seen).or_insert_with(title);
        }
    }

    fn find_contradictions(&mut self) {
        let mut found = BTreeSet::new();
        for (reference, known) in &self.by_reference {
            let Known::Reported(evidence) = known else { continue };
            let image = shown_line(reference);
            let mut users = evidence.users.iter();
            if let (Some((first, a)), Some((second, b))) = (users.next(), users.next()) {
                found.insert(format!(
                    "Image {image} runs as uid {first} in pod {a} and as uid {second} in pod {b}, \
                     though no manifest says so: the tag seems to have moved"
                ));
            }
            for (uid, user) in &evidence.by_uid {
                let granted = user.granted().unwrap_or_default();
                for gid in granted {
                    let mut has = None;
                    let mut lacks = None;
                    for (seen, title) in &user.groups {
                        if seen.requested.contains(&gid) {
                        } else if seen.reported.contains(&gid) {
                            has = has.or(Some(title));
                        } else {
                            lacks = lacks.or(Some(title));
                        }
                    }
                    if let (Some(has), Some(lacks)) = (has, lacks) {
                        found.insert(format!(
                            "Image {image} grants group {gid} to uid {uid} in pod {has} and not \
                             in pod {lacks}; the plan supposes that it does"
                        ));
                    }
                }
            }
        }
        self.contradictions = found;
    }
}

impl Evidence {
    /// Whether anything was reported.
    fn is_any(&self) -> bool {
        let seen = |user: &OfUser| !user.primary.is_empty() || !user.groups.is_empty();
        !self.users.is_empty() || self.by_uid.values().any(seen)
    }

    /// An image that grants what was seen, and placeholders where nothing was.
    fn image(&self) -> Image {
        let mut passwd = String::new();
        let mut group = String::new();
        let mut add = |uid: u32, primary: u32, groups: &BTreeSet<u32>| {
            passwd.push_str(&format!("u{uid}:x:{uid}:{primary}::/:/bin/sh\n"));
            for gid in groups {
                group.push_str(&format!("g{gid}u{uid}:x:{gid}:u{uid}\n"));
            }
        };
        let unknown = BTreeSet::from([UNKNOWN_GROUPS]);
        for (uid, user) in &self.by_uid {
            let primary = user.primary.keys().next().copied().unwrap_or(UNKNOWN_PRIMARY);
            add(*uid, primary, &user.granted().unwrap_or_else(|| unknown.clone()));
        }
        add(UNKNOWN_USER, UNKNOWN_PRIMARY, &unknown);
        let user = self.users.keys().next().copied().unwrap_or(UNKNOWN_USER);
        let mut image = Image {
            user: if self.leaves_user_to_image { user.to_string() } else { String::new() },
            entrypoint: vec![WAIT.to_owned()],
            ..Image::default()
        };
        image.files.insert("/etc/passwd", FileNode::file(passwd.into_bytes()));
        image.files.insert("/etc/group", FileNode::file(group.into_bytes()));
        image
    }
}
