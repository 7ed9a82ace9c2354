//! System calls of Linux on aarch64, and the entry point.

use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, #0",
    "mov x30, #0",
    "mov x0, sp",
    "bl toolbox_main",
    "brk #1",
);

/// The numbers of the system calls in use.
pub(crate) mod number {
    pub(crate) const IOCTL: usize = 29;
    pub(crate) const MKDIRAT: usize = 34;
    pub(crate) const FCHMODAT: usize = 53;
    pub(crate) const FCHOWNAT: usize = 54;
    pub(crate) const OPENAT: usize = 56;
    pub(crate) const CLOSE: usize = 57;
    pub(crate) const GETDENTS64: usize = 61;
    pub(crate) const READ: usize = 63;
    pub(crate) const WRITE: usize = 64;
    pub(crate) const PREAD64: usize = 67;
    pub(crate) const NEWFSTATAT: usize = 79;
    pub(crate) const EXIT_GROUP: usize = 94;
    pub(crate) const RT_SIGACTION: usize = 134;
    pub(crate) const RT_SIGPROCMASK: usize = 135;
    pub(crate) const RT_SIGTIMEDWAIT: usize = 137;
    pub(crate) const SETGID: usize = 144;
    pub(crate) const SETUID: usize = 146;
    pub(crate) const GETGROUPS: usize = 158;
    pub(crate) const SETGROUPS: usize = 159;
    pub(crate) const GETUID: usize = 174;
    pub(crate) const GETEUID: usize = 175;
    pub(crate) const GETGID: usize = 176;
    pub(crate) const GETEGID: usize = 177;
}

/// `O_DIRECTORY`, which differs between architectures.
pub(crate) const OPEN_DIRECTORY: usize = 0o40_000;

/// `struct stat`.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Stat {
    device: u64,
    inode: u64,
    pub(crate) mode: u32,
    pub(crate) links: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    special_device: u64,
    padding: u64,
    pub(crate) size: i64,
    block_size: u64,
    blocks: i64,
    accessed: [i64; 2],
    pub(crate) modified: i64,
    rest: [u64; 4],
}

/// One system call; the result is negative for an error. A fifth argument is 0.
///
/// # Safety
/// The arguments must be what that call demands.
pub(crate) unsafe fn call(number: usize, arguments: [usize; 4]) -> isize {
    let result;
    // SAFETY: the caller vouches for the arguments; the kernel changes x0 only.
    unsafe {
        asm!("svc #0", in("x8") number, inlateout("x0") arguments[0] => result,
            in("x1") arguments[1], in("x2") arguments[2], in("x3") arguments[3],
            in("x4") 0, options(nostack));
    }
    result
}

/// Ends the process.
pub(crate) fn exit(code: u8) -> ! {
    // SAFETY: exit_group takes a number and does not return.
    unsafe {
        asm!("svc #0", in("x8") number::EXIT_GROUP, in("x0") usize::from(code),
            options(noreturn, nostack));
    }
}
