//! What controllers do with what others change: deletions that cascade or do not, pods without a
//! controller, Deployments that are paused or scaled in the middle of a rollout, StatefulSets in
//! parallel, and Jobs that are suspended, take too long, or say which failures count.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::{Cluster, DeleteOptions, Object, Place, Propagation, Writing};
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::Pod;
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

/// A cluster, and what is asked of it.
struct Controlled(Cluster);

fn kind(plural: &str) -> &'static Resource {
    let group = match plural {
        "pods" | "persistentvolumeclaims" => "",
        "jobs" => "batch",
        "poddisruptionbudgets" => "policy",
        _ => "apps",
    };
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

#[tokio::test(start_paused = true)]
async fn a_parallel_stateful_set_waits_for_nobody_and_claims_storage_for_each() {
    let cluster = Controlled::start().await;
    let mut set = workload("StatefulSet", 3, &template("Strict", &json!({})));
    set["spec"]["serviceName"] = "web".into();
    set["spec"]["podManagementPolicy"] = "Parallel".into();
    set["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": {"name": "data"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }]);
    set["spec"]["template"]["spec"]["nodeSelector"] = json!({"there-is": "no-such-node"});
    cluster.apply(&set);
    cluster.pass(5).await;
    assert_eq!(cluster.all("pods").len(), 3, "none waits for the one before");
    let claims = cluster.all("persistentvolumeclaims");
    let names: Vec<_> = claims.iter().map(|claim| claim["metadata"]["name"].clone()).collect();
    assert_eq!(names, ["data-web-0", "data-web-1", "data-web-2"]);
    assert!(claims.iter().all(|claim| claim["status"]["phase"] == "Pending"));
    assert!(claims.iter().all(|claim| claim["metadata"]["labels"]["app"] == "web"));
    let pod = cluster.get("pods", "web-1").expect("it is there");
    let volumes = pod["spec"]["volumes"].as_array().expect("it has some");
    assert!(volumes.iter().any(|volume| {
        volume["name"] == "data" && volume["persistentVolumeClaim"]["claimName"] == "data-web-1"
    }));
    set["spec"]["replicas"] = 1.into();
    cluster.apply(&set);
    cluster.pass(5).await;
    assert_eq!(cluster.all("pods").len(), 1);
    assert_eq!(cluster.all("persistentvolumeclaims").len(), 3, "storage is kept");
}

#[tokio::test(start_paused = true)]
async fn a_stateful_set_of_any_size_is_worked_on_in_parts() {
    let cluster = Controlled::start().await;
    let mut set = workload("StatefulSet", 2_000_000_000, &template("Strict", &json!({})));
    set["spec"]["podManagementPolicy"] = "Parallel".into();
    set["spec"]["template"]["spec"]["nodeSelector"] = json!({"there-is": "no-such-node"});
    cluster.apply(&set);
    cluster.pass(10).await;
    let pods = cluster.all("pods").len();
    assert!((100..=260).contains(&pods), "{pods} pods: as many as its client may make");
}

fn job(spec: &Json, command: &[&str]) -> Json {
    let mut template = template("Strict", &json!({}));
    template["metadata"] = json!({});
    template["spec"]["restartPolicy"] = "Never".into();
    template["spec"]["containers"][0]["command"] = json!(command);
    let mut spec = spec.clone();
    spec["template"] = template;
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": spec})
}

impl Controlled {
    /// The job's condition of a type: its status, reason and message.
    fn condition(&self, type_: &str) -> Option<[String; 3]> {
        let job = self.get("jobs", "job").expect("it is there");
        let condition = job["status"]["conditions"]
            .as_array()?
            .iter()
            .find(|one| one["type"] == type_)?
            .clone();
        let text = |field: &str| condition[field].as_str().unwrap_or_default().to_owned();
        Some(["status", "reason", "message"].map(text))
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_takes_too_long_is_ended() {
    let cluster = Controlled::start().await;
    cluster.apply(&job(&json!({"activeDeadlineSeconds": 30}), &["sleep", "1h"]));
    cluster.pass(29).await;
    assert_eq!(cluster.condition("Failed"), None);
    cluster.pass(3).await;
    let why = ["True", "DeadlineExceeded", "Job was active longer than specified deadline"];
    assert_eq!(cluster.condition("FailureTarget").expect("it is decided"), why);
    assert_eq!(cluster.condition("Failed"), None, "its pod has not ended yet");
    cluster.pass(10).await;
    assert_eq!(cluster.condition("Failed").expect("now it has"), why);
    assert!(cluster.all("pods").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_suspended_job_has_no_pods_until_it_goes_on() {
    let cluster = Controlled::start().await;
    cluster.apply(&job(&json!({"suspend": true, "parallelism": 2}), &["sleep", "1h"]));
    cluster.pass(5).await;
    assert!(cluster.all("pods").is_empty());
    assert_eq!(cluster.condition("Suspended").expect("it says so")[0], "True");
    cluster.apply(&job(&json!({"suspend": false, "parallelism": 2}), &["sleep", "1h"]));
    cluster.pass(5).await;
    assert_eq!(cluster.all("pods").len(), 2);
    assert_eq!(cluster.condition("Suspended").expect("it says so")[..2], ["False", "JobResumed"]);
    cluster.apply(&job(&json!({"suspend": true, "parallelism": 2}), &["sleep", "1h"]));
    cluster.pass(15).await;
    assert!(cluster.all("pods").is_empty());
    let job = cluster.get("jobs", "job").expect("it is there");
    assert!(job["status"]["failed"].is_null(), "what it deleted itself has not failed");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_a_job_names_ends_it_at_once() {
    let cluster = Controlled::start().await;
    let policy = json!({"rules": [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [3]}},
    ]});
    let command = ["sh", "-c", "exit 3"];
    cluster.apply(&job(&json!({"podFailurePolicy": policy, "backoffLimit": 6}), &command));
    cluster.pass(20).await;
    let [status, reason, message] = cluster.condition("Failed").expect("it has failed");
    assert_eq!((status.as_str(), reason.as_str()), ("True", "PodFailurePolicy"));
    let pod = cluster.all("pods")[0]["metadata"]["name"].as_str().expect("a name").to_owned();
    assert_eq!(
        message,
        format!(
            "Container ctr for pod default/{pod} failed with exit code 3 matching FailJob rule at index 0"
        )
    );
    assert_eq!(cluster.all("pods").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_in_foreground_deletion_lets_go_of_its_pods() {
    let cluster = Controlled::start().await;
    cluster.apply(&job(&json!({}), &["sleep", "1h"]));
    cluster.pass(5).await;
    cluster.delete("jobs", "job", Propagation::Foreground);
    cluster.pass(15).await;
    assert!(cluster.all("pods").is_empty() && cluster.get("jobs", "job").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_budget_counts_the_healthy_pods_of_all_that_there_should_be() {
    let cluster = Controlled::start().await;
    cluster.apply(&json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
    }));
    cluster.pass(1).await;
    let status =
        || cluster.get("poddisruptionbudgets", "web").expect("it is there")["status"].clone();
    let counts = |status: &Json| {
        ["currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed"]
            .map(|field| status[field].as_i64().unwrap_or(-1))
    };
    let empty = status();
    assert_eq!(counts(&empty), [0, 0, 0, 0]);
    assert_eq!(empty["conditions"][0]["reason"], "InsufficientPods");
    cluster.apply(&workload("Deployment", 3, &template("Merge", &json!({}))));
    cluster.pass(10).await;
    let full = status();
    assert_eq!(counts(&full), [3, 1, 3, 2]);
    assert_eq!(full["observedGeneration"], 1);
    assert_eq!(full["conditions"][0]["reason"], "SufficientPods");
    let names: Vec<_> =
        cluster.all("pods").iter().map(|pod| pod["metadata"]["name"].clone()).collect();
    let evict = |name: &Json| {
        let resource = kind("pods");
        let name = name.as_str().expect("pods have names");
        let place = Place { resource, namespace: "default", name, subresource: "eviction" };
        let body =
            json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}});
        cluster.0.api.create(&place, body, &Writing { manager: "test", ..Writing::default() })
    };
    evict(&names[0]).expect("two may go");
    evict(&names[1]).expect("one more may go");
    assert_eq!(evict(&names[2]).expect_err("one must stay").code, 429);
    cluster.pass(60).await;
    assert_eq!(counts(&status()), [3, 1, 3, 2], "the deployment has made others");
}
