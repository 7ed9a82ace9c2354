//! The report that CI systems read: JUnit's XML, as Jenkins' schema of it has it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use super::run::{CaseReport, CaseVerdict, FailureReport, RunReport};
use super::shown;
use crate::runner::Report;

/// The name of the whole.
const NAME: &str = "gidcheck";
/// The suite of scenarios that are in no folder.
const NO_AREA: &str = "scenarios";

/// The report of a run; the times are those of the wall clock, which is what CI systems add up.
#[must_use]
pub fn junit(run: &RunReport, reports: &[Report]) -> String {
    let mut suites: BTreeMap<&str, (TestSuite, Duration)> = BTreeMap::new();
    for (case, report) in run.cases.iter().zip(reports) {
        let area = if case.area.is_empty() { NO_AREA } else { &case.area };
        let (suite, time) = suites
            .entry(area)
            .or_insert_with(|| (TestSuite::new(format!("{NAME}.{area}")), Duration::ZERO));
        suite.add_test_case(test_case(case, area, report.duration));
        *time += report.duration;
    }
    let mut junit = JunitReport::new(NAME);
    junit.set_time(Duration::try_from_secs_f64(run.seconds).unwrap_or_default());
    for (_, (mut suite, time)) in suites {
        suite.set_time(time);
        suite.add_property(("target", run.target.as_str()));
        suite.add_property(("gidcheck", run.gidcheck.as_str()));
        junit.add_test_suite(suite);
    }
    let xml = junit.to_string().expect("a text in memory takes everything");
    // Jenkins' schema has no such count at the top; its readers add up the suites themselves.
    xml.replacen(&format!(" skipped=\"{}\"", junit.skipped), "", 1)
}

fn test_case(case: &CaseReport, area: &str, wall_time: Duration) -> TestCase {
    let name = case.id.strip_prefix(&format!("{}/", case.area)).unwrap_or(&case.id);
    let mut test = TestCase::new(shown(name), status(case));
    test.set_classname(format!("{NAME}.{area}")).set_time(wall_time);
    if case.failure.is_some() && !case.transcript.is_empty() {
        let lines = case.transcript.iter().map(|happening| shown(&happening.to_string()));
        test.set_system_out(lines.collect::<Vec<_>>().join("\n"));
    }
    test
}

fn status(case: &CaseReport) -> TestCaseStatus {
    let kind = match case.verdict {
        CaseVerdict::Held => return TestCaseStatus::success(),
        // What is known of a runtime is no news, as for conformance reports.
        CaseVerdict::Deviates | CaseVerdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            let word = if case.verdict == CaseVerdict::Skipped { "lacks" } else { "deviates" };
            status.set_message(format!("{word}: {}", case.reason.as_deref().unwrap_or_default()));
            return status;
        }
        CaseVerdict::Failed => NonSuccessKind::Failure,
        CaseVerdict::Broken => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    if let Some(failure) = &case.failure {
        let kind = if case.verdict == CaseVerdict::Broken { "broken" } else { "failed" };
        status.set_type(kind).set_message(shown(&failure.what)).set_description(words(failure));
    }
    status
}

fn words(failure: &FailureReport) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_words(&mut text, failure);
    text
}

fn write_words(text: &mut String, failure: &FailureReport) -> std::fmt::Result {
    if let Some(place) = &failure.place {
        writeln!(text, "{}", shown(place))?;
    }
    for line in &failure.lines {
        writeln!(text, "    {}", shown(line))?;
    }
    writeln!(text, "{}", shown(&failure.what))?;
    for difference in &failure.differences {
        writeln!(text, "{}", shown(&difference.what))?;
        writeln!(text, "    expected  {}", shown(&difference.expected))?;
        writeln!(text, "    observed  {}", shown(&difference.observed))?;
    }
    writeln!(text, "only this case: {}", failure.command)
}
