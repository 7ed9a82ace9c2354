//! A recording: a runtime, what was asked of it, and what came of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The runtime that answered.
    pub runtime: Runtime,
    /// The cases, in the order of the file.
    pub cases: Vec<RecordedCase>,
}

/// What a runtime says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// `runtime_name` of CRI `Version`, such as `containerd`.
    #[serde(rename = "runtime")]
    pub name: String,
    /// Its release, such as `2.1.9`, without marks of the build.
    pub version: String,
    /// The `features` message of CRI `Status` by field; `None`: none was sent.
    pub features: Option<BTreeMap<String, bool>>,
    /// The users that CRI `ImageStatus` gives, by image; images that were not asked are left out.
    #[serde(default)]
    pub image_status_user: BTreeMap<String, ImageUser>,
}

/// The user of an image, as CRI `ImageStatus` gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageUser {
    /// `uid`, where the image's user is a number.
    pub uid: Option<i64>,
    /// `username`, where it is a name.
    pub username: String,
}

/// One case: what was asked and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCase {
    /// What was asked.
    pub request: Request,
    /// What came of it.
    pub outcome: Outcome,
}

/// What is asked of a runtime, in CRI's own fields; ids as wide as they are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The case's name, unique in its recording, such as `groups/strict/uid1000`.
    pub id: String,
    /// The image, by its name in [`super::Images`].
    pub image: String,
    /// `run_as_user`.
    pub run_as_user: Option<i64>,
    /// `run_as_group`.
    pub run_as_group: Option<i64>,
    /// `run_as_username`; `None` and an empty one are the same to CRI.
    pub run_as_username: Option<String>,
    /// `supplemental_groups` of the container.
    pub supplemental_groups: Vec<i64>,
    /// `supplemental_groups_policy` of the container: 0 Merge, 1 Strict, others unknown on
    /// purpose.
    pub policy: i32,
    /// `supplemental_groups_policy` of the sandbox.
    pub sandbox_policy: Option<i32>,
    /// `supplemental_groups` of the sandbox.
    pub sandbox_supplemental_groups: Vec<i64>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The container ran.
    Ran {
        /// What `id` printed in it, without the line's end.
        id_output: String,
        /// `ContainerStatus.user.linux`; `None`: not reported.
        user: Option<LinuxUser>,
    },
    /// A call failed.
    Refused {
        /// The call.
        call: Call,
        /// Its gRPC code, such as `Unknown`.
        code: String,
        /// The runtime's words.
        message: String,
    },
}

/// `LinuxContainerUser` of CRI, the order of the groups kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinuxUser {
    /// `uid`.
    pub uid: i64,
    /// `gid`.
    pub gid: i64,
    /// `supplemental_groups`.
    #[serde(rename = "supplementalGroups")]
    pub supplemental_groups: Vec<i64>,
}

impl fmt::Display for LinuxUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid={} gid={} groups=", self.uid, self.gid)?;
        for (index, group) in self.supplemental_groups.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{group}")?;
        }
        Ok(())
    }
}

/// The calls of a case, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Call {
    /// `RunPodSandbox`.
    RunPodSandbox,
    /// `CreateContainer`.
    CreateContainer,
    /// `StartContainer`.
    StartContainer,
    /// `ExecSync` of `id`.
    ExecSync,
    /// `ContainerStatus`.
    ContainerStatus,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
