//! Many cases at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Failure, Keep, Report, Verdict, run};
use crate::scenario::Case;
use crate::target::Target;

/// Told of each case as it ends: its place in the list and how it ended.
pub type Progress<'a> = &'a (dyn Fn(usize, &Report) + Sync);

/// Runs cases on a target, `jobs` at a time; the reports are in the cases' order.
///
/// Each job is a thread with a tokio runtime of its own: on virtual time each
/// case has a clock of its own.
#[must_use]
pub fn run_all(
    cases: &[&Case],
    target: &dyn Target,
    jobs: usize,
    keep: Keep,
    progress: Progress<'_>,
) -> Vec<Report> {
    let next = AtomicUsize::new(0);
    let reports: Mutex<Vec<Option<Report>>> = Mutex::new(cases.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, cases.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(index) else { return };
                    let report = run_keeping(case, target, keep);
                    progress(index, &report);
                    let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
                    reports[index] = Some(report);
                }
            });
        }
    });
    reports
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .map(|report| report.expect("every case was run before the threads ended"))
        .collect()
}

/// Runs one case on a tokio runtime of its own.
#[must_use]
pub fn run_alone(case: &Case, target: &dyn Target) -> Report {
    run_keeping(case, target, Keep::Failures)
}

fn run_keeping(case: &Case, target: &dyn Target, keep: Keep) -> Report {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time();
    if target.has_virtual_time() {
        builder.start_paused(true);
    } else {
        builder.enable_io();
    }
    match builder.build() {
        Ok(runtime) => runtime.block_on(run(case, target, keep)),
        Err(error) => Report {
            verdict: Verdict::Broken(Failure {
                span: None,
                what: format!("no tokio runtime can be made: {error}"),
                differences: Vec::new(),
            }),
            scene: None,
            cluster_time: std::time::Duration::ZERO,
            duration: std::time::Duration::ZERO,
            in_calls: std::time::Duration::ZERO,
            asked_for: std::time::Duration::ZERO,
        },
    }
}
