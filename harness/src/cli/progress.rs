//! A bar on the terminal for what takes longer than a moment.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes no longer than this needs no bar.
const MOMENT: Duration = Duration::from_secs(1);
/// How often a second the bar is drawn.
const DRAWN_PER_SECOND: u8 = 4;

/// How far the cases are; shown after a second, and only on a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    start: Instant,
}

impl Progress {
    pub(super) fn new(cases: usize) -> Self {
        let length = u64::try_from(cases).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:30} {pos} of {len} cases, {eta} left")
            .expect("the template is well-formed");
        bar.set_style(style);
        Self { bar, start: Instant::now() }
    }

    /// Another case is done.
    pub(super) fn advance(&self) {
        if self.bar.is_hidden() && self.start.elapsed() > MOMENT {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        }
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
