//! The fake runtime answers as the recorded ones did, in every case of every recording.
//!
//! A recording's first line describes the runtime, each other line one case: what was asked
//! and what came back. `images.json` holds the images by name.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cri_api::{Cri, CriError, NO_DEADLINE, v1};
use fake_cri::profile::Profile;
use fake_cri::{FakeRuntime, FileNode, FileTree, Image, ImageStore, Options, profile};
use serde::Deserialize;

/// How many cases each recording has.
const CASES: usize = 376;

/// Every recording and the profile that is held to it.
const RECORDINGS: [(&str, &str); 9] = [
    ("containerd-1.6.20", "containerd-1.6"),
    ("containerd-1.7.24", "containerd-1.7"),
    ("containerd-2.0.11", "containerd-2.0"),
    ("containerd-2.1.9", "containerd-2.1"),
    ("containerd-2.2.7", "containerd-2.2"),
    ("containerd-2.3.4", "containerd-2.3"),
    ("cri-o-1.30.14", "cri-o-1.30"),
    ("cri-o-1.31.13", "cri-o-1.31"),
    ("cri-o-1.37.0", "cri-o-1.37"),
];

#[derive(Deserialize)]
struct Head {
    runtime: String,
    version: String,
    features: Option<BTreeMap<String, bool>>,
    #[serde(default)]
    image_status_user: BTreeMap<String, ImageUser>,
}

#[derive(Deserialize, PartialEq, Eq, Debug)]
struct ImageUser {
    uid: Option<i64>,
    username: String,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    image: String,
    run_as_user: Option<i64>,
    #[serde(default)]
    run_as_username: String,
    run_as_group: Option<i64>,
    #[serde(default)]
    supplemental_groups: Vec<i64>,
    policy: i32,
    #[serde(default)]
    sandbox_policy: i32,
    #[serde(default)]
    sandbox_supplemental_groups: Vec<i64>,
    ok: bool,
    stage: Option<String>,
    code: Option<String>,
    error: Option<String>,
    id_output: Option<String>,
    user: Option<ReportedUser>,
}

#[derive(Deserialize)]
struct ReportedUser {
    linux: LinuxUser,
}

#[derive(Deserialize, Debug, PartialEq, Eq)]
struct LinuxUser {
    uid: i64,
    gid: i64,
    #[serde(rename = "supplementalGroups")]
    supplemental_groups: Vec<i64>,
}

/// What came of a case, in what is compared.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Ran { id_output: String, user: Option<LinuxUser> },
    Refused { stage: String, code: String, message: String },
}

#[derive(Deserialize)]
struct ImageEntry {
    passwd: Option<String>,
    group: Option<String>,
    user: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).expect("the recording is part of the repository")
}

fn images() -> ImageStore {
    let entries: BTreeMap<String, ImageEntry> =
        serde_json::from_str(&read("images.json")).expect("the images are JSON");
    let store = ImageStore::new();
    let plain = entries["groups"].group.clone().unwrap_or_default();
    for (name, entry) in entries {
        store.add(image(&name, &entry, &plain));
    }
    store
}

/// Three groups files are described rather than spelled out; `plain` is that of `groups`.
fn image(name: &str, entry: &ImageEntry, plain: &str) -> Image {
    let mut files = FileTree::default();
    files.insert("/etc", FileNode::directory());
    if let Some(passwd) = &entry.passwd {
        files.insert("/etc/passwd", FileNode::file(passwd.as_bytes()));
    }
    match name {
        "symlink" => {
            files.insert("/etc/real-group", FileNode::file(plain.as_bytes()));
            files.insert("/etc/group", FileNode::symlink("/etc/real-group"));
        }
        "groupdir" => files.insert("/etc/group", FileNode::directory()),
        "longline" => {
            let members = "x".repeat(79_990);
            let long = format!("{plain}long:x:1:{members}\nbig:x:50002:user-defined-in-image\n");
            files.insert("/etc/group", FileNode::file(long.into_bytes()));
        }
        _ => {
            if let Some(group) = &entry.group {
                files.insert("/etc/group", FileNode::file(group.as_bytes()));
            }
        }
    }
    Image {
        reference: format!("localhost/{name}:v1"),
        user: entry.user.clone(),
        files,
        ..Image::default()
    }
}

fn int64(value: i64) -> v1::Int64Value {
    v1::Int64Value { value }
}

fn sandbox_config(case: &Case) -> v1::PodSandboxConfig {
    v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata {
            name: "pod".to_owned(),
            namespace: "default".to_owned(),
            uid: case.id.clone(),
            attempt: 0,
        }),
        linux: Some(v1::LinuxPodSandboxConfig {
            security_context: Some(v1::LinuxSandboxSecurityContext {
                supplemental_groups: case.sandbox_supplemental_groups.clone(),
                supplemental_groups_policy: case.sandbox_policy,
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn container_config(case: &Case) -> v1::ContainerConfig {
    v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata { name: "ctr".to_owned(), attempt: 0 }),
        image: Some(v1::ImageSpec {
            image: format!("localhost/{}:v1", case.image),
            ..Default::default()
        }),
        command: vec!["/bin/sleep".to_owned(), "1000".to_owned()],
        linux: Some(v1::LinuxContainerConfig {
            security_context: Some(v1::LinuxContainerSecurityContext {
                run_as_user: case.run_as_user.map(int64),
                run_as_username: case.run_as_username.clone(),
                run_as_group: case.run_as_group.map(int64),
                supplemental_groups: case.supplemental_groups.clone(),
                supplemental_groups_policy: case.policy,
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn play(runtime: &FakeRuntime, case: &Case) -> Outcome {
    let refused = |stage: &str, error: CriError| Outcome::Refused {
        stage: stage.to_owned(),
        code: format!("{:?}", error.code),
        message: normalise(&error.message),
    };
    let sandbox_config = sandbox_config(case);
    let sandbox = match runtime.run_pod_sandbox(sandbox_config.clone(), "").await {
        Ok(sandbox) => sandbox,
        Err(error) => return refused("RunPodSandbox", error),
    };
    let config = container_config(case);
    let container = match runtime.create_container(&sandbox, config, sandbox_config).await {
        Ok(container) => container,
        Err(error) => return refused("CreateContainer", error),
    };
    if let Err(error) = runtime.start_container(&container).await {
        return refused("StartContainer", error);
    }
    let command = ["/bin/id".to_owned()];
    let exec = runtime.exec_sync(&container, &command, NO_DEADLINE).await;
    let status = runtime.container_status(&container).await;
    runtime.remove_pod_sandbox(&sandbox).await.expect("removing never fails");
    match (exec, status) {
        (Ok(exec), Ok(status)) => Outcome::Ran {
            id_output: String::from_utf8_lossy(&exec.stdout).trim_end().to_owned(),
            user: status.user.and_then(|user| user.linux).map(|user| LinuxUser {
                uid: user.uid,
                gid: user.gid,
                supplemental_groups: user.supplemental_groups,
            }),
        },
        (Err(error), _) => refused("ExecSync", error),
        (_, Err(error)) => refused("ContainerStatus", error),
    }
}

fn recorded(case: &Case) -> Outcome {
    if case.ok {
        Outcome::Ran {
            id_output: case.id_output.clone().unwrap_or_default(),
            user: case.user.as_ref().map(|user| LinuxUser {
                uid: user.linux.uid,
                gid: user.linux.gid,
                supplemental_groups: user.linux.supplemental_groups.clone(),
            }),
        }
    } else {
        Outcome::Refused {
            stage: case.stage.clone().unwrap_or_default(),
            code: case.code.clone().unwrap_or_default(),
            message: normalise(case.error.as_deref().unwrap_or_default()),
        }
    }
}

/// Takes out of a message what differs from run to run: state folder, temporary names, ids
/// and times.
fn normalise(message: &str) -> String {
    let mut message = message.to_owned();
    for state in ["/o<state>", "/var/lib/containerd", "/var/lib/containers"] {
        message = message.replace(state, "<state>");
    }
    message = blank(&message, "containerd-mount", |byte| byte.is_ascii_digit());
    message = blank(&message, "overlay/", |byte| byte.is_ascii_hexdigit());
    blank(&message, "time=\"", |byte| byte != b'"')
}

/// Replaces what follows each `mark`, as far as `goes` is true, by a dot.
fn blank(message: &str, mark: &str, goes: impl Fn(u8) -> bool) -> String {
    let mut blanked = String::new();
    for (index, piece) in message.split(mark).enumerate() {
        let length = piece.bytes().take_while(|&byte| goes(byte)).count();
        if index == 0 {
            blanked.push_str(piece);
        } else {
            let _ = write!(blanked, "{mark}.{}", &piece[length..]);
        }
    }
    blanked
}

/// The part of a case's name that says what it is about: `sup` of `sup/merge/over31`.
fn kind(id: &str) -> &str {
    id.split('/').next().unwrap_or(id)
}

/// Every difference between a recording and its profile.
async fn differences(recording: &str, profile: &'static Profile) -> Vec<String> {
    let text = read(&format!("{recording}.jsonl"));
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().unwrap_or_default()).expect("a head line");
    let runtime = FakeRuntime::new(profile, Arc::new(images()), Options::default());
    let mut found = describe(&runtime, &head).await;
    let mut played = 0;
    for line in lines {
        let case: Case = serde_json::from_str(line).expect("a case line");
        let (expected, seen) = (recorded(&case), play(&runtime, &case).await);
        if expected != seen {
            let kind = kind(&case.id);
            found.push(format!(
                "{kind}: {}\n    recorded {expected:?}\n    fake     {seen:?}",
                case.id
            ));
        }
        played += 1;
    }
    assert_eq!(played, CASES, "{recording}");
    found
}

/// What the first line says: name, version, features, and the users of images.
async fn describe(runtime: &FakeRuntime, head: &Head) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: &str, recorded: String, fake: String| {
        if recorded != fake {
            found.push(format!("head: {what}\n    recorded {recorded}\n    fake     {fake}"));
        }
    };
    let version = runtime.version().await.expect("Version never fails");
    differ("name", head.runtime.clone(), version.runtime_name);
    // Debian's build adds its own mark to the version.
    let number = version.runtime_version.split('+').next().unwrap_or_default().to_owned();
    differ("version", head.version.clone(), number);
    let status = runtime.status().await.expect("Status never fails");
    let set = |name: &str| head.features.as_ref().is_some_and(|sent| sent.get(name) == Some(&true));
    differ(
        "features",
        format!(
            "{:?}",
            head.features.as_ref().map(|_| {
                (set("supplemental_groups_policy"), set("user_namespaces_host_network"))
            })
        ),
        format!(
            "{:?}",
            status
                .features
                .map(|sent| (sent.supplemental_groups_policy, sent.user_namespaces_host_network))
        ),
    );
    for (name, recorded) in &head.image_status_user {
        if name == "pause" {
            continue;
        }
        let image = format!("localhost/{name}:v1");
        let spec = v1::ImageSpec { image, ..Default::default() };
        let image = runtime.image_status(&spec).await.expect("ImageStatus never fails");
        let fake = image.map(|image| ImageUser {
            uid: image.uid.map(|uid| uid.value),
            username: image.username,
        });
        differ(
            &format!("image user of {name}"),
            format!("{recorded:?}"),
            format!(
                "{:?}",
                fake.unwrap_or(ImageUser { uid: None, username: "no such image".to_owned() })
            ),
        );
    }
    found
}

#[tokio::test(start_paused = true)]
async fn profiles_agree_with_every_recorded_case() {
    let mut report = String::new();
    let mut all = Vec::new();
    for (recording, name) in RECORDINGS {
        let profile = profile::find(name).expect("every recording has a profile");
        let mut found = differences(recording, profile).await;
        found.sort();
        let _ = writeln!(report, "{recording}: agree {} of {CASES}", CASES - found.len());
        all.extend(found.into_iter().map(|difference| format!("{recording}: {difference}")));
    }
    print!("{report}");
    assert!(all.is_empty(), "{report}\n{}", all.join("\n"));
}
