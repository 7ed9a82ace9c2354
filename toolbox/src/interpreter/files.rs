//! `cat`, `touch`, `mkdir` and `stat`, and what commands on files share.

use super::accounts::{Database, find_names, print_name};
use super::ownership::{Mode, parse_mode, set_mode};
use super::process::Process;
use super::system::{Errno, Existing, FileStatus, Input, Links, Step, System};
use super::text::{Decimal, octal};

const TYPE_MASK: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const REGULAR: u32 = 0o100_000;

pub(super) fn is_directory(status: FileStatus) -> bool {
    status.mode & TYPE_MASK == DIRECTORY
}

pub(super) fn complain_of<S: System>(process: &mut Process<'_, S>, path: &[u8], errno: Errno) {
    process.complain(&[path, b": ", errno.message().as_bytes()]);
}

fn is_option(argument: &[u8]) -> bool {
    argument.len() > 1 && argument.starts_with(b"-")
}

/// What is left when a command has read its options: its operands, without a `--` before them.
///
/// An option that is left is one that the command does not know, or that comes too late; it is
/// refused, so that nothing is done but what was asked for.
pub(super) fn operands<'a, 'b, S: System>(
    process: &mut Process<'_, S>,
    arguments: &'a [&'b [u8]],
) -> Option<&'a [&'b [u8]]> {
    if let [b"--", operands @ ..] = arguments {
        return Some(operands);
    }
    match arguments.iter().find(|argument| is_option(argument)) {
        None => Some(arguments),
        Some(option) => {
            process.complain(&[b"unknown option, or one after a path: ", option]);
            None
        }
    }
}

/// Does something with every operand; fails if one fails, or if there is none.
pub(super) fn for_each<S: System>(
    process: &mut Process<'_, S>,
    paths: &[&[u8]],
    mut act: impl FnMut(&mut Process<'_, S>, &[u8]) -> Result<(), Errno>,
) -> u8 {
    let mut status = 0;
    if paths.is_empty() {
        process.complain(&[b"needs a path"]);
        status = 1;
    }
    for path in paths {
        if let Err(errno) = act(process, path) {
            complain_of(process, path, errno);
            status = 1;
        }
    }
    process.finish(status)
}

/// `cat [PATH…]`; without a path, and for `-`, it copies standard input.
///
/// `resumed` says that it waited for standard input; what stands before is done then. It fails
/// with the step that it waits with.
pub(super) fn cat<S: System>(
    process: &mut Process<'_, S>,
    arguments: &[&[u8]],
    resumed: bool,
) -> Result<u8, Step> {
    const STANDARD_INPUT: &[u8] = b"-";
    let Some(paths) = operands(process, arguments) else { return Ok(1) };
    let paths = if paths.is_empty() { &[STANDARD_INPUT] } else { paths };
    let at = paths.iter().position(|path| *path == STANDARD_INPUT).filter(|_| resumed);
    let mut waits = false;
    let status =
        for_each(process, paths.get(at.unwrap_or(0)..).unwrap_or_default(), |process, path| {
            if waits {
                return Ok(());
            }
            if path == STANDARD_INPUT {
                waits = copy_input(process)?;
                return Ok(());
            }
            let file = process.system.open(path)?;
            let mut chunk = [0_u8; 4096];
            let mut offset = 0_u64;
            loop {
                let count = process.system.read_at(&file, offset, &mut chunk)?;
                if count == 0 || process.print_failed() {
                    return Ok(());
                }
                process.print(chunk.get(..count).unwrap_or_default());
                offset = offset.saturating_add(count as u64);
            }
        });
    if waits { Err(Step::Input) } else { Ok(status) }
}

/// Copies what there is of standard input; whether more may come.
fn copy_input<S: System>(process: &mut Process<'_, S>) -> Result<bool, Errno> {
    let mut chunk = [0_u8; 4096];
    loop {
        match process.read(&mut chunk)? {
            Input::Bytes(count) if !process.print_failed() => {
                process.print(chunk.get(..count).unwrap_or_default());
            }
            Input::Bytes(_) | Input::End => return Ok(false),
            Input::Pending => return Ok(true),
        }
    }
}

/// `touch PATH…` creates files; it needs write permission to those that are there.
pub(super) fn touch<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let Some(paths) = operands(process, arguments) else { return 1 };
    for_each(process, paths, |process, path| process.system.create(path, Existing::Keep).map(drop))
}

/// `mkdir [-p] [-m MODE] PATH…`; the mode is of the last directory of a path, if it is new.
pub(super) fn mkdir<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let (mut parents, mut mode, mut rest) = (false, None, arguments);
    loop {
        rest = match rest {
            [b"-p", rest @ ..] => {
                parents = true;
                rest
            }
            [b"-m", text, rest @ ..] => {
                mode = parse_mode(text);
                if mode.is_none() {
                    process.complain(&[b"not an octal mode from 0 to 7777: ", text]);
                    return 1;
                }
                rest
            }
            _ => break,
        }
    }
    let Some(paths) = operands(process, rest) else { return 1 };
    for_each(process, paths, |process, path| {
        if !parents {
            return make_directory(process, path, mode);
        }
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in ends.filter(|end| *end > 0).chain([path.len()]) {
            let part = path.get(..end).unwrap_or(path);
            let mode = mode.filter(|_| end == path.len());
            if let Err(errno) = make_directory(process, part, mode) {
                let there = process.system.status(part, Links::Follow);
                if !there.is_ok_and(is_directory) {
                    return Err(errno);
                }
            }
        }
        Ok(())
    })
}

fn make_directory<S: System>(
    process: &mut Process<'_, S>,
    path: &[u8],
    mode: Option<Mode>,
) -> Result<(), Errno> {
    process.system.make_directory(path)?;
    mode.map_or(Ok(()), |mode| set_mode(process.system, path, mode))
}

/// `stat [-L] [-c FORMAT] PATH…`
pub(super) fn stat<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let (links, arguments) = match arguments {
        [b"-L", rest @ ..] => (Links::Follow, rest),
        rest => (Links::Keep, rest),
    };
    let (format, paths) = match arguments {
        [b"-c", format, paths @ ..] => (Some(format), paths),
        paths => (None, paths),
    };
    let Some(paths) = operands(process, paths) else { return 1 };
    for_each(process, paths, |process, path| {
        let status = process.system.status(path, links)?;
        let Some(format) = format else {
            print_status(process, path, status);
            return Ok(());
        };
        let mut bytes = format.iter();
        while let Some(byte) = bytes.next() {
            if *byte == b'%' {
                print_directive(process, bytes.next().copied(), path, status);
            } else {
                process.print(core::slice::from_ref(byte));
            }
        }
        process.print(b"\n");
        Ok(())
    })
}

/// What `stat` says without a format; what no two runs would agree on, such as inodes, is left out.
fn print_status<S: System>(process: &mut Process<'_, S>, path: &[u8], status: FileStatus) {
    process.print(b"  File: ");
    process.print(path);
    process.print(b"\n  Size: ");
    print_padded(process, Decimal::new(status.size).as_bytes(), Padding::Right(11));
    process.print(b"Links: ");
    print_padded(process, Decimal::new(status.links).as_bytes(), Padding::Right(6));
    process.print(type_name(status));
    process.print(b"\nAccess: (0");
    print_padded(process, octal(status.mode).as_bytes(), Padding::Left(3));
    process.print(b"/");
    process.print(&symbolic(status.mode));
    process.print(b")  Uid: (");
    print_padded(process, Decimal::new(status.uid.into()).as_bytes(), Padding::Left(5));
    process.print(b"/");
    print_name_of(process, Database::Passwd, status.uid, Padding::Left(8));
    process.print(b")   Gid: (");
    print_padded(process, Decimal::new(status.gid.into()).as_bytes(), Padding::Left(5));
    process.print(b"/");
    print_name_of(process, Database::Group, status.gid, Padding::Left(8));
    process.print(b")\nModify: ");
    print_time(process, status.modified);
    process.print(b"\n");
}

fn print_directive<S: System>(
    process: &mut Process<'_, S>,
    directive: Option<u8>,
    path: &[u8],
    status: FileStatus,
) {
    match directive {
        Some(b'a') => process.print(octal(status.mode).as_bytes()),
        Some(b'A') => process.print(&symbolic(status.mode)),
        Some(b'F') => process.print(type_name(status)),
        Some(b'g') => process.print_number(status.gid),
        Some(b'G') => print_owner(process, Database::Group, status.gid),
        Some(b'n') => process.print(path),
        Some(b's') => process.print_number(status.size),
        Some(b'u') => process.print_number(status.uid),
        Some(b'U') => print_owner(process, Database::Passwd, status.uid),
        Some(b'%') | None => process.print(b"%"),
        Some(other) => process.print(&[b'%', other]),
    }
}

/// The name of a file's owner or group; `stat` says `UNKNOWN` where there is none.
fn print_owner<S: System>(process: &mut Process<'_, S>, database: Database, id: u32) {
    print_name_of(process, database, id, Padding::NONE);
}

/// The same, filled up to a width.
fn print_name_of<S: System>(
    process: &mut Process<'_, S>,
    database: Database,
    id: u32,
    padding: Padding,
) {
    if !print_known(process, database, id, padding) {
        print_padded(process, b"UNKNOWN", padding);
    }
}

/// How wide something is printed at least, and where its blanks are.
#[derive(Clone, Copy)]
pub(super) enum Padding {
    Left(u64),
    Right(u64),
}

impl Padding {
    pub(super) const NONE: Self = Self::Left(0);
}

/// Prints something of that length with its blanks.
fn pad<S: System>(
    process: &mut Process<'_, S>,
    length: u64,
    padding: Padding,
    print: impl FnOnce(&mut Process<'_, S>),
) {
    let (before, after) = match padding {
        Padding::Left(width) => (width.saturating_sub(length), 0),
        Padding::Right(width) => (0, width.saturating_sub(length)),
    };
    (0..before).for_each(|_| process.print(b" "));
    print(process);
    (0..after).for_each(|_| process.print(b" "));
}

pub(super) fn print_padded<S: System>(process: &mut Process<'_, S>, text: &[u8], padding: Padding) {
    pad(process, text.len() as u64, padding, |process| process.print(text));
}

/// Prints the name of an id, if it has one.
pub(super) fn print_known<S: System>(
    process: &mut Process<'_, S>,
    database: Database,
    id: u32,
    padding: Padding,
) -> bool {
    let Ok(file) = process.system.open(database.path()) else { return false };
    let [Some(name)] = find_names(process.system, database, &file, [Some(id)]) else {
        return false;
    };
    pad(process, name.length, padding, |process| print_name(process, &file, name));
    true
}

/// Prints a time as `1970-01-01 00:00`, in UTC.
pub(super) fn print_time<S: System>(process: &mut Process<'_, S>, seconds: i64) {
    let days = seconds.div_euclid(SECONDS_PER_DAY);
    let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
    // The proleptic Gregorian calendar in years that begin in March, counted in eras of 400.
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era.saturating_mul(400).saturating_add(year + i64::from(month <= 2));
    let parts: [(i64, &[u8]); 5] =
        [(year, b"-"), (month, b"-"), (day, b" "), (of_day / 3600, b":"), (of_day / 60 % 60, b"")];
    for (value, after) in parts {
        if value < 10 {
            process.print(b"0");
        }
        process.print_number(value.unsigned_abs());
        process.print(after);
    }
}

const SECONDS_PER_DAY: i64 = 86_400;

fn type_name(status: FileStatus) -> &'static [u8] {
    match status.mode & TYPE_MASK {
        REGULAR if status.size == 0 => b"regular empty file",
        REGULAR => b"regular file",
        DIRECTORY => b"directory",
        0o120_000 => b"symbolic link",
        0o020_000 => b"character special file",
        0o060_000 => b"block special file",
        0o010_000 => b"fifo",
        0o140_000 => b"socket",
        _ => b"weird file",
    }
}

/// Type and permissions as `ls -l` shows them, such as `drwxr-x---`.
pub(super) fn symbolic(mode: u32) -> [u8; 10] {
    let bit = |mask: u32, letter: u8| if mode & mask == 0 { b'-' } else { letter };
    let execute = |mask: u32, special: u32, both: u8| match (mode & special, mode & mask) {
        (0, 0) => b'-',
        (0, _) => b'x',
        (_, 0) => both.to_ascii_uppercase(),
        (_, _) => both,
    };
    let kind = match mode & TYPE_MASK {
        DIRECTORY => b'd',
        0o120_000 => b'l',
        0o020_000 => b'c',
        0o060_000 => b'b',
        0o010_000 => b'p',
        0o140_000 => b's',
        _ => b'-',
    };
    [
        kind,
        bit(0o400, b'r'),
        bit(0o200, b'w'),
        execute(0o100, 0o4000, b's'),
        bit(0o040, b'r'),
        bit(0o020, b'w'),
        execute(0o010, 0o2000, b's'),
        bit(0o004, b'r'),
        bit(0o002, b'w'),
        execute(0o001, 0o1000, b't'),
    ]
}
