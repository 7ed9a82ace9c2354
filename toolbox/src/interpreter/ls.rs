//! `ls`: names in order, with `-l` also type, permissions, links, owners, bytes and time.
//!
//! A long line is laid out as busybox does it, with times as coreutils writes them with
//! `--time-style=long-iso`, which depend neither on a language nor on today.

use super::accounts::Database;
use super::files::{
    Padding, complain_of, is_directory, print_known, print_padded, print_time, symbolic,
};
use super::process::Process;
use super::system::{Errno, FileStatus, Links, System};
use super::text::Decimal;

/// The longest name in a directory, in bytes (`NAME_MAX` of Linux).
const MAX_NAME: usize = 255;

/// The longest path, in bytes (`PATH_MAX` of Linux).
const MAX_PATH: usize = 4096;

/// The most entries of one directory: without a heap, sorting reads it once for each.
const MAX_ENTRIES: usize = 4096;

#[derive(Clone, Copy, Default)]
struct Options {
    long: bool,
    numeric: bool,
    all: bool,
    directory_itself: bool,
}

/// `ls [-adln1] [PATH…]`
pub(super) fn ls<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let mut options = Options::default();
    let mut status = 0;
    let flags = arguments.iter().take_while(|argument| is_flag(argument));
    let paths = arguments.iter().skip_while(|argument| is_flag(argument));
    for flag in flags.flat_map(|argument| argument.iter().skip(1)) {
        match flag {
            b'l' => options.long = true,
            b'n' => (options.long, options.numeric) = (true, true),
            b'a' => options.all = true,
            b'd' => options.directory_itself = true,
            b'1' => {}
            other => {
                process.complain(&[b"unknown option -", &[*other]]);
                return 1;
            }
        }
    }
    let default: [&[u8]; 1] = [b"."];
    let none = paths.clone().next().is_none();
    let several = paths.clone().nth(1).is_some();
    for path in paths.chain(default.iter().filter(|_| none)) {
        if let Err(errno) = show(process, options, path, several) {
            complain_of(process, path, errno);
            status = 1;
        }
    }
    process.finish(status)
}

fn is_flag(argument: &[u8]) -> bool {
    argument.len() > 1 && argument.starts_with(b"-")
}

fn show<S: System>(
    process: &mut Process<'_, S>,
    options: Options,
    path: &[u8],
    several: bool,
) -> Result<(), Errno> {
    let links = if options.long || options.directory_itself { Links::Keep } else { Links::Follow };
    let status = process.system.status(path, links)?;
    if options.directory_itself || !is_directory(status) {
        print_entry(process, options, path, status);
        return Ok(());
    }
    if several {
        process.print(path);
        process.print(b":\n");
    }
    show_directory(process, options, path)
}

/// A name that is kept while the directory is read again.
#[derive(Clone, Copy)]
struct Kept {
    bytes: [u8; MAX_NAME],
    length: usize,
}

impl Kept {
    const NONE: Self = Self { bytes: [0; MAX_NAME], length: 0 };

    fn keep(&mut self, name: &[u8]) {
        if let Some(bytes) = self.bytes.get_mut(..name.len()) {
            bytes.copy_from_slice(name);
            self.length = name.len();
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

fn show_directory<S: System>(
    process: &mut Process<'_, S>,
    options: Options,
    path: &[u8],
) -> Result<(), Errno> {
    let mut last = Kept::NONE;
    let mut entries = 0_usize;
    while entries <= MAX_ENTRIES && !process.print_failed() {
        let mut next = Kept::NONE;
        let mut count = 0_usize;
        process.system.list(path, |name| {
            count = count.saturating_add(1);
            let shown = options.all || !name.starts_with(b".");
            let after = name > last.as_bytes();
            let first = next.length == 0 || name < next.as_bytes();
            if shown && after && first {
                next.keep(name);
            }
        })?;
        if count > MAX_ENTRIES {
            return Err(Errno::TOO_LARGE);
        }
        if next.length == 0 {
            return Ok(());
        }
        let mut joined = [0_u8; MAX_PATH];
        match join(path, next.as_bytes(), &mut joined) {
            None => complain_of(process, next.as_bytes(), Errno::NAME_TOO_LONG),
            Some(entry) if options.long => match process.system.status(entry, Links::Keep) {
                Ok(status) => print_entry(process, options, next.as_bytes(), status),
                Err(errno) => complain_of(process, entry, errno),
            },
            Some(_) => {
                process.print(next.as_bytes());
                process.print(b"\n");
            }
        }
        last = next;
        entries = entries.saturating_add(1);
    }
    Ok(())
}

fn join<'a>(folder: &[u8], name: &[u8], into: &'a mut [u8; MAX_PATH]) -> Option<&'a [u8]> {
    let length = folder.len().checked_add(1)?.checked_add(name.len())?;
    let joined = into.get_mut(..length)?;
    let bytes = folder.iter().chain(b"/").chain(name);
    for (slot, byte) in joined.iter_mut().zip(bytes) {
        *slot = *byte;
    }
    Some(joined)
}

fn print_entry<S: System>(
    process: &mut Process<'_, S>,
    options: Options,
    name: &[u8],
    status: FileStatus,
) {
    if options.long {
        process.print(&symbolic(status.mode));
        print_padded(process, Decimal::new(status.links).as_bytes(), Padding::Left(5));
        process.print(b" ");
        print_owner(process, options, Database::Passwd, status.uid);
        print_owner(process, options, Database::Group, status.gid);
        print_padded(process, Decimal::new(status.size).as_bytes(), Padding::Left(9));
        process.print(b" ");
        print_time(process, status.modified);
        process.print(b" ");
    }
    process.print(name);
    process.print(b"\n");
}

fn print_owner<S: System>(
    process: &mut Process<'_, S>,
    options: Options,
    database: Database,
    id: u32,
) {
    let width = Padding::Right(8);
    if options.numeric || !print_known(process, database, id, width) {
        print_padded(process, Decimal::new(id.into()).as_bytes(), width);
    }
    process.print(b" ");
}
