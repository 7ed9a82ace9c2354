//! The suite's images on a real runtime: pulled from the registry on loopback, run, asked.
//!
//! `GIDCHECK_RUNTIME_ENDPOINT` names the runtime's socket, such as the one that
//! `ci/containerd up` prints; without it every test here is ignored.

use std::env;
use std::error::Error;
use std::fmt::{Debug, Write as _};
use std::process::{self, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use cri_api::client::{CriClient, RuntimeEndpoint};
use cri_api::{Cri, NO_DEADLINE, v1};
use fake_cri::image::{FileNode, Image};
use gidcheck::oci::Registry;
use libtest_mimic::{Arguments, Trial};

const ENDPOINT_VARIABLE: &str = "GIDCHECK_RUNTIME_ENDPOINT";
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

type TestResult = Result<(), Box<dyn Error>>;

/// What a test needs of the runtime.
#[derive(Clone, Copy, PartialEq)]
enum Needs {
    Any,
    /// `features.supplemental_groups_policy`, and with it the user in a container's status.
    Policy,
}

fn main() -> ExitCode {
    let endpoint = env::var(ENDPOINT_VARIABLE).ok();
    let supports_policy = match endpoint.as_deref().map(supports_policy).transpose() {
        Ok(answer) => answer.unwrap_or(false),
        Err(error) => {
            eprintln!("{ENDPOINT_VARIABLE}: {}", chain(&*error));
            return ExitCode::FAILURE;
        }
    };
    let trial = |name: &str, needs: Needs, test: fn(&str) -> TestResult| {
        let reason = match (&endpoint, needs) {
            (None, _) => format!("needs {ENDPOINT_VARIABLE}"),
            (Some(_), Needs::Policy) if !supports_policy => {
                "needs a runtime with supplementalGroupsPolicy".to_owned()
            }
            (Some(_), _) => String::new(),
        };
        let endpoint = endpoint.clone().unwrap_or_default();
        Trial::test(name, move || test(&endpoint).map_err(|error| chain(&*error).into()))
            .with_ignored_flag(!reason.is_empty())
            .with_kind(reason)
    };
    let trials = vec![
        trial("image_groups_are_merged_and_seen_by_id_and_the_kernel", Needs::Any, merged_identity),
        trial("a_strict_container_has_no_image_groups", Needs::Policy, strict_identity),
        trial("process_1_can_change_its_groups", Needs::Any, changed_identity),
        trial("a_changed_identity_is_not_in_the_status", Needs::Policy, status_of_changed_identity),
        trial("owners_and_modes_of_image_files_arrive", Needs::Any, owners_and_modes),
        trial("hundreds_of_groups_are_attached", Needs::Any, hundreds_of_groups),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn supports_policy(endpoint: &str) -> Result<bool, Box<dyn Error>> {
    let endpoint: RuntimeEndpoint = endpoint.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let status = CriClient::connect(&endpoint, CALL_TIMEOUT).await?.status().await?;
        Ok(status.features.is_some_and(|features| features.supplemental_groups_policy))
    })
}

/// An error and everything behind it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, "\n  because: {cause}");
        source = cause.source();
    }
    text
}

/// The image of the seed: uid 1000 belongs to a group that only the image knows.
fn image_with_groups() -> Image {
    let mut image = Image { reference: "real-runtime/groups:1".to_owned(), ..Image::default() };
    let passwd = "root:x:0:0:root:/root:/bin/sh\nuser-defined-in-image:x:1000:1000::/:/bin/sh\n";
    let group = "root:x:0:\nuser-defined-in-image:x:1000:\n\
                 group-defined-in-image:x:50000:user-defined-in-image\n";
    image.files.insert("/etc/passwd", FileNode::file(passwd.as_bytes()));
    image.files.insert("/etc/group", FileNode::file(group.as_bytes()));
    image
}

/// A container on the runtime, in a sandbox of its own.
struct Container {
    runtime: CriClient,
    sandbox: String,
    id: String,
    image: v1::ImageSpec,
}

impl Container {
    async fn start(
        endpoint: &str,
        image: &Image,
        script: &str,
        security: v1::LinuxContainerSecurityContext,
    ) -> Result<Self, Box<dyn Error>> {
        let endpoint: RuntimeEndpoint = endpoint.parse()?;
        let runtime = CriClient::connect(&endpoint, CALL_TIMEOUT).await?;
        let registry = Registry::start().await?;
        let image = v1::ImageSpec { image: registry.publish(image)?, ..v1::ImageSpec::default() };
        runtime.pull_image(&image).await?;

        let namespaces = v1::NamespaceOption {
            network: v1::NamespaceMode::Node.into(),
            pid: v1::NamespaceMode::Container.into(),
            ..v1::NamespaceOption::default()
        };
        let sandbox_config = sandbox_config(namespaces.clone());
        let sandbox = runtime.run_pod_sandbox(sandbox_config.clone(), "").await?;
        let container = Self { runtime, sandbox, id: String::new(), image };
        let config = v1::ContainerConfig {
            metadata: Some(v1::ContainerMetadata { name: "ctr".to_owned(), attempt: 0 }),
            image: Some(container.image.clone()),
            command: ["sh", "-c", script].map(str::to_owned).to_vec(),
            linux: Some(v1::LinuxContainerConfig {
                security_context: Some(v1::LinuxContainerSecurityContext {
                    namespace_options: Some(namespaces),
                    ..security
                }),
                ..v1::LinuxContainerConfig::default()
            }),
            ..v1::ContainerConfig::default()
        };
        match container.create(config, sandbox_config).await {
            Ok(id) => Ok(Self { id, ..container }),
            Err(error) => {
                container.remove().await?;
                Err(error)
            }
        }
    }

    async fn create(
        &self,
        config: v1::ContainerConfig,
        sandbox_config: v1::PodSandboxConfig,
    ) -> Result<String, Box<dyn Error>> {
        let id = self.runtime.create_container(&self.sandbox, config, sandbox_config).await?;
        self.runtime.start_container(&id).await?;
        Ok(id)
    }

    async fn exec(&self, command: &[&str]) -> Result<String, Box<dyn Error>> {
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        let result = self.runtime.exec_sync(&self.id, &command, NO_DEADLINE).await?;
        if result.exit_code != 0 {
            let complaint = String::from_utf8_lossy(&result.stderr).into_owned();
            return Err(format!("{command:?}: exit {}: {complaint}", result.exit_code).into());
        }
        Ok(String::from_utf8(result.stdout)?)
    }

    /// The groups of process 1, as the kernel knows them.
    async fn kernel_groups(&self) -> Result<Vec<u32>, Box<dyn Error>> {
        let status = self.exec(&["cat", "/proc/1/status"]).await?;
        let groups = status.lines().find_map(|line| line.strip_prefix("Groups:"));
        let groups = groups.ok_or("no Groups in /proc/1/status")?;
        Ok(groups.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>()?)
    }

    async fn reported_user(&self) -> Result<v1::LinuxContainerUser, Box<dyn Error>> {
        let status = self.runtime.container_status(&self.id).await?;
        Ok(status.user.and_then(|user| user.linux).ok_or("the runtime reports no user")?)
    }

    async fn remove(&self) -> TestResult {
        self.runtime.stop_pod_sandbox(&self.sandbox).await?;
        self.runtime.remove_pod_sandbox(&self.sandbox).await?;
        self.runtime.remove_image(&self.image).await?;
        Ok(())
    }
}

/// A pod of its own for every test, on the host's network.
fn sandbox_config(namespaces: v1::NamespaceOption) -> v1::PodSandboxConfig {
    let name = format!("real-runtime-{}-{:?}", process::id(), thread::current().id());
    v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata {
            name: name.clone(),
            uid: name,
            namespace: "gidcheck".to_owned(),
            attempt: 0,
        }),
        linux: Some(v1::LinuxPodSandboxConfig {
            security_context: Some(v1::LinuxSandboxSecurityContext {
                namespace_options: Some(namespaces),
                ..v1::LinuxSandboxSecurityContext::default()
            }),
            ..v1::LinuxPodSandboxConfig::default()
        }),
        ..v1::PodSandboxConfig::default()
    }
}

/// Starts a container, asks it something, and removes it whatever the answer.
fn with_container(
    endpoint: &str,
    image: &Image,
    script: &str,
    security: v1::LinuxContainerSecurityContext,
    ask: impl AsyncFnOnce(&Container) -> TestResult,
) -> TestResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let container = Container::start(endpoint, image, script, security).await?;
        let answer = ask(&container).await;
        container.remove().await?;
        answer
    })
}

fn user_1000(policy: v1::SupplementalGroupsPolicy) -> v1::LinuxContainerSecurityContext {
    v1::LinuxContainerSecurityContext {
        run_as_user: Some(v1::Int64Value { value: 1000 }),
        run_as_group: Some(v1::Int64Value { value: 3000 }),
        supplemental_groups: vec![4000],
        supplemental_groups_policy: policy.into(),
        ..v1::LinuxContainerSecurityContext::default()
    }
}

fn check<T: PartialEq + Debug>(what: &str, is: T, should_be: T) -> TestResult {
    if is == should_be {
        return Ok(());
    }
    Err(format!("{what}: is {is:?}, should be {should_be:?}").into())
}

fn merged_identity(endpoint: &str) -> TestResult {
    let security = user_1000(v1::SupplementalGroupsPolicy::Merge);
    with_container(endpoint, &image_with_groups(), "sleep 1h", security, async |container| {
        let id = "uid=1000(user-defined-in-image) gid=3000 \
                  groups=3000,4000,50000(group-defined-in-image)\n";
        check("id", container.exec(&["id"]).await?.as_str(), id)?;
        check("kernel", container.kernel_groups().await?, vec![3000, 4000, 50000])?;
        let before = Instant::now();
        container.runtime.stop_container(&container.id, Duration::from_secs(30)).await?;
        check("it stops at once", before.elapsed() < Duration::from_secs(1), true)?;
        let status = container.runtime.container_status(&container.id).await?;
        check("exit code", status.exit_code, 143)
    })
}

fn strict_identity(endpoint: &str) -> TestResult {
    let security = user_1000(v1::SupplementalGroupsPolicy::Strict);
    with_container(endpoint, &image_with_groups(), "sleep 1h", security, async |container| {
        let id = "uid=1000(user-defined-in-image) gid=3000 groups=3000,4000\n";
        check("id", container.exec(&["id"]).await?.as_str(), id)?;
        check("kernel", container.kernel_groups().await?, vec![3000, 4000])?;
        check("status", container.reported_user().await?.supplemental_groups, vec![3000, 4000])
    })
}

/// Runs a process 1 that becomes somebody else, and waits until it has.
fn with_changed_identity(
    endpoint: &str,
    ask: impl AsyncFnOnce(&Container) -> TestResult,
) -> TestResult {
    let script = "setgroups 7,9,8 && setgid 10 && setuid 11 && exec pause";
    let security = v1::LinuxContainerSecurityContext {
        supplemental_groups: vec![4000],
        capabilities: Some(v1::Capability {
            add_capabilities: vec!["SETGID".to_owned(), "SETUID".to_owned()],
            ..v1::Capability::default()
        }),
        ..v1::LinuxContainerSecurityContext::default()
    };
    with_container(endpoint, &image_with_groups(), script, security, async |container| {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !container.exec(&["cat", "/proc/1/status"]).await?.contains("\nUid:\t11\t") {
            check("it changes in time", Instant::now() < deadline, true)?;
        }
        ask(container).await
    })
}

fn changed_identity(endpoint: &str) -> TestResult {
    with_changed_identity(endpoint, async |container| {
        check("kernel", container.kernel_groups().await?, vec![7, 8, 9])
    })
}

fn status_of_changed_identity(endpoint: &str) -> TestResult {
    with_changed_identity(endpoint, async |container| {
        let user = container.reported_user().await?;
        check("status", (user.uid, user.gid, user.supplemental_groups), (0, 0, vec![0, 4000]))
    })
}

fn owners_and_modes(endpoint: &str) -> TestResult {
    let mut image = image_with_groups();
    image.reference = "real-runtime/volume:1".to_owned();
    image.files.insert("/data", FileNode::directory().with_mode(0o2770).owned_by(0, 50000));
    let file = FileNode::file(b"kept\n".as_slice()).with_mode(0o640).owned_by(7, 50000);
    image.files.insert("/data/file", file);
    image.files.insert("/data/link", FileNode::symlink("../etc/group"));
    let security = user_1000(v1::SupplementalGroupsPolicy::Merge);
    with_container(endpoint, &image, "sleep 1h", security, async |container| {
        let listing = container.exec(&["ls", "-n", "/data"]).await?;
        let expected = "-rw-r----- 7 50000 5 file\nlrwxrwxrwx 0 0 12 link\n";
        check("owners", listing.as_str(), expected)?;
        let folder = container.exec(&["stat", "-c", "%u %g %a %F", "/data"]).await?;
        check("folder", folder.as_str(), "0 50000 2770 directory\n")?;
        check("content", container.exec(&["cat", "/data/file"]).await?.as_str(), "kept\n")?;
        container.exec(&["sh", "-c", "touch /data/new && echo more > /data/new"]).await?;
        let new = container.exec(&["stat", "-c", "%u %g %s", "/data/new"]).await?;
        check("a created file", new.as_str(), "1000 50000 5\n")
    })
}

fn hundreds_of_groups(endpoint: &str) -> TestResult {
    let security = v1::LinuxContainerSecurityContext {
        supplemental_groups: (10_000..10_500).collect(),
        ..user_1000(v1::SupplementalGroupsPolicy::Merge)
    };
    let expected: Vec<u32> = [3000].into_iter().chain(10_000..10_500).chain([50000]).collect();
    with_container(endpoint, &image_with_groups(), "sleep 1h", security, async |container| {
        check("kernel", container.kernel_groups().await?, expected.clone())?;
        let by_id = container.exec(&["id", "-G"]).await?;
        let by_id = by_id.split_ascii_whitespace().map(str::parse);
        check("id", by_id.collect::<Result<Vec<u32>, _>>()?, expected.clone())
    })
}
