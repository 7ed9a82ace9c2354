//! Images as a runtime sees them: a config and a tree of files.

mod tree;

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
    /// The files, all layers applied.
    pub files: FileTree,
}
