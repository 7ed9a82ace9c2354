//! What the OCI runtime makes of the spec: the last word on who the process is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::accounts::{MAX_ID, Reader, wrap};
use super::user_file::{self, UserFile, UserFileError, UserFileProblem};
use super::{AddedEntries, GidOrigin, GidProvenance, Identity, OciProblem, Stage, Surroundings};
use crate::image::PathError;
use crate::profile::{OciRuntime, Profile};

/// The most groups that the kernel takes (`NGROUPS_MAX`).
const MAX_GROUPS: usize = 65_536;

/// What is no id to the kernel: -1.
const NO_ID: u32 = u32::MAX;

/// In which call a runtime runs the OCI runtime's part that sets ids.
pub(super) fn stage(profile: &Profile) -> Stage {
    if profile.rules.oci_runtime_runs_at_creation {
        Stage::CreateContainer
    } else {
        Stage::StartContainer
    }
}

/// Puts into `identity.groups` what the kernel attaches.
///
/// # Errors
/// What the OCI runtime says when it, or the kernel, refuses.
pub(super) fn attach(
    profile: &Profile,
    surroundings: &Surroundings<'_>,
    added: &AddedEntries,
    identity: &mut Identity,
) -> Result<(), OciProblem> {
    if profile.oci_runtime == OciRuntime::Runc1_1 {
        look_up_again(surroundings, added, identity)?;
    }
    if identity.groups.len() > MAX_GROUPS || identity.groups.last() == Some(&NO_ID) {
        return Err(OciProblem::SetGroups);
    }
    if identity.gid == NO_ID {
        return Err(OciProblem::SetGid(identity.gid));
    }
    if identity.uid == NO_ID {
        return Err(OciProblem::SetUid(identity.uid));
    }
    Ok(())
}

/// runc 1.1: every id must be in the container's own files or within 31 bits.
fn look_up_again(
    surroundings: &Surroundings<'_>,
    added: &AddedEntries,
    identity: &mut Identity,
) -> Result<(), OciProblem> {
    let passwd = open(surroundings, added.passwd.as_ref(), UserFile::Passwd);
    let user_name = check_user(identity.uid, passwd)?;
    let group = match open(surroundings, added.group.as_ref(), UserFile::Group) {
        Some(Ok(group)) => group,
        Some(Err(error)) => {
            return Err(OciProblem::NoGroupsForUser { name: user_name(), error });
        }
        None => Arc::from([]),
    };
    let ids_are_plain =
        is_within_range(identity.gid) && identity.groups.iter().copied().all(is_within_range);
    if ids_are_plain && !Reader::RUNC.has_misleading_name(&group) {
        return Ok(());
    }
    let names = GroupNames::read(&group);
    if !is_within_range(identity.gid) && !names.listed.contains_key(&i64::from(identity.gid)) {
        return Err(OciProblem::IdOutOfRange);
    }
    replace_by_name(identity, &names)
}

fn is_within_range(id: u32) -> bool {
    i64::from(id) <= MAX_ID
}

/// Refuses a uid that is neither listed nor within range; else tells how to learn its name.
fn check_user(
    uid: u32,
    passwd: Option<Result<Arc<[u8]>, UserFileError>>,
) -> Result<impl Fn() -> String, OciProblem> {
    let failed = |error| OciProblem::CannotFindUser { uid, error };
    let passwd = passwd.transpose().map_err(failed)?.unwrap_or_else(|| Arc::from([]));
    let too_long = |_| failed(UserFileError::line_too_long(UserFile::Passwd));
    if is_within_range(uid) {
        Reader::check_passwd_lines(&passwd).map_err(too_long)?;
    } else {
        let user = Reader::RUNC.user_with_id(&passwd, i64::from(uid));
        user.map_err(too_long)?.ok_or(OciProblem::IdOutOfRange)?;
    }
    Ok(move || {
        let user = Reader::RUNC.user_with_id(&passwd, i64::from(uid));
        let name = user.ok().flatten().map(|user| String::from_utf8_lossy(user.name).into_owned());
        name.unwrap_or_default()
    })
}

/// The groups of a file by number and by names that are numbers, with their lines.
struct GroupNames {
    listed: HashMap<i64, usize>,
    numeric: HashMap<u32, Vec<(i64, usize)>>,
}

impl GroupNames {
    fn read(content: &[u8]) -> Self {
        let mut names = Self { listed: HashMap::new(), numeric: HashMap::new() };
        // This reader has no limit that a line could exceed.
        let _ = Reader::RUNC.each_group(content, |group| {
            names.listed.entry(group.gid).or_insert(group.line);
            if let Some(number) = group.numeric_name() {
                names.numeric.entry(number).or_default().push((group.gid, group.line));
            }
        });
        names
    }
}

/// Takes every gid for a name as well as for a number: the first group of the file that
/// fits and is not attached yet decides.
fn replace_by_name(identity: &mut Identity, names: &GroupNames) -> Result<(), OciProblem> {
    let mut attached: HashSet<i64> = HashSet::new();
    let mut replaced = Vec::new();
    for &gid in &identity.listed_groups {
        let by_number = i64::from(gid);
        let named = names.numeric.get(&gid).map(Vec::as_slice).unwrap_or_default();
        let numbered = names.listed.get(&by_number).map(|&line| (by_number, line));
        let first = named
            .iter()
            .copied()
            .chain(numbered)
            .filter(|(other, _)| !attached.contains(other))
            .min_by_key(|&(_, line)| line);
        if let Some((other, line)) = first {
            attached.insert(other);
            if other != by_number {
                let origin = GidOrigin::GroupNamedAsNumber { line, instead_of: gid };
                replaced.push(GidProvenance { gid: wrap(other), origin });
            }
        } else if by_number <= MAX_ID {
            attached.insert(by_number);
        } else {
            return Err(OciProblem::IdOutOfRange);
        }
    }
    identity.groups = attached.into_iter().map(wrap).collect();
    identity.groups.sort_unstable();
    identity.groups.dedup();
    identity.provenance.extend(replaced);
    Ok(())
}

/// The file as the container has it; `None` when it cannot be opened.
fn open(
    surroundings: &Surroundings<'_>,
    added: Option<&Arc<[u8]>>,
    file: UserFile,
) -> Option<Result<Arc<[u8]>, UserFileError>> {
    if let Some(added) = added {
        return Some(Ok(Arc::clone(added)));
    }
    match user_file::read_in_container(surroundings.files, file) {
        Ok(content) => Some(Ok(content)),
        Err(error) if error.problem == UserFileProblem::Path(PathError::IsDirectory) => {
            Some(Err(error))
        }
        Err(_) => None,
    }
}
