//! What a shell puts in place of `$NAME`, `${NAME}`, `${NAME:-TEXT}`, `$?` and `$(SCRIPT)`.

use super::parse::{Command, Destination, SyntaxError, Word};
use super::system::{MAX_DEPTH, System};
use super::text::Decimal;
use super::variables::{self, is_name, split_assignment};

/// Something that a `$` begins.
#[derive(Clone, Copy)]
pub(super) enum Expansion<'s> {
    /// The status of the last command.
    Status,
    /// A variable, or the other text if it is not set or empty.
    Variable(&'s [u8], &'s [u8]),
    /// What a script prints.
    Output(&'s [u8]),
}

const TOO_DEEP: SyntaxError = SyntaxError("more than 4 shells within shells");
const UNKNOWN: SyntaxError =
    SyntaxError("of variables, only $NAME, ${NAME}, ${NAME:-TEXT} and $? are supported");

/// What the `$` at `at` begins and where that ends; nothing if it stands for itself.
pub(super) fn expansion_at(
    text: &[u8],
    at: usize,
) -> Result<Option<(Expansion<'_>, usize)>, SyntaxError> {
    let start = at.saturating_add(1);
    let rest = text.get(start..).unwrap_or_default();
    let is_of_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    Ok(match rest.first() {
        Some(b'?') => Some((Expansion::Status, start.saturating_add(1))),
        Some(b'(') if rest.get(1) == Some(&b'(') => {
            return Err(SyntaxError("arithmetic is not supported"));
        }
        Some(b'(') => {
            let script = start.saturating_add(1);
            let end = end_of_substitution(text, script, 1)?;
            let inner = text.get(script..end).unwrap_or_default();
            Some((Expansion::Output(inner), end.saturating_add(1)))
        }
        Some(b'{') => {
            let length = rest.iter().position(|byte| *byte == b'}').ok_or(UNKNOWN)?;
            let inner = rest.get(1..length).unwrap_or_default();
            let end_of_name = inner.iter().position(|byte| *byte == b':').unwrap_or(inner.len());
            let (name, after) = inner.split_at_checked(end_of_name).ok_or(UNKNOWN)?;
            let default = match after {
                [] => after,
                [b':', b'-', default @ ..] if !default.iter().any(is_special) => default,
                _ => return Err(UNKNOWN),
            };
            if !is_name(name) {
                return Err(UNKNOWN);
            }
            let end = start.saturating_add(length).saturating_add(1);
            Some((Expansion::Variable(name, default), end))
        }
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            let length = rest.iter().take_while(is_of_name).count();
            let name = rest.get(..length).unwrap_or_default();
            Some((Expansion::Variable(name, b""), start.saturating_add(length)))
        }
        Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'$' | b'!' | b'-') => return Err(UNKNOWN),
        _ => None,
    })
}

fn is_special(byte: &u8) -> bool {
    matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`')
}

/// Where the `)` is that ends the script at `at`, `depth` scripts deep.
fn end_of_substitution(text: &[u8], at: usize, depth: usize) -> Result<usize, SyntaxError> {
    if depth >= MAX_DEPTH {
        return Err(TOO_DEEP);
    }
    let (mut at, mut quote) = (at, None);
    while let Some(byte) = text.get(at) {
        match (quote, byte) {
            (None | Some(b'"'), b'\\') => at = at.saturating_add(1),
            (None | Some(b'"'), b'$') if text.get(at.saturating_add(1)) == Some(&b'(') => {
                at = end_of_substitution(text, at.saturating_add(2), depth.saturating_add(1))?;
            }
            (None, b')') => return Ok(at),
            (None, b'\'' | b'"') => quote = Some(*byte),
            (Some(open), close) if open == *close => quote = None,
            _ => {}
        }
        at = at.saturating_add(1);
    }
    Err(SyntaxError("a $( is not closed"))
}

/// The scripts whose output a command wants, in their order, given to `visit` until it fails.
pub(super) fn for_each_script<'s, E>(
    command: &Command<'s>,
    mut visit: impl FnMut(&'s [u8]) -> Result<(), E>,
) -> Result<(), E> {
    for word in words_of(command) {
        let Word::Expands(raw) = word else { continue };
        let (mut at, mut quote) = (0, None);
        while let Some((part, next)) = part_at(raw, at, &mut quote) {
            at = next;
            if let Part::Expansion(Expansion::Output(script)) = part {
                visit(script)?;
            }
        }
    }
    Ok(())
}

/// The paths that a command reads and writes, then its words.
pub(super) fn words_of<'a, 's>(command: &'a Command<'s>) -> impl Iterator<Item = Word<'s>> + 'a {
    paths_of(command).chain(command.words().iter().copied())
}

/// The paths that a command reads and writes.
pub(super) fn paths_of<'a, 's>(command: &'a Command<'s>) -> impl Iterator<Item = Word<'s>> + 'a {
    let written = command.redirections.iter().flatten().filter_map(|it| match it.destination {
        Destination::File(path, _) => Some(path),
        Destination::Stream(_) => None,
    });
    command.input.into_iter().chain(written)
}

/// A part of a word.
pub(super) enum Part<'s> {
    /// A byte that stands for itself.
    Byte(u8),
    /// Nothing to be seen, such as a quote.
    Nothing,
    Expansion(Expansion<'s>),
}

/// The part of a raw word at `at`, and where the next one is.
pub(super) fn part_at<'s>(
    raw: &'s [u8],
    at: usize,
    quote: &mut Option<u8>,
) -> Option<(Part<'s>, usize)> {
    let byte = *raw.get(at)?;
    let after = raw.get(at.saturating_add(1)).copied();
    let next = at.saturating_add(1);
    Some(match (*quote, byte) {
        (None, b'\'' | b'"') => {
            *quote = Some(byte);
            (Part::Nothing, next)
        }
        (Some(open), close) if open == close => {
            *quote = None;
            (Part::Nothing, next)
        }
        (None | Some(b'"'), b'\\') => match (*quote, after) {
            (_, Some(b'\n')) => (Part::Nothing, next.saturating_add(1)),
            (None, Some(other)) | (_, Some(other @ (b'$' | b'`' | b'"' | b'\\'))) => {
                (Part::Byte(other), next.saturating_add(1))
            }
            _ => (Part::Byte(byte), next),
        },
        // A word that was read has no expansion that is wrong.
        (None | Some(b'"'), b'$') => match expansion_at(raw, at) {
            Ok(Some((expansion, end))) => (Part::Expansion(expansion), end),
            _ => (Part::Byte(byte), next),
        },
        _ => (Part::Byte(byte), next),
    })
}

impl Word<'_> {
    /// Whether it is `NAME=…`.
    pub(super) fn assigns(self) -> bool {
        let (Self::Literal(text) | Self::Expands(text)) = self;
        split_assignment(text).is_some_and(|(name, _)| is_name(name))
    }
}

/// What expansions come to.
pub(super) struct Values<'a, S> {
    pub(super) system: &'a S,
    pub(super) status: u8,
    /// What the command's scripts printed, each with a NUL after it.
    pub(super) outputs: &'a [u8],
}

/// Words after their expansion, each with a NUL after it.
pub(super) struct Fields<'a> {
    bytes: &'a mut [u8],
    length: usize,
}

const TOO_LONG: &str = "the words of one command need more than 16384 bytes of copies";

impl<'a> Fields<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, length: 0 }
    }

    pub(super) fn length(&self) -> usize {
        self.length
    }

    fn push(&mut self, byte: u8) -> Result<(), &'static str> {
        *self.bytes.get_mut(self.length).ok_or(TOO_LONG)? = byte;
        self.length = self.length.saturating_add(1);
        Ok(())
    }

    /// Expands a command's paths and words; only its words are split at the blanks of values.
    pub(super) fn expand<S: System>(
        &mut self,
        command: &Command<'_>,
        values: &mut Values<'_, S>,
    ) -> Result<(), &'static str> {
        for path in paths_of(command) {
            self.word(path, false, values)?;
        }
        let declares = matches!(command.words().first(), Some(Word::Literal(b"export")));
        for word in command.words() {
            let keeps_blanks = command.assigns || (declares && word.assigns());
            self.word(*word, !keeps_blanks, values)?;
        }
        Ok(())
    }

    fn word<S: System>(
        &mut self,
        word: Word<'_>,
        splits: bool,
        values: &mut Values<'_, S>,
    ) -> Result<(), &'static str> {
        let raw = match word {
            Word::Literal(text) => {
                text.iter().try_for_each(|byte| self.push(*byte))?;
                return self.push(0);
            }
            Word::Expands(raw) => raw,
        };
        // An expansion to nothing that no quotes surround is no word at all.
        let mut is_word = !splits;
        let (mut at, mut quote) = (0, None);
        while let Some((part, next)) = part_at(raw, at, &mut quote) {
            at = next;
            let digits;
            let value: &[u8] = match part {
                Part::Nothing => {
                    is_word = true;
                    continue;
                }
                Part::Byte(byte) => {
                    is_word = true;
                    self.push(byte)?;
                    continue;
                }
                Part::Expansion(Expansion::Status) => {
                    digits = Decimal::new(u64::from(values.status));
                    digits.as_bytes()
                }
                Part::Expansion(Expansion::Variable(name, default)) => {
                    let set = variables::get(values.system, name);
                    set.filter(|value| !value.is_empty()).unwrap_or(default)
                }
                Part::Expansion(Expansion::Output(_)) => values.next_output(),
            };
            let splits = splits && quote.is_none();
            for byte in value {
                if !splits || !matches!(byte, b' ' | b'\t' | b'\n') {
                    is_word = true;
                    self.push(*byte)?;
                } else if is_word {
                    is_word = false;
                    self.push(0)?;
                }
            }
        }
        if is_word { self.push(0) } else { Ok(()) }
    }
}

impl<'a, S> Values<'a, S> {
    /// What the next script printed, without the newlines at its end.
    fn next_output(&mut self) -> &'a [u8] {
        let length = self.outputs.iter().position(|byte| *byte == 0).unwrap_or(self.outputs.len());
        let mut output = self.outputs.get(..length).unwrap_or_default();
        self.outputs = self.outputs.get(length.saturating_add(1)..).unwrap_or_default();
        while let [shorter @ .., b'\n'] = output {
            output = shorter;
        }
        output
    }
}
