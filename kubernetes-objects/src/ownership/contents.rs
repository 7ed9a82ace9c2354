//! Which fields a configuration has, and whether it fits the schema.

use serde_json::Value as Json;

use super::compare::{entries_of, items_of};
use super::element::PathElement;
use super::set::{FieldSet, Node, path_text};
use super::typed::{Items, Shape, Typed};
use crate::release::Release;
use crate::schema::Type;

/// Every field that is given. Structures are there by their fields only, unless they are empty.
pub(super) fn fields_of(typed: Typed, value: &Json) -> FieldSet {
    FieldSet::new(below(typed, value))
}

fn below(typed: Typed, value: &Json) -> Vec<Node> {
    match typed.shape() {
        Shape::Leaf => Vec::new(),
        Shape::Map => entries_of(Some(value))
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| {
                let (name, entry) = typed.entry(name)?;
                let is_empty =
                    value.is_null() || value.as_object().is_some_and(|map| map.is_empty());
                let member =
                    is_empty || !typed.is_structure() || matches!(entry.shape(), Shape::Leaf);
                Some(node(PathElement::Field(name), member, below(entry, value)))
            })
            .collect(),
        Shape::List(items) => items_below(items, items_of(Some(value))),
    }
}

/// The fields of a list's items; of several with one key, the item as a whole.
fn items_below(items: Items, list: &[Json]) -> Vec<Node> {
    let elements = list.iter().filter_map(|item| Some((items.element(item).ok()?, item)));
    let mut all: Vec<(PathElement, &Json)> = elements.collect();
    all.sort_by(|one, two| one.0.cmp(&two.0));
    all.chunk_by(|one, two| one.0 == two.0)
        .map(|same| match same {
            [(element, item)] => node(element.clone(), true, below(items.of, item)),
            _ => node(same[0].0.clone(), true, Vec::new()),
        })
        .collect()
}

fn node(element: PathElement, member: bool, below: Vec<Node>) -> Node {
    Node { element, member, below: FieldSet::new(below) }
}

/// What does not fit the schema, in the server's words; empty where all does.
pub(super) fn faults(typed: Typed, value: &Json, release: Release) -> Vec<String> {
    let mut check = Check { release, path: Vec::new(), faults: Vec::new() };
    check.value(typed, value);
    check.faults
}

/// How many faults are told; more help nobody.
const MAX_FAULTS: usize = 100;

struct Check {
    release: Release,
    path: Vec<PathElement>,
    faults: Vec<String>,
}

impl Check {
    fn fault(&mut self, what: &str) {
        if self.faults.len() < MAX_FAULTS {
            let path = path_text(&self.path);
            let colon = if path.is_empty() { "" } else { ": " };
            self.faults.push(format!("{path}{colon}{what}"));
        }
    }

    fn descend(&mut self, element: PathElement, typed: Typed, value: &Json) {
        self.path.push(element);
        self.value(typed, value);
        self.path.pop();
    }

    fn value(&mut self, typed: Typed, value: &Json) {
        if value.is_null() {
            return;
        }
        match typed.of() {
            Type::Struct(_) | Type::Map(..) => self.entries(typed, value),
            Type::List(item, _) => self.items(typed, Typed::plain(*item), value),
            Type::Any => {}
            Type::Bool if !value.is_boolean() => {
                self.fault(&format!("expected boolean, got &{{{}}}", crate::go::value(value)));
            }
            Type::Int32 | Type::Int64 if !value.is_number() => {
                let given = crate::go::type_of(value);
                self.fault(&format!("expected numeric (int or float), got {given}"));
            }
            Type::Quantity | Type::IntOrString if value.is_object() || value.is_array() => {
                self.fault(&format!("expected any scalar, got &{{{}}}", crate::go::value(value)));
            }
            Type::Text(_) | Type::Time | Type::MicroTime | Type::Bytes if !value.is_string() => {
                let given = crate::go::literal(value);
                let what = "expected string, got &value.valueUnstructured";
                self.fault(&format!("{what}{{Value:{given}}}"));
            }
            _ => {}
        }
    }

    fn entries(&mut self, typed: Typed, value: &Json) {
        let Json::Object(entries) = value else {
            return self.fault(&format!("expected map, got &{{{}}}", crate::go::value(value)));
        };
        for (name, value) in entries {
            let is_known = match typed.of() {
                Type::Struct(structure) => self.release.has(structure, name),
                _ => true,
            };
            match typed.entry(name).filter(|_| is_known) {
                Some((name, entry)) => self.descend(PathElement::Field(name), entry, value),
                None => {
                    self.path.push(PathElement::Field(name.as_str().into()));
                    self.fault("field not declared in schema");
                    self.path.pop();
                }
            }
        }
    }

    fn items(&mut self, typed: Typed, item: Typed, value: &Json) {
        let Json::Array(list) = value else {
            return self.fault(&format!("expected list, got &{{{}}}", crate::go::value(value)));
        };
        let mut seen = std::collections::BTreeSet::new();
        for (at, value) in list.iter().enumerate() {
            let element = match typed.shape() {
                Shape::List(items) => match items.element(value) {
                    Ok(element) => element,
                    Err(fault) => return self.fault(&format!("element {at}: {fault}")),
                },
                _ => PathElement::Index(i64::try_from(at).unwrap_or(i64::MAX)),
            };
            if !seen.insert(element.clone()) {
                self.fault(&format!("duplicate entries for key {element}"));
            }
            self.descend(element, item, value);
        }
    }
}
