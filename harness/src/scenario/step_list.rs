//! Steps without a scenario around them: what is done to a cluster that somebody uses.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use serde_json::Value as Json;

use crate::document::{Entry, Node, Problem, Problems, Shape, Sources, Value, parse};

use super::case::{Context, FORMATS};
use super::files::Files;
use super::rules::check_step;
use super::steps::Step;

/// The most steps that are taken at once.
const MOST_STEPS: usize = 1000;

/// Steps, the texts they come from, and what is wrong with those.
#[derive(Debug, Default)]
pub struct StepList {
    /// The steps; none when something is wrong.
    pub steps: Vec<Step>,
    /// The steps as data, with the manifests of files in the files' place.
    pub json: Json,
    /// All texts.
    pub sources: Sources,
    /// Everything that is wrong.
    pub problems: Problems,
}

static SHAPE: LazyLock<Shape> =
    LazyLock::new(|| Shape::compile(&schemars::schema_for!(Vec<Step>).into(), FORMATS));

impl StepList {
    /// Reads a step, or a list of them, from YAML or JSON.
    ///
    /// `apply: {file: …}` is read from the disk, relative to `path`, where there is one; from the
    /// suite in the program where there is none.
    #[must_use]
    pub fn read(name: &str, text: &str, path: Option<&Path>) -> Self {
        let mut list = Self::default();
        let id = list.sources.add(name, text);
        let documents = match parse(&list.sources, id) {
            Ok(documents) => documents,
            Err(problem) => {
                list.problems.add(problem);
                return list;
            }
        };
        let Some(span) = documents.first().map(|document| document.span) else { return list };
        let steps = documents.into_iter().flat_map(|document| match document.value {
            Value::List(steps) => steps,
            value => vec![Node { value, span: document.span }],
        });
        let steps = Node { value: Value::List(steps.collect()), span };
        let steps = list.with_files(steps, path);
        list.check(&steps);
        let json = SHAPE.read(&steps, &mut list.problems, &mut Vec::new());
        for step in steps.items() {
            check_step(step, &mut list.problems);
        }
        if !list.problems.is_empty() {
            return list;
        }
        match Vec::deserialize(&json) {
            Ok(steps) => (list.steps, list.json) = (steps, json),
            Err(error) => list.problems.add(Problem::new(span, error.to_string())),
        }
        list
    }

    /// Puts the manifests of files in the place of `file: PATH`.
    fn with_files(&mut self, steps: Node, path: Option<&Path>) -> Node {
        let span = steps.span;
        let key = Entry { key: Arc::from("steps"), key_span: span, value: steps };
        let spec = Node { value: Value::Mapping(vec![key]), span };
        let mut context = Context {
            files: if path.is_some() { Files::Disk } else { Files::BuiltIn },
            path: path.unwrap_or(Path::new("")),
            area: "",
            sources: &mut self.sources,
            problems: &mut self.problems,
            manifests: BTreeMap::new(),
        };
        let spec = context.with_files(spec);
        let steps = spec.entries().first().map(|entry| entry.value.clone());
        steps.expect("the mapping made above has one entry")
    }

    /// What only steps of scenarios can say, and how many there may be.
    fn check(&mut self, steps: &Node) {
        if steps.items().len() > MOST_STEPS {
            let problem = format!("{} steps, more than {MOST_STEPS}", steps.items().len());
            self.problems.add(Problem::new(steps.span, problem).help("take them in parts"));
        }
        for when in steps.items().iter().filter_map(|step| step.get("when")) {
            let problem = Problem::new(when.span, "there is no matrix here that `when` could ask");
            self.problems.add(problem.help("leave the step out where it is not wanted"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let list = StepList::read("steps", text, None);
        list.problems.sorted().iter().map(|problem| problem.message.clone()).collect()
    }

    #[test]
    fn one_step_needs_no_list() {
        let one = StepList::read("steps", "cordon: {node: n1}", None);
        assert_eq!((one.steps.len(), one.problems.is_empty()), (1, true));
        let two = StepList::read("steps", "[{cordon: {node: n1}}, {advance: 1m}]", None);
        assert_eq!(two.steps.len(), 2);
        assert_eq!(two.json[1]["advance"], "1m");
    }

    #[test]
    fn what_is_no_step_is_said() {
        assert_eq!(said("cordn: {node: n1}").len(), 1);
        assert_eq!(said("{cordon: {node: n1}, when: {a: b}}").len(), 1);
        assert_eq!(said("apply: {file: ../../../etc/passwd}").len(), 1);
        assert_eq!(said("[").len(), 1);
        assert!(said("").is_empty());
    }
}
