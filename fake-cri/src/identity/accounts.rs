//! `/etc/passwd` and `/etc/group` as the Go runtimes read them (`moby/sys/user`).
//!
//! Lines are trimmed, empty ones skipped; fields that are missing are empty or 0, numbers
//! that are none are 0. Comments count in `/etc/group` only. Nothing is copied.

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::number::{parse, parse_leniently};
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

    /// The first line of `/etc/passwd` with this uid.
    ///
    /// A line that is too long fails the file wherever it stands.
    pub(super) fn user_with_id(
        self,
        passwd: &[u8],
        uid: i64,
    ) -> Result<Option<User<'_>>, LineTooLong> {
        self.find_user(passwd, decimal(uid).as_bytes(), |user| user.uid == uid)
    }

    /// The first line of `/etc/passwd` with this name; fails as [`Reader::user_with_id`].
    pub(super) fn user_with_name<'a>(
        self,
        passwd: &'a [u8],
        name: &[u8],
    ) -> Result<Option<User<'a>>, LineTooLong> {
        self.find_user(passwd, name, |user| user.name == name)
    }

    fn find_user<'a>(
        self,
        passwd: &'a [u8],
        needle: &[u8],
        matches: impl Fn(&User<'a>) -> bool,
    ) -> Result<Option<User<'a>>, LineTooLong> {
        Self::check_passwd_lines(passwd)?;
        let found = lines_with(passwd, needle, |number, line| {
            let line = trim(line);
            if line.is_empty() {
                return None;
            }
            let (name, uid, rest) = fields(line);
            let user = User { name, uid: self.id(uid), gid: 0, line: number };
            matches(&user).then(|| User { gid: self.id(first_field(rest)), ..user })
        });
        Ok(found)
    }

    /// The first group with this gid.
    pub(super) fn group_with_id(
        self,
        group: &[u8],
        gid: i64,
    ) -> Result<Option<Group<'_>>, LineTooLong> {
        self.find_group(group, decimal(gid).as_bytes(), |group| group.gid == gid)
    }

    /// The first group with this name.
    pub(super) fn group_with_name<'a>(
        self,
        group: &'a [u8],
        name: &[u8],
    ) -> Result<Option<Group<'a>>, LineTooLong> {
        self.find_group(group, name, |group| group.name == name)
    }

    fn find_group<'a>(
        self,
        group: &'a [u8],
        needle: &[u8],
        matches: impl Fn(&Group<'a>) -> bool,
    ) -> Result<Option<Group<'a>>, LineTooLong> {
        self.check_group_lines(group)?;
        Ok(lines_with(group, needle, |number, line| self.group(number, line).filter(&matches)))
    }

    /// Shows `visit` every group in file order.
    pub(super) fn each_group<'a>(
        self,
        group: &'a [u8],
        mut visit: impl FnMut(Group<'a>),
    ) -> Result<(), LineTooLong> {
        self.each_group_of_any(group, b"", |_| true, &mut visit)
    }

    /// Shows `visit` every group that lists `user`, in file order.
    pub(super) fn each_group_of<'a>(
        self,
        group: &'a [u8],
        user: &[u8],
        mut visit: impl FnMut(Group<'a>),
    ) -> Result<(), LineTooLong> {
        self.each_group_of_any(group, user, |group| group.lists(user), &mut visit)
    }

    fn each_group_of_any<'a>(
        self,
        group: &'a [u8],
        needle: &[u8],
        fits: impl Fn(&Group<'a>) -> bool,
        visit: &mut impl FnMut(Group<'a>),
    ) -> Result<(), LineTooLong> {
        self.check_group_lines(group)?;
        lines_with(group, needle, |number, line| {
            if let Some(group) = self.group(number, line).filter(&fits) {
                visit(group);
            }
            None::<()>
        });
        Ok(())
    }

    /// Whether some group has a number for a name that is not its own.
    pub(super) fn has_misleading_name(self, group: &[u8]) -> bool {
        lines(group).any(|(number, line)| {
            let line = trim(line);
            line.first().is_some_and(u8::is_ascii_digit)
                && self.group(number, line).is_some_and(|group| {
                    group.numeric_name().is_some_and(|name| i64::from(name) != group.gid)
                })
        })
    }

    /// Fails if a line of `/etc/passwd` is too long to read.
    pub(super) fn check_passwd_lines(passwd: &[u8]) -> Result<(), LineTooLong> {
        if has_line_of(passwd, PASSWD_LINE_LIMIT) { Err(LineTooLong) } else { Ok(()) }
    }

    fn check_group_lines(self, group: &[u8]) -> Result<(), LineTooLong> {
        let limited = self.group_reader == GroupReader::UpToOneMebibyte;
        if limited && has_line_of(group, GROUP_LINE_LIMIT) {
            return Err(LineTooLong);
        }
        Ok(())
    }

    fn group(self, number: usize, line: &[u8]) -> Option<Group<'_>> {
        let line = trim(line);
        if line.first().is_none_or(|&first| first == b'#') {
            return None;
        }
        let (name, gid, rest) = fields(line);
        Some(Group { name, gid: self.id(gid), members: first_field(rest), line: number })
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

impl Group<'_> {
    /// The name as a gid, if it is one as Go prints it.
    pub(super) fn numeric_name(&self) -> Option<u32> {
        if !self.name.first()?.is_ascii_digit() {
            return None;
        }
        let number = u32::try_from(parse(self.name).ok()?).ok()?;
        (number.to_string().as_bytes() == self.name).then_some(number)
    }
}

/// An id as the kernel gets it: the low 32 bits.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "Go's uint32(int)")]
pub(super) fn wrap(id: i64) -> u32 {
    id as u32
}

/// The first and the third field of a line and what follows; empty where there is none.
fn fields(line: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (first, rest) = cut(line);
    let (_, rest) = cut(rest);
    let (third, rest) = cut(rest);
    (first, third, rest)
}

fn first_field(rest: &[u8]) -> &[u8] {
    cut(rest).0
}

fn cut(rest: &[u8]) -> (&[u8], &[u8]) {
    match rest.iter().position(|&byte| byte == b':') {
        Some(end) => (&rest[..end], &rest[end + 1..]),
        None => (rest, &[]),
    }
}

/// Whether a line has at least so many bytes.
fn has_line_of(content: &[u8], length: usize) -> bool {
    content.len() >= length && lines(content).any(|(_, line)| line.len() >= length)
}

/// The digits that every text has which means this id; empty where other texts mean it too.
fn decimal(id: i64) -> String {
    if (1..=MAX_ID).contains(&id) { id.to_string() } else { String::new() }
}

/// Shows `visit` the lines that have `needle` anywhere, until it finds something. Lines are
/// numbered from 1 and come without their newline; an empty needle is in every line.
fn lines_with<'a, T>(
    content: &'a [u8],
    needle: &[u8],
    mut visit: impl FnMut(usize, &'a [u8]) -> Option<T>,
) -> Option<T> {
    if needle.is_empty() || needle.contains(&b'\n') {
        return lines(content).find_map(|(number, line)| visit(number, line));
    }
    let (mut number, mut counted, mut done) = (1, 0, 0);
    for at in memmem::find_iter(content, needle) {
        if at < done {
            continue;
        }
        let start = memrchr(b'\n', &content[..at]).map_or(0, |newline| newline + 1);
        let end = memchr(b'\n', &content[at..]).map_or(content.len(), |length| at + length);
        number += memchr_iter(b'\n', &content[counted..start]).count();
        (counted, done) = (start, end);
        if let Some(found) = visit(number, &content[start..end]) {
            return Some(found);
        }
    }
    None
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
    if let [first, .., last] = line
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return line;
    }
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
        let read = PLAIN.each_group_of(b"a:x:1:\nb:x:2:,\n", b"", |group| listed.push(group.gid));
        assert_eq!(read, Ok(()));
        assert_eq!(listed, [2]);
    }

    #[test]
    fn an_id_is_found_however_it_is_written() {
        let passwd = b"a:x:12:1\nb:x:+0012:2\nc:x:112:3\nd\ne:x:-0:5";
        let line = |uid| {
            let user = PLAIN.user_with_id(passwd, uid);
            user.map(|user| user.map(|user| user.line))
        };
        assert_eq!(line(12), Ok(Some(1)));
        assert_eq!(line(112), Ok(Some(3)));
        assert_eq!(line(0), Ok(Some(4)));
        assert_eq!(line(1), Ok(None));
        assert_eq!(
            PLAIN.user_with_id(&passwd[9..], 12).map(|user| user.map(|user| user.gid)),
            Ok(Some(2))
        );
    }

    #[test]
    fn groups_of_a_user_are_found_with_their_lines() {
        let content = b"ann:x:1:\n\nb:x:2:ann,bob\n#c:x:3:ann\nd:x:4:annabel\ne:x:5:bob,ann";
        let mut found = Vec::new();
        let read =
            PLAIN.each_group_of(content, b"ann", |group| found.push((group.gid, group.line)));
        assert_eq!(read, Ok(()));
        assert_eq!(found, [(2, 3), (5, 6)]);
    }

    #[test]
    fn the_first_matching_user_counts_and_a_long_line_anywhere_fails() {
        let passwd = b"u:x:1:10\nu:x:2:20\n";
        let found = PLAIN.user_with_name(passwd, b"u");
        assert_eq!(
            found.map(|user| user.map(|user| (user.uid, user.gid, user.line))),
            Ok(Some((1, 10, 1)))
        );
        let mut long = passwd.to_vec();
        long.extend([b'a'; 65_536]);
        assert_eq!(PLAIN.user_with_name(&long, b"u"), Err(LineTooLong));
        long.pop();
        assert!(PLAIN.user_with_name(&long, b"u").is_ok());
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
