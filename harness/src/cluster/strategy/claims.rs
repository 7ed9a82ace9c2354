//! Claims of storage, which nobody binds here.

use serde_json::{Value as Json, json};

use crate::cluster::object::Untyped;

/// Fills in a new claim, which waits until it is bound.
pub(super) fn prepare_for_create(claim: &mut Untyped) {
    let spec = claim.rest.entry("spec").or_insert_with(|| json!({}));
    fill_in(spec);
    claim.rest.insert("status".to_owned(), json!({"phase": "Pending"}));
}

/// Fills in a claim that a StatefulSet has as a template.
pub(super) fn fill_in_template(claim: &mut Json) {
    if !claim.is_object() {
        return;
    }
    claim["apiVersion"] = "v1".into();
    claim["kind"] = "PersistentVolumeClaim".into();
    if claim["spec"].is_object() {
        fill_in(&mut claim["spec"]);
    }
    claim["status"] = json!({"phase": "Pending"});
}

fn fill_in(spec: &mut Json) {
    if spec["volumeMode"].as_str().is_none_or(str::is_empty) {
        spec["volumeMode"] = "Filesystem".into();
    }
}
