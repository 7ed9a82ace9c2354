//! What a kubelet sends to the runtime, field by field.

mod support;

use cri_api::v1;
use fake_kubelet::KubeletConfig;
use fake_kubelet::translate::Context;
use fake_kubelet::translate::container::{Start, container_config};
use fake_kubelet::translate::environment::Sources;
use fake_kubelet::translate::sandbox::sandbox_config;
use fake_kubelet::translate::security::{ImageUser, verify_run_as_non_root};
use fake_kubelet::volumes::MountedVolume;
use k8s_openapi::api::core::v1::{Container, Pod};
use serde_json::{Value, json};

use support::{gates, pod};

fn config(version: &str) -> KubeletConfig {
    KubeletConfig::new("node", gates(version, &[]))
}

fn container(pod: &Pod) -> &Container {
    &pod.spec.as_ref().expect("a spec").containers[0]
}

fn start() -> Start<'static> {
    Start {
        image_ref: "sha256:0123".to_owned(),
        image_user: ImageUser::Uid(0),
        attempt: 0,
        target_id: None,
    }
}

fn sent_with(
    version: &str,
    spec: Value,
    image_user: ImageUser,
    volumes: &[(String, MountedVolume)],
) -> (v1::LinuxSandboxSecurityContext, v1::ContainerConfig) {
    let pod = pod("pod", spec);
    let config = config(version);
    let context = Context { config: &config, volumes, pod_ip: "10.0.0.1" };
    let sandbox = sandbox_config(&pod, 0, &context).expect("a sandbox");
    let start = Start { image_user, ..start() };
    let container =
        container_config(&pod, container(&pod), start, Sources::of(&pod, &()), &context)
            .expect("a container");
    let linux = sandbox.linux.expect("a Linux part");
    (linux.security_context.expect("a security context"), container)
}

fn sent(spec: Value) -> (v1::LinuxSandboxSecurityContext, v1::ContainerConfig) {
    sent_with("1.36", spec, ImageUser::Uid(0), &[])
}

fn security(config: &v1::ContainerConfig) -> v1::LinuxContainerSecurityContext {
    let linux = config.linux.clone().expect("a Linux part");
    linux.security_context.expect("a security context")
}

#[test]
fn groups_are_fs_group_then_the_manifests_then_the_volumes_and_never_deduplicated() {
    let volume = |group| {
        let host_path = "/volume".to_owned();
        (
            "data".to_owned(),
            MountedVolume { host_path, supplemental_group: Some(group), files_in: None },
        )
    };
    let spec = json!({
        "containers": [{"name": "ctr", "image": "app:1"}],
        "securityContext": {"fsGroup": 5000, "supplementalGroups": [4000, 4001, 4000, 5000]},
    });
    let volumes = [volume(900), volume(1000), volume(4001), volume(900)];
    let (sandbox, container) = sent_with("1.36", spec, ImageUser::Uid(0), &volumes);
    assert_eq!(
        security(&container).supplemental_groups,
        [5000, 4000, 4001, 4000, 5000, 1000, 900],
        "what volumes demand comes last, sorted as text, without what the pod asks for itself"
    );
    assert_eq!(sandbox.supplemental_groups, [5000, 1000, 900, 4000, 4001, 4000, 5000]);
}

#[test]
fn the_policy_is_sent_as_the_manifest_says_except_by_kubelets_that_do_not_know_it() {
    let spec = |policy: Value| {
        json!({
            "containers": [{"name": "ctr", "image": "app:1"}],
            "securityContext": {"supplementalGroupsPolicy": policy},
        })
    };
    for (version, policy, sent) in [
        ("1.30", json!("Strict"), v1::SupplementalGroupsPolicy::Merge),
        ("1.31", json!("Strict"), v1::SupplementalGroupsPolicy::Strict),
        ("1.32", json!("Strict"), v1::SupplementalGroupsPolicy::Strict),
        ("1.36", json!("Strict"), v1::SupplementalGroupsPolicy::Strict),
        ("1.36", json!("Merge"), v1::SupplementalGroupsPolicy::Merge),
        ("1.36", Value::Null, v1::SupplementalGroupsPolicy::Merge),
    ] {
        let (sandbox, container) = sent_with(version, spec(policy.clone()), ImageUser::Uid(0), &[]);
        assert_eq!(sandbox.supplemental_groups_policy(), sent, "{version} {policy}");
        assert_eq!(security(&container).supplemental_groups_policy(), sent, "{version} {policy}");
    }
}

#[test]
fn a_policy_that_cri_does_not_know_stops_the_sandbox() {
    let spec = json!({
        "containers": [{"name": "ctr", "image": "app:1"}],
        "securityContext": {"supplementalGroupsPolicy": "Loose"},
    });
    let config = config("1.36");
    let context = Context { config: &config, volumes: &[], pod_ip: "" };
    let error = sandbox_config(&pod("pod", spec), 0, &context).expect_err("no such policy");
    assert_eq!(error, "unsupported supplementalGroupsPolicy: Loose");
}

#[test]
fn users_are_the_containers_own_else_the_pods_else_the_images() {
    let spec = |pod: Value, own: Value| {
        json!({
            "containers": [{"name": "ctr", "image": "app:1", "securityContext": own}],
            "securityContext": pod,
        })
    };
    let name = || ImageUser::Name("somebody".to_owned());
    for (of_pod, own, image, uid, username, gid) in [
        (json!({}), json!({}), ImageUser::Uid(0), Some(0), "", None),
        (json!({}), json!({}), ImageUser::Uid(7), Some(7), "", None),
        (json!({}), json!({}), name(), None, "somebody", None),
        (json!({"runAsUser": 1000}), json!({}), name(), Some(1000), "", None),
        (json!({"runAsUser": 1000}), json!({"runAsUser": 2000}), name(), Some(2000), "", None),
        (
            json!({"runAsUser": 1, "runAsGroup": 2}),
            json!({"runAsGroup": 3}),
            name(),
            Some(1),
            "",
            Some(3),
        ),
    ] {
        let (sandbox, container) = sent_with("1.36", spec(of_pod.clone(), own.clone()), image, &[]);
        let security = security(&container);
        let seen = (
            security.run_as_user.map(|user| user.value),
            security.run_as_username.as_str(),
            security.run_as_group.map(|group| group.value),
        );
        assert_eq!(seen, (uid, username, gid), "{of_pod} {own}");
        assert_eq!(
            sandbox.run_as_user.map(|user| user.value),
            of_pod["runAsUser"].as_i64(),
            "a sandbox has the pod's user only"
        );
    }
}

#[test]
fn non_root_is_verified_as_far_as_numbers_go() {
    let verify = |of_pod: Value, own: Value, image: ImageUser| {
        let pod = pod(
            "pod",
            json!({
                "containers": [{"name": "ctr", "image": "app:1", "securityContext": own}],
                "securityContext": of_pod,
            }),
        );
        verify_run_as_non_root(&pod, container(&pod), &image).err()
    };
    let end = "(pod: \"pod_default(pod-uid)\", container: ctr)";
    let required = || json!({"runAsNonRoot": true});
    assert_eq!(verify(json!({}), json!({}), ImageUser::Uid(0)), None);
    assert_eq!(verify(required(), json!({}), ImageUser::Uid(1)), None);
    assert_eq!(
        verify(required(), json!({}), ImageUser::Uid(0)),
        Some(format!("container has runAsNonRoot and image will run as root {end}"))
    );
    assert_eq!(
        verify(json!({}), required(), ImageUser::Name("root".to_owned())),
        Some(format!(
            "container has runAsNonRoot and image has non-numeric user (root), \
             cannot verify user is non-root {end}"
        ))
    );
    assert_eq!(
        verify(required(), json!({"runAsUser": 0}), ImageUser::Uid(1)),
        Some(format!("container's runAsUser breaks non-root policy {end}"))
    );
    assert_eq!(verify(required(), json!({"runAsNonRoot": false}), ImageUser::Uid(0)), None);
    assert_eq!(
        verify(required(), json!({"runAsUser": 5}), ImageUser::Name("root".to_owned())),
        None
    );
}

#[test]
fn namespaces_follow_the_pods_switches() {
    use v1::NamespaceMode::{Container, Node, Pod};
    for (switches, network, pid, ipc) in [
        (json!({}), Pod, Container, Pod),
        (json!({"hostNetwork": true}), Node, Container, Pod),
        (json!({"hostPID": true}), Pod, Node, Pod),
        (json!({"hostIPC": true}), Pod, Container, Node),
        (json!({"shareProcessNamespace": true}), Pod, Pod, Pod),
    ] {
        let mut spec = json!({"containers": [{"name": "ctr", "image": "app:1"}]});
        for (name, value) in switches.as_object().expect("switches") {
            spec[name] = value.clone();
        }
        let (sandbox, container) = sent(spec);
        for options in [sandbox.namespace_options, security(&container).namespace_options] {
            let options = options.expect("namespaces");
            assert_eq!(
                (options.network(), options.pid(), options.ipc()),
                (network, pid, ipc),
                "{switches}"
            );
        }
    }
}

#[test]
fn privileges_are_sent_as_asked_for() {
    let spec = json!({"containers": [{
        "name": "ctr",
        "image": "app:1",
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"add": ["SETGID"], "drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }]});
    let (sandbox, container) = sent(spec);
    let security = security(&container);
    let capabilities = security.capabilities.expect("capabilities");
    assert_eq!(capabilities.add_capabilities, ["SETGID"]);
    assert_eq!(capabilities.drop_capabilities, ["ALL"]);
    assert!(security.no_new_privs && security.readonly_rootfs && !security.privileged);
    assert!(security.masked_paths.contains(&"/proc/kcore".to_owned()));
    assert!(!sandbox.privileged);

    let spec = json!({"containers": [{
        "name": "ctr",
        "image": "app:1",
        "securityContext": {"privileged": true, "procMount": "Unmasked"},
    }]});
    let (sandbox, container) = sent(spec);
    let security = self::security(&container);
    assert!(security.privileged && sandbox.privileged && !security.no_new_privs);
    assert!(security.masked_paths.is_empty());
}

#[test]
fn commands_environment_and_mounts_are_expanded() {
    let spec = json!({"containers": [{
        "name": "ctr",
        "image": "app:1",
        "command": ["echo", "$(GREETING)"],
        "args": ["$(MISSING)"],
        "workingDir": "/work",
        "env": [
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "GREETING", "value": "hello $(POD)"},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        ],
        "resources": {"limits": {"cpu": "1500m"}},
        "volumeMounts": [
            {"name": "data", "mountPath": "data", "subPathExpr": "$(POD)", "readOnly": true},
        ],
    }]});
    let volume = MountedVolume { host_path: "/volume".to_owned(), ..MountedVolume::default() };
    let volumes = [("data".to_owned(), volume)];
    let (_, container) = sent_with("1.36", spec, ImageUser::Uid(0), &volumes);
    assert_eq!(container.command, ["echo", "hello pod"]);
    assert_eq!(container.args, ["$(MISSING)"]);
    let variables: Vec<_> = container
        .envs
        .iter()
        .map(|variable| {
            (variable.key.as_str(), String::from_utf8_lossy(&variable.value).into_owned())
        })
        .collect();
    let expected = [("POD", "pod"), ("IP", "10.0.0.1"), ("GREETING", "hello pod"), ("CPU", "2")];
    assert_eq!(variables, expected.map(|(name, value)| (name, value.to_owned())));
    let mount = &container.mounts[0];
    assert_eq!((mount.host_path.as_str(), mount.container_path.as_str()), ("/volume/pod", "/data"));
    assert!(mount.readonly);
    assert_eq!(container.log_path, "ctr/0.log");
    let image = container.image.expect("an image");
    assert_eq!(
        (image.image.as_str(), image.user_specified_image.as_str()),
        ("sha256:0123", "app:1")
    );
}

#[test]
fn what_is_not_there_keeps_a_container_from_being_made() {
    let refused = |fields: Value| {
        let mut container_json = json!({"name": "ctr", "image": "app:1"});
        for (name, value) in fields.as_object().expect("fields") {
            container_json[name] = value.clone();
        }
        let pod = pod("pod", json!({"containers": [container_json]}));
        let config = config("1.36");
        let context = Context { config: &config, volumes: &[], pod_ip: "" };
        container_config(&pod, container(&pod), start(), Sources::of(&pod, &()), &context).err()
    };
    let secret = |optional: bool| {
        json!({"env": [{"name": "A", "valueFrom": {
            "secretKeyRef": {"name": "keys", "key": "a", "optional": optional}
        }}]})
    };
    assert_eq!(refused(secret(false)).as_deref(), Some("secret \"keys\" not found"));
    assert_eq!(refused(secret(true)), None);
    let config_map = json!({"envFrom": [{"configMapRef": {"name": "settings"}}]});
    assert_eq!(refused(config_map).as_deref(), Some("configmap \"settings\" not found"));
    let mount = json!({"volumeMounts": [{"name": "data", "mountPath": "/data"}]});
    assert_eq!(
        refused(mount).as_deref(),
        Some("cannot find volume \"data\" to mount into container \"ctr\"")
    );
}

#[test]
fn labels_lead_back_to_the_pod_and_extra_ones_mark_the_sandbox() {
    let mut config = config("1.36");
    config.extra_labels = [("run".to_owned(), "42".to_owned())].into_iter().collect();
    let mut pod = pod("pod", json!({"containers": [{"name": "ctr", "image": "app:1"}]}));
    pod.metadata.labels = Some([("app".to_owned(), "x".to_owned())].into_iter().collect());
    let context = Context { config: &config, volumes: &[], pod_ip: "" };
    let sandbox = sandbox_config(&pod, 3, &context).expect("a sandbox");
    for (name, value) in [
        ("io.kubernetes.pod.name", "pod"),
        ("io.kubernetes.pod.namespace", "default"),
        ("io.kubernetes.pod.uid", "pod-uid"),
        ("app", "x"),
        ("run", "42"),
    ] {
        assert_eq!(sandbox.labels.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(sandbox.metadata.expect("metadata").attempt, 3);
    assert_eq!(sandbox.log_directory, "/var/log/pods/default_pod_pod-uid");
    assert_eq!(sandbox.hostname, "pod");
    let start = Start { attempt: 2, ..start() };
    let made = container_config(&pod, container(&pod), start, Sources::of(&pod, &()), &context)
        .expect("a container");
    assert_eq!(made.labels.get("io.kubernetes.container.name").map(String::as_str), Some("ctr"));
    let count = made.annotations.get("io.kubernetes.container.restartCount");
    assert_eq!(count.map(String::as_str), Some("2"));
}
