//! Variables and files that come from config maps, secrets and the downward API.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fake_kubelet::KubeletConfig;
use fake_kubelet::volumes::{MountedVolume, Ownership, VolumeError, VolumeFiles, Volumes};
use k8s_openapi::api::core::v1::{Pod, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use support::runtime::{Behaviour, Made, ScriptedRuntime};
use support::{TestNode, gates, pass, pod};

const SOON: Duration = Duration::from_millis(100);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn node() -> TestNode {
    let runtime = ScriptedRuntime::containerd_2_1().with_image("app:1", Behaviour::default());
    TestNode::start("1.36", runtime).await
}

fn app(container: &Value) -> Value {
    let mut whole = json!({"name": "ctr", "image": "app:1"});
    for (field, value) in container.as_object().expect("fields") {
        whole[field] = value.clone();
    }
    json!({"containers": [whole]})
}

/// The variables that the newest container was made with.
fn variables(node: &TestNode) -> Vec<(String, String)> {
    let made = node.runtime.made();
    let config = made.into_iter().rev().find_map(|made| match made {
        Made::Container(config) => Some(config),
        Made::Sandbox(_) => None,
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let variables = config.expect("a container was made").envs.into_iter();
    variables.map(|variable| (variable.key, text(&variable.value))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn variables_come_from_config_maps_and_secrets_and_those_of_the_manifest_count_more() {
    let node = node().await;
    node.api.put_config_map("settings", &[("COLOUR", "blue"), ("SIZE", "3")]);
    node.api.put_secret("password", &[("WORD", "swordfish")]);
    let spec = app(&json!({
        "envFrom": [
            {"configMapRef": {"name": "settings"}},
            {"prefix": "SECRET_", "secretRef": {"name": "password"}},
            {"configMapRef": {"name": "missing", "optional": true}},
        ],
        "env": [
            {"name": "SIZE", "value": "4"},
            {"name": "ONE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "SIZE"}}},
            {"name": "TWO", "valueFrom": {"secretKeyRef": {"name": "password", "key": "WORD"}}},
            {"name": "NONE", "valueFrom":
                {"secretKeyRef": {"name": "password", "key": "none", "optional": true}}},
            {"name": "BOTH", "value": "$(COLOUR)-$(TWO)-$(UNKNOWN)"},
        ],
    }));
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    assert_eq!(
        variables(&node),
        pairs(&[
            ("COLOUR", "blue"),
            ("SIZE", "4"),
            ("SECRET_WORD", "swordfish"),
            ("ONE", "3"),
            ("TWO", "swordfish"),
            ("BOTH", "blue-swordfish-$(UNKNOWN)"),
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_container_waits_for_what_its_variables_come_from_and_runs_when_it_is_there() {
    let missing = [
        (json!({"envFrom": [{"configMapRef": {"name": "late"}}]}), "configmap \"late\" not found"),
        (json!({"envFrom": [{"secretRef": {"name": "late"}}]}), "secret \"late\" not found"),
        (
            json!({"env": [
                {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "there", "key": "late"}}},
            ]}),
            "couldn't find key late in ConfigMap default/there",
        ),
        (
            json!({"env": [
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "there", "key": "late"}}},
            ]}),
            "couldn't find key late in Secret default/there",
        ),
    ];
    for (container, message) in missing {
        let node = node().await;
        node.api.put_config_map("there", &[("K", "v")]);
        node.api.put_secret("there", &[("K", "v")]);
        node.api.create_pod(pod("pod", app(&container)));
        pass(SOON).await;
        let waiting = node.api.waiting("pod", "ctr");
        assert_eq!(
            waiting,
            Some(("CreateContainerConfigError".to_owned(), message.to_owned())),
            "{container}"
        );
        let event = ("Failed".to_owned(), format!("Error: {message}"));
        assert!(node.api.events("pod").contains(&event), "{:?}", node.api.events("pod"));
        assert_eq!(node.api.phase("pod"), "Pending");

        node.api.put_config_map("late", &[]);
        node.api.put_secret("late", &[]);
        node.api.put_config_map("there", &[("late", "v")]);
        node.api.put_secret("there", &[("late", "v")]);
        pass(seconds(11)).await;
        assert_eq!(node.api.phase("pod"), "Running", "{container}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_downward_api_says_what_pod_and_container_are() {
    let node = node().await;
    let spec = app(&json!({
        "resources": {"requests": {"cpu": "250m"}, "limits": {"memory": "64Mi"}},
        "env": [
            {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "requests.cpu"}}},
            {"name": "MILLI", "valueFrom":
                {"resourceFieldRef": {"resource": "requests.cpu", "divisor": "1m"}}},
            {"name": "MEMORY", "valueFrom":
                {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
            {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        ],
    }));
    let mut pod = pod("pod", spec);
    pod.metadata.labels = Some(BTreeMap::from([("app".to_owned(), "web".to_owned())]));
    node.api.create_pod(pod);
    pass(SOON).await;
    let expected = pairs(&[
        ("NAME", "pod"),
        ("LABEL", "web"),
        ("CPU", "1"),
        ("MILLI", "250"),
        ("MEMORY", "64"),
        ("LIMIT", "64"),
    ]);
    assert_eq!(variables(&node), expected);
}

type Mounted = BTreeMap<String, (Ownership, Option<VolumeFiles>)>;

/// Tells what the kubelet mounts.
#[derive(Debug, Default)]
struct WatchedVolumes(Mutex<Mounted>);

impl Volumes for WatchedVolumes {
    fn mount(
        &self,
        _: &Pod,
        volume: &Volume,
        ownership: Ownership,
        files: Option<&VolumeFiles>,
        now: &Time,
    ) -> Result<MountedVolume, VolumeError> {
        let mut mounted = self.0.lock().expect("no test panics while it holds it");
        mounted.insert(volume.name.clone(), (ownership, files.cloned()));
        Ok(MountedVolume::at(format!("/{}", volume.name), files, now))
    }

    fn unmount_all(&self, _: &Pod) {}
}

async fn watched() -> (TestNode, Arc<WatchedVolumes>) {
    let mut node = node().await;
    let volumes = Arc::new(WatchedVolumes::default());
    let mut config = KubeletConfig::new("node", gates("1.36", &[]));
    config.volumes = volumes.clone();
    node.start_kubelet(config).await;
    (node, volumes)
}

#[tokio::test(start_paused = true)]
async fn files_of_volumes_are_what_the_objects_hold_under_the_names_and_modes_asked_for() {
    let (node, volumes) = watched().await;
    node.api.put_config_map("settings", &[("colour", "blue"), ("size", "3")]);
    node.api.put_secret("password", &[("word", "swordfish")]);
    let mut spec = app(&json!({}));
    spec["securityContext"] = json!({"fsGroup": 2000});
    spec["volumes"] = json!([
        {"name": "all", "configMap": {"name": "settings"}},
        {"name": "secret", "secret": {"secretName": "password", "defaultMode": 0o400}},
        {"name": "some", "configMap": {"name": "settings", "items":
            [{"key": "size", "path": "deep/down", "mode": 0o600}]}},
        {"name": "self", "downwardAPI": {"items":
            [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        {"name": "mixed", "projected": {"defaultMode": 0o440, "sources": [
            {"configMap": {"name": "settings", "items": [{"key": "size", "path": "size"}]}},
            {"secret": {"name": "password"}},
            {"secret": {"name": "missing", "optional": true}},
        ]}},
        {"name": "scratch", "emptyDir": {}},
    ]);
    let mut pod = pod("pod", spec);
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    pod.metadata.labels = Some(BTreeMap::from([label("a", "x\"y"), label("b", "z")]));
    node.api.create_pod(pod);
    pass(SOON).await;
    assert_eq!(node.api.phase("pod"), "Running");

    let mounted = volumes.0.lock().expect("readable");
    let files = |volume: &str| -> Vec<(String, u32, String)> {
        let files = mounted[volume].1.as_ref().expect("it has files");
        let text = |data: &[u8]| String::from_utf8_lossy(data).into_owned();
        files.iter().map(|(path, file)| (path.clone(), file.mode, text(&file.data))).collect()
    };
    let file = |path: &str, mode: u32, data: &str| (path.to_owned(), mode, data.to_owned());
    assert_eq!(files("all"), [file("colour", 0o644, "blue"), file("size", 0o644, "3")]);
    assert_eq!(files("secret"), [file("word", 0o400, "swordfish")]);
    assert_eq!(files("some"), [file("deep/down", 0o600, "3")]);
    assert_eq!(files("self"), [file("labels", 0o644, "a=\"x\\\"y\"\nb=\"z\"")]);
    assert_eq!(files("mixed"), [file("size", 0o440, "3"), file("word", 0o440, "swordfish")]);
    assert!(mounted["scratch"].1.is_none());
    let read_only = Ownership { group: Some(2000), mode: 0o2777 };
    assert_eq!(mounted["all"].0, read_only);
}

#[tokio::test(start_paused = true)]
async fn a_pod_waits_for_what_its_volumes_are_made_of_and_is_tried_again_ever_more_seldom() {
    let cases = [
        (json!({"configMap": {"name": "late"}}), "configmap \"late\" not found"),
        (json!({"secret": {"secretName": "late"}}), "secret \"late\" not found"),
        (
            json!({"configMap": {"name": "there", "items": [{"key": "k", "path": "p"}]}}),
            "configmap references non-existent config key: k",
        ),
        (
            json!({"secret": {"secretName": "there", "items": [{"key": "k", "path": "p"}]}}),
            "references non-existent secret key: k",
        ),
        (
            json!({"projected": {"sources":
                [{"configMap": {"name": "late"}}, {"secret": {"name": "late"}}]}}),
            "[configmap \"late\" not found, secret \"late\" not found]",
        ),
    ];
    for (mut source, message) in cases {
        let (node, _) = watched().await;
        node.api.put_config_map("there", &[]);
        node.api.put_secret("there", &[]);
        source["name"] = json!("data");
        let mut spec = app(&json!({}));
        spec["volumes"] = json!([source]);
        node.api.create_pod(pod("pod", spec));
        pass(SOON).await;
        let said = format!("MountVolume.SetUp failed for volume \"data\" : {message}");
        assert_eq!(node.api.events("pod"), [("FailedMount".to_owned(), said)]);
        let (reason, _) = node.api.waiting("pod", "ctr").expect("it waits");
        assert_eq!(reason, "ContainerCreating");
        assert_eq!(node.runtime.calls("run_pod_sandbox"), 0);

        pass(seconds(8)).await;
        let tried = node.api.event_objects("pod")[0].count;
        assert_eq!(tried, Some(5), "after 0, 0.5, 1.5, 3.5 and 7.5 seconds");
        node.api.put_config_map("late", &[]);
        node.api.put_secret("late", &[]);
        node.api.put_config_map("there", &[("k", "v")]);
        node.api.put_secret("there", &[("k", "v")]);
        pass(seconds(8)).await;
        assert_eq!(node.api.phase("pod"), "Running", "{source}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_of_such_a_volume_is_mounted_from_where_its_file_really_is() {
    let (node, _) = watched().await;
    node.api.put_config_map("settings", &[("colour", "blue")]);
    let mut spec = app(&json!({"volumeMounts":
        [{"name": "all", "mountPath": "/etc/colour", "subPath": "colour"}]}));
    spec["volumes"] = json!([{"name": "all", "configMap": {"name": "settings"}}]);
    node.api.create_pod(pod("pod", spec));
    pass(SOON).await;
    let made = node.runtime.made();
    let mounts = made.iter().find_map(|made| match made {
        Made::Container(config) => Some(&config.mounts),
        Made::Sandbox(_) => None,
    });
    let path = &mounts.expect("a container was made")[0].host_path;
    assert!(path.starts_with("/all/..2026_01_01_") && path.ends_with("/colour"), "{path}");
}
