//! Strategic merge patch: a merge patch that merges lists by the schema's merge keys, and takes
//! directives (`strategicpatch` of apimachinery, 1.36).

use std::collections::HashSet;

use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::order::{By, Positions, arrange};
use super::{does_not_fit, read};
use crate::schema::{FieldPatch, Struct, Type};
use crate::{Status, go};

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const SET_ORDER: &str = "$setElementOrder";

type Object = Map<String, Json>;

/// Why a patch does not apply, in the server's words.
#[derive(Debug, Error)]
enum Fault {
    #[error("invalid patch format of primitive list")]
    PrimitiveList,
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    #[error("invalid patch format of setElementOrder list")]
    SetElementOrder,
    #[error("lists of lists are not supported")]
    ListOfLists,
    #[error("map: {map} does not contain declared merge key: {key}")]
    NoMergeKey { map: String, key: String },
    #[error("unknown patch type: {directive} in map: {map}")]
    UnknownDirective { directive: String, map: String },
    #[error("expected a {expected}, but received a {received}")]
    WrongType { expected: &'static str, received: &'static str },
    #[error("unable to find api field in struct {structure} for the json field {field:?}")]
    UnknownField { structure: &'static str, field: String },
    #[error("merging an object in json but data type is not struct, instead is: {0}")]
    NotAStructure(&'static str),
    #[error("cannot merge lists without merge key for type struct")]
    NoMergeKeyDeclared,
    #[error("merging lists cannot yet be specified in the patch")]
    MergeDirective,
    #[error("list element types are not identical: [{original} {patch}]")]
    MixedList { original: String, patch: String },
    #[error("no elements in any of the given slices")]
    NoElements,
    #[error("The order in patch list:\n{patch}\n doesn't match $setElementOrder list:\n{order}\n")]
    OrderDiffers { patch: String, order: String },
}

impl From<Fault> for Status {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::PrimitiveList | Fault::RetainKeys | Fault::SetElementOrder => {
                Self::bad_request(fault.to_string())
            }
            Fault::ListOfLists => does_not_fit(),
            _ => Self::new(500, "", fault.to_string()),
        }
    }
}

pub(super) fn apply(live: &Json, patch: &Json, schema: &'static Struct) -> Result<Json, Status> {
    let patch = match patch {
        Json::Object(patch) => patch.clone(),
        Json::Null => Object::new(),
        other => return Err(read::wrong_type("", other, "map[string]interface {}")),
    };
    let live = live.as_object().cloned().unwrap_or_default();
    Ok(Json::Object(merge_objects(live, patch, Type::Struct(schema))?))
}

fn merge_objects(mut original: Object, mut patch: Object, of: Type) -> Result<Object, Fault> {
    if let Some(directive) = patch.remove(PATCH) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Object::new()),
            _ => {
                patch.insert(PATCH.to_owned(), directive.clone());
                Err(unknown_directive(&directive, &patch))
            }
        };
    }
    retain_keys(&mut original, &mut patch)?;
    merge_ordered_lists(&mut original, &mut patch, of)?;
    for (name, value) in patch {
        let deletes = name.starts_with(DELETE_FROM);
        let name = if deletes {
            name.strip_prefix(DELETE_FROM)
                .and_then(|rest| rest.strip_prefix('/'))
                .ok_or(Fault::PrimitiveList)?
                .to_owned()
        } else {
            name
        };
        if value.is_null() {
            original.remove(&name);
            continue;
        }
        let merged = match original.remove(&name) {
            None => value,
            Some(old) => merge_values(old, value, of, &name, deletes)?,
        };
        original.insert(name, merged);
    }
    Ok(original)
}

fn merge_values(old: Json, new: Json, of: Type, name: &str, deletes: bool) -> Result<Json, Fault> {
    if go::type_of(&old) != go::type_of(&new) {
        return Ok(new);
    }
    let field = Target::of(of, name)?;
    Ok(match (old, new) {
        (Json::Object(old), Json::Object(new)) if !field.replaced => {
            Json::Object(merge_objects(old, new, field.of)?)
        }
        (Json::Array(old), Json::Array(new)) => Json::Array(field.merge_lists(old, new, deletes)?),
        (_, new) => new,
    })
}

/// What the schema says of a field that is patched.
struct Target {
    of: Type,
    replaced: bool,
}

impl Target {
    fn of(parent: Type, name: &str) -> Result<Self, Fault> {
        match parent {
            Type::Struct(schema) => {
                let unknown =
                    || Fault::UnknownField { structure: schema.name, field: name.to_owned() };
                let field = schema.field(name).ok_or_else(unknown)?;
                Ok(Self { of: field.of, replaced: field.patch == FieldPatch::Replace })
            }
            Type::Map(_, value) => Ok(Self { of: *value, replaced: false }),
            Type::List(..) => Err(Fault::NotAStructure("slice")),
            _ => Err(Fault::NotAStructure("interface")),
        }
    }

    /// The type of items and the merge key; none where a patch replaces the list.
    fn merges(&self) -> Option<(Type, &'static str)> {
        match self.of {
            Type::List(item, merge) => Some((*item, merge.patch?)),
            _ => None,
        }
    }

    fn merge_lists(
        &self,
        old: Vec<Json>,
        new: Vec<Json>,
        deletes: bool,
    ) -> Result<Vec<Json>, Fault> {
        match self.merges() {
            Some((item, key)) => merge_lists(old, new, item, key, deletes),
            None => Ok(new),
        }
    }
}

fn merge_lists(
    old: Vec<Json>,
    new: Vec<Json>,
    of: Type,
    key: &'static str,
    deletes: bool,
) -> Result<Vec<Json>, Fault> {
    if old.is_empty() && new.is_empty() {
        return Ok(old);
    }
    let by = by(key);
    if !are_objects(&old, &new)? {
        if deletes {
            let gone = Positions::of(&new, By::Item);
            return Ok(old.into_iter().filter(|item| gone.place(item).is_none()).collect());
        }
        let (stood, wanted) = (Positions::of(&old, By::Item), Positions::of(&new, By::Item));
        let mut seen = HashSet::new();
        let merged = old.into_iter().chain(new).filter(|item| seen.insert(item.to_string()));
        return Ok(arrange(merged.collect(), &wanted, &stood));
    }
    if key.is_empty() {
        return Err(Fault::NoMergeKeyDeclared);
    }
    let (old, new) = take_directives(old, new, key)?;
    let (stood, wanted) = (Positions::of(&old, by), Positions::of(&new, by));
    let merged = merge_items(old, new, of, key)?;
    require_keys(&merged, key)?;
    Ok(arrange(merged, &wanted, &stood))
}

fn by(key: &str) -> By<'_> {
    if key.is_empty() { By::Item } else { By::Key(key) }
}

/// Whether the items are objects; all must be of one type.
fn are_objects(old: &[Json], new: &[Json]) -> Result<bool, Fault> {
    let mut all = old.iter().chain(new);
    let first = all.next().ok_or(Fault::NoElements)?;
    if first.is_array() {
        return Err(Fault::ListOfLists);
    }
    if all.any(|item| go::type_of(item) != go::type_of(first)) {
        return Err(Fault::MixedList { original: go::list(old), patch: go::list(new) });
    }
    Ok(first.is_object())
}

/// Does what items with `$patch` say to the list, and takes them out of the patch.
fn take_directives(
    mut old: Vec<Json>,
    new: Vec<Json>,
    key: &str,
) -> Result<(Vec<Json>, Vec<Json>), Fault> {
    let mut rest = Vec::with_capacity(new.len());
    let mut gone = HashSet::new();
    let mut replaces = false;
    for item in new {
        let Some(directive) = item.get(PATCH) else {
            rest.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                gone.insert(By::Key(key).identity(&item).ok_or_else(|| no_key(&item, key))?);
            }
            Some("replace") => replaces = true,
            Some("merge") => return Err(Fault::MergeDirective),
            _ => {
                let map = item.as_object().cloned().unwrap_or_default();
                return Err(unknown_directive(directive, &map));
            }
        }
    }
    if replaces {
        return Ok((rest, Vec::new()));
    }
    old.retain(|item| By::Key(key).identity(item).is_none_or(|one| !gone.contains(&one)));
    Ok((old, rest))
}

fn merge_items(
    mut old: Vec<Json>,
    new: Vec<Json>,
    of: Type,
    key: &'static str,
) -> Result<Vec<Json>, Fault> {
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (place, item) in old.iter().enumerate() {
        if let Some(identity) = By::Key(key).identity(item) {
            places.entry(identity).or_insert(place);
        }
    }
    for item in new {
        let identity = By::Key(key).identity(&item).ok_or_else(|| no_key(&item, key))?;
        let Json::Object(fields) = item else { continue };
        match places.get(&identity) {
            Some(&place) => {
                let Json::Object(before) = old[place].take() else { continue };
                old[place] = Json::Object(merge_objects(before, fields, of)?);
            }
            None => {
                places.insert(identity, old.len());
                old.push(Json::Object(fields));
            }
        }
    }
    Ok(old)
}

/// Drops from the object what `$retainKeys` does not list.
fn retain_keys(original: &mut Object, patch: &mut Object) -> Result<(), Fault> {
    let Some(retained) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let retained: HashSet<&str> =
        retained.as_array().ok_or(Fault::RetainKeys)?.iter().filter_map(Json::as_str).collect();
    let is_listed = |(name, value): (&String, &Json)| {
        value.is_null()
            || name.starts_with(DELETE_FROM)
            || name.starts_with(SET_ORDER)
            || retained.contains(name.as_str())
    };
    if !patch.iter().all(is_listed) {
        return Err(Fault::RetainKeys);
    }
    original.retain(|name, _| retained.contains(name.as_str()));
    Ok(())
}

/// Merges the lists for which the patch gives an order, and puts them in it.
fn merge_ordered_lists(original: &mut Object, patch: &mut Object, of: Type) -> Result<(), Fault> {
    let orders: Vec<String> =
        patch.keys().filter(|name| name.starts_with(SET_ORDER)).cloned().collect();
    for directive in orders {
        let order = list_of(patch.remove(&directive))?.unwrap_or_default();
        let name = directive
            .strip_prefix(SET_ORDER)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(Fault::SetElementOrder)?;
        let old = list_of(original.get(name).cloned())?;
        let new = list_of(patch.get(name).cloned())?;
        let field = Target::of(of, name)?;
        let key = field.merges().map_or("", |(_, key)| key);
        require_order(new.as_deref().unwrap_or_default(), &order, key)?;
        let by = by(key);
        let wanted = Positions::of(&order, by);
        let stood = Positions::of(old.as_deref().unwrap_or_default(), by);
        let is_empty = |list: &Option<Vec<Json>>| list.as_ref().is_none_or(Vec::is_empty);
        let had_none = is_empty(&old) && is_empty(&new);
        let merged = match (old, new) {
            (None, None) => continue,
            (Some(old), None) => old,
            (None, Some(new)) => new,
            (Some(old), Some(new)) => field.merge_lists(old, new, false)?,
        };
        if had_none {
            return Err(Fault::NoElements);
        }
        if !key.is_empty() {
            require_keys(&merged, key)?;
            require_keys(&order, key)?;
        }
        original.insert(name.to_owned(), Json::Array(arrange(merged, &wanted, &stood)));
        patch.remove(name);
    }
    Ok(())
}

/// The items that the patch sets must stand in the order that it gives.
fn require_order(new: &[Json], order: &[Json], key: &str) -> Result<(), Fault> {
    if new.is_empty() || order.is_empty() {
        return Ok(());
    }
    let mut places = order.iter().map(|item| by(key).identity(item));
    for item in new.iter().filter(|item| item.get(PATCH).is_none()) {
        let identity = by(key).identity(item).ok_or_else(|| no_key(item, key))?;
        if !places.any(|place| place.as_deref() == Some(&identity)) {
            return Err(Fault::OrderDiffers { patch: go::list(new), order: go::list(order) });
        }
    }
    Ok(())
}

fn list_of(value: Option<Json>) -> Result<Option<Vec<Json>>, Fault> {
    match value {
        None => Ok(None),
        Some(Json::Array(list)) => Ok(Some(list)),
        Some(other) => {
            Err(Fault::WrongType { expected: "[]interface {}", received: go::type_of(&other) })
        }
    }
}

fn require_keys(list: &[Json], key: &str) -> Result<(), Fault> {
    match list.iter().find(|item| item.get(key).is_none()) {
        Some(item) => Err(no_key(item, key)),
        None => Ok(()),
    }
}

fn no_key(item: &Json, key: &str) -> Fault {
    Fault::NoMergeKey { map: go::value(item), key: key.to_owned() }
}

fn unknown_directive(directive: &Json, map: &Object) -> Fault {
    let map = go::value(&Json::Object(map.clone()));
    Fault::UnknownDirective { directive: go::value(directive), map }
}
