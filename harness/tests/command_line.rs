//! What people see of the command line, and its exit codes.

use std::path::Path;
use std::process::{Command, Output};

use insta::Settings;
use serde_json::Value as Json;

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
    let text = std::fs::read_to_string(&file).expect("it was written");
    let (line, _) = text.split_once('\n').expect("it has lines");
    let schema = line.strip_prefix("# yaml-language-server: $schema=").expect("for editors");
    let schema = std::fs::read(Path::new(folder).join(schema)).expect("the schema lies beside it");
    assert_eq!(schema, gidcheck(&["schema"]).stdout);
    assert_eq!(gidcheck(&["new", "second", "--folder", folder]).status.code(), Some(0));
    let again = gidcheck(&["new", "mine", "--folder", folder]);
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
}

/// Calls with each field of the scenario format, and the definition or field it is part of.
fn for_each_field(visit: &mut dyn FnMut(&Json, &str, &Json)) {
    fn walk(whole: &Json, schema: &Json, path: &str, visit: &mut dyn FnMut(&Json, &str, &Json)) {
        let properties = schema.get("properties").and_then(Json::as_object);
        for (name, field) in properties.into_iter().flatten() {
            let path = format!("{path}.{name}");
            visit(whole, &path, field);
            walk(whole, field, &path, visit);
        }
        let definitions = schema.get("$defs").and_then(Json::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            walk(whole, definition, name, visit);
        }
    }
    let schema = gidcheck(&["schema"]).stdout;
    let schema = serde_json::from_slice(&schema).expect("a schema is JSON");
    walk(&schema, &schema, "Scenario", visit);
}

#[test]
fn every_field_of_the_format_is_described() {
    let mut missing = Vec::new();
    for_each_field(&mut |_, path, field| {
        if field.get("description").is_none() {
            missing.push(path.to_owned());
        }
    });
    assert_eq!(missing, Vec::<String>::new());
}

/// Whether people can write anything of their own there: words, numbers, manifests.
fn is_free(whole: &Json, schema: &Json) -> bool {
    if let Some(name) = schema.get("$ref").and_then(Json::as_str) {
        let name = name.strip_prefix("#/$defs/").expect("only definitions are referred to");
        let definition = &whole["$defs"][name];
        return definition.get("properties").is_none()
            && definition.get("examples").is_none()
            && is_free(whole, definition);
    }
    if schema.get("enum").is_some() || schema.get("oneOf").is_some() {
        return false;
    }
    if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
        return choices.iter().any(|choice| choice["type"] != "null" && is_free(whole, choice));
    }
    match schema.get("items") {
        Some(items) => is_free(whole, items),
        None => !schema["type"].to_string().contains("boolean"),
    }
}

#[test]
fn every_field_that_can_hold_anything_has_an_example_of_its_type() {
    let mut wrong = Vec::new();
    for_each_field(&mut |whole, path, field| {
        let examples = field.get("examples").and_then(Json::as_array);
        if is_free(whole, field) && examples.is_none_or(Vec::is_empty) {
            wrong.push(format!("{path} has no example"));
        }
        let types = &field["type"];
        for example in examples.into_iter().flatten() {
            let type_ = match example {
                Json::String(_) => "string",
                Json::Array(_) => "array",
                Json::Object(_) => "object",
                _ => "integer",
            };
            let fits = types.is_null()
                || *types == type_
                || types.as_array().is_some_and(|types| types.iter().any(|one| *one == type_));
            let counted = type_ == "integer" && types.to_string().contains("number");
            if !fits && !counted {
                wrong.push(format!("{path} is no {type_}"));
            }
        }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_command_and_option_is_completed_in_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = gidcheck(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let script = String::from_utf8_lossy(&output.stdout);
        for words in ["fake-cri", "runtime-endpoint", "completions", "explain"] {
            assert!(script.contains(words), "{words:?} is missing for {shell}");
        }
    }
    assert_eq!(gidcheck(&["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn bash_completes_what_the_script_says() {
    let script = String::from_utf8(gidcheck(&["completions", "bash"]).stdout).expect("text");
    let ask = "COMP_WORDS=(gidcheck com); COMP_CWORD=1; _gidcheck gidcheck com gidcheck; \
               echo ${COMPREPLY[@]}";
    let output = Command::new("bash").arg("-c").arg(format!("{script}\n{ask}")).output();
    let output = output.expect("bash runs");
    assert_eq!(shown(&output), "completions\nexit code 0\n");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let pages = folder.path().join("share/man1");
    let output = gidcheck(&["man", &pages.display().to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let help = String::from_utf8(gidcheck(&["--help"]).stdout).expect("text");
    let (_, commands) = help.split_once("Commands:\n").expect("it lists the commands");
    let commands = commands.lines().take_while(|line| !line.is_empty()).filter_map(|line| {
        // What goes on over several lines is indented further.
        let name = line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?;
        name.split_whitespace().next()
    });
    let page = |name: &str| std::fs::read_to_string(pages.join(format!("{name}.1")));
    let mut counted = 0;
    for name in commands.filter(|name| *name != "help") {
        let text = page(&format!("gidcheck-{name}"));
        assert!(text.is_ok_and(|text| text.contains(".SH SYNOPSIS")), "{name} has no page");
        counted += 1;
    }
    assert!(counted > 15, "only {counted} commands are listed");
    assert!(page("gidcheck").is_ok_and(|text| text.contains("gidcheck\\-explain")));
    let taken = folder.path().join("taken");
    std::fs::write(&taken, "").expect("a file is written");
    let output = gidcheck(&["man", &taken.display().to_string()]);
    assert_eq!(output.status.code(), Some(3), "{}", shown(&output));
}

#[test]
fn quiet_says_only_what_does_not_hold() {
    let held = gidcheck(&["run", "--quiet", "--filter", "tour/"]);
    assert_eq!((held.status.code(), held.stdout.len()), (Some(0), 0), "{}", shown(&held));
    let failed = gidcheck(&["run", "-q", "failing.yaml"]);
    assert!(shown(&failed).starts_with("\n  FAILED  failing/policy=unset"), "{}", shown(&failed));
}

#[test]
fn verbose_says_how_each_case_ended() {
    let text = shown(&gidcheck(&["run", "-v", "failing.yaml"]));
    for line in ["  FAILED  failing/policy=unset  30.00 s", "    held  failing/policy=Strict  "] {
        assert!(text.contains(line), "{line:?} is missing in: {text}");
    }
}

#[test]
fn colour_is_given_when_it_is_asked_for() {
    let coloured =
        |when: &str| shown(&gidcheck(&["run", "failing.yaml", "--color", when])).contains('\x1b');
    assert!(coloured("always"));
    assert!(!coloured("never"));
    assert!(!coloured("auto"), "this is no terminal");
}

#[test]
fn a_reader_that_has_gone_makes_no_success_of_a_failure() {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let status = std::process::Command::new(env!("CARGO_BIN_EXE_gidcheck"))
        .arg("list")
        .stdout(writer)
        .status()
        .expect("the program was built with this test");
    assert_eq!(status.code(), Some(141));
}
