//! What controllers do with what others change: deletions that cascade or do not, pods without a
//! controller, and Deployments that are paused or scaled in the middle of a rollout.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::{Cluster, DeleteOptions, Object, Propagation};
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

/// A cluster, and what is asked of it.
struct Controlled(Cluster);

fn kind(plural: &str) -> &'static Resource {
    let group = if plural == "pods" { "" } else { "apps" };
    resource::find(group, "v1", plural).expect("the table has it")
}

impl Controlled {
    async fn start() -> Self {
        let spec: ClusterSpec =
            serde_json::from_value(json!({"nodes": [{"name": "a"}]})).expect("a cluster");
        let images = Arc::new(gidcheck::images::store_of(&[]));
        Self(Cluster::start(&spec, &images, &Simulation).await.expect("the cluster starts"))
    }

    fn apply(&self, object: &Json) {
        self.0.api.apply(object).expect("it is valid");
    }

    fn get(&self, plural: &str, name: &str) -> Option<Json> {
        Some(self.0.api.object(kind(plural), "default", name)?.to_json())
    }

    fn all(&self, plural: &str) -> Vec<Json> {
        self.0.api.objects(kind(plural)).iter().map(Object::to_json).collect()
    }

    /// How many pods each ReplicaSet is to have, the largest number first.
    fn sizes(&self) -> Vec<i64> {
        let sets = self.all("replicasets");
        let mut sizes: Vec<_> =
            sets.iter().map(|set| set["spec"]["replicas"].as_i64().unwrap_or(0)).collect();
        sizes.sort_unstable_by_key(|size| -size);
        sizes
    }

    fn delete(&self, plural: &str, name: &str, propagation: Propagation) {
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        self.0.api.delete_object(kind(plural), "default", name, &options).expect("it is there");
    }

    fn change_pod(&self, name: &str, change: impl FnOnce(&mut Pod)) {
        let mut object = self.0.api.object(kind("pods"), "default", name).expect("it is there");
        if let Object::Pod(pod) = &mut object {
            change(Arc::make_mut(pod));
        }
        self.0.api.update_object(kind("pods"), "", object, "test").expect("it may change");
    }

    async fn pass(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
}

fn template(policy: &str, selector: &Json) -> Json {
    json!({
        "metadata": {"labels": {"app": "web"}},
        "spec": {
            "terminationGracePeriodSeconds": 5,
            "nodeSelector": selector,
            "securityContext": {"supplementalGroupsPolicy": policy},
            "containers": [{"name": "ctr", "image": IMAGE, "command": ["sleep", "1h"]}],
        },
    })
}

fn workload(kind: &str, replicas: u32, template: &Json) -> Json {
    json!({
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template,
        },
    })
}

fn owners(object: &Json) -> usize {
    object["metadata"]["ownerReferences"].as_array().map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn what_is_deleted_in_the_foreground_stays_until_what_it_owns_is_gone() {
    let cluster = Controlled::start().await;
    cluster.apply(&workload("Deployment", 2, &template("Strict", &json!({}))));
    cluster.pass(10).await;
    cluster.delete("deployments", "web", Propagation::Foreground);
    cluster.pass(1).await;
    let deployment = cluster.get("deployments", "web").expect("it waits for its pods");
    assert_eq!(deployment["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    let set = cluster.all("replicasets").pop().expect("it waits for its pods, too");
    assert!(set["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(cluster.all("pods").len(), 2, "they have their grace period");
    cluster.pass(10).await;
    for plural in ["pods", "replicasets", "deployments"] {
        assert!(cluster.all(plural).is_empty(), "{plural} are left");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_orphaned_stays_and_can_be_taken_in_again() {
    let cluster = Controlled::start().await;
    let deployment = workload("Deployment", 2, &template("Strict", &json!({})));
    cluster.apply(&deployment);
    cluster.pass(10).await;
    let names = |cluster: &Controlled| -> Vec<_> {
        cluster.all("pods").iter().map(|pod| pod["metadata"]["name"].clone()).collect()
    };
    let before = names(&cluster);
    cluster.delete("deployments", "web", Propagation::Orphan);
    cluster.pass(10).await;
    assert!(cluster.get("deployments", "web").is_none());
    let set = cluster.all("replicasets").pop().expect("it is still there");
    assert_eq!(owners(&set), 0);
    assert_eq!(names(&cluster), before, "its pods have not noticed");
    cluster.apply(&deployment);
    cluster.pass(10).await;
    let sets = cluster.all("replicasets");
    assert_eq!((sets.len(), owners(&sets[0])), (1, 1), "it is the new Deployment's");
    assert_eq!(names(&cluster), before);
}

#[tokio::test(start_paused = true)]
async fn a_replica_set_takes_in_pods_that_fit_and_lets_go_of_those_that_do_not_any_more() {
    let cluster = Controlled::start().await;
    let mut pod = template("Strict", &json!({}));
    pod["apiVersion"] = "v1".into();
    pod["kind"] = "Pod".into();
    pod["metadata"]["name"] = "stray".into();
    cluster.apply(&pod);
    cluster.pass(5).await;
    cluster.apply(&workload("ReplicaSet", 2, &template("Strict", &json!({}))));
    cluster.pass(5).await;
    assert_eq!(cluster.all("pods").len(), 2, "one more makes two");
    assert_eq!(owners(&cluster.get("pods", "stray").expect("it is kept")), 1);
    cluster.change_pod("stray", |pod| {
        pod.metadata.labels = Some(BTreeMap::from([("app".to_owned(), "other".to_owned())]));
    });
    cluster.pass(5).await;
    assert_eq!(owners(&cluster.get("pods", "stray").expect("it is let go, not deleted")), 0);
    assert_eq!(cluster.all("pods").len(), 3, "another one has taken its place");
}

#[tokio::test(start_paused = true)]
async fn a_paused_deployment_rolls_nothing_out_until_it_goes_on() {
    let cluster = Controlled::start().await;
    let paused = |policy: &str, paused: bool| {
        let mut deployment = workload("Deployment", 2, &template(policy, &json!({})));
        deployment["spec"]["paused"] = paused.into();
        deployment
    };
    cluster.apply(&paused("Strict", false));
    cluster.pass(10).await;
    cluster.apply(&paused("Merge", true));
    cluster.pass(60).await;
    assert_eq!(cluster.sizes(), [2], "there is no other ReplicaSet");
    let deployment = cluster.get("deployments", "web").expect("it is there");
    let conditions = deployment["status"]["conditions"].as_array().expect("it has some");
    let progress = conditions.iter().find(|one| one["type"] == "Progressing").expect("one");
    assert_eq!(
        (&progress["status"], &progress["reason"]),
        (&json!("Unknown"), &json!("DeploymentPaused"))
    );
    // Scaling goes on.
    let mut scaled = paused("Merge", true);
    scaled["spec"]["replicas"] = 3.into();
    cluster.apply(&scaled);
    cluster.pass(10).await;
    assert_eq!(cluster.sizes(), [3]);
    scaled["spec"]["paused"] = false.into();
    cluster.apply(&scaled);
    cluster.pass(60).await;
    assert_eq!(cluster.sizes(), [3, 0]);
    let policy = |pod: &Json| pod["spec"]["securityContext"]["supplementalGroupsPolicy"].clone();
    assert!(cluster.all("pods").iter().all(|pod| policy(pod) == "Merge"));
}

/// The figures are those of the documentation's example ("Proportional scaling").
#[tokio::test(start_paused = true)]
async fn a_deployment_that_is_scaled_in_a_rollout_spreads_the_new_pods_in_proportion() {
    let cluster = Controlled::start().await;
    let deployment = |replicas: u32, selector: &Json| {
        let mut deployment = workload("Deployment", replicas, &template("Strict", selector));
        deployment["spec"]["strategy"] = json!({
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2},
        });
        deployment
    };
    cluster.apply(&deployment(10, &json!({})));
    cluster.pass(30).await;
    let nowhere = json!({"there-is": "no-such-node"});
    cluster.apply(&deployment(10, &nowhere));
    cluster.pass(60).await;
    assert_eq!(cluster.sizes(), [8, 5], "the rollout waits for pods that never run");
    cluster.apply(&deployment(15, &nowhere));
    cluster.pass(60).await;
    assert_eq!(cluster.sizes(), [11, 7]);
}
