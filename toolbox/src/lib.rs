//! The tiny commands inside the suite's images.
//!
//! One interpreter, two systems: simulated processes and real ones run the
//! very same code, so `id` prints the same for both by construction. A
//! process is a [`Program`] stepped over a [`System`]; it gives control back
//! when it sleeps, so that a simulation keeps its own time.
#![no_std]

mod interpreter;

pub use interpreter::{
    COMMANDS, Errno, Existing, FileStatus, Ids, Links, MAX_GROUPS, Program, Step, Stream, System,
};
