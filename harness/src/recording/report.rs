//! What a replay found: for people, grouped by rule, and for programs.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::compare::{Difference, Rule, compare, compare_runtimes};
use super::model::{Recording, Runtime};
use super::observe::Observed;

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// What was recorded, such as `containerd 2.1.9`.
    pub recorded: String,
    /// What it was compared with, such as `cri-o 1.37.0`.
    pub observed: String,
    /// How many cases there are.
    pub cases: usize,
    /// How many of them agree in everything.
    pub agree: usize,
    /// Every difference, in the order of the cases; first those of the runtimes themselves.
    pub differences: Vec<Found>,
}

/// A difference and what it is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The case; `None`: it is about the runtime itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// The image; `None` where it is about features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// What differs.
    pub rule: Rule,
    /// What was recorded.
    pub expected: String,
    /// What was seen.
    pub observed: String,
}

impl Replay {
    /// Compares what was observed with a recording, case by case; the outcomes must be in the
    /// recording's order.
    #[must_use]
    pub fn new(recording: &Recording, observed: &Observed) -> Self {
        let mut differences = Vec::new();
        for (image, difference) in compare_runtimes(&recording.runtime, &observed.runtime) {
            differences.push(Found::new(None, image, difference));
        }
        let mut agree = 0;
        for (case, outcome) in recording.cases.iter().zip(&observed.outcomes) {
            let found = compare(&case.outcome, outcome);
            if found.is_empty() {
                agree += 1;
            }
            let (id, image) = (&case.request.id, &case.request.image);
            let found = found.into_iter();
            differences.extend(
                found.map(|found| Found::new(Some(id.clone()), Some(image.clone()), found)),
            );
        }
        Self {
            recorded: name(&recording.runtime),
            observed: name(&observed.runtime),
            cases: recording.cases.len(),
            agree,
            differences,
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.agree == self.cases
    }

    /// Writes what people read: the differences by rule, those that are the same together.
    ///
    /// Texts come from files and runtimes; what a terminal would obey is escaped.
    ///
    /// # Errors
    /// [`io::Error`] of the writer.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "Recorded: {}", escape(&self.recorded))?;
        writeln!(out, "Observed: {}", escape(&self.observed))?;
        let mut rules: BTreeMap<Rule, Vec<Alike<'_>>> = BTreeMap::new();
        for found in &self.differences {
            let alike = rules.entry(found.rule).or_default();
            match alike.iter_mut().find(|group| group.is_of(found)) {
                Some(group) => group.members.push(found.about()),
                None => alike.push(Alike { first: found, members: vec![found.about()] }),
            }
        }
        for (rule, groups) in rules {
            let count: usize = groups.iter().map(|group| group.members.len()).sum();
            writeln!(out, "\n{}: {count} differ", rule.words())?;
            for group in groups {
                for member in &group.members {
                    writeln!(out, "  {}", escape(member))?;
                }
                writeln!(out, "      expected {}", escape(&group.first.expected))?;
                writeln!(out, "      observed {}", escape(&group.first.observed))?;
            }
        }
        if !self.differences.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "agree {} of {}", self.agree, self.cases)
    }
}

impl Found {
    fn new(case: Option<String>, image: Option<String>, difference: Difference) -> Self {
        let Difference { rule, expected, observed } = difference;
        Self { case, image, rule, expected, observed }
    }

    /// The case, or the image, or the runtime.
    fn about(&self) -> &str {
        self.case.as_deref().or(self.image.as_deref()).unwrap_or("the runtime")
    }
}

/// Differences that read the same.
struct Alike<'a> {
    first: &'a Found,
    members: Vec<&'a str>,
}

impl Alike<'_> {
    fn is_of(&self, found: &Found) -> bool {
        (&self.first.expected, &self.first.observed) == (&found.expected, &found.observed)
    }
}

fn name(runtime: &Runtime) -> String {
    format!("{} {}", runtime.name, runtime.version)
}

/// A text as one line that a terminal only shows.
fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let plain = character.is_alphanumeric() || (' '..='~').contains(&character);
            let escaped = (!plain).then(|| character.escape_default());
            plain.then_some(character).into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}
