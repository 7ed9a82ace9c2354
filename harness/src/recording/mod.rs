//! What a runtime does, as data: cases that were asked of it, and what came of each.
//!
//! A recording is a file of lines: the first describes the runtime, each other
//! one is a case. [`Suite`] holds the cases that recordings are made of and
//! their images; [`observe`] asks a runtime, real or fake, [`write()`] and
//! [`read`] keep the answers, and [`compare`] says where two of them differ,
//! by rule.

mod compare;
mod images;
mod line;
mod model;
mod normalise;
mod observe;
mod play;
mod read;
pub mod report;
mod suite;
mod write;

pub use compare::{Difference, Rule, compare, compare_runtimes};
pub use images::{FormatError, ImageError, Images};
pub use line::Incomplete;
pub use model::{Call, ImageUser, LinuxUser, Outcome, RecordedCase, Recording, Request, Runtime};
pub use normalise::normalise;
pub use observe::{ObserveError, Observed, observe};
pub use play::{Interrupted, Place, play};
pub use read::{FileError, Problem, ReadError, parse, read, read_requests};
pub use suite::Suite;
pub use write::{WriteError, check_writable, write};
