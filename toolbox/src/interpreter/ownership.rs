//! `chmod` and `chown`: whose a file is, and who may do what with it.

use super::files::{for_each, is_directory, operands};
use super::process::Process;
use super::system::{Errno, Links, System};
use super::text::{parse_id, parse_octal};

/// The set-user-ID and set-group-ID bits.
const SET_ID_BITS: u32 = 0o6000;

/// The longest mode that leaves a directory its set-ID bits, in digits.
const SHORT_MODE_DIGITS: usize = 4;

/// A mode as a number, such as `0770`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    bits: u32,
    /// As with coreutils, up to four digits add set-ID bits to a directory but take none away.
    keeps_set_id_of_directories: bool,
}

/// Octal digits, up to 7777.
pub(super) fn parse_mode(text: &[u8]) -> Option<Mode> {
    Some(Mode {
        bits: parse_octal(text).filter(|bits| *bits <= 0o7777)?,
        keeps_set_id_of_directories: text.len() <= SHORT_MODE_DIGITS,
    })
}

/// Gives a file a mode, following links.
pub(super) fn set_mode<S: System>(system: &mut S, path: &[u8], mode: Mode) -> Result<(), Errno> {
    let before = system.status(path, Links::Follow)?;
    let kept = if mode.keeps_set_id_of_directories && is_directory(before) {
        before.mode & SET_ID_BITS
    } else {
        0
    };
    system.set_mode(path, mode.bits | kept)
}

/// `chmod MODE PATH…`, with the mode as a number.
pub(super) fn chmod<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let Some(arguments) = operands(process, arguments) else { return 1 };
    let [text, paths @ ..] = arguments else {
        process.complain(&[b"needs a mode and a path"]);
        return 1;
    };
    let Some(mode) = parse_mode(text) else {
        process.complain(&[b"not an octal mode from 0 to 7777: ", text]);
        return 1;
    };
    for_each(process, paths, |process, path| set_mode(process.system, path, mode))
}

/// `chown UID[:GID] PATH…` or `chown :GID PATH…`, with numbers.
pub(super) fn chown<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let Some(arguments) = operands(process, arguments) else { return 1 };
    let [text, paths @ ..] = arguments else {
        process.complain(&[b"needs an owner and a path"]);
        return 1;
    };
    let Some((uid, gid)) = parse_owner(text) else {
        process.complain(&[b"not UID, UID:GID or :GID, each from 0 to 4294967294: ", text]);
        return 1;
    };
    for_each(process, paths, |process, path| process.system.set_owner(path, uid, gid))
}

/// The uid and the gid that are given; at least one is.
fn parse_owner(text: &[u8]) -> Option<(Option<u32>, Option<u32>)> {
    let mut parts = text.splitn(2, |byte| *byte == b':');
    match (parts.next()?, parts.next()) {
        (uid, None) => Some((Some(parse_id(uid)?), None)),
        (b"", Some(gid)) => Some((None, Some(parse_id(gid)?))),
        (uid, Some(gid)) => Some((Some(parse_id(uid)?), Some(parse_id(gid)?))),
    }
}
