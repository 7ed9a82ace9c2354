//! The fake runtimes answer as the recorded ones did: in every case of every recording in
//! `recordings/`, and still when users are called and groups are numbered otherwise.

mod renaming;
mod served;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use fake_cri::profile::{self, Evidence, Profile, ReportedOrder};
use gidcheck::recording::report::Replay;
use gidcheck::recording::{
    Observed, RecordedCase, Recording, Rule, Suite, compare, observe, read, write,
};
use gidcheck::scenario::RuntimeName;
use gidcheck::target::Simulation;
use renaming::Renaming;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../recordings")
}

fn recording(name: &str) -> Recording {
    read(&folder().join(format!("{name}.jsonl"))).expect("the recording is part of the repository")
}

/// Every recording and the profile that stands for its runtime.
fn recorded_profiles() -> impl Iterator<Item = (&'static str, &'static Profile)> {
    profile::all().iter().filter_map(|profile| match profile.evidence {
        Evidence::Recorded(recording) => Some((recording, profile)),
        Evidence::Inferred { .. } => None,
    })
}

/// What a profile answers to the cases of a suite.
async fn ask(suite: &Suite, profile: &'static Profile) -> Observed {
    let runtime = Some(RuntimeName::Release(profile));
    observe(suite, &Simulation, runtime, 1, &|| {}).await.expect("a fake runtime answers")
}

/// The cases of a recording with the images of the suite.
fn suite_of(recording: &Recording) -> Suite {
    let requests = recording.cases.iter().map(|case| case.request.clone()).collect();
    Suite { requests, ..Suite::built_in() }
}

fn show(replay: &Replay) -> String {
    let mut text = Vec::new();
    replay.write(&mut text).expect("memory can be written");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(start_paused = true)]
async fn every_profile_agrees_with_its_recording() {
    let mut agreement = String::new();
    let mut differences = String::new();
    for (name, profile) in recorded_profiles() {
        let recording = recording(name);
        let replay = Replay::new(&recording, &ask(&suite_of(&recording), profile).await);
        let _ = writeln!(agreement, "{name}: agree {} of {}", replay.agree, replay.cases);
        if !replay.agrees() {
            let _ = writeln!(differences, "{name}:\n{}", show(&replay));
        }
    }
    print!("{agreement}");
    assert!(differences.is_empty(), "{agreement}\n{differences}");
}

#[test]
fn every_recording_has_a_profile_and_every_case_of_the_suite() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .expect("the recordings are part of the repository")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".jsonl").map(str::to_owned))
        .filter(|name| name != "cases")
        .collect();
    let expected: BTreeSet<String> =
        recorded_profiles().map(|(recording, _)| recording.to_owned()).collect();
    assert_eq!(files, expected);
    let mut suite = Suite::built_in().requests;
    suite.sort_by(|a, b| a.id.cmp(&b.id));
    for name in files {
        let mut requests = suite_of(&recording(&name)).requests;
        requests.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(requests, suite, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn releases_between_two_recorded_ones_do_as_both() {
    for profile in profile::all() {
        let Evidence::Inferred { after, before } = profile.evidence else { continue };
        for name in [after, before] {
            let recording = recording(name);
            let observed = ask(&suite_of(&recording), profile).await;
            for (case, outcome) in recording.cases.iter().zip(&observed.outcomes) {
                // Only the recorded releases' own logs differ in their words.
                let found = compare(&case.outcome, outcome);
                let found: Vec<_> =
                    found.into_iter().filter(|found| found.rule != Rule::Message).collect();
                assert!(
                    found.is_empty(),
                    "{} as {name}, {}: {found:?}",
                    profile.name,
                    case.request.id
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn profiles_agree_whatever_users_are_called_and_groups_are_numbered() {
    for seed in 0..4 {
        for (name, profile) in recorded_profiles() {
            let recording = recording(name);
            let suite = suite_of(&recording);
            let renaming = Renaming::random(seed, &suite);
            let sorted = profile.rules.reported_order == Some(ReportedOrder::Ascending);
            let renamed = Recording {
                runtime: renaming.runtime(&recording.runtime),
                cases: recording
                    .cases
                    .iter()
                    .map(|case| RecordedCase {
                        request: renaming.request(&case.request),
                        outcome: renaming.outcome(&case.outcome, sorted),
                    })
                    .collect(),
            };
            assert_ne!(renamed, recording);
            let mut suite = suite_of(&renamed);
            suite.images = renaming.images(&suite.images);
            let replay = Replay::new(&renamed, &ask(&suite, profile).await);
            assert!(replay.agrees(), "seed {seed}, {name}:\n{}", show(&replay));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_recording_of_a_profile_agrees_with_it() {
    let folder = tempfile::tempdir().expect("the folder for temporary files can be written");
    let suite = Suite::built_in();
    for profile in profile::all() {
        let observed = ask(&suite, profile).await;
        let cases = suite.requests.iter().cloned().zip(observed.outcomes.clone());
        let recording = Recording {
            runtime: observed.runtime.clone(),
            cases: cases.map(|(request, outcome)| RecordedCase { request, outcome }).collect(),
        };
        let path = folder.path().join("recording.jsonl");
        write(&path, &recording).expect("the folder can be written");
        let kept = read(&path).expect("what was written can be read");
        assert_eq!(kept, recording, "{}", profile.name);
        assert!(Replay::new(&kept, &observed).agrees(), "{}", profile.name);
    }
}

#[tokio::test(start_paused = true)]
async fn another_runtime_is_told_apart_by_rule() {
    let recording = recording("containerd-2.1.9");
    let suite = suite_of(&recording);
    for (name, rules) in [
        ("containerd-1.7", vec![Rule::Features, Rule::Groups, Rule::UserReported]),
        ("cri-o-1.37", vec![Rule::Outcome, Rule::Names, Rule::Order]),
    ] {
        let profile = profile::find(name).expect("the profile is in the table");
        let replay = Replay::new(&recording, &ask(&suite, profile).await);
        assert!(replay.agree < replay.cases);
        for rule in rules {
            let found = replay.differences.iter().any(|found| found.rule == rule);
            assert!(found, "{name} differs in {rule:?}:\n{}", show(&replay));
        }
    }
}
