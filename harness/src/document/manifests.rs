//! Manifests: YAML and JSON, read as kubectl reads them.
//!
//! kubectl holds YAML to version 1.1, where `0100` is 64 and `on` a boolean,
//! and takes a text that begins with a brace for JSON documents, one after the
//! other. `kubectl cluster-info dump` prints logs between them.

use std::collections::HashMap;
use std::sync::Arc;

use kubernetes_objects::yaml::{self, Fault, Limits, Scalar, Sited};
use serde::de::IgnoredAny;

use crate::input::end_of_logs;

use super::fault::in_words;
use super::parse::{MAX_NODES, too_large};
use super::{Entry, Node, Problem, Problems, SourceId, Sources, Span, Value};

/// What to do about a text that ends too early.
const CUT_OFF: &str =
    "it is cut off; write it again, and look whether the command that wrote it failed";
/// How deep values may lie in each other.
const MAX_DEPTH: usize = 64;
const LIMITS: Limits = Limits { depth: MAX_DEPTH, values: MAX_NODES, repeated: MAX_NODES };

/// The documents of a source as kubectl reads it; empty ones are left out.
///
/// # Errors
/// The first [`Problem`] of a text that is neither YAML nor JSON, or out of bounds.
pub fn parse_manifests(sources: &Sources, id: SourceId) -> Result<Vec<Node>, Problem> {
    if let Some(problem) = too_large(sources, id) {
        return Err(problem);
    }
    let text = &sources.get(id).text;
    let whole = Text { id, text };
    let mut documents = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    loop {
        let rest = text[at..].trim_start();
        at = text.len() - rest.len();
        if let Some(end) = end_of_logs(rest) {
            let Some(found) = rest.find(&end) else {
                return Err(Problem::new(whole.at(at), "the logs that begin here have no end")
                    .help(CUT_OFF));
            };
            at += found + end.len();
            continue;
        }
        if !rest.starts_with(['{', '[']) {
            documents.extend(whole.yaml(at, text.len())?);
            return Ok(documents);
        }
        let mut read = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        match read.next() {
            Some(Err(error)) => {
                // Flow YAML begins the same way.
                let problem = match whole.yaml(at, text.len()) {
                    Ok(rest) => {
                        documents.extend(rest);
                        return Ok(documents);
                    }
                    Err(problem) => problem,
                };
                return Err(if is_like_json(rest) { whole.no_json(at, &error) } else { problem });
            }
            None => return Ok(documents),
            Some(Ok(IgnoredAny)) => {
                let end = at + read.byte_offset();
                documents.extend(whole.yaml(at, end)?);
                at = end;
            }
        }
    }
}

/// Names the scalars that kubectl takes for something else than a YAML 1.2 reader does, which read
/// this value.
pub fn say_where_readings_differ(sources: &Sources, node: &Node, problems: &mut Problems) {
    let text = &sources.get(node.span.source).text;
    let written = |span: Span| text.get(span.offset..span.offset + span.length).unwrap_or("");
    // What stands otherwise in the text has quotes or a tag, or comes from elsewhere.
    let here = match &node.value {
        Value::String(text) => Some((&**text, format!("the text {text:?}"))),
        Value::Number(number, text) => Some((&**text, format!("the number {number}"))),
        _ => None,
    };
    if let Some((as_written, taken_for)) = here
        && as_written == written(node.span)
        && let Some(other) = other_reading(as_written, &node.value)
    {
        let message = format!("kubectl takes {as_written} for {other}, and here it is {taken_for}");
        problems.add(Problem::new(node.span, message).help(
            "write a number in decimal digits, a boolean as true or false, and a text in quotes",
        ));
    }
    for entry in node.entries() {
        if *entry.key == *written(entry.key_span)
            && let Some(other) = other_reading(&entry.key, &Value::String(entry.key.clone()))
            && !other.ends_with(&format!(" {}", entry.key))
        {
            let message = format!("kubectl takes the key {} for {other}", entry.key);
            problems.add(Problem::new(entry.key_span, message).help("put the key into quotes"));
        }
        say_where_readings_differ(sources, &entry.value, problems);
    }
    node.items().iter().for_each(|item| say_where_readings_differ(sources, item, problems));
}

/// What kubectl takes a plain scalar for, in words, where that is not this value.
fn other_reading(written: &str, value: &Value) -> Option<String> {
    match (yaml::plain(written), value) {
        (Ok(Scalar::Text(_)), Value::String(_)) => None,
        (Ok(Scalar::Text(text)), _) => Some(format!("the text {text:?}")),
        (Ok(Scalar::Number(digits)), Value::Number(here, _))
            if yaml::number(&digits).and_then(|there| there.as_f64()) == here.as_f64() =>
        {
            None
        }
        (Ok(Scalar::Number(digits)), _) => Some(format!("the number {digits}")),
        (Ok(Scalar::Bool(value)), _) => Some(format!("the boolean {value}")),
        (Ok(Scalar::Null), _) => Some("null".to_owned()),
        (Err(_), _) => Some("a number that JSON cannot have".to_owned()),
    }
}

/// Whether a text that begins with a brace or a bracket goes on as JSON does.
fn is_like_json(text: &str) -> bool {
    text[1..].trim_start().starts_with(['"', '{', '[', '}', ']'])
}

/// A text that documents are read from.
#[derive(Clone, Copy)]
struct Text<'a> {
    id: SourceId,
    text: &'a str,
}

impl Text<'_> {
    /// The documents from one byte to another.
    fn yaml(self, start: usize, end: usize) -> Result<Vec<Node>, Problem> {
        let documents = yaml::documents(&self.text[start..end], LIMITS);
        documents
            .map(|read| match read {
                Ok(value) => Ok(self.node(value, start)),
                Err(fault) => Err(self.problem(&fault, start)),
            })
            .filter(|read| !matches!(read, Ok(Node { value: Value::Null, .. })))
            .collect()
    }

    /// A value whose places count from `base`.
    fn node(self, sited: Sited, base: usize) -> Node {
        let span = self.span(base + sited.start, base + sited.end);
        let value = match sited.value {
            yaml::Value::Scalar(scalar) => self.scalar(scalar, span),
            yaml::Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.node(item, base)).collect())
            }
            yaml::Value::Object(fields) => Value::Mapping(self.entries(fields, base)),
        };
        Node { value, span }
    }

    /// Of a field that stands twice both; of one that is merged, only what counts.
    fn entries(self, fields: Vec<yaml::Field>, base: usize) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(fields.len());
        let mut known: HashMap<Arc<str>, (usize, bool)> = HashMap::new();
        for field in fields {
            let key: Arc<str> = field.name.into();
            let key_span = self.span(base + field.start, base + field.end);
            let entry = Entry { key: key.clone(), key_span, value: self.node(field.value, base) };
            match known.insert(key.clone(), (entries.len(), field.is_merged)) {
                Some((at, was_merged)) if was_merged || field.is_merged => {
                    known.insert(key, (at, field.is_merged));
                    entries[at] = entry;
                }
                _ => entries.push(entry),
            }
        }
        entries
    }

    fn scalar(self, scalar: Scalar, span: Span) -> Value {
        match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => Value::Bool(value),
            Scalar::Text(text) => Value::String(text.into()),
            Scalar::Number(digits) => match yaml::number(&digits) {
                Some(number) => {
                    let written = &self.text[span.offset..span.offset + span.length];
                    Value::Number(number, written.into())
                }
                None => Value::String(digits.into()),
            },
        }
    }

    fn span(self, start: usize, end: usize) -> Span {
        Span { source: self.id, offset: start, length: end.saturating_sub(start) }
    }

    /// The place of one character.
    fn at(self, offset: usize) -> Span {
        let length = self.text[offset..].chars().next().map_or(0, char::len_utf8);
        self.span(offset, offset + length)
    }

    fn problem(self, fault: &Fault, base: usize) -> Problem {
        let offset = (base + fault.offset).min(self.text.len());
        let place = self.at(offset);
        if self.text[..offset].ends_with('{') && self.text[offset..].starts_with('{') {
            return Problem::new(place, "this is a template, and no manifest yet")
                .help("render it first, such as with helm template");
        }
        let (message, help) = in_words(&fault.kind, LIMITS);
        let problem = Problem::new(place, message);
        match help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }

    fn no_json(self, base: usize, error: &serde_json::Error) -> Problem {
        let lines = self.text[base..].split_inclusive('\n').take(error.line().saturating_sub(1));
        let column = error.column().saturating_sub(1);
        let offset = (base + lines.map(str::len).sum::<usize>() + column).min(self.text.len());
        let offset = (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        let problem = Problem::new(self.at(offset), format!("this is not valid JSON: {message}"));
        if error.is_eof() {
            return problem.help(CUT_OFF);
        }
        problem
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that texts are made of: what begins and ends values, what shifts places.
    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ": ",
            ",",
            "- ",
            "\n",
            "\r\n",
            "\t",
            "  ",
            "---\n",
            "...\n",
            "é",
            "😀",
            "\u{feff}",
            "\"",
            "'",
            "\"a\"",
            "a",
            "&a ",
            "*a",
            "<<",
            "!!int ",
            "!!str ",
            "0100",
            "yes",
            "1e3",
            ".inf",
            "~",
            "#",
            "|\n",
            ">",
            "%",
            "@",
            "\0",
            "\\ud83d",
            "==== START logs for container ",
            "==== END logs for container ",
        ]);
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    fn is_within(node: &Node, text: &str) -> bool {
        let Span { offset, length, .. } = node.span;
        text.get(offset..offset + length).is_some()
            && node.items().iter().all(|item| is_within(item, text))
            && node.entries().iter().all(|entry| is_within(&entry.value, text))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_text_is_read_or_refused_with_a_place_in_it(text in pieces()) {
            let mut sources = Sources::default();
            let id = sources.add("any.yaml", text.as_str());
            match parse_manifests(&sources, id) {
                Ok(documents) => {
                    let mut problems = Problems::default();
                    for document in &documents {
                        prop_assert!(is_within(document, &text), "{document:?}");
                        say_where_readings_differ(&sources, document, &mut problems);
                    }
                }
                Err(problem) => {
                    let Span { offset, length, .. } = problem.span;
                    prop_assert!(text.get(offset..offset + length).is_some(), "{problem:?}");
                    let _ = format!("{:?}", problem.report(&sources));
                }
            }
        }
    }
}
