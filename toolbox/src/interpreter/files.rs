//! `cat`, `touch`, `mkdir` and `stat`, and what commands on files share.

use super::accounts::{Database, find_names, print_name};
use super::ownership::{Mode, parse_mode, set_mode};
use super::process::Process;
use super::system::{Errno, Existing, FileStatus, Input, Links, Step, System};
use super::text::octal;

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
        match process.system.read_input(&mut chunk)? {
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

/// `stat [-L] -c FORMAT PATH…`
pub(super) fn stat<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let (links, arguments) = match arguments {
        [b"-L", rest @ ..] => (Links::Follow, rest),
        rest => (Links::Keep, rest),
    };
    let [b"-c", format, paths @ ..] = arguments else {
        process.complain(&[b"needs -c FORMAT, with %a %A %F %g %G %n %s %u %U or %%"]);
        return 1;
    };
    let Some(paths) = operands(process, paths) else { return 1 };
    for_each(process, paths, |process, path| {
        let status = process.system.status(path, links)?;
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
    if !print_known(process, database, id) {
        process.print(b"UNKNOWN");
    }
}

/// Prints the name of an id, if it has one.
pub(super) fn print_known<S: System>(
    process: &mut Process<'_, S>,
    database: Database,
    id: u32,
) -> bool {
    let Ok(file) = process.system.open(database.path()) else { return false };
    let [Some(name)] = find_names(process.system, database, &file, [Some(id)]) else {
        return false;
    };
    print_name(process, &file, name);
    true
}

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
