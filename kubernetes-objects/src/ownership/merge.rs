//! Merges a configuration into an object, and takes fields out of one.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json};

use super::compare::{entries_of, items_of};
use super::element::PathElement;
use super::set::{FieldSet, Node};
use super::typed::{Items, Shape, Typed};

/// What an object becomes when a configuration that fits the schema is laid over it.
pub(super) fn merge(typed: Typed, live: &Json, config: &Json) -> Json {
    let merged = match typed.shape() {
        Shape::Leaf => None,
        Shape::Map => merge_entries(typed, entries_of(Some(live)), entries_of(Some(config))),
        Shape::List(items) => merge_items(items, items_of(Some(live)), items_of(Some(config))),
    };
    merged.unwrap_or_else(|| config.clone())
}

/// None where neither has an entry: then the configuration is what it becomes, empty or null.
fn merge_entries(
    typed: Typed,
    live: Option<&Map<String, Json>>,
    config: Option<&Map<String, Json>>,
) -> Option<Json> {
    if live.is_none() && config.is_none() {
        return None;
    }
    let mut merged = live.cloned().unwrap_or_default();
    for (name, value) in config.into_iter().flatten() {
        let entry = typed.entry(name).map(|(_, entry)| entry);
        let new = match (merged.get(name), entry) {
            (Some(old), Some(entry)) => merge(entry, old, value),
            _ => value.clone(),
        };
        merged.insert(name.clone(), new);
    }
    Some(Json::Object(merged))
}

/// The items of both: those that the configuration has in its order, others before the one that
/// they stood before.
fn merge_items(items: Items, live: &[Json], config: &[Json]) -> Option<Json> {
    if live.is_empty() && config.is_empty() {
        return None;
    }
    let with_elements = |list: &'_ [Json]| -> Vec<(PathElement, usize)> {
        let elements = list.iter().enumerate();
        elements.filter_map(|(at, item)| Some((items.element(item).ok()?, at))).collect()
    };
    let (lives, configs) = (with_elements(live), with_elements(config));
    let mut once: HashMap<&PathElement, Option<usize>> = HashMap::new();
    for (element, at) in &lives {
        once.entry(element).and_modify(|known| *known = None).or_insert(Some(*at));
    }
    let given: HashSet<&PathElement> = configs.iter().map(|(element, _)| element).collect();
    let mut shared =
        configs.iter().map(|(element, _)| element).filter(|element| once.contains_key(element));
    let mut next_shared = shared.next();
    let mut merged = Vec::with_capacity(live.len().max(config.len()));
    let mut taken: HashSet<&PathElement> = HashSet::new();
    let mut left = lives.iter().peekable();
    let mut right = configs.iter().peekable();
    loop {
        match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some((element, at)), _) if !given.contains(element) => {
                merged.push(live[*at].clone());
                left.next();
                continue;
            }
            (Some((element, _)), Some((wanted, _)))
                if element != wanted && next_shared.is_some_and(|next| next != element) =>
            {
                left.next();
                continue;
            }
            (Some((element, _)), _) if taken.contains(element) => {
                left.next();
                continue;
            }
            _ => {}
        }
        let Some((element, at)) = right.next() else {
            left.next();
            continue;
        };
        taken.insert(element);
        left.next_if(|(standing, _)| standing == element);
        merged.push(match once.get(element) {
            Some(Some(old)) => merge(items.of, &live[*old], &config[*at]),
            _ => config[*at].clone(),
        });
        if next_shared == Some(element) {
            next_shared = shared.next();
        }
    }
    Some(Json::Array(merged))
}

/// The object without the fields; none where nothing of it stays.
pub(super) fn remove(typed: Typed, value: &Json, fields: &FieldSet) -> Option<Json> {
    if fields.is_empty() {
        return Some(value.clone());
    }
    let stays = |element: &PathElement, typed: Typed, value: &Json| -> Option<Option<Json>> {
        match fields.node(element) {
            Some(node) if node.member => None,
            Some(node) => Some(remove(typed, value, &node.below)),
            None => Some(Some(value.clone())),
        }
    };
    match typed.shape() {
        Shape::Leaf => Some(value.clone()),
        Shape::Map => {
            let entries = value.as_object()?.iter().filter_map(|(name, value)| {
                let Some((step, entry)) = typed.entry(name) else {
                    return Some((name.clone(), value.clone()));
                };
                let stays = stays(&PathElement::Field(step), entry, value)?;
                Some((name.clone(), stays?))
            });
            let left: Map<String, Json> = entries.collect();
            (!left.is_empty()).then_some(Json::Object(left))
        }
        Shape::List(items) => {
            let left: Vec<Json> = value
                .as_array()?
                .iter()
                .filter_map(|item| match items.element(item) {
                    Ok(element) => stays(&element, items.of, item)?,
                    Err(_) => Some(item.clone()),
                })
                .collect();
            (!left.is_empty()).then_some(Json::Array(left))
        }
    }
}

/// The set with every structure's field in it that has one below it. Structures are no members of
/// sets by themselves, and so would outlive their last field.
pub(super) fn with_structures(typed: Typed, fields: &FieldSet) -> FieldSet {
    let nodes = fields.nodes().iter().map(|node| {
        let below = match (typed.shape(), &node.element) {
            (Shape::List(items), _) => Some(items.of),
            (_, PathElement::Field(name)) => typed.entry(name.as_str()).map(|(_, entry)| entry),
            _ => None,
        };
        let is_field = typed.is_structure() && matches!(node.element, PathElement::Field(_));
        Node {
            element: node.element.clone(),
            member: node.member || (is_field && below.is_some()),
            below: match below {
                Some(below) => with_structures(below, &node.below),
                None => node.below.clone(),
            },
        }
    });
    FieldSet::sorted(nodes.collect())
}
