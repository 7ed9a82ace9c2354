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
