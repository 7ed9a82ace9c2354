//! gidcheck tells who a container's first process really is, and proves it.
//!
//! A [`scenario`] states a cluster, what happens to it, and what must be true
//! after. A [`target`] supplies the parts: fake ones in this process, or real
//! runtimes. The [`runner`] plays the scenario in a [`cluster`] made of them
//! and [`check`] says what is not as expected.

pub mod api;
pub mod audit;
pub mod check;
pub mod cli;
pub mod cluster;
pub mod deviations;
pub mod document;
pub mod explain;
pub mod images;
pub mod input;
pub mod matrix;
pub mod nodes;
pub mod oci;
pub mod plan;
pub mod recording;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod target;
pub mod testing;
