//! Variables: those of the environment, and those that a shell has set since.
//!
//! A record of a set variable is a mark, `NAME=VALUE` and a NUL; the last one of a name counts.

use super::kept::VARIABLES;
use super::parse::MAX_SCRATCH;
use super::process::Process;
use super::system::{Errno, System};

/// The mark of a variable that commands see too.
const EXPORTED: &[u8] = b"+";
/// The mark of a variable of the shell alone.
const OWN: &[u8] = b"-";

/// Whether a variable can have this name.
pub(super) fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// The two sides of the first `=`.
pub(super) fn split_assignment(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    let (name, rest) = text.split_at_checked(at)?;
    Some((name, rest.get(1..)?))
}

fn value_of<'a>(assignment: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    split_assignment(assignment).filter(|(other, _)| *other == name).map(|(_, value)| value)
}

fn inherited<S: System>(system: &S) -> impl Iterator<Item = &[u8]> {
    (0..).map_while(|index| system.environment(index))
}

/// The records of variables that were set, the last one first.
fn set_ones<S: System>(system: &S) -> impl Iterator<Item = (&[u8], &[u8])> {
    let records = system.kept(VARIABLES).rsplit(|byte| *byte == 0);
    records.filter_map(|record| record.split_at_checked(1))
}

/// The value of a variable, if it is set.
pub(super) fn get<'a, S: System>(system: &'a S, name: &[u8]) -> Option<&'a [u8]> {
    set_ones(system)
        .find_map(|(_, assignment)| value_of(assignment, name))
        .or_else(|| inherited(system).find_map(|assignment| value_of(assignment, name)))
}

fn is_exported<S: System>(system: &S, name: &[u8]) -> bool {
    let is_it = |assignment: &[u8]| value_of(assignment, name).is_some();
    match set_ones(system).find(|(_, assignment)| is_it(assignment)) {
        Some((mark, _)) => mark == EXPORTED,
        None => inherited(system).any(is_it),
    }
}

/// Sets a variable; one that commands see stays so.
pub(super) fn set<S: System>(
    system: &mut S,
    name: &[u8],
    value: &[u8],
    export: bool,
) -> Result<(), Errno> {
    let mark = if export || is_exported(system, name) { EXPORTED } else { OWN };
    let parts: [&[u8]; 5] = [mark, name, b"=", value, b"\0"];
    parts.iter().try_for_each(|part| system.keep(VARIABLES, part))
}

/// `export NAME[=VALUE]…`
pub(super) fn export<S: System>(process: &mut Process<'_, S>, arguments: &[&[u8]]) -> u8 {
    let mut status = 0;
    for &argument in arguments {
        let assignment = split_assignment(argument);
        let name = assignment.map_or(argument, |(name, _)| name);
        let result = match assignment {
            _ if !is_name(name) => Err(Errno::INVALID),
            Some((_, value)) => set(process.system, name, value, true),
            None => export_known(process.system, name),
        };
        if let Err(errno) = result {
            process.complain(&[argument, b": ", errno.message().as_bytes()]);
            status = 1;
        }
    }
    status
}

/// Lets commands see a variable that the shell has set.
fn export_known<S: System>(system: &mut S, name: &[u8]) -> Result<(), Errno> {
    let mut copy = [0_u8; MAX_SCRATCH];
    let Some(value) = get(system, name) else { return Ok(()) };
    let copy = copy.get_mut(..value.len()).ok_or(Errno::TOO_LARGE)?;
    for (slot, byte) in copy.iter_mut().zip(value) {
        *slot = *byte;
    }
    set(system, name, copy, true)
}

/// `env`, and `printenv [NAME…]`: the variables that commands see.
pub(super) fn printenv<S: System>(process: &mut Process<'_, S>, names: &[&[u8]]) -> u8 {
    if process.name == b"env" && !names.is_empty() {
        process.complain(&[b"runs no command here; export NAME=VALUE, then run the command"]);
        return 1;
    }
    if names.is_empty() {
        let mut index = 0_usize;
        while print_inherited(process, index) {
            index = index.saturating_add(1);
        }
        print_exported(process);
    }
    let mut status = 0;
    for name in names {
        if is_exported(process.system, name) {
            print_part(process, |system| get(system, name));
            process.print(b"\n");
        } else {
            status = 1;
        }
    }
    process.finish(status)
}

/// Prints a variable of the environment with its present value; whether there is one at `index`.
fn print_inherited<S: System>(process: &mut Process<'_, S>, index: usize) -> bool {
    fn name<S: System>(system: &S, index: usize) -> Option<&[u8]> {
        split_assignment(system.environment(index)?).map(|(name, _)| name)
    }
    if process.system.environment(index).is_none() {
        return false;
    }
    print_part(process, |system| name(system, index));
    process.print(b"=");
    print_part(process, |system| get(system, name(system, index)?));
    process.print(b"\n");
    true
}

/// Prints the variables that a shell has exported and that the environment lacked.
fn print_exported<S: System>(process: &mut Process<'_, S>) {
    let count = set_ones(process.system).count();
    for index in (0..count).rev() {
        let is_shown = set_ones(process.system).nth(index).is_some_and(|(mark, assignment)| {
            let name = split_assignment(assignment).map_or(assignment, |(name, _)| name);
            let is_of = |other: &[u8]| value_of(other, name).is_some();
            let is_last = !set_ones(process.system).take(index).any(|(_, later)| is_of(later));
            mark == EXPORTED && is_last && !inherited(process.system).any(is_of)
        });
        if is_shown {
            print_part(process, |system| set_ones(system).nth(index).map(|(_, text)| text));
            process.print(b"\n");
        }
    }
}

/// Prints something that the system keeps, piece by piece.
fn print_part<S: System>(process: &mut Process<'_, S>, part: impl Fn(&S) -> Option<&[u8]>) {
    let mut chunk = [0_u8; 256];
    let mut offset = 0_usize;
    loop {
        let text = part(process.system).unwrap_or_default();
        let rest = text.get(offset..).unwrap_or_default();
        let count = rest.len().min(chunk.len());
        for (slot, byte) in chunk.iter_mut().zip(rest) {
            *slot = *byte;
        }
        if count == 0 {
            return;
        }
        process.print(chunk.get(..count).unwrap_or_default());
        offset = offset.saturating_add(count);
    }
}
