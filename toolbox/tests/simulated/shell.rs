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
        "echo a; echo $1",
        "echo \"$@\"",
        "echo `id`",
        "echo $((1 + 1))",
        "echo ${#HOME}",
        "echo $(id",
        "echo $(echo a; (id))",
        "echo a |",
        "| cat",
        "sleep 1 &",
        "cat << END",
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
fn variables_come_from_the_environment_and_from_the_script() {
    let run = |script: &str| Simulated::new().with_environment(&["X=1 2", "EMPTY="]).sh(script);
    let output = |script: &str| {
        let outcome = run(script);
        assert_eq!(outcome.error, "", "{script}");
        outcome.output
    };
    assert_eq!(output("echo $X ${X}3 \"$X\" '$X' \\$X $ $,"), "1 2 1 23 1 2 $X $X $ $,\n");
    assert_eq!(output("echo a${EMPTY}b ${NONE:-none} ${EMPTY:-e} $NONE \"\" x"), "ab none e  x\n");
    assert_eq!(output("Y=$X; Z='a  b'; echo $Y; echo \"$Z\"; Z=c; echo $Z"), "1 2\na  b\nc\n");
    assert_eq!(output("true; echo $?; false; echo $? $?"), "0\n1 1\n");
    assert_eq!(output("F=/f; echo a > $F; cat $F < $F"), "a\n");
    assert_eq!(output("C='echo hi'; $C; $NONE"), "hi\n");
    assert_eq!(output("X=3; Y=4; export Z=5; env"), "X=3\nEMPTY=\nZ=5\n");
    assert_eq!(output("Y=4; export Y; Y=5; printenv Y X"), "5\n1 2\n");
    assert_eq!(output("export Y=$X; printenv Y"), "1 2\n");
    assert_eq!((run("printenv Y").code, run("Y=1; printenv Y").code), (1, 1));
    assert_eq!(output("X=9; sleep 1; echo $X; sh -c 'echo $X'"), "9\n9\n");
}

#[test]
fn a_command_reads_what_the_one_before_it_prints() {
    let output = |script: &str| {
        let outcome = Simulated::new().with_file("/f", "Uid:\t1\nGroups:\t3 4\n").sh(script);
        assert_eq!(outcome.error, "", "{script}");
        outcome.output
    };
    assert_eq!(output("cat /f | grep -i groups"), "Groups:\t3 4\n");
    assert_eq!(output("cat /f|cat|grep -v Uid|cat"), "Groups:\t3 4\n");
    assert_eq!(output("grep -q Uid < /f && echo yes"), "yes\n");
    assert_eq!(output("nosuch 2>&1 | cat"), "sh: nosuch: not found\n");
    assert_eq!(output("false | true; echo $?; true | false; echo $?"), "0\n1\n");
    assert_eq!(output("false && echo a | cat; false | cat || echo b"), "");
    assert_eq!(output("exit 3 | cat; echo on"), "on\n");
    assert_eq!(output("echo 'echo a' | sh"), "a\n");
    assert_eq!(output("echo a | sh -c 'cat | cat; echo b' | cat"), "a\nb\n");
    let outcome =
        Simulated::new().sh("sh -c 'echo a; sleep 1; echo b; sleep 2' | cat > /o; cat /o");
    assert_eq!((outcome.output.as_str(), outcome.slept.as_secs()), ("a\nb\n", 3));
    let outcome = Simulated::new().with_input(&["on", "e\ntwo\n"]).sh("cat | grep one | cat");
    assert_eq!(outcome.output, "one\n");
    let outcome = Simulated::new().with_input(&["on", "e\ntwo\n"]).run(&["grep", "-c", "o"]);
    assert_eq!(outcome.output, "2\n");
}

#[test]
fn a_substitution_is_what_its_script_prints() {
    assert_eq!(output("echo a$(echo b; echo c)d \"$(echo e; echo f)\"."), "ab cd e\nf.\n");
    assert_eq!(output("X=$(false); echo $?; X=$(echo a; exit 4); echo $? $X"), "1\n4 a\n");
    assert_eq!(output("echo $(echo $(echo ')')) \"$(echo \"a b\")\""), ") a b\n");
    assert_eq!(output("echo $(echo a | cat) | cat"), "a\n");
    assert_eq!(output("echo :$(true): $(true)"), "::\n");
    let outcome = Simulated::new()
        .sh("echo $(sleep 1; echo a >> /f; echo b) $(sleep 2; echo c) > /g; cat /f /g; \
             sleep $(echo a >> /f; echo 4); cat /f");
    assert_eq!((outcome.output.as_str(), outcome.slept.as_secs()), ("a\nb c\na\na\n", 7));
    let deep = "echo $(echo $(echo $(echo $(echo a))))";
    assert!(refusal(deep).contains("more than 4 shells"));
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
    assert!(refusal(&format!("echo 'a'{}", "b".repeat(17_000))).contains("16384 bytes"));
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
    fn any_script_ends_or_sleeps(script in "[ a-z'\"\\\\;&|<>\n$(){}#0-9.]{0,200}") {
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
