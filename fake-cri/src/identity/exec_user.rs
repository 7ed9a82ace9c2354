//! CRI-O's way: one look-up over both files, then `run_as_group` and the requested groups.

use std::sync::Arc;

use super::accounts::{MAX_ID, Reader, User, wrap};
use super::by_parts::uid_origin;
use super::number;
use super::user_file::{self, UserFile, UserFileError, UserFileProblem};
use super::{Found, GidOrigin, GidProvenance, Policy, Reason, Request, Surroundings};
use crate::image::PathError;
use crate::profile::Rules;

/// The user, its groups by policy, and the requested ones.
pub(super) fn find(
    rules: &Rules,
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Found, Reason> {
    if let (Some(gid), None, "") =
        (request.run_as_group, request.run_as_user, request.run_as_username)
    {
        return Err(Reason::GroupWithoutUser(gid));
    }
    let text = user_text(request, surroundings);
    let look = LookUp { reader: Reader::new(rules), rules, surroundings };
    let (mut found, memberships) = look.exec_user(&text, request)?;
    if let Some(gid) = request.run_as_group {
        found.gid = wrap(gid);
        found.provenance = vec![GidProvenance { gid: wrap(gid), origin: GidOrigin::RunAsGroup }];
    }
    if Policy::of(rules.policy, request.supplemental_groups_policy)? == Policy::Merge {
        found.provenance.extend(memberships);
    }
    found.add_requested(request.supplemental_groups);
    Ok(found)
}

/// The request's user, else the image's, as one text; also the name of an added entry.
pub(super) fn user_text(request: &Request<'_>, surroundings: &Surroundings<'_>) -> String {
    match (request.run_as_username, request.run_as_user) {
        ("", Some(uid)) => uid.to_string(),
        ("", None) => surroundings.image_user.to_owned(),
        (name, _) => name.to_owned(),
    }
}

struct LookUp<'a> {
    reader: Reader,
    rules: &'a Rules,
    surroundings: &'a Surroundings<'a>,
}

impl LookUp<'_> {
    fn exec_user(
        &self,
        text: &str,
        request: &Request<'_>,
    ) -> Result<(Found, Vec<GidProvenance>), Reason> {
        let mut parts = text.split(':');
        let user_part = parts.next().unwrap_or_default();
        let group_part = parts.next().unwrap_or_default();

        let passwd = self.open(UserFile::Passwd);
        let user = self.user(user_part, passwd.as_deref())?;
        let (uid, name, mut gid, mut origin) = match user {
            Some(user) => {
                (wrap(user.uid), user.name, wrap(user.gid), GidOrigin::Passwd { line: user.line })
            }
            None => (self.unlisted_uid(user_part)?, &b""[..], 0, GidOrigin::Default),
        };
        let mut memberships = Vec::new();
        if !group_part.is_empty() || !name.is_empty() {
            let group = self.open(UserFile::Group);
            let failed = |error| Reason::NoGroupsForUser {
                name: String::from_utf8_lossy(name).into_owned(),
                error,
            };
            if group_part.is_empty() {
                memberships = self.memberships(name, group.as_deref()).map_err(failed)?;
            } else {
                gid = self.explicit_group(group_part, group.as_deref(), failed)?;
                origin = if request.run_as_username.is_empty() {
                    GidOrigin::ImageConfig
                } else {
                    GidOrigin::RunAsUsername
                };
            }
        }
        let found = Found {
            uid,
            gid,
            uid_origin: uid_origin(request, self.surroundings),
            passwd_line: user.map(|user| user.line),
            user_gid: gid,
            provenance: vec![GidProvenance { gid, origin }],
        };
        Ok((found, memberships))
    }

    /// The line of `/etc/passwd` for the user part; an empty one means uid 0.
    fn user<'c>(
        &self,
        part: &str,
        passwd: Result<Option<&'c Arc<[u8]>>, &UserFileError>,
    ) -> Result<Option<User<'c>>, Reason> {
        let failed = |error| Reason::CannotFindUser {
            name: if part.is_empty() { "0".to_owned() } else { part.to_owned() },
            error,
        };
        let Some(passwd) = passwd.map_err(|error| failed(error.clone()))? else { return Ok(None) };
        let part = part.as_bytes();
        let user = match number::parse(part) {
            _ if part.is_empty() => self.reader.user_with_id(passwd, 0),
            Ok(uid) => self.reader.user_with_id(passwd, uid),
            Err(_) => self.reader.user_with_name(passwd, part),
        };
        user.map_err(|_| failed(UserFileError::line_too_long(UserFile::Passwd)))
    }

    fn unlisted_uid(&self, part: &str) -> Result<u32, Reason> {
        if part.is_empty() {
            return Ok(0);
        }
        match number::parse(part.as_bytes()) {
            Ok(uid) if (0..=MAX_ID).contains(&uid) => Ok(wrap(uid)),
            Ok(_) => Err(Reason::IdOutOfRange),
            Err(_) => Err(Reason::NoSuchUser(part.to_owned())),
        }
    }

    fn memberships(
        &self,
        name: &[u8],
        group: Result<Option<&Arc<[u8]>>, &UserFileError>,
    ) -> Result<Vec<GidProvenance>, UserFileError> {
        let mut found = Vec::new();
        let Some(group) = group.map_err(Clone::clone)? else { return Ok(found) };
        let skips_own = self.rules.group_named_like_user_is_skipped;
        self.reader
            .each_group_of(group, name, |group| {
                if !(skips_own && group.name == name) {
                    let origin = GidOrigin::GroupFile { line: group.line };
                    found.push(GidProvenance { gid: wrap(group.gid), origin });
                }
            })
            .map_err(|_| UserFileError::line_too_long(UserFile::Group))?;
        Ok(found)
    }

    fn explicit_group(
        &self,
        part: &str,
        group: Result<Option<&Arc<[u8]>>, &UserFileError>,
        failed: impl Fn(UserFileError) -> Reason,
    ) -> Result<u32, Reason> {
        let wanted = number::parse(part.as_bytes());
        if let Some(group) = group.map_err(|error| failed(error.clone()))? {
            let listed = match wanted {
                Ok(gid) => self.reader.group_with_id(group, gid),
                Err(_) => self.reader.group_with_name(group, part.as_bytes()),
            }
            .map_err(|_| failed(UserFileError::line_too_long(UserFile::Group)))?;
            if let Some(listed) = listed {
                return Ok(wrap(listed.gid));
            }
        }
        match wanted {
            Ok(gid) if (0..=MAX_ID).contains(&gid) => Ok(wrap(gid)),
            Ok(_) => Err(Reason::IdOutOfRange),
            Err(_) => Err(Reason::NoSuchGroup(part.to_owned())),
        }
    }

    /// A file that cannot be opened is absent; one that opens and cannot be read is an error.
    fn open(&self, file: UserFile) -> Opened {
        match user_file::read(self.rules, self.surroundings.files, file) {
            Ok(content) => Opened(Ok(Some(content))),
            Err(error) if error.problem == UserFileProblem::Path(PathError::IsDirectory) => {
                Opened(Err(error))
            }
            Err(_) => Opened(Ok(None)),
        }
    }
}

struct Opened(Result<Option<Arc<[u8]>>, UserFileError>);

impl Opened {
    fn as_deref(&self) -> Result<Option<&Arc<[u8]>>, &UserFileError> {
        self.0.as_ref().map(Option::as_ref)
    }
}
