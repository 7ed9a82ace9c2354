//! `/etc/passwd` and `/etc/group` as the Go runtimes read them (`moby/sys/user`).
//!
//! Lines are trimmed, empty ones skipped; fields that are missing are empty or 0, numbers
//! that are none are 0. Comments count in `/etc/group` only. Nothing is copied.

use memchr::memchr;

use super::number::parse_leniently;
use crate::profile::{FileIds, GroupReader, Rules};

/// The longest line of `/etc/passwd`, in bytes: what Go's `bufio.Scanner` holds.
const PASSWD_LINE_LIMIT: usize = 64 * 1024;

/// The longest line of `/etc/group` where [`GroupReader::UpToOneMebibyte`] applies.
const GROUP_LINE_LIMIT: usize = 1024 * 1024;

/// The largest id that the runtimes take for valid.
pub(super) const MAX_ID: i64 = i32::MAX as i64;

/// A line is longer than the reader holds: `bufio.Scanner: token too long`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineTooLong;

/// How to read both files; a release's rules in short.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    file_ids: FileIds,
    group_reader: GroupReader,
}

impl Reader {
    pub(super) fn new(rules: &Rules) -> Self {
        Self { file_ids: rules.file_ids, group_reader: rules.group_reader }
    }

    /// runc 1.1's own reader.
    pub(super) const RUNC: Self =
        Self { file_ids: FileIds::Modulo2Pow32, group_reader: GroupReader::AnyLength };

    /// The first line of `/etc/passwd` that `matches`.
    ///
    /// The whole file is read: a line that is too long fails it wherever it stands.
    pub(super) fn find_user<'a>(
        self,
        passwd: &'a [u8],
        matches: impl Fn(&User<'a>) -> bool,
    ) -> Result<Option<User<'a>>, LineTooLong> {
        let mut found = None;
        for (number, line) in lines(passwd) {
            if line.len() >= PASSWD_LINE_LIMIT {
                return Err(LineTooLong);
            }
            if found.is_some() {
                continue;
            }
            let line = trim(line);
            if line.is_empty() {
                continue;
            }
            let mut fields = Fields(Some(line));
            let name = fields.next();
            fields.next();
            let uid = self.id(fields.next());
            let user = User { name, uid, gid: 0, line: number };
            if matches(&user) {
                found = Some(User { gid: self.id(fields.next()), ..user });
            }
        }
        Ok(found)
    }

    /// Shows `visit` every group in file order.
    pub(super) fn each_group<'a>(
        self,
        group: &'a [u8],
        mut visit: impl FnMut(Group<'a>),
    ) -> Result<(), LineTooLong> {
        for (number, line) in lines(group) {
            if self.group_reader == GroupReader::UpToOneMebibyte && line.len() >= GROUP_LINE_LIMIT {
                return Err(LineTooLong);
            }
            let line = trim(line);
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let mut fields = Fields(Some(line));
            let name = fields.next();
            fields.next();
            let gid = self.id(fields.next());
            visit(Group { name, gid, members: fields.next(), line: number });
        }
        Ok(())
    }

    /// The first group that `matches`.
    pub(super) fn find_group<'a>(
        self,
        group: &'a [u8],
        matches: impl Fn(&Group<'a>) -> bool,
    ) -> Result<Option<Group<'a>>, LineTooLong> {
        let mut found = None;
        self.each_group(group, |group| {
            if found.is_none() && matches(&group) {
                found = Some(group);
            }
        })?;
        Ok(found)
    }

    fn id(self, field: &[u8]) -> i64 {
        let value = parse_leniently(field);
        match self.file_ids {
            FileIds::Modulo2Pow32 => value,
            FileIds::OutOfRangeIsInvalid if (0..=MAX_ID).contains(&value) => value,
            FileIds::OutOfRangeIsInvalid => -1,
        }
    }
}

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User<'a> {
    pub(super) name: &'a [u8],
    pub(super) uid: i64,
    pub(super) gid: i64,
    /// From 1.
    pub(super) line: usize,
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group<'a> {
    pub(super) name: &'a [u8],
    pub(super) gid: i64,
    members: &'a [u8],
    /// From 1.
    pub(super) line: usize,
}

impl Group<'_> {
    /// Whether the member list names this user, to the letter.
    pub(super) fn lists(&self, user: &[u8]) -> bool {
        !self.members.is_empty()
            && self.members.split(|&byte| byte == b',').any(|name| name == user)
    }
}

/// An id as the kernel gets it: the low 32 bits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Go's uint32(int)")]
pub(super) fn wrap(id: i64) -> u32 {
    id as u32
}

/// The fields of a line, one after the other; empty when there are no more.
struct Fields<'a>(Option<&'a [u8]>);

impl<'a> Fields<'a> {
    fn next(&mut self) -> &'a [u8] {
        let Some(rest) = self.0 else { return &[] };
        if let Some(end) = rest.iter().position(|&byte| byte == b':') {
            self.0 = Some(&rest[end + 1..]);
            &rest[..end]
        } else {
            self.0 = None;
            rest
        }
    }
}

/// Lines without their newline, numbered from 1.
fn lines(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, after) = match memchr(b'\n', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &[][..]),
        };
        rest = after;
        Some(line)
    })
    .enumerate()
    .map(|(index, line)| (index + 1, line))
}

/// Cuts white space off both ends, as Go's `bytes.TrimSpace` does: Unicode's, by UTF-8.
fn trim(mut line: &[u8]) -> &[u8] {
    while let Some(length) = leading_space(line) {
        line = &line[length..];
    }
    while let Some(length) = trailing_space(line) {
        line = &line[..line.len() - length];
    }
    line
}

fn leading_space(line: &[u8]) -> Option<usize> {
    let first = *line.first()?;
    if first.is_ascii() {
        return is_ascii_space(first).then_some(1);
    }
    (2..=3).find(|&length| line.get(..length).is_some_and(is_one_space))
}

fn trailing_space(line: &[u8]) -> Option<usize> {
    let last = *line.last()?;
    if last.is_ascii() {
        return is_ascii_space(last).then_some(1);
    }
    (2..=3).find(|&length| {
        line.len().checked_sub(length).is_some_and(|start| is_one_space(&line[start..]))
    })
}

fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b' ')
}

fn is_one_space(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        let mut chars = text.chars();
        chars.next().is_some_and(char::is_whitespace) && chars.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Reader = Reader::RUNC;

    fn groups(content: &[u8]) -> Vec<(String, i64, usize)> {
        let mut found = Vec::new();
        let read = PLAIN.each_group(content, |group| {
            found.push((String::from_utf8_lossy(group.name).into_owned(), group.gid, group.line));
        });
        assert_eq!(read, Ok(()));
        found
    }

    #[test]
    fn comments_and_empty_lines_are_no_groups_and_short_lines_are() {
        let found = groups(b"\n# comment\n  #too\nnocolons\nshort:x\nbad:x:many:a\nok:x:5:a\r\n");
        let expected = [("nocolons", 0, 4), ("short", 0, 5), ("bad", 0, 6), ("ok", 5, 7)];
        assert_eq!(found, expected.map(|(name, gid, line)| (name.to_owned(), gid, line)));
    }

    #[test]
    fn white_space_is_cut_off_lines_but_not_off_members() {
        let mut listed = Vec::new();
        let content = "\u{a0}\u{3000}a:x:1:u, v ,w\u{2003}\u{0b}\n".as_bytes();
        let read = PLAIN.each_group(content, |group| {
            listed = ["u", "v", " v ", "w"].map(|user| group.lists(user.as_bytes())).to_vec();
        });
        assert_eq!(read, Ok(()));
        assert_eq!(listed, [true, false, true, true]);
    }

    #[test]
    fn an_empty_member_list_lists_nobody_not_even_the_nameless() {
        let mut listed = Vec::new();
        let read = PLAIN.each_group(b"a:x:1:\nb:x:2:,\n", |group| listed.push(group.lists(b"")));
        assert_eq!(read, Ok(()));
        assert_eq!(listed, [false, true]);
    }

    #[test]
    fn the_first_matching_user_counts_and_a_long_line_anywhere_fails() {
        let passwd = b"u:x:1:10\nu:x:2:20\n";
        let found = PLAIN.find_user(passwd, |user| user.name == b"u");
        assert_eq!(
            found.map(|user| user.map(|user| (user.uid, user.gid, user.line))),
            Ok(Some((1, 10, 1)))
        );
        let mut long = passwd.to_vec();
        long.extend([b'a'; 65_536]);
        assert_eq!(PLAIN.find_user(&long, |user| user.name == b"u"), Err(LineTooLong));
        long.pop();
        assert!(PLAIN.find_user(&long, |user| user.name == b"u").is_ok());
    }

    #[test]
    fn ids_out_of_range_are_kept_or_made_invalid() {
        let invalid = Reader { file_ids: FileIds::OutOfRangeIsInvalid, ..PLAIN };
        for (text, kept, made) in [
            (&b"4294967296"[..], 4_294_967_296, -1),
            (b"-5", -5, -1),
            (b"2147483647", 2_147_483_647, 2_147_483_647),
            (b"2147483648", 2_147_483_648, -1),
            (b"what", 0, 0),
        ] {
            assert_eq!(PLAIN.id(text), kept);
            assert_eq!(invalid.id(text), made);
        }
    }
}
