//! What clients ask of the API server, without HTTP between them.

use std::sync::Arc;

use fake_kubelet::version::{FeatureGates, KubernetesVersion};
use gidcheck::cluster::{ApiServer, Clock, DeleteOptions, ListOptions, Place, Writing};
use kubernetes_objects::Status;
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
    server.create(place, body, &Writing { manager: "test", ..Writing::default() })
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
