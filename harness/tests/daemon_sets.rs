//! How DaemonSets change over: one node after the other or with surge, by hand, and back.

use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::{Cluster, Object};
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";
const HASH: &str = "controller-revision-hash";

struct Daemons(Cluster);

fn kind(group: &str, plural: &str) -> &'static Resource {
    resource::find(group, "v1", plural).expect("the table has it")
}

/// A DaemonSet of a version, with this strategy.
fn agent(version: &str, strategy: Json) -> Json {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "agent", "annotations": {"kubernetes.io/change-cause": version}},
        "spec": {
            "selector": {"matchLabels": {"app": "agent"}},
            "updateStrategy": strategy,
            "revisionHistoryLimit": 2,
            "template": {
                "metadata": {"labels": {"app": "agent"}},
                "spec": {
                    "terminationGracePeriodSeconds": 3,
                    "containers": [{
                        "name": "c", "image": IMAGE, "command": ["sleep", "10h"],
                        "env": [{"name": "VERSION", "value": version}],
                    }],
                },
            },
        },
    })
}

impl Daemons {
    async fn start(set: &Json) -> Self {
        let nodes = json!({"nodes": [{"name": "a"}, {"name": "b"}, {"name": "c"}]});
        let spec: ClusterSpec = serde_json::from_value(nodes).expect("a cluster");
        let images = Arc::new(gidcheck::images::store_of(&[]));
        let cluster = Cluster::start(&spec, &images, &Simulation).await.expect("it starts");
        let cluster = Self(cluster);
        cluster.apply(set);
        tokio::time::sleep(Duration::from_secs(10)).await;
        cluster
    }

    fn apply(&self, set: &Json) {
        self.0.api.apply(set).expect("it is valid");
    }

    fn all(&self, group: &str, plural: &str) -> Vec<Json> {
        self.0.api.objects(kind(group, plural)).iter().map(Object::to_json).collect()
    }

    /// Lets time pass; gives the fewest ready and the most pods that there were meanwhile.
    async fn watch(&self, seconds: u64) -> (usize, usize) {
        let (mut fewest, mut most) = (usize::MAX, 0);
        for _ in 0..seconds * 10 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let pods = self.all("", "pods");
            let is_ready = |pod: &&Json| {
                let conditions = pod["status"]["conditions"].as_array();
                let leaves = pod["metadata"]["deletionTimestamp"].is_string();
                !leaves
                    && conditions.into_iter().flatten().any(|condition| {
                        condition["type"] == "Ready" && condition["status"] == "True"
                    })
            };
            fewest = fewest.min(pods.iter().filter(is_ready).count());
            most = most.max(pods.len());
        }
        (fewest, most)
    }

    /// How many pods there are of each version.
    fn versions(&self) -> Vec<String> {
        let pods = self.all("", "pods");
        let version = |pod: &Json| {
            let env = &pod["spec"]["containers"][0]["env"][0]["value"];
            env.as_str().unwrap_or_default().to_owned()
        };
        let mut versions: Vec<_> = pods.iter().map(version).collect();
        versions.sort();
        versions
    }

    /// The revisions: number and hash, the oldest first.
    fn revisions(&self) -> Vec<(i64, String)> {
        let revisions = self.all("apps", "controllerrevisions");
        let row = |one: &Json| {
            let hash = one["metadata"]["labels"][HASH].as_str().unwrap_or_default().to_owned();
            (one["revision"].as_i64().unwrap_or(0), hash)
        };
        let mut rows: Vec<_> = revisions.iter().map(row).collect();
        rows.sort();
        rows
    }

    fn status(&self) -> Json {
        self.all("apps", "daemonsets")[0]["status"].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn one_node_after_the_other_changes_over() {
    let cluster = Daemons::start(&agent("1", json!({"type": "RollingUpdate"}))).await;
    cluster.apply(&agent("2", json!({"type": "RollingUpdate"})));
    let (fewest, most) = cluster.watch(40).await;
    assert_eq!((fewest, most), (2, 3), "one node at a time is without an agent");
    assert_eq!(cluster.versions(), ["2", "2", "2"]);
    let status = cluster.status();
    assert_eq!(
        (&status["updatedNumberScheduled"], &status["numberAvailable"]),
        (&json!(3), &json!(3))
    );
}

#[tokio::test(start_paused = true)]
async fn with_surge_no_node_is_without() {
    let surge =
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}});
    let cluster = Daemons::start(&agent("1", surge.clone())).await;
    cluster.apply(&agent("2", surge));
    let (fewest, most) = cluster.watch(40).await;
    assert!(fewest >= 3, "there were only {fewest}");
    assert!((4..=6).contains(&most), "there were {most}");
    assert_eq!(cluster.versions(), ["2", "2", "2"]);
    assert_eq!(cluster.status()["numberMisscheduled"], 0);
}

#[tokio::test(start_paused = true)]
async fn nothing_changes_over_by_itself_that_waits_for_deletions() {
    let by_hand = json!({"type": "OnDelete"});
    let cluster = Daemons::start(&agent("1", by_hand.clone())).await;
    cluster.apply(&agent("2", by_hand));
    cluster.watch(20).await;
    assert_eq!(cluster.versions(), ["1", "1", "1"]);
    let name = cluster.all("", "pods")[0]["metadata"]["name"].clone();
    cluster.0.api.delete_pod("default", name.as_str().unwrap_or_default()).expect("it is there");
    cluster.watch(20).await;
    assert_eq!(cluster.versions(), ["1", "1", "2"]);
    assert_eq!(cluster.status()["updatedNumberScheduled"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_before_is_found_again_and_the_oldest_is_forgotten() {
    let rolling = || json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}});
    let cluster = Daemons::start(&agent("1", rolling())).await;
    let first = cluster.revisions();
    assert_eq!(first.len(), 1);
    let pods = cluster.all("", "pods");
    assert!(pods.iter().all(|pod| pod["metadata"]["labels"][HASH] == json!(first[0].1)));
    cluster.apply(&agent("2", rolling()));
    cluster.watch(15).await;
    assert_eq!(cluster.revisions().len(), 2);
    let annotated = cluster.all("apps", "controllerrevisions");
    let causes: Vec<_> = annotated
        .iter()
        .map(|one| one["metadata"]["annotations"]["kubernetes.io/change-cause"].clone())
        .collect();
    assert!(causes.contains(&json!("1")) && causes.contains(&json!("2")), "{causes:?}");
    cluster.apply(&agent("1", rolling()));
    cluster.watch(15).await;
    let now = cluster.revisions();
    assert_eq!(
        (now.len(), now[1].0, &now[1].1),
        (2, 3, &first[0].1),
        "the same, with a new number"
    );
    assert_eq!(cluster.versions(), ["1", "1", "1"]);
    for version in ["3", "4", "5", "6"] {
        cluster.apply(&agent(version, rolling()));
        cluster.watch(15).await;
    }
    assert_eq!(cluster.revisions().len(), 3, "two besides the one in use");
}
