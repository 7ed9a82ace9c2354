//! The few lines around a problem that a report shows.
//!
//! Texts are hostile: lines may be millions of characters long and full of
//! control characters, and a report must stay small and harmless.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::{Sources, Span};
use crate::report::shown_line;

/// The longest line that is shown whole, in bytes.
const MAX_LINE: usize = 300;
/// How much of a longer line is shown on each side of the place, in bytes.
const AROUND: usize = 60;
/// How much of what is wrong is marked at most, in bytes.
const MAX_MARK: usize = 60;

/// Lines of a source with one place in them.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// The first line that is shown, from 1.
    line: usize,
    /// Line and column of the place, from 1.
    position: (usize, usize),
    mark: (usize, usize),
}

impl Excerpt {
    /// The line of a span and its neighbours; of long lines only what is near the span.
    pub(super) fn around(sources: &Sources, span: Span) -> Self {
        let source = sources.get(span.source);
        let text = &source.text;
        let position = sources.position(span);
        let offset = boundary(text, span.offset);
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        let length = span.length.min(end - offset).min(MAX_MARK);
        let name = shown_line(&source.name);
        if end - start > MAX_LINE {
            let from = boundary(text, offset.saturating_sub(AROUND).max(start));
            let to = boundary(text, (offset + length + AROUND).min(end));
            let before = shown_line(&text[from..offset]);
            let marked = shown_line(&text[offset..boundary(text, offset + length).max(offset)]);
            let mark = (before.len(), marked.len());
            let after = shown_line(&text[(offset + length).min(to).max(offset)..to]);
            let text = format!("{before}{marked}{after}");
            return Self { name, text, line: position.0, position, mark };
        }
        let previous = text[..start.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
        let show_previous = start > 0 && start - previous <= MAX_LINE;
        let next_end = text.get(end + 1..).and_then(|rest| {
            let length = rest.find('\n').unwrap_or(rest.len());
            (length > 0 && length <= MAX_LINE).then_some(end + 1 + length)
        });
        let mut shown = String::new();
        if show_previous {
            shown.push_str(&whole_line(&text[previous..start - 1]));
            shown.push('\n');
        }
        let mark_start = shown.len() + shown_line(&text[start..offset]).len();
        let marked = boundary(text, offset + length).max(offset);
        let mark = shown_line(&text[offset..marked]).len();
        shown.push_str(&whole_line(&text[start..end]));
        let mark_start = mark_start.min(shown.len());
        let mark = (mark_start, mark.min(shown.len() - mark_start));
        if let Some(next_end) = next_end {
            shown.push('\n');
            shown.push_str(&whole_line(&text[end + 1..next_end]));
        }
        let line = position.0 - usize::from(show_previous);
        Self { name, text: shown, line, position, mark }
    }

    /// `name:line:column`
    pub(super) fn place(&self) -> String {
        let (line, column) = self.position;
        format!("{}:{line}:{column}", self.name)
    }

    /// The offset and the length of the place in the excerpt, in bytes.
    pub(super) fn marked(&self) -> (usize, usize) {
        self.mark
    }
}

/// A line as it is shown, without what Windows ends it with.
fn whole_line(line: &str) -> String {
    shown_line(line.strip_suffix('\r').unwrap_or(line))
}

/// The nearest place at or before an offset that is between characters.
fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, lines_before, lines_after)?;
        let (line, column) = self.position;
        // The place is named as it is in the source, the lines are numbered as they are there.
        let first = self.line - 1 + contents.line();
        let column = if line - 1 == first { column - 1 } else { contents.column() };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            first,
            column,
            contents.line_count(),
        )))
    }
}
