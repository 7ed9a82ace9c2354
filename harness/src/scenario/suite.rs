//! A set of cases, with everything that is wrong with their files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;

use crate::document::{Node, Problem, Problems, Sources, Span, Value, parse};

use super::case::{Case, Context};
use super::files::{Files, LoadError, ScenarioFile};
use super::matrix;
use super::model::Scenario;

/// Cases, the texts they come from, and what is wrong with those.
#[derive(Debug, Default)]
pub struct Suite {
    /// The cases of sound scenarios, in order of file and matrix.
    pub cases: Vec<Case>,
    /// All texts.
    pub sources: Sources,
    /// Everything that is wrong; a suite with problems must not run.
    pub problems: Problems,
}

/// The JSON Schema of the format.
#[must_use]
pub fn schema() -> Json {
    schemars::schema_for!(Scenario).into()
}

impl Suite {
    /// The suite that the program carries.
    #[must_use]
    pub fn built_in() -> Self {
        let mut suite = Self::default();
        for file in Files::built_in() {
            suite.add(Files::BuiltIn, &file);
        }
        suite.check_names();
        suite
    }

    /// The scenarios at or below paths of the disk.
    ///
    /// # Errors
    /// [`LoadError`] when a path cannot be read; what is wrong *in* files is in `problems`.
    pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Self, LoadError> {
        let mut suite = Self::default();
        for path in paths {
            for file in Files::on_disk(path.as_ref())? {
                suite.add(Files::Disk, &file);
            }
        }
        suite.check_names();
        Ok(suite)
    }

    /// One scenario text under a name, for tests and tools.
    #[must_use]
    pub fn from_text(name: &str, text: &str) -> Self {
        let mut suite = Self::default();
        let file =
            ScenarioFile { path: name.into(), area: String::new(), text: Ok(text.to_owned()) };
        suite.add(Files::Disk, &file);
        suite.check_names();
        suite
    }

    fn add(&mut self, files: Files, file: &ScenarioFile) {
        let name = file.path.display().to_string();
        let text = match &file.text {
            Ok(text) => text.as_str(),
            Err(error) => {
                let source = self.sources.add(name, "");
                let start = Span { source, offset: 0, length: 0 };
                return self.problems.add(Problem::new(start, error.to_string()));
            }
        };
        let id = self.sources.add(name, text);
        let documents = match parse(&self.sources, id) {
            Ok(documents) => documents,
            Err(problem) => return self.problems.add(problem),
        };
        let mut documents =
            documents.iter().filter(|document| document.value != Value::Null).peekable();
        if documents.peek().is_none() {
            let start = Span { source: id, offset: 0, length: 0 };
            self.problems.add(
                Problem::new(start, "this file holds no scenario")
                    .help("gidcheck new NAME writes one to start from"),
            );
        }
        for document in documents {
            self.add_document(files, file, document);
        }
    }

    fn add_document(&mut self, files: Files, file: &ScenarioFile, document: &Node) {
        let Some(spec) =
            document.get("spec").filter(|spec| matches!(spec.value, Value::Mapping(_)))
        else {
            self.problems.add(
                Problem::new(document.span, "this is not a scenario: it has no spec").help(
                    "a scenario has apiVersion: gidcheck.dev/v1, kind: Scenario, metadata and \
                     spec; gidcheck new NAME writes one",
                ),
            );
            return;
        };
        let expanded = matrix::expand(spec, &mut self.problems);
        let mut context = Context {
            files,
            path: &file.path,
            area: &file.area,
            sources: &mut self.sources,
            problems: &mut self.problems,
            manifests: BTreeMap::new(),
        };
        for expanded in expanded {
            self.cases.extend(context.case(document, expanded));
        }
    }

    fn check_names(&mut self) {
        let mut seen = BTreeSet::new();
        for case in &self.cases {
            if let Some(place) = case.places.first().filter(|_| !seen.insert(&case.id)) {
                self.problems.add(
                    Problem::new(place.span, format!("two cases are called {:?}", case.id))
                        .help("give each scenario of a folder, and each row, a name of its own"),
                );
            }
        }
    }
}
