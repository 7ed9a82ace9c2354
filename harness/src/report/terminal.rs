//! The summary and the failures, for people at a terminal.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use schemars::JsonSchema;
use serde::Serialize;

use super::{counted, only_this_case, shown, shown_line, side_by_side};
use crate::document::Sources;
use crate::runner::{Failure, Report, Scene, Verdict};
use crate::scenario::Case;

const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const FAINT: Style = Style::new().dimmed();

/// How many lines of a failed case's transcript are shown.
const TRANSCRIPT_LINES: usize = 25;

/// How the cases of a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Everything expected was so.
    pub held: usize,
    /// Something was not.
    pub failed: usize,
    /// Something was not, as is known of this runtime.
    pub deviating: usize,
    /// The target lacks something.
    pub skipped: usize,
}

impl Counts {
    /// Counts reports.
    pub fn of<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Self {
        let mut counts = Self::default();
        for report in reports {
            match report.verdict {
                Verdict::Held => counts.held += 1,
                Verdict::Failed(_) | Verdict::Broken(_) => counts.failed += 1,
                Verdict::Deviates(..) => counts.deviating += 1,
                Verdict::Skipped(_) => counts.skipped += 1,
            }
        }
        counts
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Only what did not hold.
    Quiet,
    /// And how many cases of each area ended how.
    Usual,
    /// And how each case ended, and all that happened in those that did not hold.
    Verbose,
}

/// What a run was about.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// What it ran on.
    pub target: &'a str,
    /// The texts of the scenarios.
    pub sources: &'a Sources,
    /// How long it took.
    pub duration: Duration,
    /// The paths of the command line, each with a space before it.
    pub paths: &'a str,
    /// How much is said.
    pub detail: Detail,
}

/// Writes the whole report.
///
/// # Errors
/// Whatever `out` says.
pub fn write(
    out: &mut dyn Write,
    run: Run<'_>,
    cases: &[&Case],
    reports: &[Report],
) -> io::Result<()> {
    if run.detail == Detail::Verbose {
        write_cases(out, cases, reports)?;
    }
    if run.detail != Detail::Quiet {
        write_areas(out, cases, reports)?;
        write_skipped(out, cases, reports)?;
    }
    let lines = if run.detail == Detail::Verbose { usize::MAX } else { TRANSCRIPT_LINES };
    for (case, report) in cases.iter().zip(reports) {
        if let Verdict::Failed(failure) | Verdict::Broken(failure) = &report.verdict {
            write_failure(out, run.sources, case, failure, (report.scene.as_ref(), lines))?;
            let command = only_this_case(run.paths, &case.id);
            writeln!(out, "          only this case: {command}")?;
        }
    }
    let counts = Counts::of(reports);
    if run.detail == Detail::Quiet {
        return Ok(());
    }
    write_deviations(out, cases, reports)?;
    let style = if counts.failed == 0 { GOOD } else { BAD };
    write!(
        out,
        "\n{} on {}: {style}{} held, {} failed{style:#}",
        counted(cases.len(), "case"),
        run.target,
        counts.held,
        counts.failed
    )?;
    if counts.deviating > 0 {
        write!(out, ", {} deviating as known", counts.deviating)?;
    }
    writeln!(out, ", {} skipped, in {:.2} s", counts.skipped, run.duration.as_secs_f64())
}

/// How much of the cases' time was spent inside CRI calls; the rest is our own. Time that
/// scenarios ask to let pass does not count.
///
/// # Errors
/// Whatever `out` says.
pub fn write_overhead(out: &mut dyn Write, reports: &[Report]) -> io::Result<()> {
    let asked = reports.iter().filter(|report| !matches!(report.verdict, Verdict::Skipped(_)));
    let (total, in_calls) = asked.fold((Duration::ZERO, Duration::ZERO), |(total, calls), one| {
        (total + one.duration.saturating_sub(one.asked_for), calls + one.in_calls)
    });
    if total.is_zero() {
        return Ok(());
    }
    let share = 100.0 * in_calls.as_secs_f64() / total.as_secs_f64();
    writeln!(out, "{FAINT}{share:.1} % of the cases' time was spent inside CRI calls{FAINT:#}")
}

fn write_deviations(out: &mut dyn Write, cases: &[&Case], reports: &[Report]) -> io::Result<()> {
    for (case, report) in cases.iter().zip(reports) {
        if let Verdict::Deviates(_, deviation) = &report.verdict {
            let reference = deviation.reference.trim().replace('\n', " ");
            writeln!(out, "{FAINT}deviates  {}: {reference}{FAINT:#}", case.id)?;
        }
    }
    Ok(())
}

fn area_of(id: &str) -> &str {
    id.split_once('/').map_or(id, |(area, _)| area)
}

fn write_areas(out: &mut dyn Write, cases: &[&Case], reports: &[Report]) -> io::Result<()> {
    let mut areas: BTreeMap<&str, Vec<&Report>> = BTreeMap::new();
    for (case, report) in cases.iter().zip(reports) {
        areas.entry(area_of(&case.id)).or_default().push(report);
    }
    let width = areas.keys().map(|area| area.len()).max().unwrap_or(0);
    for (area, reports) in areas {
        let counts = Counts::of(reports);
        let (style, mark) = if counts.failed == 0 { (GOOD, "held") } else { (BAD, "FAILED") };
        write!(out, "{style}{mark:>8}{style:#}  {area:width$}  {:>4} held", counts.held)?;
        if counts.failed > 0 {
            write!(out, ", {} failed", counts.failed)?;
        }
        if counts.deviating > 0 {
            write!(out, ", {} deviating", counts.deviating)?;
        }
        if counts.skipped > 0 {
            write!(out, ", {} skipped", counts.skipped)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_cases(out: &mut dyn Write, cases: &[&Case], reports: &[Report]) -> io::Result<()> {
    for (case, report) in cases.iter().zip(reports) {
        let (style, mark) = match report.verdict {
            Verdict::Held => (GOOD, "held"),
            Verdict::Failed(_) | Verdict::Broken(_) => (BAD, "FAILED"),
            Verdict::Deviates(..) => (FAINT, "deviates"),
            Verdict::Skipped(_) => (FAINT, "skipped"),
        };
        let seconds = report.cluster_time.as_secs_f64();
        let id = shown_line(&case.id);
        writeln!(out, "{style}{mark:>8}{style:#}  {id}  {FAINT}{seconds:.2} s{FAINT:#}")?;
    }
    Ok(())
}

fn write_skipped(out: &mut dyn Write, cases: &[&Case], reports: &[Report]) -> io::Result<()> {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, report) in cases.iter().zip(reports) {
        if let Verdict::Skipped(reason) = &report.verdict {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    for (reason, count) in reasons {
        writeln!(out, "{FAINT} skipped  {count}: {reason}{FAINT:#}")?;
    }
    Ok(())
}

/// A failure without colours, for test output.
#[must_use]
pub fn plain_failure(
    sources: &Sources,
    case: &Case,
    failure: &Failure,
    scene: Option<&Scene>,
) -> String {
    let mut text = Vec::new();
    // Writing to a vector cannot fail.
    let _ = write_failure(&mut text, sources, case, failure, (scene, TRANSCRIPT_LINES));
    anstream::adapter::strip_bytes(&text).into_vec().try_into().unwrap_or_default()
}

fn write_failure(
    out: &mut dyn Write,
    sources: &Sources,
    case: &Case,
    failure: &Failure,
    (scene, lines): (Option<&Scene>, usize),
) -> io::Result<()> {
    writeln!(out, "\n{BAD}  FAILED{BAD:#}  {}", shown_line(&case.id))?;
    if let Some(span) = failure.span {
        let source = sources.get(span.source);
        let (line, column) = sources.position(span);
        writeln!(out, "          {}:{line}:{column}", shown_line(&source.name))?;
        for (number, text) in (line..).zip(sources.item(span)) {
            writeln!(out, "          {FAINT}{number:>4} |{FAINT:#} {}", shown_line(text))?;
        }
    }
    writeln!(out, "          {}", shown(&failure.what))?;
    for difference in &failure.differences {
        writeln!(out, "          {}", shown(&difference.what))?;
        if side_by_side::write(out, &difference.expected, &difference.observed)? {
            continue;
        }
        writeln!(out, "            expected  {GOOD}{}{GOOD:#}", shown(&difference.expected))?;
        writeln!(out, "            observed  {BAD}{}{BAD:#}", shown(&difference.observed))?;
    }
    let happenings = scene.map(|scene| scene.happenings.as_slice()).unwrap_or_default();
    let skipped = happenings.len().saturating_sub(lines);
    if !happenings.is_empty() {
        writeln!(out, "          what happened:")?;
    }
    if skipped > 0 {
        writeln!(out, "            {FAINT}… {skipped} more before; -v shows all{FAINT:#}")?;
    }
    for happening in happenings.iter().skip(skipped) {
        let line = shown(&happening.to_string());
        writeln!(out, "            {FAINT}{:>8.2} s  {}{FAINT:#}", happening.seconds, line)?;
    }
    Ok(())
}
