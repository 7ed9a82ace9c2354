//! Images as a runtime sees them: a config and a tree of files.

mod agnhost;
mod store;
mod tree;

use std::hash::{Hash, Hasher};

pub use store::{ImageStore, StoredImage, normalise_reference};
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
}

impl Image {
    /// Feeds everything but the reference to a hasher.
    fn hash_content(&self, hasher: &mut impl Hasher) {
        (&self.user, &self.entrypoint, &self.cmd, &self.env, &self.working_dir).hash(hasher);
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
