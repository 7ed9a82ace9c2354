//! The commands and the small shell, for any [`System`].

mod accounts;
mod files;
mod id;
mod identity;
mod ls;
mod ownership;
mod parse;
mod process;
mod program;
mod sleep;
mod system;
mod text;

pub use program::{COMMANDS, DISPATCHERS, Program};
pub use system::{Errno, Existing, FileStatus, Ids, Links, MAX_GROUPS, Step, Stream, System};
