//! What the OCI runtime makes of the spec: the last word on who the process is.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::accounts::{MAX_ID, Reader, wrap};
use super::number;
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
    let uid = i64::from(identity.uid);
    let mut user_name = String::new();
    let mut uid_is_listed = false;
    if let Some(passwd) = passwd {
        let failed = |error| OciProblem::CannotFindUser { uid: identity.uid, error };
        let passwd = passwd.map_err(failed)?;
        let user = Reader::RUNC
            .find_user(&passwd, |user| user.uid == uid)
            .map_err(|_| failed(UserFileError::line_too_long(UserFile::Passwd)))?;
        if let Some(user) = user {
            uid_is_listed = true;
            user_name = String::from_utf8_lossy(user.name).into_owned();
        }
    }
    if !uid_is_listed && uid > MAX_ID {
        return Err(OciProblem::IdOutOfRange);
    }
    let group = open(surroundings, added.group.as_ref(), UserFile::Group);
    let group = match group {
        Some(Ok(group)) => group,
        Some(Err(error)) => return Err(OciProblem::NoGroupsForUser { name: user_name, error }),
        None => Arc::from([]),
    };
    let gid = i64::from(identity.gid);
    let mut listed: HashMap<i64, usize> = HashMap::new();
    let mut numeric_names: HashMap<u32, Vec<(i64, usize)>> = HashMap::new();
    let read = Reader::RUNC.each_group(&group, |group| {
        if group.gid == gid || group.gid > MAX_ID || !identity.groups.is_empty() {
            listed.entry(group.gid).or_insert(group.line);
        }
        if let Some(number) = canonical_gid(group.name) {
            numeric_names.entry(number).or_default().push((group.gid, group.line));
        }
    });
    if read.is_err() {
        let error = UserFileError::line_too_long(UserFile::Group);
        return Err(OciProblem::NoGroupsForUser { name: user_name, error });
    }
    if gid > MAX_ID && !listed.contains_key(&gid) {
        return Err(OciProblem::IdOutOfRange);
    }
    let beyond = |gid: u32| i64::from(gid) > MAX_ID;
    if numeric_names.is_empty() && !identity.groups.iter().copied().any(beyond) {
        return Ok(());
    }
    replace_by_name(identity, &listed, &numeric_names)
}

/// Takes every gid for a name as well as for a number: the first group of the file that
/// fits and is not attached yet decides.
fn replace_by_name(
    identity: &mut Identity,
    listed: &HashMap<i64, usize>,
    numeric_names: &HashMap<u32, Vec<(i64, usize)>>,
) -> Result<(), OciProblem> {
    let mut attached: HashSet<i64> = HashSet::new();
    let mut replaced = Vec::new();
    for &gid in &identity.listed_groups {
        let by_number = i64::from(gid);
        let named = numeric_names.get(&gid).map(Vec::as_slice).unwrap_or_default();
        let numbered = listed.get(&by_number).map(|&line| (by_number, line));
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

/// A name that is a gid as Go prints it.
fn canonical_gid(name: &[u8]) -> Option<u32> {
    if !name.first()?.is_ascii_digit() {
        return None;
    }
    let number = u32::try_from(number::parse(name).ok()?).ok()?;
    (number.to_string().as_bytes() == name).then_some(number)
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
