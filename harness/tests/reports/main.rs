//! The reports of `gidcheck run`, held to programs that read them: validators of XML and of JSON,
//! of Debian's packages libxml2-utils and python3-jsonschema, and a browser, of its packages
//! chromium and chromium-driver.
//!
//! Where one is not on the PATH, `GIDCHECK_REQUIRE_REPORT_READERS=1` makes that a failure; otherwise its
//! trials are ignored, and their names say why.

mod files;
mod page;
mod run;
mod webdriver;

use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

type Test = fn() -> Result<(), Failed>;

/// Each trial, and the programs that it needs.
const TESTS: &[(&str, &[&str], Test)] = &[
    ("json_is_what_its_schema_says", &["jsonschema"], files::json_is_what_its_schema_says),
    (
        "explanations_and_audits_are_what_their_schemas_say",
        &["jsonschema"],
        files::explanations_and_audits_are_what_their_schemas_say,
    ),
    ("json_tells_where_ids_come_from", &[], files::json_tells_where_ids_come_from),
    ("json_says_what_failed_and_how_to_run_it", &[], files::json_says_what_failed),
    ("junit_counts_what_the_run_counts", &[], files::junit_counts_what_the_run_counts),
    ("junit_fits_the_schema_of_its_readers", &["xmllint"], files::junit_fits_the_schema),
    ("nothing_is_written_where_it_cannot_be", &[], files::nothing_is_written_where_it_cannot_be),
    (
        "a_report_on_standard_output_stands_there_alone",
        &[],
        files::a_report_on_standard_output_stands_there_alone,
    ),
    (
        "the_command_for_one_case_is_for_a_shell",
        &[],
        files::the_command_for_one_case_is_for_a_shell,
    ),
    ("html_of_the_suite_is_small_and_loads_nothing", BROWSER, page::the_whole_suite_is_small),
    ("html_filters_cases", BROWSER, page::cases_are_filtered),
    ("html_opens_cases_by_click_and_by_link", BROWSER, page::a_case_opens_and_closes),
    ("html_is_used_with_keys_alone", BROWSER, page::the_matrix_is_used_with_keys_alone),
    ("html_takes_no_name_for_markup", BROWSER, page::names_from_scenarios_are_never_markup),
    ("html_is_dark_where_that_is_preferred", BROWSER, page::the_page_is_dark_where_preferred),
    ("html_prints_every_case_on_white", BROWSER, page::paper_is_white_and_shows_every_case),
    ("html_fits_narrow_screens", BROWSER, page::a_narrow_screen_shows_all),
];

/// The programs with which pages are looked at.
const BROWSER: &[&str] = &["chromium", "chromedriver"];

/// Makes a missing program a failure.
const REQUIRE: &str = "GIDCHECK_REQUIRE_REPORT_READERS";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, programs, test) in TESTS {
        let missing = programs.iter().find(|program| !is_on_the_path(program));
        match missing {
            None => trials.push(Trial::test(*name, *test)),
            Some(program) if std::env::var(REQUIRE).is_ok_and(|it| it == "1") => {
                eprintln!("{REQUIRE} is set, and there is no {program} on the PATH");
                return ExitCode::FAILURE;
            }
            Some(program) => {
                let name = format!("{name} (there is no {program} on the PATH)");
                trials.push(Trial::test(name, || Ok(())).with_ignored_flag(true));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn is_on_the_path(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
