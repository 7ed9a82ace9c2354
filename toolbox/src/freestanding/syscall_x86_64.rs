//! System calls of Linux on x86_64, and the entry point.

use core::arch::{asm, global_asm};

global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call toolbox_main",
    "ud2",
);

/// The numbers of the system calls in use.
pub(crate) mod number {
    pub(crate) const READ: usize = 0;
    pub(crate) const WRITE: usize = 1;
    pub(crate) const CLOSE: usize = 3;
    pub(crate) const RT_SIGACTION: usize = 13;
    pub(crate) const RT_SIGPROCMASK: usize = 14;
    pub(crate) const IOCTL: usize = 16;
    pub(crate) const PREAD64: usize = 17;
    pub(crate) const GETUID: usize = 102;
    pub(crate) const GETGID: usize = 104;
    pub(crate) const SETUID: usize = 105;
    pub(crate) const SETGID: usize = 106;
    pub(crate) const GETEUID: usize = 107;
    pub(crate) const GETEGID: usize = 108;
    pub(crate) const GETGROUPS: usize = 115;
    pub(crate) const SETGROUPS: usize = 116;
    pub(crate) const RT_SIGTIMEDWAIT: usize = 128;
    pub(crate) const GETDENTS64: usize = 217;
    pub(crate) const EXIT_GROUP: usize = 231;
    pub(crate) const OPENAT: usize = 257;
    pub(crate) const MKDIRAT: usize = 258;
    pub(crate) const FCHOWNAT: usize = 260;
    pub(crate) const NEWFSTATAT: usize = 262;
    pub(crate) const FCHMODAT: usize = 268;
}

/// `O_DIRECTORY`, which differs between architectures.
pub(crate) const OPEN_DIRECTORY: usize = 0o200_000;

/// `struct stat`.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Stat {
    device: u64,
    inode: u64,
    pub(crate) links: u64,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    padding: u32,
    special_device: u64,
    pub(crate) size: i64,
    block_size: i64,
    blocks: i64,
    accessed: [i64; 2],
    pub(crate) modified: i64,
    rest: [u64; 6],
}

/// One system call; the result is negative for an error. A fifth argument is 0.
///
/// # Safety
/// The arguments must be what that call demands.
pub(crate) unsafe fn call(number: usize, arguments: [usize; 4]) -> isize {
    let result;
    // SAFETY: the caller vouches for the arguments; the kernel changes rcx and r11 only.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") arguments[0],
            in("rsi") arguments[1], in("rdx") arguments[2], in("r10") arguments[3], in("r8") 0,
            lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    result
}

/// Ends the process.
pub(crate) fn exit(code: u8) -> ! {
    // SAFETY: exit_group takes a number and does not return.
    unsafe {
        asm!("syscall", in("rax") number::EXIT_GROUP, in("rdi") usize::from(code),
            options(noreturn, nostack));
    }
}
