//! The commands and the small shell, for any [`System`].

mod program;
mod system;

pub use program::Program;
pub use system::{Errno, Existing, FileStatus, Ids, Links, MAX_GROUPS, Step, Stream, System};
