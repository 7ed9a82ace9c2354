//! What a document may look like, compiled from the JSON Schema of its types.
//!
//! The types are the only description there is: their documentation becomes
//! the schema that editors use, and the schema becomes the shape that documents
//! are held to, with every problem found in one pass.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{Entry, Node, Problem, Problems, Span, Value};

/// Schema keyword: this text names an object of a kind that stands elsewhere.
const REFERS: &str = "x-refers-to";
/// Schema keyword: this text gives an object of a kind its name.
const DECLARES: &str = "x-declares";

/// Schema keyword: the keys of this mapping name objects of a kind.
const KEYS_REFER: &str = "x-keys-refer-to";
/// Schema keyword: this text has a format that a [`Format`] checks.
const FORMAT: &str = "x-format";

/// A named check of a text: what is wrong with it, if anything.
pub type Format = (&'static str, fn(&str) -> Result<(), String>);

/// A name that a document gives or uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// What is named: `node`, `pod`, …
    pub kind: String,
    /// The name.
    pub name: String,
    /// Where it is written.
    pub span: Span,
    /// Whether it gives the name rather than uses it.
    pub declares: bool,
}

/// What a document may look like.
#[derive(Debug)]
pub struct Shape {
    root: Part,
    formats: &'static [Format],
    definitions: BTreeMap<String, Part>,
}

#[derive(Debug)]
enum Part {
    Anything,
    Boolean,
    Text { allowed: Vec<String>, reference: Option<(String, bool)>, format: Option<String> },
    Integer { minimum: Option<i64>, maximum: Option<i64> },
    Number { minimum: Option<f64> },
    List { item: Box<Part>, minimum: usize },
    Object { title: String, fields: BTreeMap<String, Field> },
    Dictionary { value: Box<Part>, nullable: bool, keys: Option<String> },
    Either(Vec<Part>),
    Definition(String),
}

#[derive(Debug)]
struct Field {
    part: Part,
    required: bool,
}

/// What one reading of a document gives besides its value.
struct Reading<'a> {
    problems: &'a mut Problems,
    references: &'a mut Vec<Reference>,
}

impl Shape {
    /// Compiles a schema as schemars writes it.
    ///
    /// Keywords it does not know allow anything; the schema is our own, so a
    /// test holds that this never happens where it matters.
    #[must_use]
    pub fn compile(schema: &Json, formats: &'static [Format]) -> Self {
        let definitions = schema
            .get("$defs")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), Part::compile(schema, name)))
            .collect();
        let title = schema.get("title").and_then(Json::as_str).unwrap_or("document");
        Self { root: Part::compile(schema, title), formats, definitions }
    }

    /// Reads a document: its JSON value as the types want it, what is wrong
    /// with it, and the names it gives and uses.
    pub fn read(
        &self,
        node: &Node,
        problems: &mut Problems,
        references: &mut Vec<Reference>,
    ) -> Json {
        self.read_part(&self.root, node, &mut Reading { problems, references })
    }

    fn read_part(&self, part: &Part, node: &Node, reading: &mut Reading<'_>) -> Json {
        match part {
            Part::Definition(name) => match self.definitions.get(name) {
                Some(part) => self.read_part(part, node, reading),
                None => node.to_json(),
            },
            Part::Anything => node.to_json(),
            Part::Boolean => {
                if !matches!(node.value, Value::Bool(_)) {
                    reading.expected("true or false", node);
                }
                node.to_json()
            }
            Part::Text { allowed, reference, format } => {
                self.check_format(format.as_deref(), node, reading);
                read_text(node, allowed, reference.as_ref(), reading)
            }
            Part::Integer { minimum, maximum } => read_integer(node, *minimum, *maximum, reading),
            Part::Number { minimum } => read_number(node, *minimum, reading),
            Part::List { item, minimum } => {
                let Value::List(items) = &node.value else {
                    reading.expected("a list", node);
                    return Json::Null;
                };
                if items.len() < *minimum {
                    reading.problems.add(Problem::new(
                        node.span,
                        format!("at least {minimum} needed here, found {}", items.len()),
                    ));
                }
                items.iter().map(|node| self.read_part(item, node, reading)).collect()
            }
            Part::Dictionary { value: part, nullable, keys } => {
                let Value::Mapping(entries) = &node.value else {
                    reading.expected("a mapping", node);
                    return Json::Null;
                };
                let mut object = Map::new();
                for entry in entries {
                    if let Some(kind) = keys {
                        reading.references.push(Reference {
                            kind: kind.clone(),
                            name: entry.key.to_string(),
                            span: entry.key_span,
                            declares: false,
                        });
                    }
                    if reading.is_first(&object, entry) {
                        let value = match &entry.value.value {
                            Value::Null if *nullable => Json::Null,
                            _ => self.read_part(part, &entry.value, reading),
                        };
                        object.insert(entry.key.to_string(), value);
                    }
                }
                Json::Object(object)
            }
            Part::Object { title, fields } => self.read_object(title, fields, node, reading),
            Part::Either(parts) => match parts.iter().find(|part| self.accepts(part, node)) {
                Some(part) => self.read_part(part, node, reading),
                None => {
                    let expected: Vec<_> = parts.iter().map(|part| self.words(part)).collect();
                    reading.expected(&expected.join(" or "), node);
                    Json::Null
                }
            },
        }
    }

    fn check_format(&self, format: Option<&str>, node: &Node, reading: &mut Reading<'_>) {
        let check = self.formats.iter().find(|(name, _)| Some(*name) == format);
        if let (Some((_, check)), Some(text)) = (check, node.text())
            && let Err(message) = check(text)
        {
            reading.problems.add(Problem::new(node.span, message));
        }
    }

    fn read_object(
        &self,
        title: &str,
        fields: &BTreeMap<String, Field>,
        node: &Node,
        reading: &mut Reading<'_>,
    ) -> Json {
        let Value::Mapping(entries) = &node.value else {
            reading.expected("a mapping", node);
            return Json::Null;
        };
        let mut object = Map::new();
        for entry in entries {
            let Some(field) = fields.get(&*entry.key) else {
                reading.unknown_field(title, fields, entry);
                continue;
            };
            if !reading.is_first(&object, entry) {
                continue;
            }
            if matches!(entry.value.value, Value::Null) && !self.accepts(&field.part, &entry.value)
            {
                reading.problems.add(
                    Problem::new(entry.key_span, format!("{:?} has no value", &*entry.key))
                        .help("give it a value or take it out"),
                );
                continue;
            }
            let value = self.read_part(&field.part, &entry.value, reading);
            object.insert(entry.key.to_string(), value);
        }
        for (name, field) in fields {
            if field.required && !entries.iter().any(|entry| &*entry.key == name) {
                let span = Span { length: node.span.length.min(1), ..node.span };
                reading
                    .problems
                    .add(Problem::new(span, format!("{title} needs the field {name:?}")));
            }
        }
        Json::Object(object)
    }

    fn accepts(&self, part: &Part, node: &Node) -> bool {
        match part {
            Part::Definition(name) => {
                self.definitions.get(name).is_none_or(|part| self.accepts(part, node))
            }
            Part::Anything => true,
            Part::Boolean => matches!(node.value, Value::Bool(_)),
            Part::Text { .. } => node.text().is_some(),
            Part::Integer { .. } | Part::Number { .. } => {
                matches!(node.value, Value::Number(..))
            }
            Part::List { .. } => matches!(node.value, Value::List(_)),
            Part::Object { .. } | Part::Dictionary { .. } => {
                matches!(node.value, Value::Mapping(_))
            }
            Part::Either(parts) => parts.iter().any(|part| self.accepts(part, node)),
        }
    }

    fn words(&self, part: &Part) -> String {
        match part {
            Part::Definition(name) => {
                self.definitions.get(name).map_or_else(String::new, |part| self.words(part))
            }
            Part::Anything => "anything".to_owned(),
            Part::Boolean => "true or false".to_owned(),
            Part::Text { allowed, .. } if !allowed.is_empty() => {
                format!("one of {}", allowed.join(", "))
            }
            Part::Text { .. } => "a text".to_owned(),
            Part::Integer { .. } => "a whole number".to_owned(),
            Part::Number { .. } => "a number".to_owned(),
            Part::List { .. } => "a list".to_owned(),
            Part::Object { .. } | Part::Dictionary { .. } => "a mapping".to_owned(),
            Part::Either(parts) => {
                parts.iter().map(|part| self.words(part)).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

fn read_text(
    node: &Node,
    allowed: &[String],
    reference: Option<&(String, bool)>,
    reading: &mut Reading<'_>,
) -> Json {
    let Some(text) = node.text() else {
        reading.expected("a text", node);
        return Json::Null;
    };
    if !allowed.is_empty() && !allowed.iter().any(|known| known == text) {
        let names: Vec<_> = allowed.iter().map(String::as_str).collect();
        let problem = Problem::new(node.span, format!("{text:?} is not known here"));
        reading.problems.add(problem.help(suggestion(text, &names)));
    }
    if let Some((kind, declares)) = reference {
        reading.references.push(Reference {
            kind: kind.clone(),
            name: text.to_owned(),
            span: node.span,
            declares: *declares,
        });
    }
    Json::String(text.to_owned())
}

fn read_integer(
    node: &Node,
    minimum: Option<i64>,
    maximum: Option<i64>,
    reading: &mut Reading<'_>,
) -> Json {
    let Value::Number(number, written) = &node.value else {
        reading.expected("a whole number", node);
        return Json::Null;
    };
    let Some(value) = number.as_i64() else {
        reading.problems.add(Problem::new(
            node.span,
            format!("{written} is not a whole number of at most 64 bits"),
        ));
        return Json::Null;
    };
    if minimum.is_some_and(|minimum| value < minimum) {
        let least = minimum.unwrap_or_default();
        reading.problems.add(Problem::new(node.span, format!("{value} is less than {least}")));
    }
    if maximum.is_some_and(|maximum| value > maximum) {
        let most = maximum.unwrap_or_default();
        reading.problems.add(Problem::new(node.span, format!("{value} is more than {most}")));
    }
    Json::from(value)
}

fn read_number(node: &Node, minimum: Option<f64>, reading: &mut Reading<'_>) -> Json {
    let Value::Number(number, written) = &node.value else {
        reading.expected("a number", node);
        return Json::Null;
    };
    if let Some(least) = minimum
        && number.as_f64().is_none_or(|value| value < least)
    {
        reading.problems.add(Problem::new(node.span, format!("{written} is less than {least}")));
    }
    Json::Number(number.clone())
}

impl Reading<'_> {
    fn expected(&mut self, what: &str, node: &Node) {
        self.problems
            .add(Problem::new(node.span, format!("expected {what}, found {}", node.kind())));
    }

    fn is_first(&mut self, object: &Map<String, Json>, entry: &Entry) -> bool {
        let first = !object.contains_key(&*entry.key);
        if !first {
            self.problems.add(
                Problem::new(entry.key_span, format!("{:?} stands here twice", &*entry.key))
                    .help("keep one of them"),
            );
        }
        first
    }

    fn unknown_field(&mut self, title: &str, fields: &BTreeMap<String, Field>, entry: &Entry) {
        let names: Vec<_> = fields.keys().map(String::as_str).collect();
        self.problems.add(
            Problem::new(entry.key_span, format!("{title} has no field {:?}", &*entry.key))
                .help(suggestion(&entry.key, &names)),
        );
    }
}

/// The known name that a text most likely means, if one is near.
#[must_use]
pub fn closest<'a>(text: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| {
            (strsim::damerau_levenshtein(&text.to_lowercase(), &name.to_lowercase()), *name)
        })
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(2))
        // Of equally near ones the last: tables go from old to new.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn suggestion(text: &str, known: &[&str]) -> String {
    let list = format!("known here: {}", known.join(", "));
    match closest(text, known) {
        Some(name) => format!("did you mean {name:?}? {list}"),
        None => list,
    }
}

impl Part {
    fn compile(schema: &Json, title: &str) -> Self {
        let Some(object) = schema.as_object() else { return Self::Anything };
        if let Some(reference) = object.get("$ref").and_then(Json::as_str) {
            return Self::Definition(reference.rsplit('/').next().unwrap_or_default().to_owned());
        }
        if let Some(branches) =
            object.get("anyOf").or_else(|| object.get("oneOf")).and_then(Json::as_array)
        {
            return Self::compile_branches(branches, title);
        }
        match type_of(object) {
            Some("boolean") => Self::Boolean,
            Some("string") => Self::Text {
                allowed: words_of(object),
                reference: reference_of(object),
                format: keyword(object, FORMAT),
            },
            Some("integer") => Self::Integer {
                minimum: object.get("minimum").and_then(Json::as_i64),
                maximum: object.get("maximum").and_then(Json::as_i64),
            },
            Some("number") => {
                Self::Number { minimum: object.get("minimum").and_then(Json::as_f64) }
            }
            Some("array") => Self::List {
                item: Box::new(
                    object.get("items").map_or(Self::Anything, |items| Self::compile(items, title)),
                ),
                minimum: object
                    .get("minItems")
                    .and_then(Json::as_u64)
                    .map_or(0, |least| usize::try_from(least).unwrap_or(usize::MAX)),
            },
            Some("object") => Self::compile_object(object, title),
            _ => Self::Anything,
        }
    }

    fn compile_branches(branches: &[Json], title: &str) -> Self {
        let is_null = |branch: &&Json| branch.get("type").and_then(Json::as_str) != Some("null");
        let branches: Vec<_> = branches.iter().filter(is_null).collect();
        let words: Option<Vec<String>> = branches
            .iter()
            .map(|branch| match branch.get("const").and_then(Json::as_str) {
                Some(word) => Some(vec![word.to_owned()]),
                None => {
                    let words = branch.as_object().map(words_of).unwrap_or_default();
                    (!words.is_empty()).then_some(words)
                }
            })
            .collect::<Option<Vec<_>>>()
            .map(|words| words.concat());
        match (words, branches.as_slice()) {
            (Some(allowed), _) => Self::Text { allowed, reference: None, format: None },
            (None, [only]) => Self::compile(only, title),
            (None, several) => {
                Self::Either(several.iter().map(|branch| Self::compile(branch, title)).collect())
            }
        }
    }

    fn compile_object(object: &Map<String, Json>, title: &str) -> Self {
        let Some(properties) = object.get("properties").and_then(Json::as_object) else {
            let values = object.get("additionalProperties");
            let value = Box::new(values.map_or(Self::Anything, |it| Self::compile(it, title)));
            let types = values.and_then(|values| values.get("type")).and_then(Json::as_array);
            let nullable = types.is_some_and(|types| types.iter().any(|name| name == "null"));
            return Self::Dictionary { value, nullable, keys: keyword(object, KEYS_REFER) };
        };
        let required: Vec<_> = object
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .collect();
        let fields = properties
            .iter()
            .map(|(name, schema)| {
                let field = Field {
                    part: Self::compile(schema, name),
                    required: required.contains(&name.as_str()),
                };
                (name.clone(), field)
            })
            .collect();
        Self::Object { title: title.to_owned(), fields }
    }
}

fn type_of(object: &Map<String, Json>) -> Option<&str> {
    match object.get("type")? {
        Json::String(name) => Some(name),
        Json::Array(names) => names.iter().filter_map(Json::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn words_of(object: &Map<String, Json>) -> Vec<String> {
    object
        .get("enum")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect()
}

fn keyword(object: &Map<String, Json>, name: &str) -> Option<String> {
    object.get(name).and_then(Json::as_str).map(str::to_owned)
}

fn reference_of(object: &Map<String, Json>) -> Option<(String, bool)> {
    keyword(object, REFERS)
        .map(|kind| (kind, false))
        .or_else(|| keyword(object, DECLARES).map(|kind| (kind, true)))
}
