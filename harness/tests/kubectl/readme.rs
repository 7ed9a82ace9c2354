//! The story in the README, played as it is printed.

use super::Test;
use super::cluster::Kubectl;
use super::serving::Serving;
use super::told::{Told, commands, is_as_told};

pub(crate) const TESTS: &[Test] = &[("the story of the README is true", story)];

fn story(kubectl: &Kubectl) {
    let readme = include_str!("../../../README.md");
    let served = readme
        .lines()
        .find_map(|line| line.strip_prefix("$ gidcheck serve "))
        .and_then(|options| options.split_once(" --write-kubeconfig"))
        .expect("the README says how the cluster is served")
        .0;
    let serving = Serving::start(&served.split_whitespace().collect::<Vec<_>>());
    let (_, story) = readme.split_once("<!-- story").expect("the README marks its story");
    let (story, _) = story.split_once("\n## ").expect("another section follows");
    let told = commands(story);
    assert!(told.len() > 10, "the story has {} commands", told.len());
    for Told { command, output } in told {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let command = command.replace("scenarios/", &format!("{root}/scenarios/"));
        let said = serving.says(kubectl, &command);
        assert!(
            is_as_told(&output, &said.lines().collect::<Vec<_>>()),
            "{command} prints\n{said}\nand not\n{}",
            output.join("\n")
        );
    }
}
