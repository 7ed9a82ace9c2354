//! containerd's way: the user text is taken apart, memberships are looked up separately.

use std::borrow::Cow;

use super::accounts::{LineTooLong, MAX_ID, Reader, User, wrap};
use super::number::{self, NumberError};
use super::user_file::{self, UserFile, UserFileError};
use super::{Found, GidOrigin, GidProvenance, Policy, Reason, Request, Surroundings, UidOrigin};
use crate::profile::{ImageUserGroups, OutOfRangeIds, Rules};

/// The user, its groups by policy, and the requested ones.
pub(super) fn find(
    rules: &Rules,
    out_of_range: OutOfRangeIds,
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Found, Reason> {
    let text = user_text(request, surroundings)?;
    let policy = Policy::of(rules.policy, request.supplemental_groups_policy)?;
    let look = LookUp { rules, out_of_range, request, surroundings };
    let mut found = look.user(&text)?;
    if policy == Policy::Merge {
        look.add_memberships(&mut found)?;
    } else if text.is_empty() && !rules.primary_gid_joins_without_user {
        found.provenance.clear();
    }
    found.add_requested(request.supplemental_groups);
    Ok(found)
}

/// A sandbox's identity, which never has memberships.
pub(super) fn find_without_memberships(
    rules: &Rules,
    out_of_range: OutOfRangeIds,
    request: &Request<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Found, Reason> {
    let text = user_text(request, surroundings)?;
    let mut found = LookUp { rules, out_of_range, request, surroundings }.user(&text)?;
    found.add_requested(request.supplemental_groups);
    Ok(found)
}

/// `user`, `user:group` or, when nobody names one, nothing.
fn user_text<'a>(
    request: &Request<'a>,
    surroundings: &Surroundings<'a>,
) -> Result<Cow<'a, str>, Reason> {
    let group = request.run_as_group;
    match (request.run_as_username, request.run_as_user, group) {
        ("", None, Some(gid)) => Err(Reason::GroupWithoutUser(gid)),
        ("", None, None) => Ok(Cow::Borrowed(surroundings.image_user)),
        ("", Some(uid), None) => Ok(Cow::Owned(uid.to_string())),
        ("", Some(uid), Some(gid)) => Ok(Cow::Owned(format!("{uid}:{gid}"))),
        (name, _, None) => Ok(Cow::Borrowed(name)),
        (name, _, Some(gid)) => Ok(Cow::Owned(format!("{name}:{gid}"))),
    }
}

/// One part of the user text.
enum Part<'a> {
    Id(u32),
    Name(&'a str),
}

struct LookUp<'a> {
    rules: &'a Rules,
    out_of_range: OutOfRangeIds,
    request: &'a Request<'a>,
    surroundings: &'a Surroundings<'a>,
}

impl LookUp<'_> {
    fn user(&self, text: &str) -> Result<Found, Reason> {
        if text.is_empty() {
            return Ok(self.found(0, 0, None, GidOrigin::Default));
        }
        let mut parts = text.split(':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(user), None, _) => self.user_with_own_group(text, user),
            (Some(user), Some(group), None) => self.user_and_group(text, user, group),
            _ => Err(Reason::InvalidUser(text.to_owned())),
        }
    }

    fn user_with_own_group(&self, text: &str, user: &str) -> Result<Found, Reason> {
        let part = self.part(user).ok_or_else(|| Reason::UidOutOfRange(text.to_owned()))?;
        match part {
            Part::Id(uid) => {
                let found =
                    self.find_user(|reader, passwd| reader.user_with_id(passwd, i64::from(uid)));
                match found {
                    Ok(Some(found)) => Ok(found),
                    Ok(None) => Ok(self.found(uid, 0, None, GidOrigin::Default)),
                    Err(error) if error.is_not_found() => {
                        Ok(self.found(uid, 0, None, GidOrigin::Default))
                    }
                    Err(error) => Err(Reason::UserFile(error)),
                }
            }
            Part::Name(name) => self.named(name),
        }
    }

    fn user_and_group(&self, text: &str, user: &str, group: &str) -> Result<Found, Reason> {
        let user = self.part(user).ok_or_else(|| Reason::UidOutOfRange(text.to_owned()))?;
        let group = self.part(group).ok_or_else(|| Reason::GidOutOfRange(text.to_owned()))?;
        // An empty part is neither number nor name and leaves the id at 0.
        let (uid, passwd_line) = match user {
            Part::Id(uid) => (uid, None),
            Part::Name("") => (0, None),
            Part::Name(name) => {
                let found = self.named(name)?;
                (found.uid, found.passwd_line)
            }
        };
        let gid = match group {
            Part::Id(gid) => gid,
            Part::Name("") => 0,
            Part::Name(name) => self.group_named(name)?,
        };
        Ok(self.found(uid, gid, passwd_line, self.group_origin()))
    }

    /// An id, a name, or `None` for an id that is refused.
    fn part<'t>(&self, text: &'t str) -> Option<Part<'t>> {
        match number::parse(text.as_bytes()) {
            Ok(id) if (0..=MAX_ID).contains(&id) => Some(Part::Id(wrap(id))),
            Err(NumberError::Syntax) => Some(Part::Name(text)),
            Ok(_) | Err(NumberError::Range(_)) => match self.out_of_range {
                OutOfRangeIds::LookedUpAsName => Some(Part::Name(text)),
                OutOfRangeIds::Refused => None,
            },
        }
    }

    fn named(&self, name: &str) -> Result<Found, Reason> {
        self.find_user(|reader, passwd| reader.user_with_name(passwd, name.as_bytes()))
            .map_err(Reason::UserFile)?
            .ok_or(Reason::NoUsersFound)
    }

    fn group_named(&self, name: &str) -> Result<u32, Reason> {
        let content = self.read(UserFile::Group).map_err(Reason::UserFile)?;
        let group = Reader::new(self.rules)
            .group_with_name(&content, name.as_bytes())
            .map_err(|_| Reason::UserFile(UserFileError::line_too_long(UserFile::Group)))?;
        group.map(|group| wrap(group.gid)).ok_or(Reason::NoGroupsFound)
    }

    fn find_user(
        &self,
        find: impl for<'c> Fn(Reader, &'c [u8]) -> Result<Option<User<'c>>, LineTooLong>,
    ) -> Result<Option<Found>, UserFileError> {
        let content = self.read(UserFile::Passwd)?;
        let user = find(Reader::new(self.rules), &content)
            .map_err(|_| UserFileError::line_too_long(UserFile::Passwd))?;
        Ok(user.map(|user| {
            let origin = GidOrigin::Passwd { line: user.line };
            self.found(wrap(user.uid), wrap(user.gid), Some(user.line), origin)
        }))
    }

    /// Every group that lists the user. Who that is, is looked up anew.
    fn add_memberships(&self, found: &mut Found) -> Result<(), Reason> {
        let user = self.member();
        let passwd;
        let name = if let Ok(uid) = number::parse(user.as_bytes()) {
            passwd = match self.read(UserFile::Passwd) {
                Ok(content) => content,
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(Reason::UserFile(error)),
            };
            let user = Reader::new(self.rules)
                .user_with_id(&passwd, uid)
                .map_err(|_| Reason::UserFile(UserFileError::line_too_long(UserFile::Passwd)))?;
            let Some(user) = user else { return Ok(()) };
            user.name
        } else {
            user.as_bytes()
        };
        let content = match self.read(UserFile::Group) {
            Ok(content) => content,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(Reason::UserFile(error)),
        };
        let skips_own = self.rules.group_named_like_user_is_skipped;
        Reader::new(self.rules)
            .each_group_of(&content, name, |group| {
                if !(skips_own && group.name == name) {
                    found.provenance.push(GidProvenance {
                        gid: wrap(group.gid),
                        origin: GidOrigin::GroupFile { line: group.line },
                    });
                }
            })
            .map_err(|_| Reason::UserFile(UserFileError::line_too_long(UserFile::Group)))
    }

    /// Whose memberships count: a uid or a name.
    fn member(&self) -> Cow<'_, str> {
        let image_user = self.surroundings.image_user;
        match (self.request.run_as_username, self.request.run_as_user) {
            ("", Some(uid)) => Cow::Owned(uid.to_string()),
            ("", None) => match self.rules.image_user_groups {
                ImageUserGroups::OfImageUser if !image_user.is_empty() => {
                    Cow::Borrowed(image_user.split(':').next().unwrap_or_default())
                }
                ImageUserGroups::OfImageUser | ImageUserGroups::OfRoot => Cow::Borrowed("0"),
            },
            (name, _) => Cow::Borrowed(name),
        }
    }

    fn read(&self, file: UserFile) -> Result<std::sync::Arc<[u8]>, UserFileError> {
        user_file::read(self.rules, self.surroundings.files, file)
    }

    fn found(&self, uid: u32, gid: u32, passwd_line: Option<usize>, origin: GidOrigin) -> Found {
        let uid_origin = uid_origin(self.request, self.surroundings);
        let provenance = vec![GidProvenance { gid, origin }];
        Found { uid, gid, uid_origin, passwd_line, user_gid: gid, provenance }
    }

    /// Who wrote the group part of the user text.
    fn group_origin(&self) -> GidOrigin {
        if self.request.run_as_group.is_some() {
            GidOrigin::RunAsGroup
        } else if self.request.run_as_username.is_empty() {
            GidOrigin::ImageConfig
        } else {
            GidOrigin::RunAsUsername
        }
    }
}

pub(super) fn uid_origin(request: &Request<'_>, surroundings: &Surroundings<'_>) -> UidOrigin {
    if !request.run_as_username.is_empty() {
        UidOrigin::RunAsUsername
    } else if request.run_as_user.is_some() {
        UidOrigin::RunAsUser
    } else if surroundings.image_user.is_empty() {
        UidOrigin::Default
    } else {
        UidOrigin::ImageConfig
    }
}
