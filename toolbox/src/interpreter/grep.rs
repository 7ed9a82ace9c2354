//! `grep`: the lines that match a pattern.

use super::files::complain_of;
use super::kept::{Kept, slot};
use super::pattern::{Pattern, Syntax};
use super::process::{Process, Source};
use super::system::{Errno, Input, Step, System};

/// The longest line, in bytes.
const MAX_LINE: usize = 16 * 1024;

/// The exit code for what went wrong.
const TROUBLE: u8 = 2;

struct Options<'a> {
    pattern: Pattern<'a>,
    inverts: bool,
    quiet: bool,
    counts: bool,
    numbers: bool,
    names: bool,
}

/// `grep [-EFcinqv] [-e] PATTERN [PATH…]`; without a path it reads standard input.
///
/// `resumed` says that it waited for standard input, which it gathers before it looks at any; it
/// fails with the step that it waits with.
pub(super) fn grep<S: System>(
    process: &mut Process<'_, S>,
    depth: usize,
    arguments: &[&[u8]],
    resumed: bool,
) -> Result<u8, Step> {
    let (options, paths) = match parse(arguments) {
        Ok(parsed) => parsed,
        Err((message, operand)) => {
            process.complain(&[message, operand]);
            return Ok(TROUBLE);
        }
    };
    const STANDARD_INPUT: &[u8] = b"-";
    let paths = if paths.is_empty() { &[STANDARD_INPUT] } else { paths };
    let gathered = slot(depth, Kept::Line);
    let reads = paths.contains(&STANDARD_INPUT);
    let gathering = if reads { gather(process, gathered, resumed) } else { Ok(false) };
    let mut trouble = match gathering {
        Ok(true) => return Err(Step::Input),
        Ok(false) => false,
        Err(errno) => {
            complain_of(process, b"(standard input)", errno);
            true
        }
    };
    let mut found = false;
    for path in paths {
        let reader = if *path == STANDARD_INPUT {
            Ok(Reader::Kept(match process.streams.input {
                Source::Standard => gathered,
                Source::Pipe(slot) => slot,
            }))
        } else {
            process.system.open(path).map(|file| Reader::File(file, 0))
        };
        match reader.and_then(|reader| search(process, &options, path, reader)) {
            Ok(matched) => found |= matched,
            Err(errno) => {
                complain_of(process, path, errno);
                trouble = true;
            }
        }
    }
    let status = if found && (options.quiet || !trouble) {
        0
    } else if trouble {
        TROUBLE
    } else {
        1
    };
    Ok(process.finish(status))
}

/// What an argument is wrong with, and the argument.
type Wrong<'a> = (&'static [u8], &'a [u8]);

fn parse<'a, 'b>(arguments: &'a [&'b [u8]]) -> Result<(Options<'b>, &'a [&'b [u8]]), Wrong<'b>> {
    let (mut syntax, mut ignores_case, mut pattern) = (Syntax::Basic, false, None);
    let [mut inverts, mut quiet, mut counts, mut numbers] = [false; 4];
    let mut rest = arguments;
    while let [first @ [b'-', flags @ ..], after @ ..] = rest {
        if flags.is_empty() {
            break;
        }
        rest = after;
        if *flags == *b"-" {
            break;
        }
        for flag in flags {
            match flag {
                b'E' => syntax = Syntax::Extended,
                b'F' => syntax = Syntax::Fixed,
                b'i' => ignores_case = true,
                b'v' => inverts = true,
                b'q' => quiet = true,
                b'c' => counts = true,
                b'n' => numbers = true,
                b'e' if flags.len() == 1 => {
                    let [text, after @ ..] = rest else {
                        return Err((b"-e needs a pattern", b""));
                    };
                    pattern = Some(*text);
                    rest = after;
                }
                _ => return Err((b"unknown option ", first)),
            }
        }
    }
    let text = match (pattern, rest) {
        (Some(pattern), _) => pattern,
        (None, [pattern, after @ ..]) => {
            rest = after;
            *pattern
        }
        (None, []) => return Err((b"needs a pattern", b"")),
    };
    let pattern =
        Pattern::new(text, syntax, ignores_case).map_err(|message| (message, &b""[..]))?;
    Ok((Options { pattern, inverts, quiet, counts, numbers, names: rest.len() > 1 }, rest))
}

/// Keeps all of standard input, unless a slot holds it already; whether more may come.
fn gather<S: System>(
    process: &mut Process<'_, S>,
    slot: usize,
    resumed: bool,
) -> Result<bool, Errno> {
    if !matches!(process.streams.input, Source::Standard) {
        return Ok(false);
    }
    if !resumed {
        process.system.forget(slot);
    }
    let mut chunk = [0_u8; 4096];
    loop {
        match process.read(&mut chunk)? {
            Input::Bytes(count) => {
                process.system.keep(slot, chunk.get(..count).unwrap_or_default())?;
            }
            Input::End => return Ok(false),
            Input::Pending => return Ok(true),
        }
    }
}

enum Reader<F> {
    File(F, u64),
    Kept(usize),
}

impl<F> Reader<F> {
    fn read<S: System<File = F>>(
        &mut self,
        system: &mut S,
        into: &mut [u8],
    ) -> Result<usize, Errno> {
        match self {
            Self::Kept(slot) => Ok(system.read_kept(*slot, into)),
            Self::File(file, offset) => {
                let count = system.read_at(file, *offset, into)?;
                *offset = offset.saturating_add(count as u64);
                Ok(count)
            }
        }
    }
}

/// Prints what is asked for of one file; whether a line was selected.
fn search<S: System>(
    process: &mut Process<'_, S>,
    options: &Options<'_>,
    path: &[u8],
    mut reader: Reader<S::File>,
) -> Result<bool, Errno> {
    let mut line = [0_u8; MAX_LINE];
    let mut chunk = [0_u8; 4096];
    let (mut length, mut number, mut selected) = (0_usize, 0_u64, 0_u64);
    loop {
        let count = reader.read(process.system, &mut chunk)?;
        for byte in chunk.get(..count).unwrap_or_default() {
            if *byte != b'\n' {
                *line.get_mut(length).ok_or(Errno::TOO_LARGE)? = *byte;
                length = length.saturating_add(1);
                continue;
            }
            number = number.saturating_add(1);
            let text = line.get(..length).unwrap_or_default();
            selected = selected.saturating_add(select(process, options, (path, number), text)?);
            length = 0;
        }
        if count == 0 {
            break;
        }
    }
    if length > 0 {
        let text = line.get(..length).unwrap_or_default();
        let at = (path, number.saturating_add(1));
        selected = selected.saturating_add(select(process, options, at, text)?);
    }
    if options.counts && !options.quiet {
        if options.names {
            process.print(path);
            process.print(b":");
        }
        process.print_number(selected);
        process.print(b"\n");
    }
    Ok(selected > 0)
}

/// Prints a line if it is selected; 1 if so.
fn select<S: System>(
    process: &mut Process<'_, S>,
    options: &Options<'_>,
    (path, number): (&[u8], u64),
    line: &[u8],
) -> Result<u64, Errno> {
    // What takes too long to match is an error like a line that is too long.
    let matches = options.pattern.matches(line).map_err(|_| Errno::TOO_LARGE)?;
    if matches == options.inverts {
        return Ok(0);
    }
    if !options.quiet && !options.counts {
        if options.names {
            process.print(path);
            process.print(b":");
        }
        if options.numbers {
            process.print_number(number);
            process.print(b":");
        }
        process.print(line);
        process.print(b"\n");
    }
    Ok(1)
}
