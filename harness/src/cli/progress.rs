//! A bar on the terminal for what takes longer than a moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes no longer than this needs no bar.
const MOMENT: Duration = Duration::from_secs(1);
/// How often a second the bar is drawn.
const DRAWN_PER_SECOND: u8 = 4;

/// How much is done; shown after a second, and only on a terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    start: Instant,
    bytes: AtomicU64,
}

impl Progress {
    /// For that many cases.
    pub(super) fn of_cases(count: usize) -> Self {
        Self::new(count, "{bar:30} {pos} of {len} cases, {eta} left")
    }

    /// For that many pods.
    pub(super) fn of_pods(count: usize) -> Self {
        Self::new(count, "{bar:30} {pos} of {len} pods, {eta} left")
    }

    /// For that many images, which come piece by piece.
    pub(super) fn of_images(count: usize) -> Self {
        Self::new(count, "{bar:30} {pos} of {len} images, {msg} so far")
    }

    fn new(count: usize, template: &str) -> Self {
        let length = u64::try_from(count).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template(template).expect("the template is well-formed");
        bar.set_style(style);
        Self { bar, start: Instant::now(), bytes: AtomicU64::new(0) }
    }

    /// Another one is done.
    pub(super) fn advance(&self) {
        self.show();
        self.bar.inc(1);
    }

    /// More of them is there.
    pub(super) fn receive(&self, bytes: u64) {
        let all = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.show();
        if !self.bar.is_hidden() {
            self.bar.set_message(HumanBytes(all).to_string());
        }
    }

    fn show(&self) {
        if self.bar.is_hidden() && self.start.elapsed() > MOMENT {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_PER_SECOND));
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
