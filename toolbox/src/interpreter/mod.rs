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
mod shell;
mod sleep;
mod system;
mod text;

pub use program::{COMMANDS, DISPATCHERS, Program};
pub use system::{
    Errno, Existing, FileStatus, Ids, Input, Links, MAX_DEPTH, MAX_GROUPS, MAX_LINE, Step, Stream,
    System,
};
