//! Groups that persistent volumes demand.

use serde_json::{Value as Json, json};

use crate::explain;
use crate::program::shown;
use crate::saved::Saved;

/// A volume of this name whose annotation demands a group, bound to a claim.
fn volume(name: &str, group: &str, claim: &str) -> String {
    format!(
        "apiVersion: v1\nkind: PersistentVolume\n\
         metadata: {{name: {name}, annotations: {{pv.beta.kubernetes.io/gid: '{group}'}}}}\n\
         spec: {{claimRef: {{namespace: default, name: {claim}}}}}\n---\n"
    )
}

/// A kubelet adds them to every container, whatever the policy (behaviour.md §5).
#[test]
fn groups_that_volumes_demand_are_told_with_their_claims() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: office}\nspec:\n  \
        securityContext: {runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000], \
        supplementalGroupsPolicy: Strict}\n  \
        volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]\n  \
        containers: [{name: web, image: 'example.test/web:1'}]\n";
    let manifests = volume("one", "1234", "data") + pod;
    let output = explain(&Saved::new(), &["-", "--output", "json"], manifests.as_bytes());
    let document: Json = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    for policy in ["merge", "strict"] {
        let groups = &document["pods"][0][policy]["containers"][0]["identity"]["groups"];
        let all = groups.as_array().expect("groups");
        let of_volume = all.iter().find(|group| group["id"] == 1234);
        let origins = of_volume.map(|group| &group["origins"]);
        assert_eq!(origins, Some(&json!([{"kind": "volume", "claim": "data"}])), "{groups}");
    }
    assert_eq!(document["pods"][0]["warnings"][0]["rule"], "volume-groups");
    // What is written, is no number, or is of another claim, adds nothing.
    for other in [
        volume("one", "4000", "data"),
        volume("one", "many", "data"),
        volume("one", "1234", "other"),
    ] {
        let text = shown(&explain(&Saved::new(), &["-"], (other + pod).as_bytes()));
        assert!(text.contains("0 errors, 0 warnings"), "{text}");
    }
}

#[test]
fn claims_of_stateful_sets_are_found_by_their_names() {
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec:\n  \
        serviceName: db\n  selector: {matchLabels: {app: db}}\n  \
        volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], \
        resources: {requests: {storage: 1Gi}}}}]\n  \
        template:\n    metadata: {labels: {app: db}}\n    spec:\n      \
        securityContext: {runAsUser: 1000, runAsGroup: 3000, supplementalGroupsPolicy: Strict}\n      \
        containers: [{name: web, image: 'example.test/web:1'}]\n";
    for (claim, is_its) in [("data-db-0", true), ("data-db-12", true), ("data-dbx-0", false)] {
        let manifests = volume("one", "1234", claim) + set;
        let text = shown(&explain(&Saved::new(), &["-"], manifests.as_bytes()));
        assert_eq!(text.contains("[volume-groups]"), is_its, "{claim}: {text}");
    }
}
