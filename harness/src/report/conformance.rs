//! The conformance report: what a vendor publishes of a runtime.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::check::Difference;
use crate::deviations;
use crate::runner::{Report, Verdict};
use crate::scenario::{Case, Level};
use crate::target::Implementation;

/// What the report's `schema` field says: its format and version.
pub const SCHEMA: &str = "gidcheck.dev/conformance-report/v1";

/// How a runtime did in the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConformanceReport {
    /// The format of this document: `gidcheck.dev/conformance-report/v1`.
    pub schema: String,
    /// The version of the suite.
    pub suite_version: String,
    /// The runtime.
    pub implementation: Implementation,
    /// What the report says of the runtime as a whole.
    pub verdict: ConformanceVerdict,
    /// How many cases the run had; a partial run has fewer than the suite.
    pub cases: usize,
    /// What KEP-3619 demands.
    pub core: LevelCounts,
    /// What is sensible, but where runtimes differ.
    pub extended: LevelCounts,
    /// Every case in which the runtime does something else than demanded.
    pub deviations: Vec<DeviatingCase>,
    /// Known deviations that are gone: these cases hold now.
    pub improved: Vec<String>,
    /// Every case that was not asked, with the reason.
    pub skipped: Vec<SkippedCase>,
}

/// What a report says of a runtime as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ConformanceVerdict {
    /// The whole suite ran, and every core case that could be asked held.
    Conformant,
    /// A core case did not hold.
    NotConformant,
    /// The runtime says that it does not honour the policy.
    Unsupported,
    /// Only a part of the suite ran, which says nothing about the whole.
    Partial,
}

impl ConformanceVerdict {
    fn words(self) -> &'static str {
        match self {
            Self::Conformant => "conformant at level core",
            Self::NotConformant => "not conformant at level core",
            Self::Unsupported => "this runtime does not support supplementalGroupsPolicy",
            Self::Partial => "a part of the suite only: this says nothing about conformance",
        }
    }
}

/// How the cases of a level ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LevelCounts {
    /// Cases that held.
    pub held: usize,
    /// Cases with a known deviation.
    pub deviating: usize,
    /// Cases that failed otherwise.
    pub failed: usize,
    /// Cases that were not asked.
    pub skipped: usize,
}

/// A case in which the runtime does something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeviatingCase {
    /// The case's name.
    pub case: String,
    /// Its level.
    pub level: Level,
    /// Where the deviation was seen before; nothing for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<String>,
    /// What is different, first things first.
    pub differences: Vec<DifferenceEntry>,
}

/// Something expected and what was observed instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceEntry {
    /// What was compared.
    pub what: String,
    /// What was expected, an identity as `id` prints it.
    pub expected: String,
    /// What was observed.
    pub observed: String,
}

impl From<&Difference> for DifferenceEntry {
    fn from(one: &Difference) -> Self {
        let Difference { what, expected, observed } = one.clone();
        Self { what, expected, observed }
    }
}

/// A case that was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SkippedCase {
    /// The case's name.
    pub case: String,
    /// What the target lacks.
    pub lacks: String,
}

impl ConformanceReport {
    /// The report of a run on one runtime, of the whole built-in suite or of a part of it.
    #[must_use]
    pub fn new(
        implementation: Implementation,
        cases: &[&Case],
        reports: &[Report],
        is_whole_suite: bool,
    ) -> Self {
        let mut report = Self {
            schema: SCHEMA.to_owned(),
            suite_version: env!("CARGO_PKG_VERSION").to_owned(),
            implementation,
            verdict: ConformanceVerdict::Partial,
            cases: cases.len(),
            core: LevelCounts::default(),
            extended: LevelCounts::default(),
            deviations: Vec::new(),
            improved: Vec::new(),
            skipped: Vec::new(),
        };
        for (case, one) in cases.iter().zip(reports) {
            report.add(case, &one.verdict);
        }
        let all_held =
            report.core.held > 0 && report.core.failed == 0 && report.core.deviating == 0;
        let supports = report.implementation.supplemental_groups_policy;
        report.verdict = match (supports, is_whole_suite, all_held) {
            (_, _, false) => ConformanceVerdict::NotConformant,
            (false, _, true) => ConformanceVerdict::Unsupported,
            (true, false, true) => ConformanceVerdict::Partial,
            (true, true, true) => ConformanceVerdict::Conformant,
        };
        report
    }

    fn counts(&mut self, level: Level) -> &mut LevelCounts {
        match level {
            Level::Core => &mut self.core,
            Level::Extended => &mut self.extended,
        }
    }

    fn add(&mut self, case: &Case, verdict: &Verdict) {
        let level = case.spec.level;
        match verdict {
            Verdict::Held => {
                self.counts(level).held += 1;
                if deviations::known(&case.id, &self.implementation).is_some() {
                    self.improved.push(case.id.clone());
                }
            }
            Verdict::Skipped(reason) => {
                self.counts(level).skipped += 1;
                self.skipped.push(SkippedCase { case: case.id.clone(), lacks: reason.clone() });
            }
            Verdict::Deviates(failure, _) | Verdict::Failed(failure) | Verdict::Broken(failure) => {
                let known = match verdict {
                    Verdict::Deviates(_, deviation) => Some(deviation.reference.clone()),
                    _ => None,
                };
                match known {
                    Some(_) => self.counts(level).deviating += 1,
                    None => self.counts(level).failed += 1,
                }
                let mut differences: Vec<_> =
                    failure.differences.iter().map(DifferenceEntry::from).collect();
                if differences.is_empty() {
                    differences.push(DifferenceEntry {
                        what: "the case".to_owned(),
                        expected: "it can be played to its end".to_owned(),
                        observed: failure.what.clone(),
                    });
                }
                self.deviations.push(DeviatingCase {
                    case: case.id.clone(),
                    level,
                    known,
                    differences,
                });
            }
        }
    }

    /// The report as a page to read.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write_markdown(&mut text);
        text
    }

    fn write_markdown(&self, text: &mut String) -> std::fmt::Result {
        let Implementation { name, version, .. } = &self.implementation;
        writeln!(text, "# supplementalGroupsPolicy: {name} {version}\n")?;
        let (verdict, cases) = (self.verdict.words(), super::counted(self.cases, "case"));
        writeln!(text, "**{verdict}** ({cases}, gidcheck {})\n", self.suite_version)?;
        writeln!(text, "| level | held | deviating | failed | skipped |")?;
        writeln!(text, "|---|---|---|---|---|")?;
        for (name, counts) in [("core", self.core), ("extended", self.extended)] {
            let LevelCounts { held, deviating, failed, skipped } = counts;
            writeln!(text, "| {name} | {held} | {deviating} | {failed} | {skipped} |")?;
        }
        if !self.deviations.is_empty() {
            writeln!(text, "\n## Deviations")?;
        }
        for deviation in &self.deviations {
            writeln!(text, "\n### {}\n", deviation.case)?;
            if let Some(reference) = &deviation.known {
                writeln!(text, "Known: {}\n", reference.trim())?;
            }
            writeln!(text, "| what | expected | observed |")?;
            writeln!(text, "|---|---|---|")?;
            for one in &deviation.differences {
                let cells = [&one.what, &one.expected, &one.observed].map(|cell| cell_of(cell));
                writeln!(text, "| {} |", cells.join(" | "))?;
            }
        }
        if !self.improved.is_empty() {
            writeln!(text, "\n## Known deviations that are gone\n")?;
        }
        for case in &self.improved {
            writeln!(text, "- {case}")?;
        }
        let mut reasons = std::collections::BTreeMap::<&str, usize>::new();
        for skipped in &self.skipped {
            *reasons.entry(&skipped.lacks).or_default() += 1;
        }
        if !reasons.is_empty() {
            writeln!(text, "\n## Not asked\n")?;
        }
        for (reason, count) in reasons {
            let needs = if count == 1 { "needs" } else { "need" };
            writeln!(text, "- {} {needs} {reason}", super::counted(count, "case"))?;
        }
        Ok(())
    }
}

/// A text as a cell of a Markdown table: one line, nothing that ends the cell or marks up.
fn cell_of(text: &str) -> String {
    let text = super::shown(text).replace(['\n', '\r'], " ");
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", text.replace('|', "\\|"))
}
