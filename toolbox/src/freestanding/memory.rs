//! What compilers call for copying and comparing memory where no C library has it.

use core::arch::asm;

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for both ranges.
    unsafe { copy_forwards(to, from, count) };
    to
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= count {
        // SAFETY: the caller vouches for both ranges; no byte is overwritten unread.
        unsafe { copy_forwards(to, from, count) };
        return to;
    }
    let mut at = count;
    while at > 0 {
        at -= 1;
        // SAFETY: `at` is below `count`. Volatile, so that this is not made a call of itself.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
    to
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    // SAFETY: the caller vouches for the range.
    unsafe { fill(to, value as u8, count) };
    to
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    let mut at = 0;
    while at < count {
        // SAFETY: `at` is below `count`. Volatile, so that this is not made a call of itself.
        let (left, right) = unsafe { (left.add(at).read_volatile(), right.add(at).read_volatile()) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
        at += 1;
    }
    0
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: passed on from the caller.
    unsafe { memcmp(left, right, count) }
}

/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: the caller vouches for every byte up to and including the NUL.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}

#[cfg(target_arch = "x86_64")]
unsafe fn copy_forwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the caller vouches for both ranges; the direction flag is clear by the ABI.
    unsafe {
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") count => _,
            options(nostack, preserves_flags));
    }
}

#[cfg(target_arch = "x86_64")]
unsafe fn fill(to: *mut u8, value: u8, count: usize) {
    // SAFETY: the caller vouches for the range; the direction flag is clear by the ABI.
    unsafe {
        asm!("rep stosb", inout("rdi") to => _, in("al") value, inout("rcx") count => _,
            options(nostack, preserves_flags));
    }
}

#[cfg(target_arch = "aarch64")]
unsafe fn copy_forwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the caller vouches for both ranges; the loop stops after `count` bytes.
    unsafe {
        asm!("cbz {count}, 3f", "2:", "ldrb {byte:w}, [{from}], #1", "strb {byte:w}, [{to}], #1",
            "subs {count}, {count}, #1", "b.ne 2b", "3:",
            to = inout(reg) to => _, from = inout(reg) from => _, count = inout(reg) count => _,
            byte = out(reg) _, options(nostack));
    }
}

#[cfg(target_arch = "aarch64")]
unsafe fn fill(to: *mut u8, value: u8, count: usize) {
    // SAFETY: the caller vouches for the range; the loop stops after `count` bytes.
    unsafe {
        asm!("cbz {count}, 3f", "2:", "strb {value:w}, [{to}], #1",
            "subs {count}, {count}, #1", "b.ne 2b", "3:",
            to = inout(reg) to => _, value = in(reg) u32::from(value),
            count = inout(reg) count => _, options(nostack));
    }
}
