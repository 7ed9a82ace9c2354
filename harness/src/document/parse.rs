//! From text to documents, within bounds.

use serde_saphyr::options::{DuplicateKeyPolicy, Options};

use super::node::Raw;
use super::{Node, Problem, SourceId, Sources, Span};

/// The largest text that is read, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 200_000;

/// The documents of a source, split at `---`; empty ones are left out.
///
/// # Errors
/// The first [`Problem`] of a text that is no YAML or is out of bounds.
pub fn parse(sources: &Sources, id: SourceId) -> Result<Vec<Node>, Problem> {
    let source = sources.get(id);
    let start = Span { source: id, offset: 0, length: 0 };
    if source.text.len() > MAX_BYTES {
        return Err(Problem::new(
            start,
            format!("the file has {} bytes, more than the {MAX_BYTES} allowed", source.text.len()),
        )
        .help("split it into several files"));
    }
    let documents: Vec<Raw> = serde_saphyr::from_multiple_with_options(&source.text, options())
        .map_err(|error| problem(&source.text, start, &error))?;
    Ok(documents.into_iter().map(|document| document.place(id, &source.text)).collect())
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
            max_alias_expansions_per_anchor: 1_000,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    }
}

/// The byte at which a line and a column, both from 1, begin.
fn offset_of(text: &str, line: u64, column: u64) -> usize {
    let before = |count: u64| usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(before(line)).map(str::len).sum();
    let rest = lines.next().unwrap_or("");
    start + rest.chars().take(before(column)).map(char::len_utf8).sum::<usize>()
}

fn problem(text: &str, start: Span, error: &serde_saphyr::Error) -> Problem {
    let mut span = start;
    if let Some(location) = error.location() {
        span.offset = offset_of(text, location.line(), location.column());
        span.length = usize::from(span.offset < text.len());
        while !text.is_char_boundary(span.offset + span.length) {
            span.length += 1;
        }
    }
    let message = error.without_snippet().to_string();
    // The place is shown beside the message, and better.
    let message = message.split(" at line ").next().unwrap_or_default();
    let problem = Problem::new(span, format!("this is not valid YAML: {message}"));
    let line = text[..span.offset].rsplit('\n').next().unwrap_or("");
    let rest = text[span.offset..].split('\n').next().unwrap_or("");
    if line.contains('\t') || rest.starts_with('\t') {
        return problem.help("YAML indents with spaces; replace the tabs");
    }
    problem
}
