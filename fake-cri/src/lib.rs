//! A container runtime without containers.
//!
//! [`FakeRuntime`] answers every CRI call that a kubelet makes and decides, as
//! a given release of containerd or CRI-O does, who each container's process
//! is. What releases differ in is data ([`profile`]); who a process is, is a
//! pure function ([`identity`]); what runs in a container are the commands of
//! [`toolbox`] on a simulated process ([`process`]).

mod hex;
pub mod identity;
pub mod image;
pub mod process;
pub mod profile;
mod runtime;
mod time;

pub use image::{FileKind, FileNode, FileTree, Image, ImageStore, UnknownImages};
pub use process::HostFiles;
pub use profile::Profile;
pub use runtime::{FakeRuntime, Limits, Options};
