//! An explanation against the simulated cluster: random images and manifests, every version and
//! runtime; what is explained is what the cluster then does.

use std::sync::Arc;
use std::time::Duration;

use gidcheck::check::parse_process_status;
use gidcheck::cluster::Cluster;
use gidcheck::document::{Problems, Sources};
use gidcheck::explain::images::{Images, Source};
use gidcheck::explain::report::PodFate;
use gidcheck::explain::setting::Setting;
use gidcheck::explain::{Foreign, Manifests, explain};
use gidcheck::images::store_of;
use gidcheck::oci::archive::ImageAccounts;
use gidcheck::scenario::{ClusterSpec, ImageSpec};
use gidcheck::target::Simulation;
use k8s_openapi::api::core::v1::Pod;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

const IMAGE: &str = "example.test/any:1";
const SETTLE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone)]
struct Random {
    /// The API server's.
    minor: u8,
    /// The kubelet's, which is as old or older.
    kubelet: u8,
    runtime: usize,
    image: Json,
    pod: Json,
}

fn one_of<T: Clone + std::fmt::Debug + 'static>(values: &'static [T]) -> BoxedStrategy<T> {
    proptest::sample::select(values).boxed()
}

/// A field that is there or not.
fn maybe(values: &'static [i64]) -> BoxedStrategy<Option<i64>> {
    proptest::option::of(one_of(values)).boxed()
}

const IDS: &[&str] = &["0", "5", "1000", "2147483648", "4294967296", "-1", "many"];

fn passwd() -> impl Strategy<Value = String> {
    let line = (one_of(&["root", "u", "v"]), one_of(IDS), one_of(IDS))
        .prop_map(|(name, uid, gid)| format!("{name}:x:{uid}:{gid}::/:/bin/sh\n"));
    proptest::collection::vec(line, 0..4).prop_map(|lines| lines.concat())
}

fn group() -> impl Strategy<Value = String> {
    let names = one_of(&["root", "g", "u", "4000", "wheel", "#x"]);
    let members = one_of(&["", "u", "root", "v,u", "1000", "u ,v"]);
    let ids = one_of(&["0", "10", "4000", "50000", "4294967290", "-7", ""]);
    let line = (names, ids, members)
        .prop_map(|(name, gid, members)| format!("{name}:x:{gid}:{members}\n"));
    proptest::collection::vec(line, 0..6).prop_map(|lines| lines.concat())
}

fn image() -> impl Strategy<Value = Json> {
    let users = one_of(&["", "0", "1000", "u", "nobody", "1000:2000", "u:g", "root:wheel"]);
    (proptest::option::of(passwd()), proptest::option::of(group()), users).prop_map(
        |(passwd, group, user)| json!({"name": IMAGE, "passwd": passwd, "group": group, "user": user}),
    )
}

fn pod() -> impl Strategy<Value = Json> {
    const USERS: &[i64] = &[0, 5, 1000, 4242];
    let groups = proptest::collection::vec(one_of(&[10_i64, 4000, 50_000, 1000]), 0..3);
    let policy = one_of(&[None, Some("Merge"), Some("Strict")]);
    let of_pod = (maybe(USERS), maybe(&[0, 3000]), groups, maybe(&[2000, 4000]), policy);
    let of_container = (maybe(USERS), maybe(&[0, 3000]), proptest::bool::weighted(0.1));
    (of_pod, of_container).prop_map(|((user, group, groups, fs_group, policy), own)| {
        let mut security = json!({"runAsUser": user, "runAsGroup": group, "fsGroup": fs_group,
            "supplementalGroups": groups});
        if let Some(policy) = policy {
            security["supplementalGroupsPolicy"] = policy.into();
        }
        let mut container = json!({"runAsUser": own.0, "runAsGroup": own.1});
        if own.2 {
            container["runAsNonRoot"] = true.into();
        }
        json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any"},
            "spec": {
                "securityContext": without_nulls(security),
                "containers":
                    [{"name": "any", "image": IMAGE, "securityContext": without_nulls(container)}],
            },
        })
    })
}

fn without_nulls(mut object: Json) -> Json {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

fn random() -> impl Strategy<Value = Random> {
    (30_u8..=36, 0..=3_u8, 0..fake_cri::profile::all().len(), image(), pod()).prop_map(
        |(minor, behind, runtime, image, pod)| {
            let kubelet = minor.saturating_sub(behind).max(30);
            Random { minor, kubelet, runtime, image, pod }
        },
    )
}

/// What becomes of the pod's container, in one line.
fn explained(random: &Random, image: &fake_cri::Image) -> String {
    let mut sources = Sources::default();
    let id = sources.add("any.json", random.pod.to_string());
    let (mut manifests, mut problems) = (Manifests::default(), Problems::default());
    manifests.read(&sources, id, Foreign::Refused, &mut problems);
    assert!(problems.is_empty());
    let accounts = ImageAccounts {
        references: vec![IMAGE.to_owned()],
        image: image.clone(),
        ..ImageAccounts::default()
    };
    let mut images = Images::default();
    images.add(IMAGE, accounts, Source::Registry);
    let version = |minor: u8| format!("1.{minor}").parse().expect("a known version");
    let runtime = &fake_cri::profile::all()[random.runtime];
    let setting = Setting::new(version(random.minor), version(random.kubelet), &[].into(), runtime)
        .expect("the defaults are settable");
    let explanation = explain(&manifests, &images, &setting);
    let outcome = explanation.pods[0].as_written();
    let reason = outcome.reason.clone().unwrap_or_default();
    match outcome.fate {
        PodFate::Refused => {
            return format!("refused: {}", outcome.message.clone().unwrap_or_default());
        }
        PodFate::Rejected => return format!("rejected: {reason}"),
        PodFate::NoSandbox => return "waits: ContainerCreating".to_owned(),
        PodFate::Admitted => {}
    }
    let container = &outcome.containers[0];
    match (&container.identity, &container.reason) {
        (Some(identity), _) => {
            let groups: Vec<_> = identity.groups.iter().map(|group| group.id).collect();
            format!("uid={} gid={} groups={groups:?}", identity.user.id, identity.group.id)
        }
        (None, Some(reason)) => format!("waits: {reason}"),
        (None, None) => "nothing".to_owned(),
    }
}

/// The same from a cluster.
async fn happened(random: &Random, images: &Arc<fake_cri::ImageStore>) -> String {
    let runtime = fake_cri::profile::all()[random.runtime].name;
    let spec = json!({
        "kubernetes": format!("1.{}", random.minor),
        "nodes": [{
            "name": "node-1", "kubernetes": format!("1.{}", random.kubelet), "runtime": runtime,
        }],
    });
    let spec: ClusterSpec = serde_json::from_value(spec).expect("a cluster");
    let cluster = Cluster::start(&spec, images, &Simulation).await.expect("the cluster starts");
    let mut pod = random.pod.clone();
    pod["spec"]["nodeName"] = "node-1".into();
    let what = match cluster.api.apply(&pod) {
        Err(status) => format!("refused: {}", status.message),
        Ok(_) => {
            tokio::time::sleep(SETTLE).await;
            let pod = cluster.api.pod("default", "any").expect("it was made");
            became(&cluster, &pod).await
        }
    };
    cluster.stop().await;
    what
}

async fn became(cluster: &Cluster, pod: &Pod) -> String {
    let status = pod.status.clone().unwrap_or_default();
    if status.phase.as_deref() == Some("Failed") {
        return format!("rejected: {}", status.reason.unwrap_or_default());
    }
    let state = status.container_statuses.and_then(|all| all.into_iter().next()?.state);
    let state = state.unwrap_or_default();
    if state.running.is_none() {
        let waiting = state.waiting.and_then(|waiting| waiting.reason);
        return format!("waits: {}", waiting.unwrap_or_default());
    }
    let command = ["cat".to_owned(), "/proc/1/status".to_owned()];
    let answer = cluster.exec(pod, None, &command, SETTLE).await.expect("it runs");
    let identity = parse_process_status(&String::from_utf8_lossy(&answer.stdout));
    let identity = identity.expect("the status of a process");
    let groups: Vec<_> = identity.groups.iter().map(|group| group.id).collect();
    format!("uid={} gid={} groups={groups:?}", identity.uid.id, identity.gid.id)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn what_is_explained_is_what_a_cluster_does(random in random()) {
        let spec: ImageSpec = serde_json::from_value(random.image.clone()).expect("an image");
        let store = Arc::new(store_of(&[spec]));
        let image = Arc::clone(&store.find(IMAGE).expect("it was added").image);
        let tokio = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a tokio runtime");
        let happened = tokio.block_on(happened(&random, &store));
        prop_assert_eq!(explained(&random, &image), happened);
    }
}
