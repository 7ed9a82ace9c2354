//! JSON as a stream: lists are walked, and each object is handed over as it comes.

use std::fmt;
use std::io::BufRead;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::object::{Part, RawObject, Sink};
use super::position::{Position, Positioned};
use super::{InputError, end_of_logs};

/// How much is shown of a text where an object should be.
const SHOWN: usize = 40;

/// Reads every document of a source.
pub(super) fn read<R: BufRead>(
    name: &str,
    mut reader: Positioned<'_, R>,
    position: &Position,
    sink: &mut dyn Sink,
) -> Result<(), InputError> {
    sink.begin_source(name);
    loop {
        let failed = |source| read_failed(name, source);
        match reader.next_text_byte().map_err(failed)? {
            None => return Ok(()),
            Some(b'=') => {
                skip_logs(name, &mut reader, position, sink)?;
                continue;
            }
            Some(_) => {}
        }
        let before = position.line() - 1;
        let mut deserializer = serde_json::Deserializer::from_reader(&mut reader);
        let document = Document { sink, position, list_of: None, is_item: false };
        if let Err(error) = document.deserialize(&mut deserializer) {
            if sink.is_full() {
                return Err(InputError::TooMany);
            }
            return Err(InputError::Syntax {
                source_name: name.to_owned(),
                line: before + u64::try_from(error.line()).unwrap_or(u64::MAX).max(1),
                column: u64::try_from(error.column()).unwrap_or(u64::MAX),
                format: "JSON",
                message: without_place(&error),
                understood: match error.classify() {
                    Category::Eof => format!(
                        "{}; what begins on line {} is cut off",
                        sink.understood(),
                        position.object_line()
                    ),
                    _ => sink.understood(),
                },
            });
        }
    }
}

/// Passes over the logs that `kubectl cluster-info dump` prints between documents.
fn skip_logs<R: BufRead>(
    name: &str,
    reader: &mut Positioned<'_, R>,
    position: &Position,
    sink: &dyn Sink,
) -> Result<(), InputError> {
    let line = position.line();
    let mut next = || reader.line().map_err(|source| read_failed(name, source));
    let first = next()?.unwrap_or_default();
    let wrong = |message: &str| InputError::Syntax {
        source_name: name.to_owned(),
        line,
        column: 1,
        format: "JSON",
        message: message.to_owned(),
        understood: sink.understood(),
    };
    let Some(end) = end_of_logs(&String::from_utf8_lossy(&first)) else {
        return Err(wrong("expected an object"));
    };
    while let Some(line) = next()? {
        if line.strip_suffix(b"\r").unwrap_or(&line) == end.trim_start().as_bytes() {
            return Ok(());
        }
    }
    Err(wrong("the logs that begin here have no end"))
}

fn read_failed(name: &str, source: std::io::Error) -> InputError {
    InputError::Read { source_name: name.to_owned(), source }
}

/// What a document was.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// Whether it was a list, rather than an object.
    pub(super) is_list: bool,
    /// The token that continues the list.
    pub(super) continues: Option<String>,
}

/// Reads one answer of an API server.
pub(super) fn read_answer(
    name: &str,
    text: &str,
    sink: &mut dyn Sink,
) -> Result<Answer, InputError> {
    sink.begin_source(name);
    let position = Position::new(u64::MAX);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let document = Document { sink, position: &position, list_of: None, is_item: false };
    document.deserialize(&mut deserializer).map_err(|error| InputError::Syntax {
        source_name: name.to_owned(),
        line: u64::try_from(error.line()).unwrap_or(u64::MAX),
        column: u64::try_from(error.column()).unwrap_or(u64::MAX),
        format: "JSON",
        message: without_place(&error),
        understood: sink.understood(),
    })
}

/// The message without ` at line 1 column 2`, which is shown before it.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    crate::report::shown_line(message)
}

/// An object, or a list of them.
struct Document<'a> {
    sink: &'a mut dyn Sink,
    position: &'a Position,
    /// The version and kind of the objects of a typed list, which do not say it themselves.
    list_of: Option<(String, String)>,
    /// Whether it is in a list.
    is_item: bool,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Answer;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.position.begin_object();
        deserializer.deserialize_any(self)
    }
}

impl Document<'_> {
    /// Names what is neither an object nor a list.
    fn refuse(self, what: &str) -> Answer {
        let line = self.position.line();
        self.sink.refuse(Some(line), "", &format!("{what} is no object"));
        Answer::default()
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Answer;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a Kubernetes object or a list of them")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(if self.is_item { self.refuse("null") } else { Answer::default() })
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.refuse(&value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.refuse(&value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.refuse(&value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.refuse(&value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        let start: String = value.chars().take(SHOWN).collect();
        Ok(self.refuse(&format!("{start:?}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        let Self { sink, position, list_of, .. } = self;
        Items { sink, position, list_of }.visit_seq(items)?;
        Ok(Answer { is_list: true, continues: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Self { sink, position, list_of, .. } = self;
        let line = position.line();
        let (api_version, kind) = list_of.unwrap_or_default();
        let mut object = RawObject { api_version, kind, line: Some(line), ..RawObject::default() };
        let mut is_list = false;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "apiVersion" => object.api_version = text(map.next_value()?),
                "kind" => object.kind = text(map.next_value()?),
                "items" => {
                    let list_of = object.kind.strip_suffix("List").filter(|kind| !kind.is_empty());
                    let list_of = list_of.map(|kind| (object.api_version.clone(), kind.to_owned()));
                    let items = Items { sink, position, list_of };
                    is_list |= map.next_value_seed(items)?;
                    position.begin_object();
                }
                "metadata" => object.metadata = Some(raw(map.next_value()?)),
                "spec" if sink.wants(&object) => object.spec = Some(raw(map.next_value()?)),
                "status" if sink.wants(&object) => {
                    object.status = Some(raw(map.next_value()?));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if is_list {
            let continues = object.metadata.and_then(continuation);
            return Ok(Answer { is_list, continues });
        }
        if sink.take(object) {
            Ok(Answer::default())
        } else {
            Err(serde::de::Error::custom("too many objects"))
        }
    }
}

/// The objects of a list.
struct Items<'a> {
    sink: &'a mut dyn Sink,
    position: &'a Position,
    list_of: Option<(String, String)>,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    /// Whether it was a list; a field of that name is something else in other kinds.
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of Kubernetes objects")
    }

    /// Go prints an empty list as `null`.
    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        loop {
            let document = Document {
                sink: self.sink,
                position: self.position,
                list_of: self.list_of.clone(),
                is_item: true,
            };
            if items.next_element_seed(document)?.is_none() {
                return Ok(true);
            }
        }
    }
}

fn raw(value: Box<RawValue>) -> Part {
    Part::Raw(value)
}

fn text(value: Json) -> String {
    if let Json::String(text) = value { text } else { String::new() }
}

fn continuation(metadata: Part) -> Option<String> {
    #[derive(Deserialize)]
    struct ListMetadata {
        r#continue: Option<String>,
    }
    let read: ListMetadata = metadata.read().ok()?;
    read.r#continue.filter(|token| !token.is_empty())
}
