//! Objects as they were read: their parts, not yet understood, and who takes them.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// A part of an object, not yet read.
#[derive(Debug)]
pub(crate) enum Part {
    /// As it was written.
    Raw(Box<RawValue>),
    /// As YAML gave it.
    Value(Json),
}

impl Part {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self {
            Self::Raw(raw) => serde_json::from_str(raw.get()),
            Self::Value(value) => T::deserialize(value),
        }
    }
}

/// An object's parts.
#[derive(Debug, Default)]
pub(crate) struct RawObject {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) metadata: Option<Part>,
    pub(crate) spec: Option<Part>,
    pub(crate) status: Option<Part>,
    /// Where it begins, where that is known.
    pub(crate) line: Option<u64>,
}

/// Who takes objects.
pub(crate) trait Sink {
    /// A source of this name begins.
    fn begin_source(&mut self, name: &str);

    /// Whether more than an object's name is of interest; also where its kind is yet to come.
    fn wants(&self, object: &RawObject) -> bool;

    /// Takes an object; false when there are too many.
    fn take(&mut self, object: RawObject) -> bool;

    /// Whether there are too many.
    fn is_full(&self) -> bool;

    /// Names an object that cannot be understood.
    fn refuse(&mut self, line: Option<u64>, title: &str, why: &str);

    /// What was read so far, in words.
    fn understood(&self) -> String;

    /// The version that the API server says it has.
    fn set_api_server_version(&mut self, _version: String) {}

    /// Notes that the API server keeps something to itself.
    fn not_read(&mut self, _what: &'static str) {}
}

/// A part as its type; nothing where it is left out.
pub(crate) fn read<T: DeserializeOwned + Default>(part: Option<&Part>) -> Result<T, String> {
    let read: Option<T> = part
        .map(Part::read)
        .transpose()
        .map_err(|error| {
            let message = error.to_string();
            // The place is within the part, and would mislead.
            message.split(" at line ").next().unwrap_or_default().to_owned()
        })?
        .flatten();
    Ok(read.unwrap_or_default())
}
