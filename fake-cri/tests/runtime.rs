//! Sandboxes, containers and their processes, seen through the CRI contract.

use std::sync::Arc;
use std::time::Duration;

use cri_api::{Code, Cri, CriError, NO_DEADLINE, v1};
use fake_cri::{
    FakeRuntime, FileNode, HostFiles, Image, ImageStore, Limits, Options, UnknownImages, profile,
};
use tokio_stream::StreamExt;

const AGNHOST: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";
const STRICT: i32 = 1;

fn runtime(name: &str) -> FakeRuntime {
    runtime_with(name, Options::default())
}

/// A runtime on tokio's clock, which the tests pause.
fn runtime_with(name: &str, options: Options) -> FakeRuntime {
    let start = tokio::time::Instant::now();
    let now = move || i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
    let profile = profile::find(name).expect("the profile exists");
    let options = Options { now: Arc::new(now), ..options };
    FakeRuntime::new(profile, Arc::new(ImageStore::new()), options)
}

fn sandbox_config(name: &str) -> v1::PodSandboxConfig {
    v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata {
            name: name.to_owned(),
            uid: format!("uid-of-{name}"),
            namespace: "default".to_owned(),
            attempt: 0,
        }),
        labels: [("pod".to_owned(), name.to_owned())].into(),
        ..Default::default()
    }
}

fn container_config(script: &str) -> v1::ContainerConfig {
    v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata { name: "ctr".to_owned(), attempt: 0 }),
        image: Some(v1::ImageSpec { image: AGNHOST.to_owned(), ..Default::default() }),
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        linux: Some(v1::LinuxContainerConfig {
            security_context: Some(v1::LinuxContainerSecurityContext {
                namespace_options: Some(v1::NamespaceOption {
                    pid: v1::NamespaceMode::Container.into(),
                    ..Default::default()
                }),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn context(config: &mut v1::ContainerConfig) -> &mut v1::LinuxContainerSecurityContext {
    config.linux.get_or_insert_default().security_context.get_or_insert_default()
}

/// The published manifest's request, with a policy.
fn published(script: &str, policy: i32) -> v1::ContainerConfig {
    let mut config = container_config(script);
    let context = context(&mut config);
    context.run_as_user = Some(v1::Int64Value { value: 1000 });
    context.run_as_group = Some(v1::Int64Value { value: 3000 });
    context.supplemental_groups = vec![4000];
    context.supplemental_groups_policy = policy;
    config
}

async fn start(
    runtime: &FakeRuntime,
    pod: &str,
    config: v1::ContainerConfig,
) -> Result<(String, String), CriError> {
    let sandbox_config = sandbox_config(pod);
    let sandbox = runtime.run_pod_sandbox(sandbox_config.clone(), "").await?;
    let container = runtime.create_container(&sandbox, config, sandbox_config).await?;
    runtime.start_container(&container).await?;
    Ok((sandbox, container))
}

async fn exec(runtime: &FakeRuntime, container: &str, command: &[&str]) -> (i32, String) {
    let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
    let response = runtime.exec_sync(container, &command, NO_DEADLINE).await.expect("it runs");
    let text = [response.stdout, response.stderr].concat();
    (response.exit_code, String::from_utf8_lossy(&text).into_owned())
}

async fn status(runtime: &FakeRuntime, container: &str) -> v1::ContainerStatus {
    runtime.container_status(container).await.expect("the container is there")
}

fn reported(status: &v1::ContainerStatus) -> Option<(i64, i64, Vec<i64>)> {
    let user = status.user.as_ref()?.linux.as_ref()?;
    Some((user.uid, user.gid, user.supplemental_groups.clone()))
}

#[tokio::test(start_paused = true)]
async fn the_published_walk_through_merges_and_strict_does_not() {
    let runtime = runtime("containerd-2.1");
    let (_, merged) = start(&runtime, "a", published("sleep 1h", 0)).await.expect("it starts");
    let (_, strict) = start(&runtime, "b", published("sleep 1h", STRICT)).await.expect("it starts");
    let id = |groups: &str| format!("uid=1000(user-defined-in-image) gid=3000 groups={groups}\n");
    let (code, text) = exec(&runtime, &merged, &["id"]).await;
    assert_eq!((code, text), (0, id("3000,4000,50000(group-defined-in-image)")));
    let (code, text) = exec(&runtime, &strict, &["id"]).await;
    assert_eq!((code, text), (0, id("3000,4000")));
    let (_, group) = exec(&runtime, &strict, &["cat", "/etc/group"]).await;
    let last =
        "user-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n";
    assert!(group.ends_with(last), "{group}");
}

#[tokio::test(start_paused = true)]
async fn processes_have_the_containers_variables_and_the_pods_host_name() {
    let runtime = runtime("containerd-2.1");
    let mut config = container_config("export Y=$X; env > /env; sleep 1h");
    config.envs = vec![v1::KeyValue { key: "X".to_owned(), value: b"a b".to_vec() }];
    let mut sandbox = sandbox_config("a");
    sandbox.hostname = "web-0".to_owned();
    let id = runtime.run_pod_sandbox(sandbox.clone(), "").await.expect("it runs");
    let container = runtime.create_container(&id, config, sandbox).await.expect("it is made");
    runtime.start_container(&container).await.expect("it starts");
    let (_, variables) = exec(&runtime, &container, &["cat", "/env"]).await;
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(variables, format!("{path}\nHOSTNAME=web-0\nX=a b\nY=a b\n"));
    let script = "hostname; echo $HOSTNAME; cat /proc/1/status 2>/dev/null | grep -i ^groups";
    let (_, said) = exec(&runtime, &container, &["sh", "-c", script]).await;
    assert_eq!(said, "web-0\nweb-0\nGroups:\t0 1 2 3 4 6 10 11 20 26 27 \n");
}

#[tokio::test(start_paused = true)]
async fn a_program_that_the_image_has_and_nobody_simulates_waits() {
    let store = ImageStore::new().with_unknown(UnknownImages::Empty);
    let mut image = Image { reference: "localhost/app:1".to_owned(), ..Image::default() };
    image.files.insert("/usr/bin/server", FileNode::file(&b""[..]));
    store.add(image);
    let profile = profile::find("containerd-2.1").expect("the profile exists");
    let runtime = FakeRuntime::new(profile, Arc::new(store), Options::default());
    let unknown = v1::ImageSpec { image: "nginx".to_owned(), ..Default::default() };
    assert_eq!(runtime.image_status(&unknown).await.expect("it answers"), None);
    runtime.pull_image(&unknown).await.expect("it is made up");
    for (pod, image, command, starts) in [
        ("a", "localhost/app:1", &["server", "-v"][..], true),
        ("b", "localhost/app:1", &["/usr/bin/server"], true),
        ("c", "localhost/app:1", &["/bin/server"], false),
        ("d", "nginx", &[], true),
        ("e", "docker.io/library/nginx:latest", &["nginx", "-g", "x"], true),
        ("f", "nginx", &["sh", "-c", "sleep 1h"], true),
    ] {
        let mut config = container_config("");
        config.image = Some(v1::ImageSpec { image: image.to_owned(), ..Default::default() });
        // Arguments are a command where the image has no entrypoint.
        config.command.clear();
        config.args = command.iter().map(|&word| word.to_owned()).collect();
        let started = start(&runtime, pod, config).await;
        assert_eq!(started.is_ok(), starts, "{pod}: {started:?}");
        if let Ok((_, container)) = started {
            let status = status(&runtime, &container).await;
            assert_eq!(status.state(), v1::ContainerState::ContainerRunning, "{pod}");
            let (_, process) = exec(&runtime, &container, &["cat", "/proc/1/status"]).await;
            let name = match command {
                [] => "pause",
                ["sh", ..] => "sh",
                [program, ..] => program.rsplit('/').next().unwrap_or(program),
            };
            assert!(process.starts_with(&format!("Name:\t{name}\n")), "{pod}: {process}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_reported_identity_stays_when_a_process_changes_its_own() {
    let runtime = runtime("containerd-2.1");
    let config = container_config("setgroups 5,7; setgid 9; sleep 1h");
    let (_, container) = start(&runtime, "a", config).await.expect("it starts");
    let (_, own) = exec(&runtime, &container, &["cat", "/proc/1/status"]).await;
    assert!(own.contains("\nGroups:\t5 7 \n"), "{own}");
    assert!(own.contains("\nGid:\t9\t9\t9\t9\n"), "{own}");
    let (_, other) = exec(&runtime, &container, &["cat", "/proc/self/status"]).await;
    assert!(other.contains("\nGroups:\t0 1 2 3 4 6 10 11 20 26 27 \n"), "{other}");
    let groups = vec![0, 1, 2, 3, 4, 6, 10, 11, 20, 26, 27];
    assert_eq!(reported(&status(&runtime, &container).await), Some((0, 0, groups)));
}

#[tokio::test(start_paused = true)]
async fn without_the_capability_a_process_keeps_its_groups() {
    let runtime = runtime("containerd-2.1");
    let mut dropped = container_config("setgroups 5 || exit 3");
    context(&mut dropped).capabilities =
        Some(v1::Capability { drop_capabilities: vec!["SETGID".to_owned()], ..Default::default() });
    let (_, container) = start(&runtime, "a", dropped).await.expect("it starts");
    assert_eq!(status(&runtime, &container).await.exit_code, 3);
    let (_, user) =
        start(&runtime, "b", published("setgroups 5 || exit 3", 0)).await.expect("it starts");
    assert_eq!(status(&runtime, &user).await.exit_code, 3);
}

#[tokio::test(start_paused = true)]
async fn a_volume_of_an_image_group_opens_for_merge_and_not_for_strict() {
    let host = HostFiles::default();
    host.insert("/volumes/a", FileNode::directory().with_mode(0o770).owned_by(0, 50_000));
    host.insert("/volumes/a/data", FileNode::file(*b"secret\n"));
    let runtime = runtime_with("containerd-2.1", Options { host, ..Options::default() });
    let with_volume = |policy| {
        let mut config = published("sleep 1h", policy);
        config.mounts = vec![v1::Mount {
            container_path: "/data".to_owned(),
            host_path: "/volumes/a".to_owned(),
            readonly: false,
        }];
        config
    };
    let (_, merged) = start(&runtime, "a", with_volume(0)).await.expect("it starts");
    let (_, strict) = start(&runtime, "b", with_volume(STRICT)).await.expect("it starts");
    let (code, text) = exec(&runtime, &merged, &["cat", "/data/data"]).await;
    assert_eq!((code, text.as_str()), (0, "secret\n"));
    let (code, text) = exec(&runtime, &strict, &["cat", "/data/data"]).await;
    assert_eq!((code, text.as_str()), (1, "cat: /data/data: Permission denied\n"));
    let (code, _) = exec(&runtime, &merged, &["touch", "/data/new"]).await;
    assert_eq!(code, 0);
    let made = runtime.host_files().get("/volumes/a/new").expect("the file is on the host");
    assert_eq!((made.uid, made.gid), (1000, 3000));
}

#[tokio::test(start_paused = true)]
async fn a_process_ends_at_its_time_with_its_code_and_that_is_told() {
    let runtime = runtime("containerd-2.1");
    let mut events = runtime.container_events().await.expect("events are sent");
    let (_, container) =
        start(&runtime, "a", container_config("sleep 90; exit 7")).await.expect("it starts");
    assert_eq!(status(&runtime, &container).await.state(), v1::ContainerState::ContainerRunning);
    let mut kinds = Vec::new();
    let last = loop {
        let event = events.next().await.expect("the stream goes on").expect("nothing is lost");
        kinds.push((event.container_id == container, event.container_event_type()));
        if kinds.len() == 5 {
            break event;
        }
    };
    use v1::ContainerEventType::{
        ContainerCreatedEvent, ContainerStartedEvent, ContainerStoppedEvent,
    };
    let expected = [
        (false, ContainerCreatedEvent),
        (false, ContainerStartedEvent),
        (true, ContainerCreatedEvent),
        (true, ContainerStartedEvent),
        (true, ContainerStoppedEvent),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(last.containers_statuses.len(), 1);
    let ended = status(&runtime, &container).await;
    assert_eq!((ended.exit_code, ended.reason.as_str()), (7, "Error"));
    assert_eq!(ended.finished_at - ended.started_at, 90_000_000_000);
}

#[tokio::test(start_paused = true)]
async fn stopping_and_removing_may_be_repeated() {
    let runtime = runtime("containerd-2.1");
    let (sandbox, container) =
        start(&runtime, "a", container_config("sleep 1h")).await.expect("it starts");
    for _ in 0..2 {
        runtime.stop_container(&container, Duration::from_secs(30)).await.expect("it stops");
    }
    assert_eq!(status(&runtime, &container).await.exit_code, 137);
    for _ in 0..2 {
        runtime.stop_pod_sandbox(&sandbox).await.expect("it stops");
        runtime.remove_container(&container).await.expect("it goes");
        runtime.remove_pod_sandbox(&sandbox).await.expect("it goes");
    }
    let gone = runtime.container_status(&container).await.map_err(|error| error.code);
    assert_eq!(gone, Err(Code::NotFound));
    let again = start(&runtime, "a", container_config("true")).await;
    assert!(again.is_ok(), "the name is free again");
}

#[tokio::test(start_paused = true)]
async fn stopping_a_sandbox_kills_what_runs_in_it() {
    let runtime = runtime("cri-o-1.31");
    let (sandbox, container) =
        start(&runtime, "a", container_config("sleep 1h")).await.expect("it starts");
    runtime.stop_pod_sandbox(&sandbox).await.expect("it stops");
    assert_eq!(status(&runtime, &container).await.exit_code, 137);
    let config = container_config("true");
    let refused = runtime.create_container(&sandbox, config, sandbox_config("a")).await;
    assert!(refused.is_err());
}

#[tokio::test(start_paused = true)]
async fn lists_are_filtered_by_id_state_labels_and_sandbox() {
    let runtime = runtime("containerd-2.1");
    let (first, running) =
        start(&runtime, "a", container_config("sleep 1h")).await.expect("it starts");
    let (second, ended) = start(&runtime, "b", container_config("true")).await.expect("it starts");
    let ids = async |filter| -> Vec<String> {
        let found = runtime.list_containers(Some(filter)).await.expect("it lists");
        found.into_iter().map(|container| container.id).collect()
    };
    let exited = v1::ContainerStateValue { state: v1::ContainerState::ContainerExited.into() };
    let by = v1::ContainerFilter::default;
    assert_eq!(ids(by()).await, [running.clone(), ended.clone()]);
    let found = ids(v1::ContainerFilter { state: Some(exited), ..by() }).await;
    assert_eq!(found, std::slice::from_ref(&ended));
    let prefix = running[..13].to_owned();
    assert_eq!(ids(v1::ContainerFilter { id: prefix, ..by() }).await, [running]);
    assert_eq!(ids(v1::ContainerFilter { pod_sandbox_id: second, ..by() }).await, [ended]);
    let labels = [("pod".to_owned(), "a".to_owned())].into();
    let filter = v1::PodSandboxFilter { label_selector: labels, ..Default::default() };
    let found = runtime.list_pod_sandboxes(Some(filter)).await.expect("it lists");
    assert_eq!(found.iter().map(|sandbox| &sandbox.id).collect::<Vec<_>>(), [&first]);
}

#[tokio::test(start_paused = true)]
async fn a_running_container_keeps_its_identity_when_the_runtime_is_rolled_back() {
    let runtime = runtime("containerd-2.1");
    let (_, old) = start(&runtime, "a", published("sleep 1h", STRICT)).await.expect("it starts");
    runtime.set_profile(profile::find("containerd-1.7").expect("it exists"));
    assert!(runtime.status().await.expect("it answers").features.is_none());
    assert_eq!(reported(&status(&runtime, &old).await), None);
    let (_, text) = exec(&runtime, &old, &["id", "-G"]).await;
    assert_eq!(text, "3000 4000\n");
    let (_, new) = start(&runtime, "b", published("sleep 1h", STRICT)).await.expect("it starts");
    let (_, text) = exec(&runtime, &new, &["id", "-G"]).await;
    assert_eq!(text, "3000 4000 50000\n");
}

#[tokio::test(start_paused = true)]
async fn a_sandbox_with_a_group_and_no_user_is_refused_in_the_runtimes_words() {
    let refused = async |name: &str| {
        let mut config = sandbox_config("a");
        let context = v1::LinuxSandboxSecurityContext {
            run_as_group: Some(v1::Int64Value { value: 3000 }),
            supplemental_groups_policy: STRICT,
            ..Default::default()
        };
        config.linux = Some(v1::LinuxPodSandboxConfig {
            security_context: Some(context),
            ..Default::default()
        });
        runtime(name).run_pod_sandbox(config, "").await.map_err(|error| error.message)
    };
    let options = "failed to generate sandbox container spec options: failed to generate user \
                   string: user group \"3000\" is specified without user";
    assert_eq!(refused("containerd-1.7").await, Err(options.to_owned()));
    let message = refused("containerd-2.1").await.expect_err("it is refused");
    let (start, end) = message.split_once("\": ").expect("it names the sandbox");
    assert!(start.starts_with("failed to start sandbox \""));
    assert_eq!(end, options);
    assert!(refused("cri-o-1.31").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_there_cannot_be_pulled() {
    let runtime = runtime("containerd-2.1");
    let spec = v1::ImageSpec { image: "example.com/none:1".to_owned(), ..Default::default() };
    assert_eq!(runtime.image_status(&spec).await, Ok(None));
    let error = runtime.pull_image(&spec).await.expect_err("it is refused");
    assert_eq!(error.code, Code::NotFound);
    let expected = "failed to pull and unpack image \"example.com/none:1\": failed to resolve \
                    reference \"example.com/none:1\": example.com/none:1: not found";
    assert_eq!(error.message, expected);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_not_in_the_image_fails_where_the_runtime_runs_it() {
    let mut config = container_config("true");
    config.command = vec!["/bin/bash".to_owned()];
    let containerd = runtime("containerd-2.1");
    let error = start(&containerd, "a", config.clone()).await.expect_err("it is refused");
    assert!(error.message.starts_with("failed to create containerd task:"), "{error}");
    let found = containerd.list_containers(None).await.expect("it lists");
    let failed = status(&containerd, &found[0].id).await;
    assert_eq!((failed.exit_code, failed.reason.as_str()), (128, "StartError"));
    assert_eq!(failed.message, error.message);
    let cri_o = runtime("cri-o-1.31");
    let error = start(&cri_o, "a", config).await.expect_err("it is refused");
    assert!(error.message.starts_with("container create failed: "), "{error}");
    assert_eq!(cri_o.list_containers(None).await, Ok(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn an_exec_is_given_up_at_its_deadline_and_ends_with_its_container() {
    let runtime = runtime("containerd-2.1");
    let (_, container) =
        start(&runtime, "a", container_config("sleep 60")).await.expect("it starts");
    let sleep = ["sleep".to_owned(), "1h".to_owned()];
    let late = runtime.exec_sync(&container, &sleep, Duration::from_secs(2)).await;
    assert_eq!(late.map_err(|error| error.code), Err(Code::DeadlineExceeded));
    let killed = runtime.exec_sync(&container, &sleep, NO_DEADLINE).await;
    assert_eq!(killed.map(|response| response.exit_code), Ok(137));
}

#[tokio::test(start_paused = true)]
async fn the_process_table_is_the_containers_own_or_the_sandboxes() {
    let runtime = runtime("containerd-2.1");
    let mut shared = published("sleep 1h", 0);
    context(&mut shared).namespace_options = None;
    let (_, own) = start(&runtime, "a", published("sleep 1h", 0)).await.expect("it starts");
    let (_, shared) = start(&runtime, "b", shared).await.expect("it starts");
    let name = async |container: &str| {
        let (_, text) = exec(&runtime, container, &["cat", "/proc/1/status"]).await;
        text.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(name(&own).await, "Name:\tsh");
    assert_eq!(name(&shared).await, "Name:\tpause");
}

#[tokio::test(start_paused = true)]
async fn limits_are_told_and_ids_never_repeat_between_seeds() {
    let limits = Limits { sandboxes: 1, ..Limits::default() };
    let small = runtime_with("containerd-2.1", Options { limits, ..Options::default() });
    let first = small.run_pod_sandbox(sandbox_config("a"), "").await.expect("it starts");
    let error = small.run_pod_sandbox(sandbox_config("b"), "").await.expect_err("it is full");
    assert_eq!(error.code, Code::ResourceExhausted);
    let other = runtime_with("containerd-2.1", Options { seed: 1, ..Options::default() });
    let second = other.run_pod_sandbox(sandbox_config("a"), "").await.expect("it starts");
    assert_eq!((first.len(), second.len()), (64, 64));
    assert_ne!(first, second);
}
