//! The commands on a simulated kernel.

mod files;
mod id;
mod kernel;
mod shell;
