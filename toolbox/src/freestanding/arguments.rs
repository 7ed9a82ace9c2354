//! The arguments of a process, as the kernel leaves them on the stack.

use core::ffi::{CStr, c_char};

/// One argument: a pointer to a C string.
#[repr(transparent)]
pub(crate) struct Argument(*const c_char);

impl AsRef<[u8]> for Argument {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: only `from_stack` makes these, from C strings that are never changed
        // and live as long as the process.
        unsafe { CStr::from_ptr(self.0) }.to_bytes()
    }
}

/// The arguments of this process.
///
/// # Safety
/// As for `toolbox_main`.
pub(crate) unsafe fn from_stack(stack: *const usize) -> &'static [Argument] {
    // SAFETY: the caller vouches for argc and for argc pointers after it; a pointer has
    // the size and alignment of a usize, and `Argument` is nothing but a pointer.
    unsafe { core::slice::from_raw_parts(stack.add(1).cast(), *stack) }
}

/// The environment of this process, which the kernel leaves after the arguments.
///
/// # Safety
/// As for `toolbox_main`.
pub(crate) unsafe fn environment_from_stack(stack: *const usize) -> &'static [Argument] {
    // SAFETY: the caller vouches for argc, the arguments and a null after them, then pointers to
    // the environment that end with a null.
    unsafe {
        let start = stack.add(*stack).add(2);
        let mut count = 0;
        while *start.add(count) != 0 {
            count += 1;
        }
        core::slice::from_raw_parts(start.cast(), count)
    }
}
