//! What a process may ask of its kernel; all that the commands depend on.

use core::time::Duration;

use super::kept::KINDS;

/// What the kernel offers a process.
///
/// Real processes implement it with system calls, simulated ones with data.
/// Paths are bytes without a NUL; relative ones start at the working directory.
pub trait System {
    /// An open file; dropping it closes it.
    type File;

    /// `getuid(2)` and `geteuid(2)`.
    fn user(&self) -> Ids;

    /// `getgid(2)` and `getegid(2)`.
    fn group(&self) -> Ids;

    /// `getgroups(2)`, piece by piece: copies the supplementary groups from index `from` on
    /// into `into` and says how many it copied; fewer than fit means the end.
    ///
    /// The order is the kernel's: ascending. There are at most [`MAX_GROUPS`].
    fn groups(&mut self, from: usize, into: &mut [u32]) -> usize;

    /// `setuid(2)`.
    ///
    /// # Errors
    /// [`Errno::NOT_PERMITTED`] without the capability, unless the uid is already one's own.
    fn set_user(&mut self, uid: u32) -> Result<(), Errno>;

    /// `setgid(2)`.
    ///
    /// # Errors
    /// [`Errno::NOT_PERMITTED`] without the capability, unless the gid is already one's own.
    fn set_group(&mut self, gid: u32) -> Result<(), Errno>;

    /// `setgroups(2)`, with the groups in any order.
    ///
    /// # Errors
    /// [`Errno::NOT_PERMITTED`] without the capability; [`Errno::INVALID`] for more than
    /// [`MAX_GROUPS`] or for 4294967295, which is no gid.
    fn set_groups(&mut self, groups: impl Iterator<Item = u32>) -> Result<(), Errno>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// As `open(2)`.
    fn open(&mut self, path: &[u8]) -> Result<Self::File, Errno>;

    /// `pread(2)`: reads at an offset, in bytes; 0 is the end.
    ///
    /// # Errors
    /// As `pread(2)`; [`Errno::IS_DIRECTORY`] for a directory.
    fn read_at(&mut self, file: &Self::File, offset: u64, into: &mut [u8]) -> Result<usize, Errno>;

    /// Opens a file for writing; creates it, with mode 0666 less the umask, if there is none.
    ///
    /// # Errors
    /// As `open(2)`.
    fn create(&mut self, path: &[u8], existing: Existing) -> Result<Self::File, Errno>;

    /// Writes all of `bytes` at the end of a file from [`System::create`].
    ///
    /// # Errors
    /// As `write(2)`.
    fn append(&mut self, file: &Self::File, bytes: &[u8]) -> Result<(), Errno>;

    /// Writes all of `bytes` to standard output or standard error.
    ///
    /// # Errors
    /// As `write(2)`.
    fn print(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), Errno>;

    /// Reads from standard input: 0 to 4096 bytes into `into`.
    ///
    /// # Errors
    /// As `read(2)`.
    fn read_input(&mut self, into: &mut [u8]) -> Result<Input, Errno>;

    /// Whether standard input is a terminal.
    fn has_terminal(&self) -> bool;

    /// What was kept in a slot, below [`SLOTS`], since it was last forgotten; it outlives steps.
    fn kept(&self, slot: usize) -> &[u8];

    /// Adds to it.
    ///
    /// # Errors
    /// [`Errno::TOO_LARGE`] for more than [`MAX_KEPT`] bytes in all.
    fn keep(&mut self, slot: usize, bytes: &[u8]) -> Result<(), Errno>;

    /// Reads on in it, from its start or from where the last such call ended; 0 is the end.
    fn read_kept(&mut self, slot: usize, into: &mut [u8]) -> usize;

    /// Empties it.
    fn forget(&mut self, slot: usize);

    /// The variable at `index`, as `NAME=VALUE`, of the environment that the process began with.
    fn environment(&self, index: usize) -> Option<&[u8]>;

    /// `mkdir(2)`, mode 0777 less the umask.
    ///
    /// # Errors
    /// As `mkdir(2)`; [`Errno::EXISTS`] if anything stands there.
    fn make_directory(&mut self, path: &[u8]) -> Result<(), Errno>;

    /// `chmod(2)`: sets the permissions, 0 to `0o7777`, whatever the umask.
    ///
    /// # Errors
    /// As `chmod(2)`; [`Errno::NOT_PERMITTED`] unless the file is one's own.
    fn set_mode(&mut self, path: &[u8], mode: u32) -> Result<(), Errno>;

    /// `chown(2)`: sets the owner, the group or both; `None` leaves one as it is.
    ///
    /// # Errors
    /// As `chown(2)`; [`Errno::NOT_PERMITTED`] without the capability, unless it only gives
    /// one's own file to one of one's own groups.
    fn set_owner(&mut self, path: &[u8], uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno>;

    /// `stat(2)`, or `lstat(2)` when links are not followed.
    ///
    /// # Errors
    /// As `stat(2)`.
    fn status(&mut self, path: &[u8], links: Links) -> Result<FileStatus, Errno>;

    /// Shows `visit` every name in a directory, in any order; `.` and `..` may be among them.
    ///
    /// # Errors
    /// As `open(2)` and `getdents(2)`; [`Errno::NOT_DIRECTORY`] for anything else.
    fn list(&mut self, path: &[u8], visit: impl FnMut(&[u8])) -> Result<(), Errno>;
}

/// The most supplementary groups a process can have (`NGROUPS_MAX` of Linux).
pub const MAX_GROUPS: usize = 65_536;

/// The longest line that a shell reads, in bytes.
pub const MAX_LINE: usize = 4096;

/// How many shells there may be within shells.
pub const MAX_DEPTH: usize = 4;

/// How many texts a process keeps at most: its variables, and some for each of its shells and
/// for the command inside them.
pub const SLOTS: usize = 1 + KINDS * (MAX_DEPTH + 1);

/// The longest such text, in bytes.
pub const MAX_KEPT: usize = 1024 * 1024;

/// What came from standard input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// That many bytes, at least one.
    Bytes(usize),
    /// There is no more.
    End,
    /// Nothing yet; the process waits for it with [`Step::Input`].
    Pending,
}

/// A process's real and effective id of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// Whose process it is.
    pub real: u32,
    /// Whose permissions it has.
    pub effective: u32,
}

/// Where a process prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// What becomes of a file that is opened for writing and is already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is emptied.
    Truncate,
    /// It keeps what it holds.
    Keep,
}

/// Whether a symbolic link at the end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The answer is about what it leads to.
    Follow,
    /// The answer is about the link.
    Keep,
}

/// Whose a file is, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStatus {
    /// Type and permissions as in `st_mode`: `0o100644` is a regular file, `0o040755` a directory.
    pub mode: u32,
    /// The owner's uid.
    pub uid: u32,
    /// The owning group's gid.
    pub gid: u32,
    /// Bytes.
    pub size: u64,
    /// How many names it has.
    pub links: u64,
    /// When its content last changed, in seconds since 1970.
    pub modified: i64,
}

/// What a process does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It ended with this exit code.
    Exit(u8),
    /// It sleeps that long; then step again.
    Sleep(Duration),
    /// It sleeps until a signal ends it.
    Pause,
    /// It waits for standard input; step again when there is some, or its end.
    Input,
}

/// An error of the kernel, by Linux's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

macro_rules! errnos {
    ($($number:literal $name:ident $message:literal)*) => {
        impl Errno {
            $(#[doc = $message] pub const $name: Self = Self($number);)*

            /// The error in words, as the C library gives them.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self.0 {
                    $($number => $message,)*
                    _ => "Unknown error",
                }
            }
        }
    };
}

errnos! {
    1 NOT_PERMITTED "Operation not permitted"
    2 NOT_FOUND "No such file or directory"
    5 INPUT_OUTPUT "Input/output error"
    9 BAD_FILE "Bad file descriptor"
    13 NO_ACCESS "Permission denied"
    17 EXISTS "File exists"
    20 NOT_DIRECTORY "Not a directory"
    21 IS_DIRECTORY "Is a directory"
    22 INVALID "Invalid argument"
    24 TOO_MANY_OPEN "Too many open files"
    27 TOO_LARGE "File too large"
    28 NO_SPACE "No space left on device"
    29 NOT_SEEKABLE "Illegal seek"
    30 READ_ONLY "Read-only file system"
    32 BROKEN_PIPE "Broken pipe"
    36 NAME_TOO_LONG "File name too long"
    38 NOT_IMPLEMENTED "Function not implemented"
    40 TOO_MANY_LINKS "Too many levels of symbolic links"
}

impl core::fmt::Display for Errno {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Errno {}
