//! The texts that documents come from, and places in them.

use std::sync::Arc;

/// A text and the name that reports show for it.
#[derive(Debug, Clone)]
pub struct Source {
    /// A path, or a name such as `<stdin>`.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
}

/// Which of the [`Sources`] is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// Where something is written: a byte range of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source.
    pub source: SourceId,
    /// The first byte.
    pub offset: usize,
    /// The number of bytes.
    pub length: usize,
}

/// How many lines are shown of an item.
const MOST_OF_ITEM: usize = 8;

/// All texts of one run.
#[derive(Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// Adds a text.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.all.push(Source { name: name.into(), text: text.into() });
        SourceId(self.all.len() - 1)
    }

    /// The text of an id that these sources gave.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.all[id.0]
    }

    /// The first lines of an item of a list that starts where a span does: those that are indented
    /// as it is, or deeper.
    pub fn item(&self, span: Span) -> impl Iterator<Item = &str> {
        let (line, column) = self.position(span);
        let mut lines = self.get(span.source).text.lines().skip(line - 1).map(str::trim_end);
        let first = lines.next();
        let belongs = move |line: &&str| {
            let depth = line.chars().take_while(|character| *character == ' ').count();
            !line.is_empty() && depth + 1 >= column
        };
        first.into_iter().chain(lines.take_while(belongs)).take(MOST_OF_ITEM)
    }

    /// Line and column of a span's start, both from 1, the column in characters.
    #[must_use]
    pub fn position(&self, span: Span) -> (usize, usize) {
        let text = &self.get(span.source).text;
        let before = text.get(..span.offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }
}
