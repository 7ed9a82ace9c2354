//! Standard input: `cat`, and a shell that reads lines.

use std::time::Duration;

use toolbox::{Program, Step};

use super::kernel::Simulated;

#[test]
fn cat_copies_standard_input_as_it_comes() {
    let mut system = Simulated::new().with_file("/f", "file\n").with_input(&["one\n", "two\n"]);
    let outcome = system.run(&["cat"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (0, "one\ntwo\n"));
    let mut system = Simulated::new().with_file("/f", "file\n").with_input(&["one\n", "two\n"]);
    let outcome = system.run(&["cat", "/f", "-", "/f"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (0, "file\none\ntwo\nfile\n"));
    assert_eq!(Simulated::new().run(&["cat"]).code, 0, "nothing to read is the end");
}

#[test]
fn a_shell_runs_the_lines_it_reads() {
    let input = ["echo a; sleep 5", "\necho b\nexit 7\necho never\n"];
    let outcome = Simulated::new().with_input(&input).run(&["sh"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (7, "a\nb\n"));
    assert_eq!(outcome.slept, Duration::from_secs(5));
    assert_eq!(outcome.error, "", "no prompt without a terminal");
}

#[test]
fn a_shell_ends_with_its_input_and_the_last_status() {
    assert_eq!(Simulated::new().with_input(&["false\n\n"]).run(&["sh"]).code, 1);
    assert_eq!(Simulated::new().with_input(&["echo x"]).run(&["sh"]).output, "x\n");
    assert_eq!(Simulated::new().run(&["sh"]).code, 0);
}

#[test]
fn a_line_that_cannot_be_parsed_does_not_end_the_shell() {
    let outcome = Simulated::new().with_input(&["echo 'a\necho b\n"]).run(&["sh"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (0, "b\n"));
    assert!(outcome.error.starts_with("sh: syntax error: "), "{}", outcome.error);
}

#[test]
fn commands_of_a_line_read_what_follows_it() {
    let outcome = Simulated::new().with_input(&["cat\nnot a command\n"]).run(&["sh"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (0, "not a command\n"));
    let outcome = Simulated::new().with_input(&["sh\necho inner\nexit 3\n"]).run(&["sh"]);
    assert_eq!((outcome.code, outcome.output.as_str()), (3, "inner\n"));
}

#[test]
fn a_shell_at_a_terminal_prompts_and_survives_an_interrupt() {
    let mut system = Simulated::new().with_input(&["sleep 1h; echo never\n", "echo on\n"]);
    system.terminal = true;
    let mut program = Program::new();
    let mut slept = 0;
    let code = loop {
        match program.step(&["sh"], &mut system) {
            Step::Exit(code) => break code,
            Step::Sleep(_) => {
                slept += 1;
                program.interrupt();
            }
            Step::Input => system.deliver(),
            Step::Pause => break 255,
        }
    };
    assert_eq!((code, slept), (0, 1));
    assert_eq!(String::from_utf8_lossy(&system.output), "on\n");
    assert_eq!(String::from_utf8_lossy(&system.error), "# \n# # ");
}

#[test]
fn an_interrupt_ends_a_process_that_has_no_shell_around_it() {
    for argv in [&["sleep", "1h"][..], &["sh", "-c", "sleep 1h; echo never"]] {
        let mut system = Simulated::new();
        let mut program = Program::new();
        assert!(matches!(program.step(argv, &mut system), Step::Sleep(_)));
        program.interrupt();
        assert_eq!(program.step(argv, &mut system), Step::Exit(130));
    }
}

#[test]
fn a_line_has_a_longest_length() {
    let line = "x".repeat(toolbox::MAX_LINE + 1);
    let outcome = Simulated::new().with_input(&[&line]).run(&["sh"]);
    assert_eq!(outcome.code, 2);
    assert_eq!(outcome.error, "sh: cannot read a line: File too large\n");
}
