//! The conformance report: what a vendor publishes, to read and for machines.

use std::time::Duration;

use gidcheck::document::{Problems, Shape, Sources, parse};
use gidcheck::report::conformance::{ConformanceReport, ConformanceVerdict};
use gidcheck::runner::{Report, Verdict, run_alone};
use gidcheck::scenario::{Case, Suite};
use gidcheck::target::{Implementation, Simulation};

/// A held case, a failed one and one that was not asked, on a runtime that does not exist.
fn report() -> ConformanceReport {
    let suite = Suite::from_text("failing.yaml", include_str!("data/failing.yaml"));
    let cases: Vec<&Case> = suite.cases.iter().chain(suite.cases.first()).collect();
    let mut reports: Vec<_> = suite.cases.iter().map(|case| run_alone(case, &Simulation)).collect();
    reports.push(Report {
        scene: None,
        cluster_time: Duration::ZERO,
        verdict: Verdict::Skipped("virtual time".to_owned()),
        duration: Duration::ZERO,
        in_calls: Duration::ZERO,
        asked_for: Duration::ZERO,
    });
    let implementation = Implementation {
        name: "exampled".to_owned(),
        version: "1.2.3".to_owned(),
        supplemental_groups_policy: true,
    };
    ConformanceReport::new(implementation, &cases, &reports, true)
}

#[test]
fn the_report_reads_as_a_page() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("conformance", report().markdown()));
}

#[test]
fn the_report_is_what_its_schema_says() {
    let text = serde_json::to_string_pretty(&report()).expect("a report is JSON");
    let schema = schemars::schema_for!(ConformanceReport).into();
    let mut sources = Sources::default();
    let id = sources.add("report.json", text.as_str());
    let documents = parse(&sources, id).expect("JSON is YAML");
    let mut problems = Problems::default();
    Shape::compile(&schema, &[]).read(&documents[0], &mut problems, &mut Vec::new());
    assert_eq!(problems.sorted(), Vec::<&gidcheck::document::Problem>::new());
}

#[test]
fn a_runtime_conforms_only_when_every_core_case_of_the_whole_suite_that_was_asked_holds() {
    let failed = report();
    assert_eq!(failed.verdict, ConformanceVerdict::NotConformant);
    assert_eq!((failed.core.held, failed.core.failed, failed.core.skipped), (1, 1, 1));

    let suite = Suite::built_in();
    let cases: Vec<&Case> = suite.cases.iter().filter(|case| case.id.contains("tour/")).collect();
    let reports: Vec<_> = cases.iter().map(|case| run_alone(case, &Simulation)).collect();
    let verdict = |supported: bool, whole: bool| {
        let implementation = Implementation {
            supplemental_groups_policy: supported,
            ..failed.implementation.clone()
        };
        ConformanceReport::new(implementation, &cases, &reports, whole).verdict
    };
    assert_eq!(verdict(true, true), ConformanceVerdict::Conformant);
    assert_eq!(verdict(true, false), ConformanceVerdict::Partial);
    assert_eq!(verdict(false, true), ConformanceVerdict::Unsupported);

    let nothing = ConformanceReport::new(failed.implementation, &[], &[], true);
    assert_eq!(nothing.verdict, ConformanceVerdict::NotConformant, "nothing was asked");
}
