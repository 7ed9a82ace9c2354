//! The real kubectl on a served cluster.
//!
//! `GIDCHECK_KUBECTL` names the kubectls, separated by `:`; the one of the PATH where it does not.
//! Without any, `GIDCHECK_REQUIRE_KUBECTL=1` makes that a failure; otherwise every trial is
//! ignored, and its name says why.

mod cluster;
mod containers;
mod controllers;
mod debugging;
mod manifests;
mod nodes;
mod policies;
mod reading;
mod readme;
#[path = "../served/mod.rs"]
mod served;
mod services;
mod serving;
mod story;
#[path = "../told/mod.rs"]
mod told;
mod workloads;
mod writing;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use cluster::Kubectl;
use libtest_mimic::{Arguments, Trial};

/// A test: its name, and what it does with a cluster of its own.
type Test = (&'static str, fn(&Kubectl));

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: Vec<Test> = [
        story::TESTS,
        readme::TESTS,
        reading::TESTS,
        writing::TESTS,
        containers::TESTS,
        debugging::TESTS,
        workloads::TESTS,
        controllers::TESTS,
        manifests::TESTS,
        nodes::TESTS,
        policies::TESTS,
        services::TESTS,
        serving::TESTS,
    ]
    .concat();
    let kubectls = kubectls();
    if kubectls.is_empty() && std::env::var("GIDCHECK_REQUIRE_KUBECTL").is_ok_and(|it| it == "1") {
        eprintln!("GIDCHECK_REQUIRE_KUBECTL is set, and there is no kubectl to be found");
        return ExitCode::FAILURE;
    }
    let mut trials = Vec::new();
    for (path, version) in &kubectls {
        for (name, test) in &tests {
            let (path, test) = (path.clone(), *test);
            trials.push(Trial::test(format!("{name} ({version})"), move || {
                test(&Kubectl::start(path));
                Ok(())
            }));
        }
    }
    if kubectls.is_empty() {
        for (name, _) in &tests {
            let name = format!("{name} (there is no kubectl on the PATH)");
            trials.push(Trial::test(name, || Ok(())).with_ignored_flag(true));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The kubectls that run, each with its version.
fn kubectls() -> Vec<(PathBuf, String)> {
    let named = std::env::var("GIDCHECK_KUBECTL").unwrap_or_default();
    let paths: Vec<_> = named.split(':').filter(|path| !path.is_empty()).collect();
    let paths = if paths.is_empty() { vec!["kubectl"] } else { paths };
    paths.into_iter().filter_map(|path| Some((path.into(), version(path)?))).collect()
}

fn version(path: &str) -> Option<String> {
    let answer = Command::new(path).args(["version", "--client", "-o", "json"]).output().ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&answer.stdout).ok()?;
    Some(answer["clientVersion"]["gitVersion"].as_str()?.to_owned())
}
