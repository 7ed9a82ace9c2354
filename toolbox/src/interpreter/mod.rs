//! The commands and the small shell, for any [`System`].

mod accounts;
mod expand;
mod files;
mod grep;
mod id;
mod identity;
mod kept;
mod ls;
mod ownership;
mod parse;
mod pattern;
mod process;
mod program;
mod shell;
mod sleep;
mod system;
mod text;
mod variables;

pub use program::{COMMANDS, DISPATCHERS, Program};
pub use system::{
    Errno, Existing, FileStatus, Ids, Input, Links, MAX_DEPTH, MAX_GROUPS, MAX_KEPT, MAX_LINE,
    SLOTS, Step, Stream, System,
};
