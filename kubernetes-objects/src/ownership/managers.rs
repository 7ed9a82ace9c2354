//! Who owns what: `metadata.managedFields`.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value as Json, json};

use super::set::FieldSet;

/// How a manager came to own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// By server-side apply.
    Apply,
    /// By a create, an update, or any other patch.
    Update,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// An entry of `metadata.managedFields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// The manager's name.
    pub name: Arc<str>,
    /// How it came to own the fields.
    pub operation: Operation,
    /// The version in which it wrote them.
    pub api_version: Arc<str>,
    /// Through which subresource; empty for the object itself.
    pub subresource: Arc<str>,
    /// When it last changed one, RFC 3339 in whole seconds, UTC. A manager whose first apply
    /// changed nothing has none (`managedfields` of apimachinery, 1.36).
    pub time: Option<Arc<str>>,
    /// What it owns.
    pub fields: FieldSet,
}

impl Manager {
    /// Whether both entries are the same manager's. The version in which one applies does not tell
    /// appliers apart.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.operation == other.operation
            && self.subresource == other.subresource
            && (self.operation == Operation::Apply || self.api_version == other.api_version)
    }

    /// The server's order.
    fn rank(&self) -> impl Ord + '_ {
        (self.operation, self.time.as_deref(), &*self.name, &*self.api_version, &*self.subresource)
    }

    fn from_json(entry: &Json) -> Option<Self> {
        let text = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default();
        let operation = match text("operation") {
            "Apply" => Operation::Apply,
            "Update" => Operation::Update,
            _ => return None,
        };
        if text("apiVersion").is_empty() || text("fieldsType") != "FieldsV1" {
            return None;
        }
        let fields = match entry.get("fieldsV1") {
            None | Some(Json::Null) => FieldSet::default(),
            Some(fields) => FieldSet::from_fields_v1(fields)?,
        };
        Some(Self {
            name: text("manager").into(),
            operation,
            api_version: text("apiVersion").into(),
            subresource: text("subresource").into(),
            time: entry.get("time").and_then(Json::as_str).map(Arc::from),
            fields,
        })
    }

    /// The entry as the server prints it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut entry = serde_json::Map::new();
        let mut put = |name: &str, value: &str| {
            if !value.is_empty() {
                entry.insert(name.to_owned(), value.into());
            }
        };
        put("manager", &self.name);
        put("operation", self.operation.name());
        put("apiVersion", &self.api_version);
        put("time", self.time.as_deref().unwrap_or_default());
        put("fieldsType", "FieldsV1");
        entry.insert("fieldsV1".to_owned(), self.fields.to_fields_v1());
        if !self.subresource.is_empty() {
            entry.insert("subresource".to_owned(), (*self.subresource).into());
        }
        Json::Object(entry)
    }
}

/// The entry as the server prints it, without a tree in between.
impl Serialize for Manager {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.name.is_empty() {
            map.serialize_entry("manager", &*self.name)?;
        }
        map.serialize_entry("operation", self.operation.name())?;
        map.serialize_entry("apiVersion", &*self.api_version)?;
        if let Some(time) = &self.time {
            map.serialize_entry("time", &**time)?;
        }
        map.serialize_entry("fieldsType", "FieldsV1")?;
        map.serialize_entry("fieldsV1", &self.fields)?;
        if !self.subresource.is_empty() {
            map.serialize_entry("subresource", &*self.subresource)?;
        }
        map.end()
    }
}

/// All managers of an object, in the server's order: appliers first, then by time, name, version
/// and subresource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Managers(Box<[Manager]>);

impl Serialize for Managers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Managers {
    /// Managers in the server's order.
    #[must_use]
    pub fn new(mut managers: Vec<Manager>) -> Self {
        managers.sort_by(|one, two| one.rank().cmp(&two.rank()));
        Self(managers.into())
    }

    /// Reads `metadata.managedFields`; none where it is no such thing.
    #[must_use]
    pub fn from_json(entries: &Json) -> Option<Self> {
        let entries = entries.as_array()?;
        entries.iter().map(Manager::from_json).collect::<Option<Vec<_>>>().map(Self::new)
    }

    /// The managers that a write starts from: those that the written object has, so that a client
    /// can drop or rename entries, else those of the stored one. An empty list, or one empty entry,
    /// drops all. Writes to a subresource cannot change them.
    #[must_use]
    pub fn of_request(stored: &Self, written: &Json, subresource: &str) -> Self {
        let given = written.pointer("/metadata/managedFields").and_then(Json::as_array);
        match given.map(Vec::as_slice) {
            _ if !subresource.is_empty() => stored.clone(),
            None => stored.clone(),
            Some([]) => Self::default(),
            Some([entry]) if *entry == json!({}) => Self::default(),
            Some(entries) => {
                let read = entries.iter().map(Manager::from_json).collect::<Option<Vec<_>>>();
                read.map_or_else(|| stored.clone(), Self::new)
            }
        }
    }

    /// `metadata.managedFields` as the server prints it.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Array(self.iter().map(Manager::to_json).collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Manager> {
        self.0.iter()
    }

    /// Whether nobody owns anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_vec(self) -> Vec<Manager> {
        self.0.into_vec()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Manager> {
        self.0.iter_mut()
    }
}
