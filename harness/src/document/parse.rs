//! From text to documents, within bounds.

use serde_saphyr::options::{DuplicateKeyPolicy, Options};

use super::node::Raw;
use super::{Node, Problem, SourceId, Sources, Span};

/// The largest text that is read, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// How deep values may lie in each other: half of what the 2 MiB of a thread can take.
const MAX_DEPTH: usize = 32;
/// How many values a text may have, those included that aliases repeat.
pub(super) const MAX_NODES: usize = 200_000;
/// How many anchors a text may have, and how many aliases.
const MAX_ANCHORS: usize = 1_000;
/// What to do about tabs.
pub(super) const TABS: &str = "YAML indents with spaces; replace the tabs";

/// The documents of a source, split at `---`; empty ones are left out.
///
/// # Errors
/// The first [`Problem`] of a text that is no YAML or is out of bounds.
pub fn parse(sources: &Sources, id: SourceId) -> Result<Vec<Node>, Problem> {
    if let Some(problem) = too_large(sources, id) {
        return Err(problem);
    }
    let source = sources.get(id);
    let start = Span { source: id, offset: 0, length: 0 };
    let documents: Vec<Raw> = serde_saphyr::from_multiple_with_options(&source.text, options())
        .map_err(|error| problem(&source.text, start, &error))?;
    Ok(documents.into_iter().map(|document| document.place(id, &source.text)).collect())
}

/// What is wrong with a source that is larger than what is read.
pub(super) fn too_large(sources: &Sources, id: SourceId) -> Option<Problem> {
    let bytes = sources.get(id).text.len();
    (bytes > MAX_BYTES).then(|| {
        Problem::new(
            Span { source: id, offset: 0, length: 0 },
            format!("the file has {bytes} bytes, more than the {MAX_BYTES} allowed"),
        )
        .help("split it into several files")
    })
}

fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_aliases: MAX_ANCHORS,
            max_anchors: MAX_ANCHORS,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: MAX_DEPTH,
            max_alias_expansions_per_anchor: MAX_ANCHORS,
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
    if let Some((message, help)) = out_of_bounds(error) {
        return Problem::new(span, message).help(help);
    }
    let message = error.without_snippet().to_string();
    // The place is shown beside the message, and better.
    let message = message.split(" at line ").next().unwrap_or_default();
    let problem = Problem::new(span, format!("this is not valid YAML: {message}"));
    let line = text[..span.offset].rsplit('\n').next().unwrap_or("");
    let rest = text[span.offset..].split('\n').next().unwrap_or("");
    if line.contains('\t') || rest.starts_with('\t') {
        return problem.help(TABS);
    }
    problem
}

/// What to say of a text that is out of bounds, and what to do.
fn out_of_bounds(error: &serde_saphyr::Error) -> Option<(String, &'static str)> {
    use serde_saphyr::Error;
    use serde_saphyr::budget::BudgetBreach as Breach;
    let of_aliases = "write the values out where they are needed";
    Some(match error {
        Error::AliasError { error, .. } => return out_of_bounds(error),
        Error::Budget { breach: Breach::Depth { .. }, .. } => (
            format!("the values lie more than {MAX_DEPTH} deep in each other"),
            "look whether the indentation is right",
        ),
        Error::Budget { breach: Breach::Nodes { .. }, .. } => {
            (format!("the file has more than {MAX_NODES} values"), "split it into several files")
        }
        Error::Budget { breach: Breach::Anchors { .. }, .. } => {
            (format!("the file has more than {MAX_ANCHORS} anchors, such as &name"), of_aliases)
        }
        Error::Budget { breach: Breach::Aliases { .. }, .. } => {
            (format!("the file has more than {MAX_ANCHORS} aliases, such as *name"), of_aliases)
        }
        Error::Budget { breach: Breach::AliasAnchorRatio { aliases, anchors }, .. } => {
            (format!("{aliases} aliases repeat {anchors} anchors, far too often"), of_aliases)
        }
        Error::AliasReplayLimitExceeded { .. } => {
            (format!("aliases, such as *name, repeat more than {MAX_NODES} values"), of_aliases)
        }
        Error::AliasExpansionLimitExceeded { .. } => {
            (format!("aliases repeat one anchor more than {MAX_ANCHORS} times"), of_aliases)
        }
        Error::AliasReplayStackDepthExceeded { .. } => {
            (format!("aliases lie more than {MAX_DEPTH} deep in each other"), of_aliases)
        }
        Error::Budget { .. } => {
            ("the file has more than is read of one file".to_owned(), "split it into several files")
        }
        _ => return None,
    })
}
