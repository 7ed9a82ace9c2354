//! Refusals: which call fails, why, and in the runtime's own words.

use std::fmt::Write as _;

use cri_api::CriError;

use super::user_file::{UserFile, UserFileError, UserFileProblem};
use crate::image::PathError;
use crate::profile::{OciRuntime, Profile, SandboxIdentity, UserFileAccess, UserLookUp};
use crate::time::rfc3339_seconds;

/// The CRI call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// `RunPodSandbox`.
    RunPodSandbox,
    /// `CreateContainer`.
    CreateContainer,
    /// `StartContainer`.
    StartContainer,
}

impl Stage {
    /// The call's name.
    #[must_use]
    pub fn call(self) -> &'static str {
        match self {
            Self::RunPodSandbox => "RunPodSandbox",
            Self::CreateContainer => "CreateContainer",
            Self::StartContainer => "StartContainer",
        }
    }
}

/// A request that a runtime refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The call that fails.
    pub stage: Stage,
    /// Why.
    pub reason: Reason,
}

/// Why a runtime refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// `run_as_group` without a user.
    GroupWithoutUser(i64),
    /// `supplemental_groups_policy` has a number that the release does not know.
    UnknownPolicy(i32),
    /// The user text has more than two parts.
    InvalidUser(String),
    /// The user text's uid is outside 0 to 2147483647.
    UidOutOfRange(String),
    /// The user text's gid is outside 0 to 2147483647.
    GidOutOfRange(String),
    /// containerd: no line of `/etc/passwd` has the name.
    NoUsersFound,
    /// containerd: no line of `/etc/group` has the name.
    NoGroupsFound,
    /// containerd: a user file cannot be read.
    UserFile(UserFileError),
    /// CRI-O: an id is outside 0 to 2147483647 and in no file.
    IdOutOfRange,
    /// CRI-O: no line of `/etc/passwd` has the name.
    NoSuchUser(String),
    /// CRI-O: no line of `/etc/group` has the name.
    NoSuchGroup(String),
    /// CRI-O: `/etc/passwd` opens but cannot be read.
    CannotFindUser {
        /// The user part of the user text.
        name: String,
        /// What is wrong with the file.
        error: UserFileError,
    },
    /// CRI-O: `/etc/group` opens but cannot be read.
    NoGroupsForUser {
        /// The user's name; empty when it has none.
        name: String,
        /// What is wrong with the file.
        error: UserFileError,
    },
    /// CRI-O: a user file that needs an entry cannot be read.
    CannotExtend(UserFileError),
    /// The OCI runtime refuses the spec.
    Oci(OciProblem),
}

/// Why an OCI runtime refuses a spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OciProblem {
    /// An id is outside 0 to 2147483647 and in no file.
    IdOutOfRange,
    /// `/etc/passwd` opens but cannot be read.
    CannotFindUser {
        /// The uid looked for.
        uid: u32,
        /// What is wrong with the file.
        error: UserFileError,
    },
    /// `/etc/group` opens but cannot be read.
    NoGroupsForUser {
        /// The user's name; empty when it has none.
        name: String,
        /// What is wrong with the file.
        error: UserFileError,
    },
    /// `setgroups(2)`: too many groups, or one is 4294967295.
    SetGroups,
    /// `setgid(2)`: 4294967295.
    SetGid(u32),
    /// `setuid(2)`: 4294967295.
    SetUid(u32),
}

/// What a message names besides the reason: it differs from run to run.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The sandbox's id.
    pub sandbox_id: &'a str,
    /// The number in the name of the temporary mount.
    pub mount: u32,
    /// The id of the container's top layer, 64 hexadecimal digits.
    pub layer_id: &'a str,
    /// Nanoseconds since 1970, UTC.
    pub now: i64,
}

impl Refusal {
    /// The error as the runtime sends it.
    #[must_use]
    pub fn to_error(&self, profile: &Profile, scene: &Scene<'_>) -> CriError {
        CriError::unknown(self.message(profile, scene))
    }

    fn message(&self, profile: &Profile, scene: &Scene<'_>) -> String {
        let words = Words { profile, scene };
        match profile.rules.user_look_up {
            UserLookUp::ByParts(_) => match self.stage {
                Stage::RunPodSandbox => words.sandbox(&self.reason),
                Stage::CreateContainer | Stage::StartContainer => words.container(&self.reason),
            },
            UserLookUp::ExecUser => words.exec_user(&self.reason),
        }
    }
}

struct Words<'a> {
    profile: &'a Profile,
    scene: &'a Scene<'a>,
}

impl Words<'_> {
    /// containerd's `RunPodSandbox`.
    fn sandbox(&self, reason: &Reason) -> String {
        let mut text = match self.profile.rules.sandbox_identity {
            SandboxIdentity::Refusable { names_the_sandbox: true } => {
                format!("failed to start sandbox \"{}\": ", self.scene.sandbox_id)
            }
            SandboxIdentity::Refusable { names_the_sandbox: false } | SandboxIdentity::Ignored => {
                String::new()
            }
        };
        if let Reason::GroupWithoutUser(_) = reason {
            text.push_str("failed to generate sandbox container spec options: ");
            text.push_str(&self.spec_option(reason));
        } else {
            text.push_str(&self.container(reason));
        }
        text
    }

    /// containerd's `CreateContainer` and `StartContainer`.
    fn container(&self, reason: &Reason) -> String {
        match reason {
            Reason::GroupWithoutUser(_) | Reason::UnknownPolicy(_) => {
                format!("failed to get container spec opts: {}", self.spec_option(reason))
            }
            Reason::Oci(problem) => format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create \
                 failed: runc create failed: unable to start container process: {}{}",
                self.oci(problem),
                if self.profile.rules.task_errors_end_in_unknown { ": unknown" } else { "" },
            ),
            _ => format!("failed to create containerd container: {}", self.look_up(reason)),
        }
    }

    fn spec_option(&self, reason: &Reason) -> String {
        match reason {
            Reason::GroupWithoutUser(gid) => format!(
                "failed to generate user string: user group \"{gid}\" is specified without user"
            ),
            Reason::UnknownPolicy(number) => format!(
                "not implemented in this containerd release: SupplementalGroupsPolicy={number}"
            ),
            other => self.look_up(other),
        }
    }

    /// What went wrong in the image's files, or before they were opened.
    fn look_up(&self, reason: &Reason) -> String {
        let found = match reason {
            Reason::InvalidUser(text) => return format!("invalid USER value {text}"),
            Reason::UidOutOfRange(text) => {
                return format!("invalid USER value {}: uid out of range", quote(text));
            }
            Reason::GidOutOfRange(text) => {
                return format!("invalid USER value {}: gid out of range", quote(text));
            }
            Reason::NoUsersFound => "no users found".to_owned(),
            Reason::NoGroupsFound => "no groups found".to_owned(),
            Reason::UserFile(error) => self.user_file(error),
            other => return self.exec_user(other),
        };
        match self.profile.rules.user_file_access {
            UserFileAccess::Mounted
            | UserFileAccess::MountedRegular
            | UserFileAccess::MountedRoot => {
                format!("mount callback failed on {}: {found}", self.mount_point())
            }
            UserFileAccess::Layers | UserFileAccess::Merged => found,
        }
    }

    /// CRI-O's `CreateContainer`.
    fn exec_user(&self, reason: &Reason) -> String {
        match reason {
            Reason::GroupWithoutUser(_) => {
                "user group is specified without user or username".to_owned()
            }
            Reason::UnknownPolicy(number) => {
                format!("not implemented in this CRI-O release: SupplementalGroupsPolicy={number}")
            }
            Reason::IdOutOfRange => format!("get exec user: {OUT_OF_RANGE}"),
            Reason::NoSuchUser(name) => format!(
                "get exec user: unable to find user {name}: no matching entries in passwd file"
            ),
            Reason::NoSuchGroup(name) => format!(
                "get exec user: unable to find group {name}: no matching entries in group file"
            ),
            Reason::CannotFindUser { name, error } => {
                format!("get exec user: unable to find user {name}: {}", self.user_file(error))
            }
            Reason::NoGroupsForUser { name, error } => format!(
                "get exec user: unable to find groups for spec {name}: {}",
                self.user_file(error)
            ),
            Reason::CannotExtend(error) => format!("read file: {}", self.user_file(error)),
            Reason::Oci(problem) => self.logged(problem),
            other => self.look_up(other),
        }
    }

    /// What runc logs, as CRI-O passes it on.
    fn logged(&self, problem: &OciProblem) -> String {
        let time = rfc3339_seconds(self.scene.now);
        let mut text = "container create failed: ".to_owned();
        let mut line = |level, message: &str| {
            let _ = writeln!(text, "time=\"{time}\" level={level} msg={}", quote(message));
        };
        for warning in self.profile.rules.oci_runtime_warnings {
            line("warning", warning);
        }
        let failed = "runc create failed: unable to start container process";
        line("error", &format!("{failed}: {}", self.oci(problem)));
        text
    }

    fn oci(&self, problem: &OciProblem) -> String {
        let during = match self.profile.oci_runtime {
            OciRuntime::Runc1_1 => "",
            OciRuntime::Runc1_3 => "error during container init: ",
        };
        let problem = match problem {
            OciProblem::IdOutOfRange => OUT_OF_RANGE.to_owned(),
            OciProblem::CannotFindUser { uid, error } => {
                format!("unable to find user {uid}: {}", in_container(error))
            }
            OciProblem::NoGroupsForUser { name, error } => {
                format!("unable to find groups for spec {name}: {}", in_container(error))
            }
            OciProblem::SetGroups => "setgroups: invalid argument".to_owned(),
            OciProblem::SetGid(_) | OciProblem::SetUid(_)
                if self.profile.oci_runtime == OciRuntime::Runc1_1 =>
            {
                "invalid argument".to_owned()
            }
            OciProblem::SetGid(gid) => {
                format!("cannot setgid to unmapped gid {gid} in user namespace")
            }
            OciProblem::SetUid(uid) => {
                format!("cannot setuid to unmapped uid {uid} in user namespace")
            }
        };
        format!("{during}unable to setup user: {problem}")
    }

    fn user_file(&self, error: &UserFileError) -> String {
        let UserFileError { file, problem, path, rest } = error;
        let relative = file.path().trim_start_matches('/');
        let path_error = match *problem {
            UserFileProblem::LineTooLong => return LINE_TOO_LONG.to_owned(),
            UserFileProblem::TooLarge { limit } => {
                let name = match self.profile.rules.user_file_access {
                    UserFileAccess::MountedRoot | UserFileAccess::Layers => relative.to_owned(),
                    _ => format!("{}{path}", self.root()),
                };
                return format!("{} exceeds {limit} bytes", quote(&name));
            }
            UserFileProblem::Path(path_error) => path_error,
        };
        let root = self.root();
        match (self.profile.rules.user_file_access, path_error) {
            (UserFileAccess::Mounted | UserFileAccess::MountedRegular, PathError::TooManyLinks) => {
                "too many links".to_owned()
            }
            (UserFileAccess::Mounted | UserFileAccess::Merged, PathError::IsDirectory) => {
                format!("read {root}{path}: {path_error}")
            }
            (UserFileAccess::MountedRegular, PathError::IsDirectory) => {
                format!("{root}{path} is not a regular file")
            }
            (UserFileAccess::MountedRoot | UserFileAccess::Layers, PathError::IsDirectory) => {
                format!("{relative} is not a regular file")
            }
            (
                UserFileAccess::Mounted | UserFileAccess::MountedRegular,
                PathError::NotDirectory | PathError::Escapes,
            ) => format!("lstat {root}{path}{rest}: {path_error}"),
            (UserFileAccess::Mounted | UserFileAccess::Merged, _) => {
                format!("open {root}{path}{rest}: {path_error}")
            }
            (UserFileAccess::MountedRegular, _) => format!("stat {root}{path}{rest}: {path_error}"),
            (UserFileAccess::MountedRoot, _) => format!("openat {relative}: {path_error}"),
            (UserFileAccess::Layers, PathError::NotFound) => {
                format!("lstat {}: file does not exist", path.trim_start_matches('/'))
            }
            (UserFileAccess::Layers, _) => {
                format!("lstat {}: {path_error}", path.trim_start_matches('/'))
            }
        }
    }

    /// Where the image's files are on the node while they are looked at.
    fn root(&self) -> String {
        match self.profile.rules.user_file_access {
            UserFileAccess::Merged => {
                format!("/var/lib/containers/storage/overlay/{}/merged", self.scene.layer_id)
            }
            _ => self.mount_point(),
        }
    }

    fn mount_point(&self) -> String {
        format!("/var/lib/containerd/tmpmounts/containerd-mount{}", self.scene.mount)
    }
}

const OUT_OF_RANGE: &str = "uids and gids must be in range 0-2147483647";
const LINE_TOO_LONG: &str = "bufio.Scanner: token too long";

/// What a process in the container, which runc's last step is, says of a user file.
fn in_container(error: &UserFileError) -> String {
    match error.problem {
        UserFileProblem::LineTooLong | UserFileProblem::TooLarge { .. } => LINE_TOO_LONG.to_owned(),
        UserFileProblem::Path(problem) => {
            format!("read {}: {problem}", UserFile::path(error.file))
        }
    }
}

/// Go's `%q`, for texts that are mostly plain.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\u{07}' => quoted.push_str("\\a"),
            '\u{08}' => quoted.push_str("\\b"),
            '\u{0b}' => quoted.push_str("\\v"),
            '\u{0c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control.is_ascii_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            hidden if !hidden.is_ascii() && (hidden.is_control() || hidden.is_whitespace()) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(hidden));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_quotes_them() {
        assert_eq!(quote("a\"b\\c\n\u{1}é\u{a0}"), "\"a\\\"b\\\\c\\n\\x01é\\u00a0\"");
    }
}
