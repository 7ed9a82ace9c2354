//! Scenario files that mean harm, or only look so: bounded, and told what is wrong.

use std::fmt::Write;

use gidcheck::scenario::Suite;

const HEAD: &str = "apiVersion: gidcheck.dev/v1\nkind: Scenario\nmetadata: {name: hostile}\n";

/// The problems of a spec, as they are shown.
fn problems(spec: &str) -> String {
    let suite = Suite::from_text("hostile.yaml", &format!("{HEAD}spec:\n{spec}"));
    let reports = suite.problems.sorted();
    reports.iter().map(|problem| format!("{:?}", problem.report(&suite.sources))).collect()
}

fn cases(spec: &str) -> usize {
    let suite = Suite::from_text("hostile.yaml", &format!("{HEAD}spec:\n{spec}"));
    assert!(suite.problems.is_empty(), "{:?}", suite.problems);
    suite.cases.len()
}

const STEPS: &str = "  steps: [{expect: [{node: node-1}]}]\n";

#[test]
fn a_problem_at_the_end_of_a_very_long_line_is_shown_in_a_few_words() {
    let report = problems(&format!("  requires: [{}nope]\n{STEPS}", "faults, ".repeat(20_000)));
    assert!(report.contains("\"nope\" is not known here"), "{report}");
    assert!(report.len() < 2_000, "{} bytes", report.len());
}

#[test]
fn characters_that_steer_a_terminal_are_not_shown_as_they_are() {
    let report = problems(&format!("  level: \"a\\e[31m\u{202e}b\" # \u{202e}\n{STEPS}"));
    assert!(!report.contains('\u{202e}') && !report.contains("a\u{1b}"), "{report:?}");
}

#[test]
fn what_is_excluded_does_not_hide_what_is_left() {
    let values: Vec<_> = (0..200).map(|n| n.to_string()).collect();
    let (all, most) = (values.join(", "), values[1..].join(", "));
    for excluded in ["a", "b"] {
        let matrix = format!(
            "  matrix: {{axes: {{a: [{all}], b: [{all}]}}, exclude: [{{{excluded}: [{most}]}}]}}\n"
        );
        let steps = "  steps: [{name: \"${a}-${b}\", expect: [{node: node-1}]}]\n";
        assert_eq!(cases(&format!("{matrix}{steps}")), 200, "excluding {excluded}");
    }
}

#[test]
fn conditions_may_name_rows() {
    let matrix = "  matrix: {rows: [{name: a}, {name: b}], exclude: [{name: b}]}\n";
    assert_eq!(cases(&format!("{matrix}{STEPS}")), 1);
    let matrix = "  matrix: {rows: [{name: a}, {name: b}]}\n";
    let steps =
        "  steps: [{expect: [{node: node-1}]}, {expect: [{node: node-1, when: {name: a}}]}]\n";
    assert_eq!(cases(&format!("{matrix}{steps}")), 2);
}

#[test]
fn a_matrix_without_end_is_refused_before_it_is_made() {
    let values: Vec<_> = (0..1_000).map(|n| n.to_string()).collect();
    let mut axes = String::new();
    for name in ["a", "b", "c", "d"] {
        write!(axes, "{name}: [{}], ", values.join(", ")).expect("a String takes everything");
    }
    let report = problems(&format!("  matrix: {{axes: {{{axes}}}}}\n{STEPS}"));
    assert!(report.contains("combinations"), "{report}");
}

#[test]
fn cases_that_are_too_large_in_all_are_refused() {
    let values: Vec<_> = (0..9_000).map(|n| n.to_string()).collect();
    let row = format!("{{name: row, list: [{}]}}", "1, ".repeat(10_000));
    let matrix = format!("  matrix: {{axes: {{a: [{}]}}, rows: [{row}]}}\n", values.join(", "));
    let report = problems(&format!("{matrix}{STEPS}"));
    assert!(report.contains("too large"), "{report}");
}

#[test]
fn a_file_of_an_image_is_bounded_by_what_it_becomes() {
    let content = "x".repeat(100_000);
    let image = format!(
        "  images: [{{name: a, files: {{/big: {{content: {content}, repeat: 1000000}}}}}}]\n"
    );
    let report = problems(&format!("{image}{STEPS}"));
    assert!(report.contains("more than 16777216 bytes"), "{report}");
}

#[test]
fn a_phase_and_a_metric_that_do_not_exist_can_never_hold_and_are_refused() {
    let pod = "{apply: {apiVersion: v1, kind: Pod, metadata: {name: p}}}";
    let report = problems(&format!("  steps: [{pod}, {{never: [{{pod: p, phase: Faild}}]}}]\n"));
    assert!(report.contains("did you mean \"Failed\"?"), "{report}");
    let metric = "{node: node-1, name: kubelet_started_pod_total, value: 1}";
    let report = problems(&format!("  steps: [{{never: [{{metric: {metric}}}]}}]\n"));
    assert!(report.contains("\"kubelet_started_pods_total\"?"), "{report}");
}

#[test]
fn a_file_that_is_out_of_bounds_is_said_in_plain_words() {
    let deep = "{a: ".repeat(100) + &"}".repeat(100);
    let many = format!("[{}]", "1,".repeat(200_001));
    let base = (0..10).map(|_| "x").collect::<Vec<_>>().join(",");
    let mut bomb = format!("a0: &a0 [{base}]\n");
    for level in 1..7 {
        let items = [format!("*a{}", level - 1).as_str(); 10].join(",");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let anchors: String = (0..1_001).map(|at| format!("- &a{at} x\n")).collect();
    let aliases = format!("- &a x\n{}", "- *a\n".repeat(1_001));
    for (text, words) in [
        (deep, "the values lie more than 32 deep in each other"),
        (many, "the file has more than 200000 values"),
        (bomb, "aliases, such as *name, repeat more than 200000 values"),
        (anchors, "the file has more than 1000 anchors, such as &name"),
        (aliases, "more than 1000"),
    ] {
        let suite = Suite::from_text("hostile.yaml", &text);
        let problems = suite.problems.sorted();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains(words), "{words}: {}", problems[0].message);
        assert!(problems[0].help.is_some(), "{words}");
    }
}

#[test]
fn what_is_as_deep_as_may_be_is_read_on_any_thread() {
    for (open, close) in [("{a: ", "}"), ("[", "]"), ("- ", "")] {
        let text = open.repeat(32) + "x" + &close.repeat(32);
        let suite = Suite::from_text("hostile.yaml", &text);
        let problems = suite.problems.sorted();
        assert!(problems[0].message.contains("it has no spec"), "{}", problems[0].message);
    }
}
