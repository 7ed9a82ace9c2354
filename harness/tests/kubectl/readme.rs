//! The story in the README, played as it is printed.

use super::Test;
use super::cluster::Kubectl;
use super::serving::Serving;

pub(crate) const TESTS: &[Test] = &[("the story of the README is true", story)];

/// A command of the README, and what it says that it prints.
struct Told<'a> {
    command: &'a str,
    output: Vec<&'a str>,
}

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

/// The commands of the story's blocks.
fn commands(story: &str) -> Vec<Told<'_>> {
    let mut told: Vec<Told<'_>> = Vec::new();
    for block in story.split("```console\n").skip(1) {
        for line in block.lines().take_while(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                told.push(Told { command, output: Vec::new() });
            } else {
                let last = told.last_mut().expect("a block begins with a command");
                last.output.push(line);
            }
        }
    }
    told
}

/// Whether an output is the one told: `...` stands for any lines, and an age for any age.
fn is_as_told(told: &[&str], said: &[&str]) -> bool {
    match told {
        ["...", rest @ ..] => {
            said.len() >= rest.len() && is_as_told(rest, &said[said.len() - rest.len()..])
        }
        _ => {
            told.len() == said.len()
                && told.iter().zip(said).all(|(told, said)| {
                    let (told, said) = (told.split_whitespace(), said.split_whitespace());
                    told.clone().count() == said.clone().count()
                        && told
                            .zip(said)
                            .all(|(told, said)| told == said || (is_age(told) && is_age(said)))
                })
        }
    }
}

fn is_age(text: &str) -> bool {
    text.strip_suffix('s').is_some_and(|text| text.parse::<u32>().is_ok())
}
