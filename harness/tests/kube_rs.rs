//! kube-rs as a client of the served cluster: reflectors, watches that break and resume, patches.

mod served;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod};
use kube::api::{
    DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams,
};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, reflector, watcher as watch};
use kube::{Api, ResourceExt};
use serde_json::json;
use served::{Served, node};
use tokio::time::timeout;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

async fn served() -> Served {
    Served::start(vec![node("n", "1.36.2", "containerd-2.1")], 1.0).await
}

fn map(name: &str, value: &str) -> ConfigMap {
    serde_json::from_value(json!({"metadata": {"name": name}, "data": {"key": value}}))
        .expect("it is well-formed")
}

async fn create(api: &Api<ConfigMap>, name: &str) -> ConfigMap {
    api.create(&PostParams::default(), &map(name, "a")).await.expect("it is created")
}

/// Waits until a store has these names.
async fn holds(store: &reflector::Store<ConfigMap>, names: &[&str]) {
    let wanted: BTreeSet<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let comes = async {
        loop {
            let known: BTreeSet<_> = store.state().iter().map(|it| it.name_any()).collect();
            if known == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, comes).await.expect("the store holds what there is");
}

async fn follows(config: watcher::Config) {
    let served = served().await;
    // Every namespace has this one, as on a real server.
    let config = config.fields("metadata.name!=kube-root-ca.crt");
    let api: Api<ConfigMap> = Api::namespaced(served.admin().await, "default");
    create(&api, "before").await;
    let (store, writer) = reflector::store();
    let stream = reflector(writer, watch(api.clone(), config)).applied_objects();
    let task = tokio::spawn(stream.for_each(|_| async {}));
    holds(&store, &["before"]).await;
    create(&api, "after").await;
    holds(&store, &["after", "before"]).await;
    api.delete("before", &DeleteParams::default()).await.expect("it is deleted");
    holds(&store, &["after"]).await;
    // The server ends every watch after a second; the reflector comes back and has missed nothing.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    create(&api, "later").await;
    holds(&store, &["after", "later"]).await;
    task.abort();
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reflector_follows_what_changes_through_watches_that_end() {
    follows(watcher::Config::default().timeout(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reflector_that_streams_its_list_follows_too() {
    follows(watcher::Config::default().timeout(1).streaming_lists()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_resumes_where_it_broke_and_tells_nothing_twice() {
    let served = served().await;
    let api: Api<ConfigMap> = Api::namespaced(served.admin().await, "default");
    let first = create(&api, "first").await;
    let version = first.resource_version().expect("the server gives one");
    let mut seen = Vec::new();
    {
        let mut broken =
            api.watch(&WatchParams::default(), &version).await.expect("it begins").boxed();
        create(&api, "second").await;
        let event =
            timeout(PATIENCE, broken.try_next()).await.expect("it comes").expect("it is sound");
        let Some(WatchEvent::Added(second)) = event else {
            unreachable!("it was added: {event:?}")
        };
        seen.push((second.name_any(), second.resource_version().expect("the server gives one")));
        // Dropped here, with its connection.
    }
    create(&api, "third").await;
    let params = WatchParams::default().timeout(1);
    let resumed = api.watch(&params, &seen[0].1).await.expect("it begins");
    let events: Vec<_> = resumed.try_collect().await.expect("it ends by itself");
    let names: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            WatchEvent::Added(map) => Some(map.name_any()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["third"]);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_from_a_version_that_is_too_old_says_so() {
    let served = served().await;
    let api: Api<ConfigMap> = Api::namespaced(served.admin().await, "default");
    create(&api, "first").await;
    let mut stream = api.watch(&WatchParams::default(), "1").await.expect("it begins").boxed();
    let event = timeout(PATIENCE, stream.try_next()).await.expect("it comes").expect("it is sound");
    let Some(WatchEvent::Error(status)) = event else { unreachable!("it is too old: {event:?}") };
    assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
    // A watcher starts anew by itself.
    let mut events = watch(api, watcher::Config::default()).boxed();
    let event = timeout(PATIENCE, events.try_next()).await.expect("it comes").expect("it is sound");
    assert!(matches!(event, Some(Event::Init)));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_alone_can_be_watched() {
    let served = served().await;
    let api: Api<PartialObjectMeta<Node>> = Api::all(served.admin().await);
    let mut nodes = watch(api, watcher::Config::default()).applied_objects().boxed();
    let node = timeout(PATIENCE, nodes.try_next()).await.expect("it comes").expect("it is sound");
    assert_eq!(node.map(|node| node.name_any()).as_deref(), Some("n"));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applied_fields_have_owners_and_conflicts_are_refused() {
    let served = served().await;
    let api: Api<ConfigMap> = Api::namespaced(served.admin().await, "default");
    let apply = |manager: &str, value: &str| {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"},
            "data": {"key": value}});
        (PatchParams::apply(manager), Patch::Apply(body))
    };
    let (params, patch) = apply("one", "a");
    api.patch("m", &params, &patch).await.expect("it is created");
    let (params, patch) = apply("two", "b");
    let refused = api.patch("m", &params, &patch).await.expect_err("the field is owned");
    let kube::Error::Api(status) = refused else { unreachable!("it is refused: {refused}") };
    assert_eq!((status.code, status.reason.as_str()), (409, "Conflict"));
    let forced = api.patch("m", &params.force(), &patch).await.expect("it is forced");
    assert_eq!(forced.data.and_then(|data| data.get("key").cloned()).as_deref(), Some("b"));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_runs_reports_its_identity_and_logs() {
    let served = served().await;
    let api: Api<Pod> = Api::namespaced(served.admin().await, "default");
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": "p"},
        "spec": {
            "securityContext": {"runAsUser": 1000, "supplementalGroups": [4000],
                "supplementalGroupsPolicy": "Strict"},
            "containers": [{"name": "c",
                "image": "registry.k8s.io/e2e-test-images/agnhost:2.45",
                "command": ["sh", "-c", "echo hello; sleep 1h"]}],
        },
    }))
    .expect("it is well-formed");
    api.create(&PostParams::default(), &pod).await.expect("it is created");
    let runs = kube::runtime::conditions::is_pod_running();
    let running = kube::runtime::wait::await_condition(api.clone(), "p", runs);
    let running = timeout(PATIENCE, running).await.expect("it runs").expect("it is sound");
    let status = running.and_then(|pod| pod.status).and_then(|it| it.container_statuses);
    let user = status.and_then(|all| all[0].user.clone()).and_then(|user| user.linux);
    assert_eq!(user.and_then(|user| user.supplemental_groups), Some(vec![1000, 4000]));
    let logs = api.logs("p", &kube::api::LogParams::default()).await.expect("it has a log");
    assert_eq!(logs, "hello\n");
    let pages = api.list(&ListParams::default().limit(1)).await.expect("it is listed");
    assert_eq!(pages.items.len(), 1);
    served.stop().await;
}
