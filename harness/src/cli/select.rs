//! Which cases a command is about.

use std::path::PathBuf;

use clap::Args;

use super::{CommandError, refuse_problems};
use crate::report::shell_word;
use crate::scenario::{Case, Suite};

/// The scenarios, and which of their cases.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Scenario files or folders; the built-in suite when left out.
    paths: Vec<PathBuf>,
    /// Only cases whose name contains all words of EXPR, none of those after a `!`.
    ///
    /// `=NAME` is exactly the case of that name. Given several times, a case is kept that fits any.
    #[arg(long, value_name = "EXPR")]
    filter: Vec<String>,
}

impl Selection {
    /// Reads the scenarios.
    ///
    /// # Errors
    /// [`CommandError`] after all problems were shown.
    pub(super) fn suite(&self) -> Result<Suite, CommandError> {
        let suite =
            if self.paths.is_empty() { Suite::built_in() } else { Suite::load(&self.paths)? };
        refuse_problems(&suite.problems, &suite.sources)?;
        Ok(suite)
    }

    /// The cases that fit the filter.
    ///
    /// # Errors
    /// [`CommandError::Usage`] when none fits.
    pub(super) fn cases<'a>(&self, suite: &'a Suite) -> Result<Vec<&'a Case>, CommandError> {
        let cases: Vec<_> = suite.cases.iter().filter(|case| self.fits(&case.id)).collect();
        if cases.is_empty() {
            return Err(CommandError::Usage(format!(
                "no case fits the filter {:?}; gidcheck list shows the {} there are",
                self.filter.join("\" or \""),
                suite.cases.len()
            )));
        }
        Ok(cases)
    }

    /// Whether this is the built-in suite with nothing left out.
    pub(super) fn is_whole_suite(&self) -> bool {
        self.paths.is_empty() && self.filter.is_empty()
    }

    /// The paths as they were given, for hints.
    pub(super) fn paths_as_given(&self) -> String {
        self.paths.iter().map(|path| format!(" {}", shell_word(&path.to_string_lossy()))).collect()
    }

    fn fits(&self, id: &str) -> bool {
        let fits = |filter: &String| {
            if let Some(exact) = filter.strip_prefix('=') {
                return id == exact;
            }
            filter.split_whitespace().all(|word| match word.strip_prefix('!') {
                Some(word) => !id.contains(word),
                None => id.contains(word),
            })
        };
        self.filter.is_empty() || self.filter.iter().any(fits)
    }
}

/// Reads where images are: a registry and, below it, folders, as references begin.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn image_prefix(text: &str) -> Result<String, String> {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-:/".contains(&byte);
    let parts_are_sound = text.split('/').all(|part| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric()) && !part.ends_with(':')
    });
    if parts_are_sound && text.bytes().all(allowed) && !text.contains("://") {
        return Ok(text.to_owned());
    }
    Err("a prefix is a registry and folders in it, such as registry.example:5000/mirror".to_owned())
}
