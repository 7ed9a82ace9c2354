//! Images as a runtime sees them: a config and a tree of files.

mod agnhost;
mod store;
mod tree;

use std::hash::{Hash, Hasher};

pub use store::{ImageStore, StoredImage, UnknownImages, normalise_reference};
pub(crate) use tree::normalise;
pub use tree::{FileKind, FileNode, FileTree, Links, Located, LookUpError, PathError};

/// An image: what it is called, how it runs, what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// The reference it is known by, such as `registry.k8s.io/pause:3.10`.
    pub reference: String,
    /// The config's `User`: empty, a uid, a name, or either with `:GROUP`.
    pub user: String,
    /// The config's `Entrypoint`.
    pub entrypoint: Vec<String>,
    /// The config's `Cmd`.
    pub cmd: Vec<String>,
    /// The config's `Env`, as `NAME=value`.
    pub env: Vec<String>,
    /// The config's `WorkingDir`; empty means `/`.
    pub working_dir: String,
    /// Whether its programs leave SIGTERM to the kernel, which has no default action for a
    /// process 1: shells and `sleep` do so almost everywhere. The commands of
    /// [`toolbox`] handle it.
    pub ignores_sigterm: bool,
    /// The files, all layers applied.
    pub files: FileTree,
    /// Whether nobody knows what is in it: it stands for an image that could not be had.
    pub is_unknown: bool,
}

/// What an image runs of which nothing is known: it waits.
const WAIT: &str = "/bin/pause";

impl Image {
    /// An image of which nothing is known but its name: no user, no files, and a program that
    /// waits.
    #[must_use]
    pub fn unknown(reference: &str) -> Self {
        Self {
            reference: normalise_reference(reference),
            // No entrypoint, so that arguments are a command, as in most base images.
            cmd: vec![WAIT.to_owned()],
            is_unknown: true,
            ..Self::default()
        }
    }

    /// Whether it has this program: at that path, or for a mere name on the search path.
    pub(crate) fn has_program(&self, program: &str, variables: &[String]) -> bool {
        let is_file = |path: &str| {
            let found =
                self.files.locate(path, Links::StayWithin).ok().and_then(|found| found.node);
            found.is_some_and(|node| matches!(node.kind, FileKind::File(_)))
        };
        if program.is_empty() || self.is_unknown {
            return self.is_unknown && !program.is_empty();
        }
        if program.contains('/') {
            return is_file(program);
        }
        let path = variables.iter().find_map(|variable| variable.strip_prefix("PATH="));
        path.unwrap_or_default().split(':').any(|folder| is_file(&format!("{folder}/{program}")))
    }

    /// Feeds everything but the reference to a hasher.
    fn hash_content(&self, hasher: &mut impl Hasher) {
        (&self.user, &self.entrypoint, &self.cmd, &self.env, &self.working_dir).hash(hasher);
        if self.is_unknown {
            // Two of them are hardly the same.
            self.reference.hash(hasher);
        }
        for (path, node) in self.files.iter() {
            (path, node.mode, node.uid, node.gid).hash(hasher);
            match &node.kind {
                FileKind::File(content) => (0_u8, content).hash(hasher),
                FileKind::Directory => 1_u8.hash(hasher),
                FileKind::Symlink(target) => (2_u8, target).hash(hasher),
            }
        }
    }
}
