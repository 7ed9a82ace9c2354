//! `setuid`, `setgid` and `setgroups`: the process changes who it is.
//!
//! They act on the process itself, so they matter inside `sh -c` only, where
//! no command has a process of its own.

use super::process::Process;
use super::system::{Errno, System};
use super::text::parse_id;

pub(super) fn setuid<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    set_one(process, arguments, S::set_user)
}

pub(super) fn setgid<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    set_one(process, arguments, S::set_group)
}

fn set_one<S: System>(
    process: &mut Process<'_, S>,
    arguments: &[&[u8]],
    set: impl FnOnce(&mut S, u32) -> Result<(), Errno>,
) -> u8 {
    let [argument] = arguments else {
        process.complain(&[b"needs one id"]);
        return 1;
    };
    let Some(id) = parse_id(argument) else {
        process.complain(&[b"not an id from 0 to 4294967294: ", argument]);
        return 1;
    };
    let result = set(process.system, id);
    report(process, result)
}

/// `setgroups [GID[-LAST],…]`: nothing, or an empty word, for no groups.
pub(super) fn setgroups<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let list = match arguments {
        [] => b"".as_slice(),
        [list] => list,
        _ => {
            process.complain(&[b"needs one list of gids, separated by commas"]);
            return 1;
        }
    };
    let entries = || list.split(|byte| *byte == b',').filter(|_| !list.is_empty());
    for entry in entries() {
        if parse_range(entry).is_none() {
            process.complain(&[b"not a gid, nor FIRST-LAST, from 0 to 4294967294: ", entry]);
            return 1;
        }
    }
    let groups = entries().filter_map(parse_range).flatten();
    let result = process.system.set_groups(groups);
    report(process, result)
}

fn parse_range(entry: &[u8]) -> Option<core::ops::RangeInclusive<u32>> {
    let mut ends = entry.splitn(2, |byte| *byte == b'-');
    let first = parse_id(ends.next()?)?;
    let last = ends.next().map_or(Some(first), parse_id)?;
    (first <= last).then_some(first..=last)
}

fn report<S: System>(process: &mut Process<'_, S>, result: Result<(), Errno>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(errno) => {
            process.complain(&[errno.message().as_bytes()]);
            1
        }
    }
}
