//! The order of merged lists in strategic merge patches.

use std::collections::HashMap;

use serde_json::Value as Json;

/// What tells the items of a list apart: the value of the merge key, or the item itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum By<'a> {
    /// The value of this field.
    Key(&'a str),
    /// The item.
    Item,
}

impl By<'_> {
    /// What tells the item apart; none where it lacks the key.
    pub(super) fn identity(self, item: &Json) -> Option<String> {
        match self {
            Self::Key(key) => item.get(key).map(Json::to_string),
            Self::Item => Some(item.to_string()),
        }
    }
}

/// Where the items of a list stand.
pub(super) struct Positions<'a> {
    by: By<'a>,
    places: HashMap<String, usize>,
}

impl<'a> Positions<'a> {
    pub(super) fn of(list: &[Json], by: By<'a>) -> Self {
        let mut places = HashMap::with_capacity(list.len());
        for (place, item) in list.iter().enumerate() {
            if let Some(identity) = by.identity(item) {
                places.entry(identity).or_insert(place);
            }
        }
        Self { by, places }
    }

    /// Where the first item like this stands.
    pub(super) fn place(&self, item: &Json) -> Option<usize> {
        self.places.get(&self.by.identity(item)?).copied()
    }
}

/// Puts a merged list in order: what the patch names in the order that it gives, the rest as it
/// stood in the object, and the latter before the former where it stood before it.
pub(super) fn arrange(
    merged: Vec<Json>,
    wanted: &Positions<'_>,
    stood: &Positions<'_>,
) -> Vec<Json> {
    let (mut named, mut rest): (Vec<Json>, Vec<Json>) =
        merged.into_iter().partition(|item| wanted.place(item).is_some());
    named.sort_by_cached_key(|item| wanted.place(item));
    rest.sort_by_cached_key(|item| stood.place(item));
    let mut arranged = Vec::with_capacity(named.len() + rest.len());
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    while let (Some(one), Some(other)) = (rest.peek(), named.peek()) {
        let comes_before = match (stood.place(one), stood.place(other)) {
            (Some(one), Some(other)) => one < other,
            _ => false,
        };
        arranged.extend(if comes_before { rest.next() } else { named.next() });
    }
    arranged.extend(rest);
    arranged.extend(named);
    arranged
}
