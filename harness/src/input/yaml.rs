//! YAML, as `kubectl get -o yaml` prints it: one or several documents, read as kubectl reads them.

use std::collections::BTreeMap;

use kubernetes_objects::yaml::{self, Fault, Limits, Scalar, Sited, Value};

use super::object::{Part, RawObject, Sink};
use super::{InputError, MAX_YAML_BYTES};
use crate::document::in_words;

/// The deepest nesting of lists in lists.
const MAX_DEPTH: usize = 64;

const LIMITS: Limits = Limits { depth: MAX_DEPTH * 2, values: usize::MAX, repeated: 1_000_000 };

/// Reads every document of a text.
pub(super) fn read(name: &str, text: &str, sink: &mut dyn Sink) -> Result<(), InputError> {
    if u64::try_from(text.len()).is_ok_and(|length| length > MAX_YAML_BYTES) {
        return Err(InputError::TooLarge {
            source_name: name.to_owned(),
            limit: MAX_YAML_BYTES,
            advice: "give JSON (`-o json`), which is read as a stream",
        });
    }
    sink.begin_source(name);
    let mut lines = Lines { text, offset: 0, line: 1 };
    for document in yaml::documents(text, LIMITS) {
        let document = document.map_err(|fault| syntax(name, text, &fault, sink))?;
        take(document, None, &mut lines, sink, 0)?;
    }
    Ok(())
}

/// Counts the lines of a text up to places that come one after the other.
struct Lines<'a> {
    text: &'a str,
    offset: usize,
    line: u64,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> u64 {
        // What an alias repeats stands before.
        if let Some(passed) = self.text.as_bytes().get(self.offset..offset) {
            let passed = memchr::memchr_iter(b'\n', passed).count();
            self.line += u64::try_from(passed).unwrap_or(u64::MAX);
            self.offset = offset;
        }
        self.line
    }
}

fn syntax(name: &str, text: &str, fault: &Fault, sink: &dyn Sink) -> InputError {
    let before = text.get(..fault.offset).unwrap_or(text);
    let (message, help) = in_words(&fault.kind, LIMITS);
    let message = help.map_or(message.clone(), |help| format!("{message} ({help})"));
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    InputError::Syntax {
        source_name: name.to_owned(),
        line: count(before.matches('\n').count() + 1),
        column: count(before.rsplit('\n').next().unwrap_or("").chars().count() + 1),
        format: "YAML",
        message: crate::report::shown_line(message.trim_start_matches("this is not valid YAML: ")),
        understood: sink.understood(),
    }
}

/// Takes an object, or every object of a list.
fn take(
    document: Sited,
    list_of: Option<&(String, String)>,
    lines: &mut Lines<'_>,
    sink: &mut dyn Sink,
    depth: usize,
) -> Result<(), InputError> {
    let line = Some(lines.at(document.start));
    let fields = match document.value {
        Value::Object(fields) => fields,
        Value::List(items) => return take_all(items, list_of, lines, sink, depth),
        Value::Scalar(Scalar::Null) if depth == 0 => return Ok(()),
        Value::Scalar(_) => {
            sink.refuse(line, "", &format!("{} is no object", document.into_json()));
            return Ok(());
        }
    };
    // Of fields that stand twice, the last one counts.
    let mut fields: BTreeMap<String, Sited> =
        fields.into_iter().map(|field| (field.name, field.value)).collect();
    let (default_version, default_kind) = list_of.cloned().unwrap_or_default();
    let api_version = text(&mut fields, "apiVersion").unwrap_or(default_version);
    let kind = text(&mut fields, "kind").unwrap_or(default_kind);
    match fields.remove("items").map(|items| items.value) {
        Some(Value::List(items)) => {
            let list_of = kind.strip_suffix("List").filter(|kind| !kind.is_empty());
            let list_of = list_of.map(|kind| (api_version.clone(), kind.to_owned()));
            return take_all(items, list_of.as_ref(), lines, sink, depth);
        }
        Some(Value::Scalar(Scalar::Null)) => return Ok(()),
        _ => {}
    }
    let mut object = RawObject { api_version, kind, line, ..RawObject::default() };
    let wants = sink.wants(&object);
    let mut part = |name| fields.remove(name).map(|value| Part::Value(value.into_json()));
    object.metadata = part("metadata");
    if wants {
        (object.spec, object.status) = (part("spec"), part("status"));
    }
    if sink.take(object) { Ok(()) } else { Err(InputError::TooMany) }
}

fn take_all(
    items: Vec<Sited>,
    list_of: Option<&(String, String)>,
    lines: &mut Lines<'_>,
    sink: &mut dyn Sink,
    depth: usize,
) -> Result<(), InputError> {
    if depth > MAX_DEPTH {
        sink.refuse(None, "", "lists are nested too deep");
        return Ok(());
    }
    items.into_iter().try_for_each(|item| take(item, list_of, lines, sink, depth + 1))
}

fn text(fields: &mut BTreeMap<String, Sited>, name: &str) -> Option<String> {
    match fields.remove(name)?.value {
        Value::Scalar(Scalar::Text(text)) => Some(text),
        _ => None,
    }
}
