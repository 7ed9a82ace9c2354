//! What people see of the command line, and its exit codes.

use std::path::Path;
use std::process::{Command, Output};

use insta::Settings;

/// Runs the program in the folder of the test data.
fn gidcheck(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gidcheck"))
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data"))
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .expect("the program was built with this test")
}

/// Everything that was printed, and the exit code.
fn shown(output: &Output) -> String {
    format!(
        "{}{}exit code {}\n",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().expect("the program ends by itself")
    )
}

/// Compares with a file in the top folder `snapshots/`.
fn assert_snapshot(name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, without_times(text)));
}

/// Times differ from run to run.
fn without_times(text: &str) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    for line in &mut lines {
        if let Some((before, _)) = line.split_once(", in ") {
            *line = format!("{before}, in [time]");
        }
    }
    lines.join("\n")
}

#[test]
fn every_problem_of_a_file_is_shown_with_its_place() {
    let output = gidcheck(&["check", "many-problems.yaml"]);
    assert_snapshot("many-problems", &shown(&output));
}

#[test]
fn tabs_are_named_as_what_is_wrong() {
    let output = gidcheck(&["check", "tabs.yaml"]);
    assert_snapshot("tabs", &shown(&output));
}

#[test]
fn a_matrix_that_makes_no_case_is_a_problem() {
    let output = gidcheck(&["check", "empty-matrix.yaml"]);
    assert_snapshot("empty-matrix", &shown(&output));
}

#[test]
fn a_failure_shows_what_was_expected_and_what_is() {
    let output = gidcheck(&["run", "failing.yaml"]);
    assert_snapshot("failing", &shown(&output));
}

#[test]
fn the_skew_matrix_is_printed_as_computed() {
    let output = gidcheck(&["matrix"]);
    assert_snapshot("matrix", &shown(&output));
}

#[test]
fn a_cluster_that_kubernetes_does_not_support_is_served_only_when_asked_for() {
    let output = gidcheck(&["serve", "--node", "n=1.32"]);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    for words in [
        "node \"n\": kubelet 1.32 is 4 minor versions older than API server 1.36",
        "take kubelet 1.33 or newer",
        "--skew allowed",
    ] {
        assert!(text.contains(words), "{words:?} is missing in: {text}");
    }
}

#[test]
fn the_built_in_suite_holds() {
    let output = gidcheck(&["run"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn exit_codes_tell_input_from_environment() {
    let code = |arguments: &[&str]| gidcheck(arguments).status.code();
    assert_eq!(code(&["run", "does-not-exist.yaml"]), Some(2));
    assert_eq!(code(&["run", "--no-such-option"]), Some(2));
    assert_eq!(code(&["run", "--filter", "fits nothing"]), Some(2));
    assert_eq!(code(&["run", "--runtime-endpoint", "tcp://1.2.3.4"]), Some(2));
    let socket = "unix:///does/not/exist.sock";
    assert_eq!(code(&["run", "--runtime-endpoint", socket]), Some(3));
    assert_eq!(code(&["fake-cri", "--listen", "unix:///tmp/x.sock", "--profile", "x"]), Some(2));
}

#[test]
fn a_new_scenario_holds_as_it_is_written() {
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let folder = folder.path().to_str().expect("its path is plain text");
    assert_eq!(gidcheck(&["new", "mine", "--folder", folder]).status.code(), Some(0));
    let file = format!("{folder}/mine.yaml");
    assert_eq!(gidcheck(&["run", &file]).status.code(), Some(0));
    let again = gidcheck(&["new", "mine", "--folder", folder]);
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
}

#[test]
fn every_field_of_the_format_is_described() {
    fn check(schema: &serde_json::Value, path: &str, missing: &mut Vec<String>) {
        let properties = schema.get("properties").and_then(serde_json::Value::as_object);
        for (name, field) in properties.into_iter().flatten() {
            if field.get("description").is_none() {
                missing.push(format!("{path}.{name}"));
            }
            check(field, &format!("{path}.{name}"), missing);
        }
        let definitions = schema.get("$defs").and_then(serde_json::Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            check(definition, name, missing);
        }
    }
    let schema = gidcheck(&["schema"]).stdout;
    let schema = serde_json::from_slice(&schema).expect("a schema is JSON");
    let mut missing = Vec::new();
    check(&schema, "Scenario", &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}
