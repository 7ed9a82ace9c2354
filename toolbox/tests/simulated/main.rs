//! The commands on a simulated kernel.

mod files;
mod id;
mod input;
mod kernel;
mod shell;
