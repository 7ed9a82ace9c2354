//! The tiny commands inside the suite's images.
//!
//! One interpreter, two systems: simulated processes and real ones run the
//! very same code, so `id` prints the same for both by construction. A
//! process is a [`Program`] stepped over a [`System`]; it gives control back
//! when it sleeps, so that a simulation keeps its own time.
#![no_std]

mod interpreter;

pub use interpreter::{
    COMMANDS, DISPATCHERS, Errno, Existing, FileStatus, Ids, Input, Links, MAX_DEPTH, MAX_GROUPS,
    MAX_KEPT, MAX_LINE, Program, SLOTS, Step, Stream, System,
};

/// The commands as a static Linux program: one file, called by any of [`COMMANDS`].
///
/// It needs nothing else in the image, neither a C library nor other files.
pub static PROGRAM: &[u8] = include_bytes!(env!("TOOLBOX_PROGRAM"));

/// What OCI calls the architecture of [`PROGRAM`]: `amd64` or `arm64`, the one built for.
pub const ARCHITECTURE: &str = env!("TOOLBOX_ARCHITECTURE");
