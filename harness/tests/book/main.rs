//! The book: its commands print what it says, its links lead somewhere, and its generated part is
//! that of this program.

mod links;
#[path = "../told/mod.rs"]
mod told;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use told::{Told, commands, is_as_told};

const GIDCHECK: &str = env!("CARGO_BIN_EXE_gidcheck");

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn chapter(name: &str) -> String {
    let path = repository().join("docs/src").join(name);
    fs::read_to_string(path).expect("the chapter can be read")
}

/// The chapters, by the names of their files.
fn chapters() -> Vec<String> {
    let folder = fs::read_dir(repository().join("docs/src")).expect("the book has chapters");
    let names = folder.map(|entry| entry.expect("it can be listed").file_name());
    let names = names.map(|name| name.into_string().expect("their names are text"));
    let is_chapter = |name: &String| Path::new(name).extension().is_some_and(|it| it == "md");
    let mut names: Vec<_> = names.filter(is_chapter).collect();
    names.sort();
    names
}

/// The repository as its reader has it, and room for what they write.
fn workplace() -> TempDir {
    let place = tempfile::tempdir().expect("a folder can be made");
    for folder in ["docs", "recordings", "scenarios"] {
        let link = place.path().join(folder);
        symlink(repository().join(folder), link).expect("links can be made");
    }
    place
}

/// Plays the commands of a chapter, one after the other.
fn play(name: &str) {
    play_commands(name, &chapter(name));
}

fn play_commands(name: &str, text: &str) {
    let told = commands(text);
    assert!(!told.is_empty(), "{name} has no command");
    let place = workplace();
    for Told { command, output } in told {
        let said = Command::new("sh")
            .arg("-c")
            .arg(format!("gidcheck() {{ {GIDCHECK} \"$@\"; }}; {command}"))
            .current_dir(place.path())
            .env("NO_COLOR", "1")
            .env("COLUMNS", "100")
            .output()
            .expect("sh runs");
        let errors = String::from_utf8_lossy(&said.stderr);
        let printed = String::from_utf8_lossy(&said.stdout);
        assert!(said.status.code().is_some_and(|code| code < 3), "{command}: {printed}{errors}");
        assert!(
            is_as_told(&output, &printed.lines().collect::<Vec<_>>()),
            "{command} prints\n{printed}{errors}\nand not\n{}",
            output.join("\n")
        );
    }
}

/// What needs kubectl and a served cluster is played by the kubectl suite.
#[test]
fn the_readme_is_true() {
    let path = repository().join("README.md");
    let readme = fs::read_to_string(path).expect("the README can be read");
    for section in readme.split("\n## ").filter(|section| !section.contains("<!-- story")) {
        if !commands(section).is_empty() {
            play_commands("README.md", section);
        }
    }
}

#[test]
fn the_tour_is_true() {
    play("tour.md");
}

#[test]
fn the_cookbook_is_true() {
    play("cookbook.md");
}

#[test]
fn groups_that_nobody_wrote_down_are_found_as_told() {
    play("implicit-groups.md");
}

#[test]
fn what_operators_are_told_is_true() {
    play("cluster-operators.md");
}

#[test]
fn what_vendors_are_told_is_true() {
    play("runtime-vendors.md");
}

#[test]
fn the_fakes_are_held_to_reality_as_told() {
    play("reality.md");
}

#[test]
fn every_finding_can_be_reproduced() {
    let text = chapter("findings.md");
    for finding in text.split("\n## ").skip(1) {
        let title = finding.lines().next().unwrap_or_default();
        assert!(!commands(finding).is_empty(), "{title:?} has no command");
    }
    play("findings.md");
}

#[test]
fn no_chapter_with_commands_goes_unplayed() {
    let played = include_str!("main.rs");
    for name in chapters() {
        let is_played = played.contains(&format!("play(\"{name}\")"));
        assert_eq!(is_played, !commands(&chapter(&name)).is_empty(), "{name}");
    }
}

#[test]
fn the_cookbook_shows_every_one_of_its_twenty_scenarios() {
    let text = chapter("cookbook.md");
    let folder = fs::read_dir(repository().join("docs/src/cookbook")).expect("it has a folder");
    let mut count = 0;
    for entry in folder {
        let name = entry.expect("it can be listed").file_name();
        let included = format!("{{{{#include cookbook/{}}}}}", name.display());
        assert!(text.contains(&included), "{included} is missing");
        count += 1;
    }
    assert_eq!(count, 20);
}

#[test]
fn the_scenario_reference_is_that_of_this_program() {
    let output = Command::new(GIDCHECK).args(["schema", "--format", "markdown"]).output();
    let output = output.expect("the program was built with this test");
    assert!(
        chapter("scenario-reference.md").as_bytes() == output.stdout,
        "write it anew: gidcheck schema --format markdown >docs/src/scenario-reference.md"
    );
}

#[test]
fn every_link_leads_somewhere() {
    let mut documents: Vec<_> =
        chapters().iter().map(|name| repository().join("docs/src").join(name)).collect();
    documents.extend(["README.md", "CONTRIBUTING.md"].map(|name| repository().join(name)));
    assert_eq!(links::broken(&documents), Vec::<String>::new());
}

#[test]
fn every_chapter_is_in_the_summary() {
    let summary = chapter("SUMMARY.md");
    for name in chapters().iter().filter(|name| *name != "SUMMARY.md") {
        assert!(summary.contains(&format!("({name})")), "{name} is missing");
    }
}
