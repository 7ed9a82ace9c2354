//! What an upgrade would do to a cluster: `gidcheck plan`.
//!
//! A plan has no rules of its own. It reads a cluster ([`input`]), builds what
//! it read in the simulation, runs the change there ([`trial`]), and puts what
//! it saw into words.

pub mod change;
pub mod images;
pub mod input;
pub mod nodes;
pub mod snapshot;
pub mod trial;
