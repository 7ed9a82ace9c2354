//! The shell's language, on a simulated kernel.

use std::time::Duration;

use super::kernel::Simulated;
use proptest::prelude::*;
use toolbox::{Program, Step};

fn output(script: &str) -> String {
    let outcome = Simulated::new().sh(script);
    assert_eq!(outcome.error, "", "{script}");
    outcome.output
}

fn code(script: &str) -> u8 {
    Simulated::new().sh(script).code
}

fn refusal(script: &str) -> String {
    let outcome = Simulated::new().sh(script);
    assert_eq!((outcome.code, outcome.output.as_str()), (2, ""), "{script}");
    outcome.error
}

#[test]
fn words_lose_their_quotes_and_keep_their_blanks() {
    assert_eq!(output(r#"echo a  'b  c' "d  e" f'g'"h"\ i "#), "a b  c d  e fgh i\n");
    assert_eq!(output(r#"echo '' "" x"#), "  x\n");
    assert_eq!(output(r#"echo "a\"b\\c\d" '$HOME `x` \n'"#), "a\"b\\c\\d $HOME `x` \\n\n");
    assert_eq!(output("echo a\\\nb"), "ab\n");
    assert_eq!(output("echo a#b # the rest\n# all of it\necho c"), "a#b\nc\n");
}

#[test]
fn commands_follow_each_other_by_their_connectors() {
    assert_eq!(output("echo a; echo b\necho c"), "a\nb\nc\n");
    assert_eq!(output("true && echo a || echo b"), "a\n");
    assert_eq!(output("false && echo a || echo b"), "b\n");
    assert_eq!(output("false || false || echo c && echo d"), "c\nd\n");
    assert_eq!(output("true &&\n\n echo a"), "a\n");
    assert_eq!(output(" \n # nothing\n"), "");
}

#[test]
fn a_script_ends_with_the_status_of_what_ran_last() {
    assert_eq!(code(""), 0);
    assert_eq!(code("false; true"), 0);
    assert_eq!(code("true; false"), 1);
    assert_eq!(code("false && true"), 1);
    assert_eq!(code("nosuch"), 127);
    assert_eq!(code("exit 300"), 44);
    assert_eq!(code("false; exit"), 1);
    assert_eq!(code("exit 3; echo never"), 3);
    assert_eq!(code("exit x"), 2);
}

#[test]
fn an_unknown_command_is_named() {
    assert_eq!(Simulated::new().sh("nosuch a b; true").error, "sh: nosuch: not found\n");
    let outcome = Simulated::new().run(&["/usr/bin/nosuch"]);
    assert_eq!((outcome.code, outcome.error.as_str()), (127, "sh: nosuch: not found\n"));
}

#[test]
fn exec_ends_the_shell_with_its_command() {
    assert_eq!(output("exec echo a; echo never"), "a\n");
    assert_eq!(code("exec false; true"), 1);
    assert_eq!(code("exec nosuch; true"), 127);
    assert_eq!(output("sh -c 'exec echo a; echo never'; echo b"), "a\nb\n");
}

#[test]
fn what_a_real_shell_would_expand_is_refused_before_anything_runs() {
    for script in [
        "echo a; echo $HOME",
        "echo \"$HOME\"",
        "echo `id`",
        "echo a | cat",
        "sleep 1 &",
        "cat < /etc/passwd",
        "(id)",
        "ls *",
        "ls ~",
        "if true; then id; fi",
        "while true; do id; done",
        "! true",
        "{ id; }",
        "A=b id",
        "echo 'open",
        "echo \"open",
        "echo \\",
        "&& id",
        "id &&",
        "id || ; id",
        ";",
        "id ;; id",
        "echo a >",
    ] {
        let error = refusal(script);
        assert!(error.starts_with("sh: syntax error: "), "{script}: {error}");
    }
    // An argument that only looks like an assignment or a reserved word is none.
    assert_eq!(output("echo if A=b"), "if A=b\n");
}

#[test]
fn only_scripts_given_with_c_run() {
    assert_eq!(Simulated::new().run(&["sh"]).code, 0);
    assert_eq!(Simulated::new().run(&["sh", "-c"]).code, 2);
    assert_eq!(Simulated::new().run(&["sh", "script.sh"]).code, 2);
    assert_eq!(Simulated::new().run(&["/bin/sh", "-c", "echo a", "name", "x"]).output, "a\n");
}

#[test]
fn shells_within_shells_end_at_a_depth() {
    assert_eq!(output("sh -c \"sh -c 'echo a'\""), "a\n");
    let mut script = "echo a".to_owned();
    for _ in 0..4 {
        script = format!("sh -c \"{}\"", script.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let outcome = Simulated::new().sh(&script);
    assert_eq!((outcome.code, outcome.output.as_str()), (2, ""));
    assert!(outcome.error.contains("more than 4 shells"), "{}", outcome.error);
}

#[test]
fn scripts_words_and_redirections_are_bounded() {
    assert!(refusal(&"echo ".repeat(300)).contains("more than 256 words"));
    assert!(refusal(&format!("echo 'a'{}", "b".repeat(5000))).contains("4096 bytes"));
    assert!(refusal(&format!("echo a{}", " >f".repeat(5))).contains("more than 4 redirections"));
    assert!(refusal(&" ".repeat(200_000)).contains("more than 131072 bytes"));
    let long = "x".repeat(100_000);
    assert_eq!(output(&format!("echo '{long}'")), format!("{long}\n"));
    assert_eq!(Simulated::new().run(&["echo"; 300]).code, 2);
}

#[test]
fn output_goes_to_files_when_told() {
    let mut system = Simulated::new();
    let outcome = system
        .sh("echo a > /f; echo b >> /f; nosuch 2> /e; cat /none > /both 2>&1; echo c 1>&2; \
         sh -c 'echo d; nosuch 2>&1' >/g");
    assert_eq!((outcome.output.as_str(), outcome.error.as_str()), ("", "c\n"));
    let content = |path: &str| String::from_utf8_lossy(&system.contents[path.as_bytes()]);
    assert_eq!(content("/f"), "a\nb\n");
    assert_eq!(content("/e"), "sh: nosuch: not found\n");
    assert_eq!(content("/both"), "cat: /none: No such file or directory\n");
    assert_eq!(content("/g"), "d\nsh: nosuch: not found\n");
    let outcome = system.sh("echo a > /etc; echo next");
    assert_eq!(
        (outcome.output.as_str(), outcome.error.as_str()),
        ("next\n", "sh: /etc: Is a directory\n")
    );
}

#[test]
fn sleeping_gives_control_back_and_goes_on_where_it_was() {
    let script = "echo a > /f; sleep 1m; sh -c 'echo b; sleep 0.5; echo c' > /f; echo d";
    let argv = ["sh", "-c", script];
    let mut system = Simulated::new();
    let mut program = Program::new();
    assert_eq!(program.step(&argv, &mut system), Step::Sleep(Duration::from_secs(60)));
    assert_eq!(system.contents[b"/f".as_slice()], b"a\n");
    assert_eq!(program.step(&argv, &mut system), Step::Sleep(Duration::from_millis(500)));
    assert_eq!(system.contents[b"/f".as_slice()], b"b\n");
    assert_eq!(program.step(&argv, &mut system), Step::Exit(0));
    assert_eq!(system.contents[b"/f".as_slice()], b"b\nc\n");
    assert_eq!(system.output, b"d\n");
    assert_eq!(program.step(&argv, &mut system), Step::Exit(0));
    assert_eq!(system.output, b"d\n", "nothing runs after the end");
}

#[test]
fn times_are_numbers_with_units() {
    let slept = |script: &str| Simulated::new().sh(script).slept;
    assert_eq!(slept("sleep 5"), Duration::from_secs(5));
    assert_eq!(slept("sleep 1h"), Duration::from_secs(3600));
    assert_eq!(slept("sleep 1m 1s .25"), Duration::from_millis(61_250));
    assert_eq!(slept("sleep 2d"), Duration::from_secs(2 * 86_400));
    assert_eq!(slept("sleep 99999999999999999999"), Duration::new(u64::MAX, 0));
    for script in ["sleep", "sleep x", "sleep -1", "sleep 1x", "sleep ''", "sleep .", "sleep 1.x"] {
        assert_eq!(code(script), 1, "{script}");
    }
}

#[test]
fn waiting_without_end_pauses() {
    for argv in [["sleep", "infinity"], ["pause", ""], ["/bin/pause", ""]] {
        let mut system = Simulated::new();
        let mut program = Program::new();
        assert_eq!(program.step(&argv, &mut system), Step::Pause);
        assert_eq!(program.step(&argv, &mut system), Step::Pause);
    }
    assert_eq!(code("exec pause"), 255);
}

proptest! {
    #[test]
    fn any_script_ends_or_sleeps(script in "[ a-z'\"\\\\;&|>\n$#0-9.]{0,200}") {
        Simulated::new().sh(&script);
    }

    #[test]
    fn any_bytes_are_a_script_or_refused(script in proptest::collection::vec(1_u8.., 0..300)) {
        let argv: [&[u8]; 3] = [b"sh", b"-c", &script];
        let mut program = Program::new();
        let mut system = Simulated::new();
        for _ in 0..10 {
            if matches!(program.step(&argv, &mut system), Step::Exit(_)) {
                break;
            }
        }
    }

    #[test]
    fn single_quotes_keep_any_text(text in "[^'\0]{0,200}") {
        prop_assert_eq!(output(&format!("echo '{text}'")), format!("{text}\n"));
    }
}
