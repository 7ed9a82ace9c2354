//! What is wrong with a document: where, what, and what to do.

use std::fmt;

use std::collections::BTreeSet;

use miette::{Diagnostic, LabeledSpan, Severity, SourceCode};

use super::excerpt::Excerpt;
use super::{Sources, Span};

/// The longest message, in characters: it may quote what is wrong.
const MAX_MESSAGE: usize = 500;

/// The most problems that are kept; nobody reads more at once.
const MAX_PROBLEMS: usize = 1_000;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do, where there is something to say.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without advice.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        if message.len() > MAX_MESSAGE {
            message = message.chars().take(MAX_MESSAGE).collect();
            message.push('…');
        }
        Self { span, message, help: None }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem with its text around it, for people.
    #[must_use]
    pub fn report(&self, sources: &Sources) -> miette::Report {
        miette::Report::new(Report {
            problem: self.clone(),
            excerpt: Excerpt::around(sources, self.span),
        })
    }
}

/// Everything found wrong so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    all: BTreeSet<Problem>,
}

impl Problems {
    /// Adds a problem, unless it is known already: a matrix may meet one many times.
    pub fn add(&mut self, problem: Problem) {
        if self.all.len() < MAX_PROBLEMS {
            self.all.insert(problem);
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The problems in the order of the text.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Problem> {
        self.all.iter().collect()
    }
}

struct Report {
    problem: Problem,
    excerpt: Excerpt,
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.excerpt.place(), self.problem.message)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (offset, length) = self.excerpt.marked();
        Some(Box::new(std::iter::once(LabeledSpan::new(None, offset, length))))
    }
}
