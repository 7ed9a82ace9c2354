//! What clients ask of the API server, without HTTP between them.

use std::sync::Arc;

use fake_kubelet::version::{FeatureGates, KubernetesVersion};
use gidcheck::cluster::{ApiServer, Clock, DeleteOptions, ListOptions, Place, Writing};
use kubernetes_objects::Status;
use kubernetes_objects::patch::PatchKind;
use kubernetes_objects::resource;
use serde_json::{Value as Json, json};

fn server() -> Arc<ApiServer> {
    let gates = FeatureGates::new(KubernetesVersion::NEWEST, []).expect("no gate is refused");
    Arc::new(ApiServer::new(gates, Clock::real(), 0))
}

fn place(plural: &str, name: &'static str, subresource: &'static str) -> Place<'static> {
    let resource = resource::find("", "v1", plural).expect("it is served");
    let namespace = if resource.namespaced { "default" } else { "" };
    Place { resource, namespace, name, subresource }
}

fn create(server: &ApiServer, place: &Place<'_>, body: Json) -> Result<Json, Status> {
    let by = Writing { manager: "test", ..Writing::default() };
    server.create(place, body, &by).map(|written| written.object)
}

fn map(name: &str) -> Json {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

/// A pod that nothing runs, on a node that is not there.
fn pod(server: &ApiServer, name: &str, node: Option<&str>) {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"nodeName": node, "containers": [{"name": "c", "image": "i"}]},
    });
    create(server, &place("pods", "", ""), pod).expect("the pod is valid");
}

fn names(items: &[Json]) -> Vec<&str> {
    items.iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
}

#[tokio::test]
async fn a_list_in_pages_shows_one_moment() {
    let server = server();
    let maps = place("configmaps", "", "");
    for name in ["a", "b", "c", "d"] {
        create(&server, &maps, map(name)).expect("it is new");
    }
    let first = ListOptions { limit: 2, ..ListOptions::default() };
    let first = server.list(&maps, &first).expect("a list");
    assert_eq!((names(&first.items), first.remaining), (vec!["a", "b"], Some(2)));
    let gone = place("configmaps", "c", "");
    server.delete(&gone, &DeleteOptions::default()).expect("it is there");
    create(&server, &maps, map("e")).expect("it is new");
    let continue_token = first.continue_token.expect("there is more");
    let rest = ListOptions { continue_token, ..ListOptions::default() };
    let rest = server.list(&maps, &rest).expect("the moment is known");
    assert_eq!((names(&rest.items), rest.revision), (vec!["c", "d"], first.revision));
}

#[tokio::test]
async fn an_eviction_is_as_careful_as_it_says() {
    let server = server();
    pod(&server, "p", Some("n"));
    let evict = |options: Json, name: &str| {
        let body = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name},
            "deleteOptions": options,
        });
        create(&server, &place("pods", "p", "eviction"), body)
    };
    evict(json!({"dryRun": ["All"]}), "p").expect("it would be evicted");
    let other = evict(json!({"preconditions": {"uid": "another"}}), "p");
    assert_eq!(other.expect_err("it is another pod").code, 409);
    let misnamed = evict(json!({}), "q").expect_err("it is about another pod");
    assert_eq!(
        (misnamed.code, misnamed.message.as_str()),
        (400, "name in URL does not match name in Eviction object")
    );
    let known = server.pod("default", "p").expect("it is there");
    assert!(known.metadata.deletion_timestamp.is_none(), "nothing has happened to it");
    evict(json!({}), "p").expect("it can be evicted");
    let known = server.pod("default", "p").expect("its kubelet has not ended it");
    assert!(known.metadata.deletion_timestamp.is_some());
}

#[tokio::test]
async fn a_binding_places_a_pod_once_and_on_nodes_alone() {
    let server = server();
    pod(&server, "p", None);
    let bind = |kind: &str| {
        let body = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"},
            "target": {"kind": kind, "name": "n"},
        });
        create(&server, &place("bindings", "", ""), body)
    };
    assert_eq!(
        bind("Pod").expect_err("a pod is no node").message,
        "Binding \"p\" is invalid: target.kind: Unsupported value: \"Pod\": supported values: \
         \"Node\", \"<empty>\""
    );
    bind("Node").expect("it waits for a node");
    let known = server.pod("default", "p").expect("it is there");
    assert_eq!(known.spec.as_ref().and_then(|spec| spec.node_name.as_deref()), Some("n"));
    assert_eq!(bind("Node").expect_err("it has one").code, 409);
}

#[tokio::test]
async fn the_namespaces_of_the_cluster_itself_stay() {
    let server = server();
    for name in ["default", "kube-system", "kube-public"] {
        let place = Place { name, ..place("namespaces", "", "") };
        let refused = server.delete(&place, &DeleteOptions::default()).expect_err("it stays");
        assert_eq!(refused.code, 403);
        assert_eq!(
            refused.message,
            format!("namespaces {name:?} is forbidden: this namespace may not be deleted")
        );
    }
}

#[tokio::test]
async fn a_secret_written_as_text_is_data_and_has_a_type() {
    let server = server();
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
        "stringData": {"word": "open"},
    });
    let made = create(&server, &place("secrets", "", ""), secret).expect("it is valid");
    assert_eq!(made["type"], "Opaque");
    assert_eq!((&made["data"]["word"], made.get("stringData")), (&json!("b3Blbg=="), None));
    let odd = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a b": "x"},
    });
    let refused = create(&server, &place("configmaps", "", ""), odd).expect_err("it has a space");
    assert!(refused.message.contains("data[a b]: Invalid value: \"a b\": a valid config key"));
}

fn apps(plural: &str, name: &'static str) -> Place<'static> {
    let resource = resource::find("apps", "v1", plural).expect("it is served");
    Place { resource, namespace: "default", name, subresource: "" }
}

/// A workload of one container, with whatever else its spec has.
fn workload(kind: &str, spec: &Json) -> Json {
    let mut whole = json!({
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        },
    });
    for (name, value) in spec.as_object().into_iter().flatten() {
        whole[name] = value.clone();
    }
    json!({"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "w"}, "spec": whole})
}

#[tokio::test]
async fn workloads_that_make_no_sense_are_refused_in_the_servers_words() {
    let server = server();
    for (plural, kind, spec, says) in [
        (
            "deployments",
            "Deployment",
            json!({"strategy": {"type": "Slow"}}),
            "spec.strategy: Unsupported value: {\"Type\":\"Slow\",\"RollingUpdate\":null}: \
             supported values: \"Recreate\", \"RollingUpdate\"",
        ),
        (
            "deployments",
            "Deployment",
            json!({"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}),
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is \
             'Recreate'",
        ),
        (
            "deployments",
            "Deployment",
            json!({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}}),
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when \
             `maxSurge` is 0",
        ),
        (
            "deployments",
            "Deployment",
            json!({"progressDeadlineSeconds": 5, "minReadySeconds": 5}),
            "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
        ),
        (
            "deployments",
            "Deployment",
            json!({"selector": null}),
            "[spec.selector: Required value, spec.template.metadata.labels: Invalid value: \
             {\"a\":\"b\"}: `selector` does not match template `labels`]",
        ),
        (
            "daemonsets",
            "DaemonSet",
            json!({"updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}),
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when \
             maxUnavailable is non-zero",
        ),
        (
            "statefulsets",
            "StatefulSet",
            json!({"podManagementPolicy": "Any"}),
            "spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'",
        ),
    ] {
        let refused = create(&server, &apps(plural, ""), workload(kind, &spec));
        let refused = refused.expect_err("it makes no sense").message;
        assert_eq!(refused, format!("{kind}.apps \"w\" is invalid: {says}"));
    }
}

#[tokio::test]
async fn a_template_gets_what_pods_and_templates_get_and_nothing_of_pods_alone() {
    let server = server();
    let limits = json!({"limits": {"cpu": "1"}});
    let container = json!({"name": "c", "image": "i", "resources": limits});
    let template = json!({
        "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [container.clone()]},
    });
    let made = workload("Deployment", &json!({"template": template}));
    let made = create(&server, &apps("deployments", ""), made).expect("it is valid");
    let spec = &made["spec"]["template"]["spec"];
    assert_eq!(spec["dnsPolicy"], "ClusterFirst");
    assert_eq!(spec.get("enableServiceLinks"), None);
    assert_eq!(spec["containers"][0]["resources"].get("requests"), None);
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [container]},
    });
    let made = create(&server, &place("pods", "", ""), pod).expect("it is valid");
    assert_eq!(made["spec"]["enableServiceLinks"], true);
    assert_eq!(made["spec"]["containers"][0]["resources"]["requests"]["cpu"], "1");
}

#[tokio::test]
async fn an_eviction_waits_for_the_status_of_its_budget_and_takes_from_it() {
    let server = server();
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"a": "b"}},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
    });
    create(&server, &place("pods", "", ""), pod).expect("it is valid");
    let status = json!({"status": {
        "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
    }});
    patch_status(&server, place("pods", "p", "status"), &status);
    let resource = resource::find("policy", "v1", "poddisruptionbudgets").expect("it is served");
    let budgets = Place { resource, namespace: "default", name: "", subresource: "" };
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}},
    });
    create(&server, &budgets, budget).expect("it is valid");
    let evict = || {
        let body =
            json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}});
        create(&server, &place("pods", "p", "eviction"), body)
    };
    let cause = |status: Status| {
        assert_eq!((status.code, status.reason), (429, "TooManyRequests"));
        status.details.map(|details| details.causes[0].message.clone()).unwrap_or_default()
    };
    assert_eq!(
        cause(evict().expect_err("nobody has counted yet")),
        "The disruption budget b is still being processed by the server."
    );
    let own = Place { name: "b", subresource: "status", ..budgets };
    let counted = |allowed: i32| {
        json!({"status": {
            "observedGeneration": 1, "currentHealthy": 1, "desiredHealthy": 1 - allowed,
            "expectedPods": 1, "disruptionsAllowed": allowed,
        }})
    };
    patch_status(&server, own, &counted(0));
    assert_eq!(
        cause(evict().expect_err("it is the only one")),
        "The disruption budget b needs 1 healthy pods and has 1 currently"
    );
    patch_status(&server, own, &counted(1));
    evict().expect("one may go");
    let left = server.read(&Place { subresource: "", ..own }).expect("it is there");
    assert_eq!(left["status"]["disruptionsAllowed"], 0);
    assert!(left["status"]["disruptedPods"]["p"].is_string());
}

fn patch_status(server: &ApiServer, place: Place<'_>, patch: &Json) {
    let writing = Writing { manager: "test", ..Writing::default() };
    let patch = patch.to_string();
    server.patch(&place, PatchKind::Merge, patch.as_bytes(), &writing).expect("it fits");
}
