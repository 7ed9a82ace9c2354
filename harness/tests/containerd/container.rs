//! containerd in a container: no privileges beyond what it needs, everything it keeps in one folder.
//!
//! The container runs for as long as this process holds a lock on a file in
//! that folder, so none is left behind, however this process ends. See
//! `ci/images/containerd-until`, which is its process 1.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cri_api::client::RuntimeEndpoint;
use fake_cri::profile::Profile;
use gidcheck::oci::{OciImage, layout, pause_image};
use gidcheck::target::{RuntimeOptions, RuntimeTarget, Target};
use tempfile::TempDir;
use testcontainers::bollard::query_parameters::ListImagesOptions;
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{CgroupnsMode, Mount, WaitFor};
use testcontainers::runners::SyncRunner;
use testcontainers::{Container, GenericImage, ImageExt};

/// What `ci/runtime-images` builds; the tag is containerd's release.
const IMAGE: &str = "gidcheck/containerd";

/// The sandbox image, as `ci/images/containerd-config` names it.
const PAUSE_IMAGE: &str = "localhost/gidcheck/pause:1";

/// What process 1 of the container prints when containerd answers.
const READY: &str = "containerd is ready";

const START_TIMEOUT: Duration = Duration::from_secs(60);
const END_TIMEOUT: Duration = Duration::from_secs(30);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A profile's name is `containerd-RELEASE`.
fn tag_of(profile: &Profile) -> &'static str {
    profile.name.strip_prefix("containerd-").unwrap_or(profile.name)
}

/// Which images the container engine has.
pub(crate) enum Images {
    NoEngine(String),
    Present(BTreeSet<String>),
}

impl Images {
    /// Asks the container engine.
    pub(crate) fn look() -> Self {
        match Self::ask() {
            Ok(names) => Self::Present(names),
            Err(error) => Self::NoEngine(error.to_string()),
        }
    }

    fn ask() -> Result<BTreeSet<String>> {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio.block_on(async {
            let images =
                docker_client_instance().await?.list_images(None::<ListImagesOptions>).await?;
            Ok(images.into_iter().flat_map(|image| image.repo_tags).collect())
        })
    }

    /// Why a runtime cannot be started, if it cannot.
    pub(crate) fn missing(&self, profile: &Profile) -> Option<String> {
        let image = format!("{IMAGE}:{}", tag_of(profile));
        match self {
            Self::NoEngine(error) => Some(format!("needs a container engine: {error}")),
            Self::Present(names) if names.contains(&image) => None,
            Self::Present(_) => Some(format!("needs image {image}, built by ci/runtime-images")),
        }
    }
}

/// A containerd that runs, and the suite's way to it.
pub(crate) struct Containerd {
    target: RuntimeTarget,
    held: Mutex<Option<Held>>,
}

/// What ends with it, in this order.
struct Held {
    wanted: File,
    container: Container<GenericImage>,
    folder: TempDir,
}

impl Containerd {
    /// Starts one, and connects to it.
    ///
    /// Only one process looks after the container, so it must not be called in a tokio runtime.
    pub(crate) fn start(profile: &Profile) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gidcheck-containerd-").tempdir()?;
        let path = folder.path();
        let pause = OciImage::assemble(&pause_image())?;
        layout::write_archive(&path.join("pause.tar"), &[(PAUSE_IMAGE.to_owned(), &pause)])?;
        let wanted = File::create_new(path.join("wanted"))?;
        wanted.lock()?;
        let container = run(profile, path)
            .map_err(|error| format!("{} does not start: {error}\n{}", profile.name, log(path)))?;
        let endpoint: RuntimeEndpoint =
            format!("unix://{}", path.join("containerd.sock").display()).parse()?;
        let volume_root = path.join("volumes");
        fs::create_dir(&volume_root)?;
        let options = RuntimeOptions { volume_root, ..RuntimeOptions::default() };
        let target = RuntimeTarget::connect(&[endpoint], options)?;
        Ok(Self { target, held: Mutex::new(Some(Held { wanted, container, folder })) })
    }

    /// The runtime, for scenarios.
    pub(crate) fn target(&self) -> &RuntimeTarget {
        &self.target
    }

    /// Gives back what the cases used, lets the container end and removes it.
    pub(crate) fn end(&self) -> Result<()> {
        self.target.finish();
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Held { wanted, container, folder }) = held else { return Ok(()) };
        drop(wanted);
        let start = Instant::now();
        // The engine removes it as soon as it has ended; then there is nothing to ask any more.
        while container.is_running().unwrap_or(false) {
            if start.elapsed() > END_TIMEOUT {
                return Err(format!("container {} does not end", container.id()).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        drop(container);
        Ok(folder.close()?)
    }
}

fn run(profile: &Profile, folder: &Path) -> Result<Container<GenericImage>> {
    let path = folder.to_str().ok_or("the folder for temporary files is not UTF-8")?;
    let image = GenericImage::new(IMAGE, tag_of(profile))
        .with_wait_for(WaitFor::message_on_stdout(READY))
        .with_cmd([path])
        .with_network("host")
        .with_cap_add("ALL")
        // A machine that is itself confined may lack it, and containerd does without.
        .with_cap_drop("SYS_RESOURCE")
        .with_security_opt("seccomp=unconfined")
        .with_security_opt("apparmor=unconfined")
        .with_cgroupns_mode(CgroupnsMode::Host)
        .with_mount(Mount::bind_mount("/sys/fs/cgroup", "/sys/fs/cgroup"))
        .with_mount(Mount::bind_mount(path, path))
        .with_host_config_modifier(|config| config.auto_remove = Some(true))
        .with_startup_timeout(START_TIMEOUT);
    Ok(image.start()?)
}

/// The end of what containerd said, to explain why it did not start.
fn log(folder: &Path) -> String {
    let path: PathBuf = folder.join("containerd.log");
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
