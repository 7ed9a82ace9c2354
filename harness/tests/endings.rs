//! How things end that nobody ends by themselves: pods of nodes that never were, namespaces that
//! something holds, and what is deleted in the foreground, however much it owns.

use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::{Cluster, DeleteOptions, Object, Propagation};
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

async fn cluster() -> Cluster {
    let spec: ClusterSpec =
        serde_json::from_value(json!({"nodes": [{"name": "a"}]})).expect("a cluster");
    let images = Arc::new(gidcheck::images::store_of(&[]));
    Cluster::start(&spec, &images, &Simulation).await.expect("the cluster starts")
}

fn kind(group: &str, plural: &str) -> &'static Resource {
    resource::find(group, "v1", plural).expect("the table has it")
}

fn pod(name: &str, node: &str) -> Json {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "nodeName": node,
            "containers": [{"name": "c", "image": IMAGE, "command": ["sleep", "1h"]}],
        },
    })
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_pod_on_a_node_that_never_was_is_collected() {
    let cluster = cluster().await;
    for one in [pod("lost", "nowhere"), pod("there", "a")] {
        cluster.api.apply(&one).expect("it is valid");
    }
    pass(39).await;
    assert!(cluster.api.pod("default", "lost").is_some(), "the node may still come");
    pass(25).await;
    assert!(cluster.api.pod("default", "lost").is_none(), "the node has not come");
    assert!(cluster.api.pod("default", "there").is_some());
    cluster.api.apply(&pod("lost-too", "nowhere")).expect("it is valid");
    pass(65).await;
    assert!(cluster.api.pod("default", "lost-too").is_none(), "nor has it come later");
}

#[tokio::test(start_paused = true)]
async fn a_namespace_says_what_holds_it() {
    let cluster = cluster().await;
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "held"}});
    let map = |name: &str, finalizers: Json| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "held", "finalizers": finalizers},
        })
    };
    cluster.api.apply(&namespace).expect("it is valid");
    for object in [
        map("one", json!(["a.b/c"])),
        map("two", json!(["a.b/c", "d.e/f"])),
        map("three", json!([])),
    ] {
        cluster.api.apply(&object).expect("it is valid");
    }
    let namespaces = kind("", "namespaces");
    cluster
        .api
        .delete_object(namespaces, "", "held", &DeleteOptions::default())
        .expect("it is there");
    pass(5).await;
    let held = cluster.api.object(namespaces, "", "held").expect("it is held").to_json();
    assert_eq!(held["status"]["phase"], "Terminating");
    let conditions = held["status"]["conditions"].as_array().expect("conditions").clone();
    let seen: Vec<_> = conditions
        .iter()
        .map(|one| {
            let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
            assert!(one["lastTransitionTime"].is_string());
            (text("type"), text("status"), text("reason"), text("message"))
        })
        .collect();
    let wanted = [
        (
            "NamespaceDeletionDiscoveryFailure",
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        (
            "NamespaceContentRemaining",
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 2 resource instances",
        ),
        (
            "NamespaceFinalizersRemaining",
            "True",
            "SomeFinalizersRemain",
            "Some content in the namespace has finalizers remaining: a.b/c in 2 resource \
             instances, d.e/f in 1 resource instances",
        ),
    ];
    let wanted =
        wanted.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned()));
    assert_eq!(seen, wanted);
    for name in ["one", "two"] {
        let maps = kind("", "configmaps");
        let mut object = cluster.api.object(maps, "held", name).expect("it is held");
        object.metadata_mut().finalizers = None;
        cluster.api.update_object(maps, "", object, "test").expect("it may change");
    }
    pass(5).await;
    assert!(cluster.api.object(namespaces, "", "held").is_none(), "nothing holds it any more");
}

#[tokio::test(start_paused = true)]
async fn what_owns_much_is_not_looked_at_more_often_for_each_of_it() {
    let adds = async |pods: usize| {
        let cluster = cluster().await;
        let set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "web"},
            "spec": {
                "replicas": pods, "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {
                        // Nobody places them, so that nothing waits for their end.
                        "schedulerName": "nobody",
                        "containers": [{"name": "c", "image": IMAGE}],
                    },
                },
            },
        });
        cluster.api.apply(&set).expect("it is valid");
        pass(60).await;
        let all = kind("", "pods");
        assert_eq!(cluster.api.count(all), pods);
        let options = DeleteOptions {
            propagation: Some(Propagation::Foreground),
            ..DeleteOptions::default()
        };
        let sets = kind("apps", "replicasets");
        cluster.api.delete_object(sets, "default", "web", &options).expect("it is there");
        pass(120).await;
        assert_eq!((cluster.api.count(all), cluster.api.count(sets)), (0, 0));
        let metrics = cluster.metrics();
        let name = "workqueue_adds_total{name=\"garbage_collector_attempt_to_delete\"} ";
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)).expect("it is counted");
        line.parse::<usize>().expect("a number")
    };
    let (few, many) = (adds(50).await, adds(500).await);
    assert!(many <= few * 11, "{few} for 50 pods, {many} for 500");
}

#[tokio::test(start_paused = true)]
async fn what_is_added_to_something_that_waits_for_its_own_goes_too() {
    let cluster = cluster().await;
    let map = |name: &str, owner: Option<String>, finalizers: Json| {
        let owners = owner.map(|uid| {
            json!([{
                "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid,
                "blockOwnerDeletion": true,
            }])
        });
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "ownerReferences": owners, "finalizers": finalizers},
        })
    };
    let maps = kind("", "configmaps");
    let get = |name: &str| -> Option<Object> { cluster.api.object(maps, "default", name) };
    cluster.api.apply(&map("owner", None, json!([]))).expect("it is valid");
    let uid = get("owner").and_then(|owner| owner.metadata().uid.clone());
    cluster.api.apply(&map("held", uid.clone(), json!(["a.b/c"]))).expect("it is valid");
    let options =
        DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
    cluster.api.delete_object(maps, "default", "owner", &options).expect("it is there");
    pass(3).await;
    cluster.api.apply(&map("late", uid, json!([]))).expect("it is valid");
    pass(3).await;
    assert!(get("late").is_none(), "it goes with its owner");
    assert!(get("owner").is_some(), "it waits for the one that is held");
    let mut held = get("held").expect("it is held");
    held.metadata_mut().finalizers = None;
    cluster.api.update_object(maps, "", held, "test").expect("it may change");
    pass(3).await;
    assert!(get("owner").is_none() && get("held").is_none());
}
