//! YAML by the rules of kubectl and API servers (`sigs.k8s.io/yaml`), which are those of YAML 1.1:
//! `y`, `no` and `on` are booleans, `010` is 8. Every value keeps its place in the text.
//!
//! Texts are hostile: depth, the number of values and what aliases repeat are bounded.

mod scalar;

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, StrInput};
use serde_json::{Map, Value as Json};
use thiserror::Error;

pub use scalar::{Scalar, ScalarError, number, plain};

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Sited {
    /// The value.
    pub value: Value,
    /// The first byte of its text.
    pub start: usize,
    /// The byte after its text; of lists and objects in blocks, `start`.
    pub end: usize,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A value without parts.
    Scalar(Scalar),
    /// A list.
    List(Vec<Sited>),
    /// An object: its fields in the order of the text, with all that stand twice.
    Object(Vec<Field>),
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name; numbers and booleans become text, as in JSON.
    pub name: String,
    /// The first byte of the name.
    pub start: usize,
    /// The byte after the name.
    pub end: usize,
    /// The line of the name, from 1.
    pub line: usize,
    /// Whether it comes from a merge (`<<`), whose fields others may overrule.
    pub is_merged: bool,
    /// Its value. Of fields that stand twice, the last one counts.
    pub value: Sited,
}

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep values may lie in each other.
    pub depth: usize,
    /// How many values a text may have, those included that aliases repeat.
    pub values: usize,
    /// How many of them aliases may repeat.
    pub repeated: usize,
}

/// Why a text cannot be read, and where; the message is the one that servers give.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind}")]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The byte at which it is.
    pub offset: usize,
}

/// What is wrong with a text. Of the syntax our own parser speaks, of everything else a server.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultKind {
    /// It is no YAML.
    #[error("yaml: line {line}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The parser's words.
        message: String,
    },
    /// A tab stands where only spaces may.
    #[error("yaml: line {line}: found character that cannot start any token")]
    Tab {
        /// The line, from 1.
        line: usize,
    },
    /// Values lie too deep in each other.
    #[error("yaml: exceeded max depth")]
    TooDeep,
    /// There are too many values.
    #[error("yaml: document contains excessive aliasing")]
    TooManyValues,
    /// Aliases repeat too many values.
    #[error("yaml: document contains excessive aliasing")]
    TooManyRepeated,
    /// An alias stands within what it repeats.
    #[error("yaml: anchor contains itself")]
    Circle,
    /// A value is missing.
    #[error("yaml: a value is missing")]
    Missing,
    /// What is merged is no object.
    #[error("yaml: map merge requires map or sequence of maps as the value")]
    Merge,
    /// A key that JSON cannot have.
    #[error("unsupported map key of type: {0}")]
    Key(&'static str),
    /// A scalar that JSON cannot have, or that is not what its tag says.
    #[error(transparent)]
    Scalar(#[from] scalar::ScalarError),
}

impl Sited {
    /// The value without places; of fields that stand twice, the last one.
    #[must_use]
    pub fn into_json(self) -> Json {
        match self.value {
            Value::Scalar(Scalar::Null) => Json::Null,
            Value::Scalar(Scalar::Bool(value)) => Json::Bool(value),
            Value::Scalar(Scalar::Number(digits)) => {
                number(&digits).map_or(Json::Null, Json::Number)
            }
            Value::Scalar(Scalar::Text(text)) => Json::String(text),
            Value::List(items) => items.into_iter().map(Self::into_json).collect(),
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|field| (field.name, field.value.into_json()));
                Json::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// The kind of this value, in the words of servers.
    fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(Scalar::Null) => "null",
            Value::Scalar(Scalar::Bool(_)) => "bool",
            Value::Scalar(Scalar::Number(_)) => "number",
            Value::Scalar(Scalar::Text(_)) => "string",
            Value::List(_) => "array",
            Value::Object(_) => "object",
        }
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::List(items) => items.iter().map(Self::size).sum(),
            Value::Object(fields) => fields.iter().map(|field| field.value.size()).sum(),
        }
    }
}

/// Reads the documents of a text one after the other; after a fault there are no more.
pub fn documents(text: &str, limits: Limits) -> Documents<'_> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    Documents {
        events: Parser::new_from_str_with_options(text, options),
        limits,
        anchors: HashMap::new(),
        values: 0,
        repeated: 0,
        depth: 0,
        is_over: false,
    }
}

/// The documents of a text.
pub struct Documents<'text> {
    events: Parser<'text, StrInput<'text>>,
    limits: Limits,
    anchors: HashMap<usize, Sited>,
    values: usize,
    repeated: usize,
    depth: usize,
    is_over: bool,
}

impl Iterator for Documents<'_> {
    type Item = Result<Sited, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let read = self.document().transpose();
        self.is_over = !matches!(read, Some(Ok(_)));
        read
    }
}

impl<'text> Documents<'text> {
    fn event(&mut self) -> Result<(Event<'text>, Span), Fault> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let line = error.marker().line();
                let kind = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => FaultKind::TooDeep,
                    ErrorKind::TabInIndentation
                    | ErrorKind::TabInBlockIndentation
                    | ErrorKind::TabNotAllowed => FaultKind::Tab { line },
                    _ => FaultKind::Syntax { line, message: error.info() },
                };
                Err(Fault { kind, offset: error.marker().byte_offset().unwrap_or(0) })
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<Option<Sited>, Fault> {
        self.anchors.clear();
        loop {
            match self.event()? {
                (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(None),
                (event, span) => return self.value(event, span).map(Some),
            }
        }
    }

    fn value(&mut self, event: Event<'text>, span: Span) -> Result<Sited, Fault> {
        let (start, end) = bytes(span);
        let fault = |kind: FaultKind| Fault { kind, offset: start };
        self.count(1, start)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().map(|tag| tag.core_suffix().unwrap_or("str"));
                let is_plain = style == ScalarStyle::Plain;
                let read = scalar::scalar(&text, is_plain, tag);
                (anchor, Value::Scalar(read.map_err(|error| fault(error.into()))?))
            }
            Event::SequenceStart(_, anchor, _) => (anchor, self.nested(start, Self::list)?),
            Event::MappingStart(_, anchor, _) => (anchor, self.nested(start, Self::object)?),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                let value = value.ok_or_else(|| fault(FaultKind::Circle))?;
                let size = value.size();
                self.count(size, start)?;
                self.repeated += size;
                if self.repeated > self.limits.repeated {
                    return Err(fault(FaultKind::TooManyRepeated));
                }
                return Ok(value);
            }
            _ => return Err(fault(FaultKind::Missing)),
        };
        let sited = Sited { value, start, end };
        if anchor != 0 {
            self.anchors.insert(anchor, sited.clone());
        }
        Ok(sited)
    }

    fn count(&mut self, values: usize, offset: usize) -> Result<(), Fault> {
        self.values = self.values.saturating_add(values);
        if self.values > self.limits.values {
            return Err(Fault { kind: FaultKind::TooManyValues, offset });
        }
        Ok(())
    }

    fn nested(
        &mut self,
        offset: usize,
        read: impl FnOnce(&mut Self) -> Result<Value, Fault>,
    ) -> Result<Value, Fault> {
        if self.depth == self.limits.depth {
            return Err(Fault { kind: FaultKind::TooDeep, offset });
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            match self.event()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.value(event, span)?),
            }
        }
    }

    fn object(&mut self) -> Result<Value, Fault> {
        let mut fields = Vec::new();
        loop {
            let (event, key_span) = self.event()?;
            if event == Event::MappingEnd {
                return Ok(Value::Object(fields));
            }
            let is_merge = is_merge(&event);
            let key = self.value(event, key_span)?;
            let (event, span) = self.event()?;
            let value = self.value(event, span)?;
            if is_merge {
                merge_into(&mut fields, value)?;
                continue;
            }
            let (start, end) = bytes(key_span);
            let name = key_text(key)?;
            let line = key_span.start.line();
            fields.push(Field { name, start, end, line, is_merged: false, value });
        }
    }
}

fn bytes(span: Span) -> (usize, usize) {
    span.byte_range().map_or((0, 0), |range| (range.start, range.end))
}

/// Whether a key is `<<`, which takes over the fields of its value.
fn is_merge(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<")
}

fn merge_into(fields: &mut Vec<Field>, merged: Sited) -> Result<(), Fault> {
    match merged.value {
        Value::Object(others) => {
            fields.extend(others.into_iter().map(|field| Field { is_merged: true, ..field }));
            Ok(())
        }
        // The first of several counts most.
        Value::List(items) if items.iter().all(|item| matches!(item.value, Value::Object(_))) => {
            items.into_iter().rev().try_for_each(|item| merge_into(fields, item))
        }
        _ => Err(Fault { kind: FaultKind::Merge, offset: merged.start }),
    }
}

fn key_text(key: Sited) -> Result<String, Fault> {
    let kind = key.kind();
    match key.value {
        Value::Scalar(Scalar::Text(text) | Scalar::Number(text)) => Ok(text),
        Value::Scalar(Scalar::Bool(value)) => Ok(value.to_string()),
        Value::Scalar(Scalar::Null) | Value::List(_) | Value::Object(_) => {
            Err(Fault { kind: FaultKind::Key(kind), offset: key.start })
        }
    }
}
