//! The commands as a Linux program without a C library.
//!
//! The build script compiles this with rustc alone. It starts on the bare
//! stack, asks the kernel by system calls and cannot unwind. As process 1 it
//! has no default signal actions, so it waits for signals while it sleeps and
//! ends with 128 plus the signal's number, 143 for SIGTERM.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "system calls, and the stack a process starts with")]
#![allow(dead_code, unused_imports, reason = "the interpreter offers more than this program needs")]

mod arguments;
mod kernel;
mod memory;
#[cfg(target_arch = "aarch64")]
#[path = "syscall_aarch64.rs"]
mod syscall;
#[cfg(target_arch = "x86_64")]
#[path = "syscall_x86_64.rs"]
mod syscall;

#[path = "../interpreter/mod.rs"]
mod interpreter;

use core::panic::PanicInfo;

use interpreter::{Program, Step};
use kernel::Kernel;

/// The exit code if an invariant of the interpreter were broken.
const BROKEN: u8 = 134;

/// Continues from the entry point in `syscall`, with the stack as the kernel laid it out.
///
/// # Safety
/// `stack` points to `argc`, followed by that many pointers to C strings that live as long
/// as the process, a null, the same for the environment and another null. It is called once.
#[unsafe(no_mangle)]
unsafe extern "C" fn toolbox_main(stack: *const usize) -> ! {
    // SAFETY: passed on from the caller.
    let argv = unsafe { arguments::from_stack(stack) };
    // SAFETY: passed on from the caller.
    let environment = unsafe { arguments::environment_from_stack(stack) };
    // SAFETY: nothing else makes one.
    let mut kernel = unsafe { Kernel::new(environment) };
    let mut program = Program::new();
    loop {
        match program.step(argv, &mut kernel) {
            Step::Exit(code) => kernel.exit(code),
            Step::Sleep(time) => kernel.sleep(Some(time)),
            Step::Pause => kernel.sleep(None),
            // Reading waits by itself here.
            Step::Input => {}
        }
    }
}

/// Named by the unwind tables of the compiler's own library, which some linkers take along.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    syscall::exit(BROKEN)
}
