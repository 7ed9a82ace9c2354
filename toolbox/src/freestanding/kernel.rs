//! [`System`] by system calls.

use core::time::Duration;

use crate::arguments::Argument;
use crate::interpreter::{
    Errno, Existing, FileStatus, Ids, Input, Links, MAX_GROUPS, MAX_KEPT, SLOTS, Stream, System,
};
use crate::syscall::{OPEN_DIRECTORY, Stat, call, exit, number};

/// Relative paths start at the working directory.
const AT_FDCWD: usize = -100_isize as usize;
const AT_SYMLINK_NOFOLLOW: usize = 0x100;

const O_WRONLY: usize = 0o1;
const O_CREAT: usize = 0o100;
const O_TRUNC: usize = 0o1000;
const O_APPEND: usize = 0o2000;
/// So that opening a named pipe does not wait for somebody at its other end.
const O_NONBLOCK: usize = 0o4000;
const O_CLOEXEC: usize = 0o2_000_000;

/// The id that leaves an owner or a group as it is.
const UNCHANGED: u32 = u32::MAX;

const SIGNAL_SET_BYTES: usize = 8;
const SIGINT: u32 = 2;
const SIGTERM: u32 = 15;
const SIGCHLD: usize = 17;
/// `SIG_BLOCK`, the first way of `rt_sigprocmask`.
const BLOCK: usize = 0;
/// `SIG_UNBLOCK`.
const UNBLOCK: usize = 1;
/// Asks for a terminal's settings, which nothing else has.
const TCGETS: usize = 0x5401;
/// What the kernel writes for it, at most, in bytes.
const TERMINAL_BYTES: usize = 64;
/// `SIG_IGN`.
const IGNORE: usize = 1;

/// The longest path, in bytes, with its NUL.
const PATH_BYTES: usize = 4096;

/// How much is printed at a time, in bytes.
const BUFFER_BYTES: usize = 4096;

/// A file descriptor, closed when dropped.
pub(crate) struct File(usize);

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: the descriptor is this value's own.
        unsafe { call(number::CLOSE, [self.0, 0, 0, 0]) };
    }
}

/// The kernel, and what has been printed but not yet written.
pub(crate) struct Kernel {
    buffer: [u8; BUFFER_BYTES],
    buffered: usize,
    groups: [u32; MAX_GROUPS],
    group_count: usize,
    kept: &'static mut [Text; SLOTS],
    environment: &'static [Argument],
}

/// What is kept between steps. The memory is nobody's until it is written to.
static mut KEPT: [Text; SLOTS] = [const { Text { bytes: [0; MAX_KEPT], length: 0, read: 0 } }; SLOTS];

/// A text, and how much of it there is and has been read.
struct Text {
    bytes: [u8; MAX_KEPT],
    length: usize,
    read: usize,
}

fn result(value: isize) -> Result<usize, Errno> {
    usize::try_from(value).map_err(|_| Errno(value.unsigned_abs() as i32))
}

/// A path with the NUL that the kernel wants after it.
fn with_path<T>(
    path: &[u8],
    act: impl FnOnce(*const u8) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let mut bytes = [0_u8; PATH_BYTES];
    match bytes.get_mut(..path.len()) {
        Some(start) if path.len() < PATH_BYTES => start.copy_from_slice(path),
        _ => return Err(Errno::NAME_TOO_LONG),
    }
    act(bytes.as_ptr())
}

fn open(path: &[u8], flags: usize) -> Result<File, Errno> {
    with_path(path, |path| {
        let arguments = [AT_FDCWD, path.addr(), flags | O_CLOEXEC | O_NONBLOCK, 0o666];
        // SAFETY: the path is NUL-terminated and outlives the call.
        result(unsafe { call(number::OPENAT, arguments) }).map(File)
    })
}

fn write(descriptor: usize, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        // SAFETY: the kernel reads `bytes` only.
        let written =
            unsafe { call(number::WRITE, [descriptor, bytes.as_ptr().addr(), bytes.len(), 0]) };
        bytes = bytes.get(result(written)?..).unwrap_or_default();
    }
    Ok(())
}

fn identity(number: usize) -> u32 {
    // SAFETY: the calls that ask who a process is take nothing, and cannot fail.
    unsafe { call(number, [0; 4]) as u32 }
}

impl Kernel {
    /// Blocks the signals that [`Kernel::sleep`] waits for.
    ///
    /// The children that a process 1 inherits are nobody's to wait for: by ignoring SIGCHLD
    /// they vanish when they end.
    ///
    /// # Safety
    /// There is one at a time.
    pub(crate) unsafe fn new(environment: &'static [Argument]) -> Self {
        mask_signals(BLOCK);
        let ignore = [IGNORE, 0, 0, 0];
        // SAFETY: the kernel reads a `sigaction` of four words that has no handler and so needs
        // no way back from one.
        unsafe {
            let ignore = (&raw const ignore).addr();
            call(number::RT_SIGACTION, [SIGCHLD, ignore, 0, SIGNAL_SET_BYTES]);
        }
        Self {
            buffer: [0; BUFFER_BYTES],
            buffered: 0,
            groups: [0; MAX_GROUPS],
            group_count: 0,
            // SAFETY: only this value knows it, and the caller vouches that it is the only one.
            kept: unsafe { &mut *(&raw mut KEPT) },
            environment,
        }
    }

    /// Sleeps; if a signal comes first, ends with 128 plus its number.
    pub(crate) fn sleep(&mut self, time: Option<Duration>) {
        let _ = self.flush();
        let set = signals();
        let timeout = time.map(|time| {
            let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            [seconds, i64::from(time.subsec_nanos())]
        });
        let timeout = timeout.as_ref().map_or(0, |timeout| timeout.as_ptr().addr());
        let arguments = [(&raw const set).addr(), 0, timeout, SIGNAL_SET_BYTES];
        // SAFETY: the kernel reads a signal set of 8 bytes and two words of time.
        let signal = unsafe { call(number::RT_SIGTIMEDWAIT, arguments) };
        if let Ok(signal) = u8::try_from(signal) {
            self.exit(signal.saturating_add(128));
        }
    }

    /// Ends the process.
    pub(crate) fn exit(&mut self, code: u8) -> ! {
        let flushed = self.flush();
        exit(if flushed.is_err() { code.max(1) } else { code })
    }

    fn flush(&mut self) -> Result<(), Errno> {
        let bytes = self.buffer.get(..self.buffered).unwrap_or_default();
        self.buffered = 0;
        write(1, bytes)
    }
}

/// Blocks or unblocks the signals that [`Kernel::sleep`] waits for.
fn mask_signals(way: usize) {
    let set = signals();
    // SAFETY: the kernel reads a signal set of 8 bytes.
    unsafe { call(number::RT_SIGPROCMASK, [way, (&raw const set).addr(), 0, SIGNAL_SET_BYTES]) };
}

/// SIGTERM and SIGINT.
fn signals() -> u64 {
    1 << (SIGINT - 1) | 1 << (SIGTERM - 1)
}

impl System for Kernel {
    type File = File;

    fn user(&self) -> Ids {
        Ids { real: identity(number::GETUID), effective: identity(number::GETEUID) }
    }

    fn group(&self) -> Ids {
        Ids { real: identity(number::GETGID), effective: identity(number::GETEGID) }
    }

    fn groups(&mut self, from: usize, into: &mut [u32]) -> usize {
        if from == 0 {
            let arguments = [MAX_GROUPS, self.groups.as_mut_ptr().addr(), 0, 0];
            // SAFETY: the kernel writes at most `MAX_GROUPS` gids, which fit.
            let count = unsafe { call(number::GETGROUPS, arguments) };
            self.group_count = result(count).unwrap_or(0);
        }
        let known = self.groups.get(from..self.group_count).unwrap_or_default();
        for (slot, gid) in into.iter_mut().zip(known) {
            *slot = *gid;
        }
        known.len().min(into.len())
    }

    fn set_user(&mut self, uid: u32) -> Result<(), Errno> {
        // SAFETY: takes a number.
        result(unsafe { call(number::SETUID, [uid as usize, 0, 0, 0]) }).map(drop)
    }

    fn set_group(&mut self, gid: u32) -> Result<(), Errno> {
        // SAFETY: takes a number.
        result(unsafe { call(number::SETGID, [gid as usize, 0, 0, 0]) }).map(drop)
    }

    fn set_groups(&mut self, groups: impl Iterator<Item = u32>) -> Result<(), Errno> {
        let mut count = 0;
        for gid in groups {
            *self.groups.get_mut(count).ok_or(Errno::INVALID)? = gid;
            count += 1;
        }
        let arguments = [count, self.groups.as_ptr().addr(), 0, 0];
        // SAFETY: the kernel reads `count` gids, all of them set.
        result(unsafe { call(number::SETGROUPS, arguments) }).map(drop)
    }

    fn open(&mut self, path: &[u8]) -> Result<File, Errno> {
        open(path, 0)
    }

    fn read_at(&mut self, file: &File, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
        let arguments = [file.0, into.as_mut_ptr().addr(), into.len(), offset as usize];
        // SAFETY: the kernel writes at most the length of `into`.
        result(unsafe { call(number::PREAD64, arguments) })
    }

    fn create(&mut self, path: &[u8], existing: Existing) -> Result<File, Errno> {
        let keep = match existing {
            Existing::Truncate => O_TRUNC,
            Existing::Keep => 0,
        };
        open(path, O_WRONLY | O_CREAT | O_APPEND | keep)
    }

    fn append(&mut self, file: &File, bytes: &[u8]) -> Result<(), Errno> {
        write(file.0, bytes)
    }

    fn print(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Errno> {
        match stream {
            Stream::Error => {
                self.flush()?;
                write(2, bytes)
            }
            Stream::Output => {
                for piece in bytes.chunks(BUFFER_BYTES) {
                    if self.buffered.saturating_add(piece.len()) > BUFFER_BYTES {
                        self.flush()?;
                    }
                    let free = self.buffer.get_mut(self.buffered..).unwrap_or_default();
                    for (slot, byte) in free.iter_mut().zip(piece) {
                        *slot = *byte;
                    }
                    self.buffered = self.buffered.saturating_add(piece.len()).min(BUFFER_BYTES);
                }
                Ok(())
            }
        }
    }

    /// A signal that comes meanwhile does what it does by default.
    fn read_input(&mut self, into: &mut [u8]) -> Result<Input, Errno> {
        self.flush()?;
        mask_signals(UNBLOCK);
        let arguments = [0, into.as_mut_ptr().addr(), into.len(), 0];
        // SAFETY: the kernel writes at most the length of `into`.
        let read = result(unsafe { call(number::READ, arguments) });
        mask_signals(BLOCK);
        Ok(match read? {
            0 => Input::End,
            count => Input::Bytes(count),
        })
    }

    fn has_terminal(&self) -> bool {
        let mut settings = [0_u64; TERMINAL_BYTES / 8];
        let arguments = [0, TCGETS, settings.as_mut_ptr().addr(), 0];
        // SAFETY: the kernel writes its `termios`, of less than `TERMINAL_BYTES`.
        result(unsafe { call(number::IOCTL, arguments) }).is_ok()
    }

    fn kept(&self, slot: usize) -> &[u8] {
        let text = self.kept.get(slot);
        text.and_then(|text| text.bytes.get(..text.length)).unwrap_or_default()
    }

    fn keep(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Errno> {
        let text = self.kept.get_mut(slot).ok_or(Errno::TOO_LARGE)?;
        let length = text.length.saturating_add(bytes.len());
        let free = text.bytes.get_mut(text.length..length).ok_or(Errno::TOO_LARGE)?;
        for (slot, byte) in free.iter_mut().zip(bytes) {
            *slot = *byte;
        }
        text.length = length;
        Ok(())
    }

    fn read_kept(&mut self, slot: usize, into: &mut [u8]) -> usize {
        let Some(text) = self.kept.get_mut(slot) else { return 0 };
        let rest = text.bytes.get(text.read..text.length).unwrap_or_default();
        for (slot, byte) in into.iter_mut().zip(rest) {
            *slot = *byte;
        }
        let count = rest.len().min(into.len());
        text.read = text.read.saturating_add(count);
        count
    }

    fn forget(&mut self, slot: usize) {
        if let Some(text) = self.kept.get_mut(slot) {
            (text.length, text.read) = (0, 0);
        }
    }

    fn environment(&self, index: usize) -> Option<&[u8]> {
        self.environment.get(index).map(AsRef::as_ref)
    }

    fn make_directory(&mut self, path: &[u8]) -> Result<(), Errno> {
        with_path(path, |path| {
            // SAFETY: the path is NUL-terminated and outlives the call.
            result(unsafe { call(number::MKDIRAT, [AT_FDCWD, path.addr(), 0o777, 0]) }).map(drop)
        })
    }

    fn set_mode(&mut self, path: &[u8], mode: u32) -> Result<(), Errno> {
        with_path(path, |path| {
            let arguments = [AT_FDCWD, path.addr(), mode as usize, 0];
            // SAFETY: the path is NUL-terminated and outlives the call.
            result(unsafe { call(number::FCHMODAT, arguments) }).map(drop)
        })
    }

    fn set_owner(
        &mut self,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
    ) -> Result<(), Errno> {
        let [uid, gid] = [uid, gid].map(|id| id.unwrap_or(UNCHANGED) as usize);
        with_path(path, |path| {
            // SAFETY: the path is NUL-terminated and outlives the call; `call` gives no flags.
            result(unsafe { call(number::FCHOWNAT, [AT_FDCWD, path.addr(), uid, gid]) }).map(drop)
        })
    }

    fn status(&mut self, path: &[u8], links: Links) -> Result<FileStatus, Errno> {
        let flags = match links {
            Links::Follow => 0,
            Links::Keep => AT_SYMLINK_NOFOLLOW,
        };
        let mut stat = Stat::default();
        with_path(path, |path| {
            let arguments = [AT_FDCWD, path.addr(), (&raw mut stat).addr(), flags];
            // SAFETY: the path is NUL-terminated; `Stat` has the kernel's layout and size.
            result(unsafe { call(number::NEWFSTATAT, arguments) })
        })?;
        let Stat { mode, uid, gid, size, links, modified, .. } = stat;
        Ok(FileStatus { mode, uid, gid, size: size.unsigned_abs(), links: links.into(), modified })
    }

    fn list(&mut self, path: &[u8], mut visit: impl FnMut(&[u8])) -> Result<(), Errno> {
        let folder = open(path, OPEN_DIRECTORY)?;
        let mut entries = Entries([0; ENTRIES_BYTES]);
        loop {
            let arguments = [folder.0, entries.0.as_mut_ptr().addr(), ENTRIES_BYTES, 0];
            // SAFETY: the kernel writes at most `ENTRIES_BYTES` bytes.
            let count = result(unsafe { call(number::GETDENTS64, arguments) })?;
            let mut rest = entries.0.get(..count).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            while let Some((name, after)) = next_name(rest) {
                visit(name);
                rest = after;
            }
        }
    }
}

const ENTRIES_BYTES: usize = 8192;

/// Directory entries as `getdents64` writes them, aligned as it demands.
#[repr(align(8))]
struct Entries([u8; ENTRIES_BYTES]);

/// The first name of directory entries, and the entries after it.
///
/// An entry is an inode and an offset of 8 bytes each, its own length of 2, a type of 1
/// and a NUL-terminated name.
fn next_name(entries: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u16::from_ne_bytes(*entries.get(16..)?.first_chunk()?);
    let (entry, after) = entries.split_at_checked(usize::from(length))?;
    let name = entry.get(19..)?;
    Some((name.split(|byte| *byte == 0).next()?, after))
}
