//! What holds for all sets of fields, patches and configurations.

use kubernetes_objects::ownership::{FieldSet, Managers, Writer, apply, on_update};
use kubernetes_objects::patch::{self, PatchKind};
use kubernetes_objects::resource::{self, Resource};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

fn pods() -> &'static Resource {
    resource::find("", "v1", "pods").expect("pods")
}

fn some_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(str::to_owned)
}

fn some_map() -> impl Strategy<Value = Json> {
    prop::collection::btree_map(some_text(), some_text(), 1..4).prop_map(|map| json!(map))
}

fn some_container() -> impl Strategy<Value = Json> {
    let env = prop::collection::btree_map(some_text(), some_text(), 1..3);
    (some_text(), prop::option::of(env), prop::option::of(prop::collection::vec(some_text(), 1..3)))
        .prop_map(|(image, env, command)| {
            let mut container = json!({"image": image});
            if let Some(env) = env {
                let env =
                    env.into_iter().map(|(name, value)| json!({"name": name, "value": value}));
                container["env"] = env.collect();
            }
            if let Some(command) = command {
                container["command"] = json!(command);
            }
            container
        })
}

/// A pod as a manifest has it: with containers, and some of labels, finalizers and a selector.
fn some_pod() -> impl Strategy<Value = Json> {
    let containers = prop::collection::btree_map(some_text(), some_container(), 1..4);
    let order = any::<bool>();
    let finalizers = prop::collection::btree_set(some_text(), 1..4);
    (
        containers,
        order,
        prop::option::of(some_map()),
        prop::option::of(finalizers),
        prop::option::of(some_map()),
    )
        .prop_map(|(containers, reversed, labels, finalizers, selector)| {
            let mut list: Vec<Json> = containers
                .into_iter()
                .map(|(name, mut container)| {
                    container["name"] = name.into();
                    container
                })
                .collect();
            if reversed {
                list.reverse();
            }
            let mut pod = json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
                "spec": {"containers": list},
            });
            let mut put = |parent: &str, name: &str, value: Option<Json>| {
                if let Some(value) = value {
                    pod[parent][name] = value;
                }
            };
            put("metadata", "labels", labels);
            put("metadata", "finalizers", finalizers.map(|all| json!(all)));
            put("spec", "nodeSelector", selector);
            pod
        })
}

/// Keys that tell the items of the lists in the pods above apart; empty for sets.
const KEYS: &[(&str, &str)] = &[("containers", "name"), ("env", "name"), ("finalizers", "")];

/// The patch that kubectl makes of two objects.
fn difference(before: &Map<String, Json>, after: &Map<String, Json>) -> Map<String, Json> {
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Json::Null);
    }
    for (name, new) in after {
        let key = KEYS.iter().find(|(list, _)| list == name).map(|(_, key)| *key);
        match (before.get(name), new) {
            (Some(old), new) if old == new => {}
            (Some(Json::Object(old)), Json::Object(new)) => {
                patch.insert(name.clone(), Json::Object(difference(old, new)));
            }
            (Some(Json::Array(old)), Json::Array(new)) if key == Some("") => {
                let gone: Vec<&Json> = old.iter().filter(|item| !new.contains(item)).collect();
                let come: Vec<&Json> = new.iter().filter(|item| !old.contains(item)).collect();
                patch.insert(format!("$deleteFromPrimitiveList/{name}"), json!(gone));
                patch.insert(format!("$setElementOrder/{name}"), json!(new));
                if !come.is_empty() {
                    patch.insert(name.clone(), json!(come));
                }
            }
            (Some(Json::Array(old)), Json::Array(new)) if key.is_some() => {
                let key = key.unwrap_or_default();
                let find = |list: &[Json], item: &Json| {
                    list.iter().find(|one| one[key] == item[key]).cloned()
                };
                let mut items = Vec::new();
                for item in new {
                    let mut changed = match (find(old, item), item) {
                        (Some(Json::Object(old)), Json::Object(new)) => difference(&old, new),
                        (_, item) => item.as_object().cloned().unwrap_or_default(),
                    };
                    changed.insert(key.to_owned(), item[key].clone());
                    items.push(Json::Object(changed));
                }
                for item in old.iter().filter(|item| find(new, item).is_none()) {
                    items.push(json!({"$patch": "delete", key: item[key]}));
                }
                let order: Vec<Json> = new.iter().map(|item| json!({key: item[key]})).collect();
                patch.insert(format!("$setElementOrder/{name}"), json!(order));
                patch.insert(name.clone(), json!(items));
            }
            (_, new) => {
                patch.insert(name.clone(), new.clone());
            }
        }
    }
    patch
}

fn some_set() -> impl Strategy<Value = FieldSet> {
    some_pod().prop_map(|pod| owned(None, &pod))
}

fn by(manager: &str) -> Writer<'_> {
    Writer { manager, subresource: "", time: "2026-11-25T00:00:00Z" }
}

/// What a writer owns afterwards.
fn owned(before: Option<(&Json, Managers)>, after: &Json) -> FieldSet {
    let (before, managers) =
        before.map_or((None, Managers::default()), |(object, managers)| (Some(object), managers));
    let managers = on_update(pods(), before, after, managers, by("me"));
    managers.iter().next().map(|manager| manager.fields.clone()).unwrap_or_default()
}

proptest! {
    #[test]
    fn sets_obey_the_laws_of_sets(one in some_set(), two in some_set()) {
        prop_assert_eq!(one.union(&two), two.union(&one));
        prop_assert_eq!(one.intersection(&two), two.intersection(&one));
        prop_assert_eq!(one.difference(&two).union(&one.intersection(&two)), one.clone());
        prop_assert!(one.difference(&two).intersection(&two).is_empty());
        prop_assert_eq!(one.union(&two).difference(&one), two.difference(&one));
        prop_assert_eq!(FieldSet::from_fields_v1(&one.to_fields_v1()), Some(one.clone()));
        let printed = serde_json::to_string(&one).expect("JSON");
        let read: Json = serde_json::from_str(&printed).expect("JSON");
        prop_assert_eq!(FieldSet::from_fields_v1(&read), Some(one.clone()));
        for path in one.paths() {
            prop_assert!(one.has(&path));
            prop_assert_eq!(two.has(&path), one.intersection(&two).has(&path));
        }
    }

    #[test]
    fn the_empty_patch_changes_nothing(pod in some_pod()) {
        for (kind, patch) in [
            (PatchKind::Strategic, json!({})),
            (PatchKind::Merge, json!({})),
            (PatchKind::Json, json!([])),
        ] {
            prop_assert_eq!(patch::apply_json(kind, &pod, &patch, pods()), Ok(pod.clone()));
        }
    }

    #[test]
    fn a_strategic_patch_leads_from_any_pod_to_any_other(one in some_pod(), two in some_pod()) {
        let objects = (one.as_object().expect("an object"), two.as_object().expect("an object"));
        let patch = Json::Object(difference(objects.0, objects.1));
        let patched = patch::apply_json(PatchKind::Strategic, &one, &patch, pods());
        prop_assert_eq!(patched, Ok(two), "{}", patch);
    }

    #[test]
    fn a_sole_writer_owns_the_same_whichever_way_it_got_there(one in some_pod(), two in some_pod()) {
        let managers = on_update(pods(), None, &one, Managers::default(), by("me"));
        let way = owned(Some((&one, managers)), &two);
        prop_assert_eq!(way, owned(None, &two));
    }

    #[test]
    fn a_sole_applier_gets_what_it_applies(one in some_pod(), two in some_pod()) {
        let (live, managers) =
            apply(pods(), None, Managers::default(), &one, by("me"), false).expect("applied");
        let (live, managers) =
            apply(pods(), Some(&live), managers, &two, by("me"), false).expect("applied");
        let (straight, owners) =
            apply(pods(), None, Managers::default(), &two, by("me"), false).expect("applied");
        prop_assert_eq!(live, straight);
        prop_assert_eq!(managers, owners);
    }

    #[test]
    fn anything_is_answered(
        patch in "[{}\\[\\]\":,a$0-9 ]{0,40}",
        labels in some_map(),
        directive in prop::sample::select(vec![
            "$patch", "$retainKeys", "$setElementOrder/containers", "$deleteFromPrimitiveList/x",
            "containers",
        ]),
        value in prop::sample::select(vec![
            json!(null), json!(1), json!("delete"), json!([]), json!([null]), json!([1, "a"]),
            json!([[]]), json!({}), json!([{"name": null}]), json!([{"name": {}}]),
        ]),
    ) {
        let pod = json!({
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
        });
        for kind in [PatchKind::Json, PatchKind::Merge, PatchKind::Strategic, PatchKind::Apply] {
            drop(patch::apply(kind, &pod, patch.as_bytes(), pods()));
        }
        let patch = json!({"spec": {directive: value}});
        drop(patch::apply_json(PatchKind::Strategic, &pod, &patch, pods()));
        drop(apply(pods(), Some(&pod), Managers::default(), &patch, by("me"), true));
    }
}
