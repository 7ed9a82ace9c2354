//! What is in the files.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use libtest_mimic::Failed;
use serde_json::Value as Json;

use crate::run::{Run, gidcheck, must};

/// Scenarios that hold and that fail, with names that mean harm.
const BOTH: &[&str] = &["failing.yaml", "reports"];

/// How many characters of what a validator says a failure shows.
const SHOWN: usize = 2_000;

pub(crate) fn json_is_what_its_schema_says() -> Result<(), Failed> {
    fits("run", &Run::of(BOTH, &["json"]).text("json"))?;
    // Of the built-in suite those areas that have the most to tell.
    let areas = ["--filter", "faults/", "--filter", "volumes/", "--filter", "admission/"];
    fits("run", &Run::of(&areas, &["json"]).text("json"))
}

pub(crate) fn explanations_and_audits_are_what_their_schemas_say() -> Result<(), Failed> {
    let of = |command| {
        let arguments = [command, "explain", "--pull", "never", "--output", "json"];
        String::from_utf8(gidcheck(&arguments, []).stdout)
    };
    fits("audit", &of("audit")?)?;
    let manifest = ["explain", "explain/web.yaml", "--pull", "never", "--output", "json"];
    fits("explanation", &String::from_utf8(gidcheck(&manifest, []).stdout)?)
}

/// Holds a document to its schema.
fn fits(document: &str, text: &str) -> Result<(), Failed> {
    let file = |text: &[u8]| -> Result<_, Failed> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(text)?;
        Ok(file)
    };
    let schema = file(&gidcheck(&["schema", "--of", document], []).stdout)?;
    let instance = file(text.as_bytes())?;
    let output = Command::new("jsonschema")
        .arg("--instance")
        .args([instance.path(), schema.path()])
        .output()?;
    let problems: String = String::from_utf8_lossy(&output.stderr).chars().take(SHOWN).collect();
    must(output.status.success() && !text.is_empty(), || problems)
}

/// The case whose name ends like this.
fn case<'a>(report: &'a Json, end: &str) -> Result<&'a Json, Failed> {
    let cases = report["cases"].as_array().ok_or("there are no cases")?;
    let found = cases.iter().find(|case| case["id"].as_str().is_some_and(|id| id.ends_with(end)));
    found.ok_or_else(|| format!("no case ends in {end:?}: {report:#}").into())
}

pub(crate) fn json_tells_where_ids_come_from() -> Result<(), Failed> {
    let report = Run::of(BOTH, &["json"]).json();
    let containers = &case(&report, "policy=unset")?["containers"];
    let identity = &containers[0]["identity"];
    let groups = identity["groups"].as_array().ok_or_else(|| format!("no groups: {containers}"))?;
    let implicit = groups.iter().find(|group| group["id"] == 50000);
    let origin = implicit.ok_or("the group of the image is missing")?["origins"][0].clone();
    must(origin["file"] == "/etc/group" && origin["line"].is_u64(), || origin.to_string())?;
    let field = &identity["user"]["origins"][0]["field"];
    must(field == "spec.securityContext.runAsUser", || field.to_string())
}

pub(crate) fn json_says_what_failed() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["json"]);
    must(run.output.status.code() == Some(1), || format!("{:?}", run.output))?;
    let report = run.json();
    let failed = case(&report, "policy=unset")?;
    must(failed["verdict"] == "failed", || failed.to_string())?;
    let failure = &failed["failure"];
    must(failure["differences"][0]["expected"] == "uid=1000 gid=3000 groups=3000", || {
        failure.to_string()
    })?;
    must(failure["place"] == "failing.yaml:23:11", || failure.to_string())?;
    // The command that it gives runs this very case.
    let command = failure["command"].as_str().unwrap_or_default();
    let again =
        format!("cd {} && {command}", env!("CARGO_MANIFEST_DIR").to_owned() + "/tests/data");
    let program = Path::new(env!("CARGO_BIN_EXE_gidcheck"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap_or(program).display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let output = Command::new("sh").args(["-c", &again]).env("PATH", path).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    must(text.contains("\n1 case on simulation"), || format!("{command}: {output:?}"))?;
    let transcript = failed["transcript"].as_array().ok_or("there is no transcript")?;
    let seconds: Vec<_> = transcript.iter().filter_map(|one| one["seconds"].as_f64()).collect();
    must(!seconds.is_empty() && seconds.is_sorted(), || format!("not in order: {seconds:?}"))
}

pub(crate) fn junit_counts_what_the_run_counts() -> Result<(), Failed> {
    let run = Run::of(BOTH, &["json", "junit"]);
    let junit = quick_junit::Report::deserialize_from_str(&run.text("junit"))?;
    let counts = &run.json()["counts"];
    let total = run.json()["cases"].as_array().map_or(0, Vec::len);
    let found = (junit.tests, junit.failures, junit.errors);
    let failed = counts["failed"].as_u64().and_then(|failed| usize::try_from(failed).ok());
    must(found == (total, failed.unwrap_or_default(), 0), || format!("{found:?}: {counts}"))?;
    let cases = junit.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let names: BTreeSet<_> = cases.map(|case| (&case.classname, &case.name)).collect();
    must(names.len() == total, || format!("names are not unique: {names:?}"))
}

pub(crate) fn junit_fits_the_schema() -> Result<(), Failed> {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/junit.xsd");
    for paths in [BOTH, &[]] {
        let run = Run::of(paths, &["junit"]);
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .args([&schema, &run.file("junit")])
            .output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        must(output.status.success(), || text.into_owned())?;
    }
    Ok(())
}

pub(crate) fn nothing_is_written_where_it_cannot_be() -> Result<(), Failed> {
    for (reports, words) in [
        (&["--junit=no/such/folder/run.xml"][..], "there is no folder no/such/folder"),
        (&["--junit=reports"], "it is a folder"),
        (&["--junit=same", "--html=same"], "--junit and --html both write same"),
        (&["--json=one", "--json=two"], "cannot be used multiple times"),
    ] {
        let output = gidcheck(&[&["run", "failing.yaml"], reports].concat(), []);
        let text = String::from_utf8_lossy(&output.stderr);
        must(output.status.code() == Some(2) && text.contains(words), || format!("{output:?}"))?;
    }
    Ok(())
}

pub(crate) fn a_report_on_standard_output_stands_there_alone() -> Result<(), Failed> {
    let output = gidcheck(&["run", "failing.yaml", "--json", "-"], []);
    let report: Json = serde_json::from_slice(&output.stdout)?;
    must(report["schema"] == "gidcheck.dev/run/v1", || report.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    must(text.contains("2 cases on simulation"), || text.into_owned())
}

/// What a failure says runs one case can be copied into a shell, whatever the file is called.
pub(crate) fn the_command_for_one_case_is_for_a_shell() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let name = "it's $HOME & more.yaml";
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/failing.yaml");
    std::fs::copy(data, folder.path().join(name))?;
    let program = Path::new(env!("CARGO_BIN_EXE_gidcheck"));
    let run = |command: &str| -> Result<String, Failed> {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(folder.path());
        let path = std::env::var("PATH").unwrap_or_default();
        let first = program.parent().unwrap_or(program).display();
        let output = shell.env("PATH", format!("{first}:{path}")).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let text = run("gidcheck run \"it's \\$HOME & more.yaml\"")?;
    let command = text.lines().find_map(|line| line.trim().strip_prefix("only this case: "));
    let again = run(command.ok_or_else(|| text.clone())?)?;
    must(again.contains("\n1 case on simulation: 0 held, 1 failed"), || again)
}
