//! What differs between two objects, as sets of fields.

use serde_json::{Map, Value as Json};

use super::element::PathElement;
use super::set::{FieldSet, Node};
use super::typed::{Items, Shape, Typed};

/// What differs between an object before and after; no path is in two of the sets.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// What was there before only.
    pub(super) removed: FieldSet,
    /// What has another value.
    pub(super) modified: FieldSet,
    /// What is there after only.
    pub(super) added: FieldSet,
}

impl Comparison {
    pub(super) fn of(typed: Typed, before: &Json, after: &Json) -> Self {
        let mut found = Found::default();
        if before != after {
            found.value(typed, Some(before), Some(after));
        }
        Self {
            removed: FieldSet::new(found.removed.below),
            modified: FieldSet::new(found.modified.below),
            added: FieldSet::new(found.added.below),
        }
    }

    /// What has another value or is there after only.
    pub(super) fn changed(&self) -> FieldSet {
        self.modified.union(&self.added)
    }

    /// The same without what is in or below the fields given.
    pub(super) fn without(self, fields: &FieldSet) -> Self {
        Self {
            removed: self.removed.recursive_difference(fields),
            modified: self.modified.recursive_difference(fields),
            added: self.added.recursive_difference(fields),
        }
    }
}

/// Of one set: whether the value itself is in it, and what below it is.
#[derive(Default)]
struct Part {
    member: bool,
    below: Vec<Node>,
}

impl Part {
    fn push_into(self, element: &PathElement, nodes: &mut Vec<Node>) {
        if self.member || !self.below.is_empty() {
            let below = FieldSet::new(self.below);
            nodes.push(Node { element: element.clone(), member: self.member, below });
        }
    }

    fn mark(&mut self, element: PathElement) {
        self.below.push(Node { element, member: true, below: FieldSet::default() });
    }
}

/// What differs between two values.
#[derive(Default)]
struct Found {
    removed: Part,
    modified: Part,
    added: Part,
}

impl Found {
    /// Compares what stands at one place before and after.
    fn entry(
        &mut self,
        element: &PathElement,
        typed: Typed,
        before: Option<&Json>,
        after: Option<&Json>,
    ) {
        if before == after {
            return;
        }
        let mut found = Self::default();
        found.value(typed, before, after);
        found.removed.push_into(element, &mut self.removed.below);
        found.modified.push_into(element, &mut self.modified.below);
        found.added.push_into(element, &mut self.added.below);
    }

    fn value(&mut self, typed: Typed, before: Option<&Json>, after: Option<&Json>) {
        let descended = match typed.shape() {
            Shape::Leaf => false,
            Shape::Map => self.entries(typed, entries_of(before), entries_of(after)),
            Shape::List(items) => self.items(items, items_of(before), items_of(after)),
        };
        match (before, after) {
            (None, _) => self.added.member = true,
            (_, None) => self.removed.member = true,
            (Some(_), Some(_)) => self.modified.member = !descended,
        }
    }

    /// Compares entry by entry; not, where there is none on either side.
    fn entries(
        &mut self,
        typed: Typed,
        before: Option<&Map<String, Json>>,
        after: Option<&Map<String, Json>>,
    ) -> bool {
        if before.is_none() && after.is_none() {
            return false;
        }
        for (name, value) in before.into_iter().flatten() {
            let other = after.and_then(|after| after.get(name));
            if other != Some(value)
                && let Some((name, typed)) = typed.entry(name)
            {
                self.entry(&PathElement::Field(name), typed, Some(value), other);
            }
        }
        for (name, value) in after.into_iter().flatten() {
            if before.is_none_or(|before| !before.contains_key(name))
                && let Some((name, typed)) = typed.entry(name)
            {
                self.entry(&PathElement::Field(name), typed, None, Some(value));
            }
        }
        true
    }

    /// Compares item by item; not, where there is none on either side.
    fn items(&mut self, items: Items, before: &[Json], after: &[Json]) -> bool {
        if before.is_empty() && after.is_empty() {
            return false;
        }
        let mut all: Vec<(PathElement, bool, &Json)> = [(false, before), (true, after)]
            .into_iter()
            .flat_map(|(is_after, list)| list.iter().map(move |item| (is_after, item)))
            .filter_map(|(is_after, item)| Some((items.element(item).ok()?, is_after, item)))
            .collect();
        all.sort_by(|one, two| (&one.0, one.1).cmp(&(&two.0, two.1)));
        for same in all.chunk_by(|one, two| one.0 == two.0) {
            let split = same.partition_point(|(_, is_after, _)| !is_after);
            self.same_items(items.of, &same[0].0, &same[..split], &same[split..]);
        }
        true
    }

    /// Compares the items with one key: one on each side, unless the list has duplicates, which
    /// are owned as a whole.
    fn same_items(
        &mut self,
        typed: Typed,
        element: &PathElement,
        before: &[(PathElement, bool, &Json)],
        after: &[(PathElement, bool, &Json)],
    ) {
        match (before, after) {
            ([] | [_], [] | [_]) => {
                let before = before.first().map(|item| item.2);
                self.entry(element, typed, before, after.first().map(|item| item.2));
            }
            ([_, _, ..], [_, _, ..]) => {
                if !before.iter().map(|item| item.2).eq(after.iter().map(|item| item.2)) {
                    self.modified.mark(element.clone());
                }
            }
            ([_, _, ..], rest) => {
                if let Some((_, _, item)) = rest.first() {
                    self.entry(element, typed, None, Some(item));
                }
                self.removed.mark(element.clone());
            }
            (rest, [_, _, ..]) => {
                if let Some((_, _, item)) = rest.first() {
                    self.entry(element, typed, Some(item), None);
                }
                self.added.mark(element.clone());
            }
        }
    }
}

/// The entries of an object; none of one without entries, as of anything else.
pub(super) fn entries_of(value: Option<&Json>) -> Option<&Map<String, Json>> {
    value.and_then(Json::as_object).filter(|entries| !entries.is_empty())
}

/// The items of a list; none of anything else.
pub(super) fn items_of(value: Option<&Json>) -> &[Json] {
    value.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}
