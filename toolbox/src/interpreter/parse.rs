//! The language of `sh -c`: one simple command at a time, without copies where possible.
//!
//! Words, both kinds of quotes, backslashes, comments, variables, `$(…)`, `;`, newlines, `&&`,
//! `||`, `|`, and `<`, `>`, `>>`, `2>`, `2>>`, `>&2`, `2>&1`. Whatever a real shell would
//! expand or take for more than that is refused, never passed on as text.

use super::expand::expansion_at;
use super::system::{Existing, Stream};
use super::variables::{is_name, split_assignment};

/// The longest script, in bytes (what Linux allows one argument to hold).
pub(super) const MAX_SCRIPT: usize = 128 * 1024;

/// The most words of one command.
pub(super) const MAX_WORDS: usize = 256;

/// The most bytes of one command's words that are quoted in part only.
pub(super) const MAX_SCRATCH: usize = 16 * 1024;

/// The most redirections of one command.
pub(super) const MAX_REDIRECTIONS: usize = 4;

/// When a command runs, by the status of what ran before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connector {
    Always,
    IfSucceeded,
    IfFailed,
    /// At once, reading what the one before printed.
    Pipe,
}

/// A word of a command.
#[derive(Clone, Copy)]
pub(super) enum Word<'s> {
    /// As the command gets it.
    Literal(&'s [u8]),
    /// As it is written, with something to expand in it.
    Expands(&'s [u8]),
}

/// A stream of a command, sent elsewhere.
#[derive(Clone, Copy)]
pub(super) struct Redirection<'s> {
    pub(super) stream: Stream,
    pub(super) destination: Destination<'s>,
}

#[derive(Clone, Copy)]
pub(super) enum Destination<'s> {
    File(Word<'s>, Existing),
    Stream(Stream),
}

/// A simple command and what follows it.
pub(super) struct Command<'s> {
    words: [Word<'s>; MAX_WORDS],
    count: usize,
    /// Its words are `NAME=VALUE`, and there is nothing to run.
    pub(super) assigns: bool,
    /// The file that it reads as standard input.
    pub(super) input: Option<Word<'s>>,
    pub(super) redirections: [Option<Redirection<'s>>; MAX_REDIRECTIONS],
    /// Where the next command starts.
    pub(super) next: usize,
    /// When the next command runs.
    pub(super) connector: Connector,
}

impl<'s> Command<'s> {
    pub(super) fn words(&self) -> &[Word<'s>] {
        self.words.get(..self.count).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.count == 0 && self.input.is_none() && self.redirections.iter().all(Option::is_none)
    }
}

/// Why a script is no script of this shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SyntaxError(pub(super) &'static str);

/// What a real shell does and this one does not, by the byte it starts with.
fn refused(byte: u8) -> Option<SyntaxError> {
    Some(SyntaxError(match byte {
        b'`' => "` is not supported; write $(…), or quote it with ''",
        b'*' | b'?' | b'[' => "patterns for file names are not supported; quote it with ''",
        b'&' => "commands in the background are not supported",
        b'(' | b')' => "subshells and functions are not supported",
        _ => return None,
    }))
}

const RESERVED: [&[u8]; 16] = [
    b"if",
    b"then",
    b"elif",
    b"else",
    b"fi",
    b"for",
    b"while",
    b"until",
    b"do",
    b"done",
    b"case",
    b"esac",
    b"function",
    b"{",
    b"}",
    b"!",
];

/// Parses the command at `at`, or gives `None` at the end of the script.
///
/// # Errors
/// [`SyntaxError`]; `before` tells whether a command has to follow.
pub(super) fn parse_command<'s>(
    script: &'s [u8],
    at: usize,
    before: Connector,
    scratch: &'s mut [u8],
) -> Result<Option<Command<'s>>, SyntaxError> {
    let mut reader = Reader { script, at, scratch };
    let mut command = Command {
        words: [Word::Literal(&[]); MAX_WORDS],
        count: 0,
        assigns: false,
        input: None,
        redirections: [None; MAX_REDIRECTIONS],
        next: at,
        connector: Connector::Always,
    };
    loop {
        reader.skip_blanks();
        let Some(byte) = reader.peek() else {
            command.next = reader.at;
            return match (command.is_empty(), before) {
                (false, _) => Ok(Some(command)),
                (true, Connector::Always) => Ok(None),
                (true, _) => Err(SyntaxError("a command is missing after &&, || or |")),
            };
        };
        let connector = match (byte, reader.peek_after()) {
            (b'\n', _) if command.is_empty() => {
                reader.skip(1);
                continue;
            }
            (b'\n' | b';', _) => {
                reader.skip(1);
                Connector::Always
            }
            (b'&', Some(b'&')) => {
                reader.skip(2);
                Connector::IfSucceeded
            }
            (b'|', Some(b'|')) => {
                reader.skip(2);
                Connector::IfFailed
            }
            (b'|', _) => {
                reader.skip(1);
                Connector::Pipe
            }
            _ => {
                reader.take_part(&mut command)?;
                continue;
            }
        };
        if command.is_empty() {
            return Err(SyntaxError("a command is missing before ;, &&, || or |"));
        }
        command.next = reader.at;
        command.connector = connector;
        return Ok(Some(command));
    }
}

struct Reader<'s> {
    script: &'s [u8],
    at: usize,
    scratch: &'s mut [u8],
}

impl<'s> Reader<'s> {
    fn peek(&self) -> Option<u8> {
        self.script.get(self.at).copied()
    }

    fn peek_after(&self) -> Option<u8> {
        self.script.get(self.at.saturating_add(1)).copied()
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    fn skip_blanks(&mut self) {
        loop {
            match (self.peek(), self.peek_after()) {
                (Some(b' ' | b'\t'), _) => self.skip(1),
                (Some(b'\\'), Some(b'\n')) => self.skip(2),
                (Some(b'#'), _) => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.skip(1);
                    }
                }
                _ => return,
            }
        }
    }

    /// Takes a word or a redirection.
    fn take_part(&mut self, command: &mut Command<'s>) -> Result<(), SyntaxError> {
        let stream = match (self.peek(), self.peek_after()) {
            (Some(b'>'), _) => Some((Stream::Output, 1)),
            (Some(b'1'), Some(b'>')) => Some((Stream::Output, 2)),
            (Some(b'2'), Some(b'>')) => Some((Stream::Error, 2)),
            _ => None,
        };
        if let Some((stream, length)) = stream {
            self.skip(length);
            let destination = self.take_destination()?;
            let slot = command.redirections.iter_mut().find(|slot| slot.is_none());
            let slot = slot.ok_or(SyntaxError("more than 4 redirections"))?;
            *slot = Some(Redirection { stream, destination });
            return Ok(());
        }
        if self.peek() == Some(b'<') {
            self.skip(1);
            if matches!(self.peek(), Some(b'<' | b'&')) {
                return Err(SyntaxError("<< and <& are not supported"));
            }
            self.skip_blanks();
            command.input = Some(self.take_word()?);
            return Ok(());
        }
        let start = self.at;
        let word = self.take_word()?;
        let raw = self.script.get(start..self.at).unwrap_or_default();
        let assigns = split_assignment(raw).is_some_and(|(name, _)| is_name(name));
        if command.count == 0 {
            if RESERVED.contains(&raw) {
                return Err(SyntaxError("loops, conditions and groups are not supported"));
            }
            command.assigns = assigns;
        } else if command.assigns && !assigns {
            let message = "variables for one command are not supported; export them before it";
            return Err(SyntaxError(message));
        }
        let slot = command.words.get_mut(command.count);
        *slot.ok_or(SyntaxError("more than 256 words in one command"))? = word;
        command.count = command.count.saturating_add(1);
        Ok(())
    }

    fn take_word(&mut self) -> Result<Word<'s>, SyntaxError> {
        let (raw, expands) = self.take_raw_word()?;
        Ok(if expands { Word::Expands(raw) } else { Word::Literal(self.unquote(raw)?) })
    }

    fn take_destination(&mut self) -> Result<Destination<'s>, SyntaxError> {
        let existing = match (self.peek(), self.peek_after()) {
            (Some(b'&'), Some(b'1')) => {
                self.skip(2);
                return Ok(Destination::Stream(Stream::Output));
            }
            (Some(b'&'), Some(b'2')) => {
                self.skip(2);
                return Ok(Destination::Stream(Stream::Error));
            }
            (Some(b'>'), _) => {
                self.skip(1);
                Existing::Keep
            }
            _ => Existing::Truncate,
        };
        self.skip_blanks();
        Ok(Destination::File(self.take_word()?, existing))
    }

    /// Takes a word as it is written, quotes included, and says whether it is to be expanded.
    fn take_raw_word(&mut self) -> Result<(&'s [u8], bool), SyntaxError> {
        let start = self.at;
        let mut expands = false;
        let mut quote = None;
        while let Some(byte) = self.peek() {
            match (quote, byte) {
                (None, b' ' | b'\t' | b'\n' | b';' | b'>' | b'<' | b'|') => break,
                (None, b'&') if self.at > start => break,
                (None, b'~') if self.at == start => {
                    return Err(SyntaxError("~ is not supported; write the path"));
                }
                (None, b'\'' | b'"') => quote = Some(byte),
                (Some(open), close) if open == close => quote = None,
                (None | Some(b'"'), b'\\') => {
                    if self.peek_after().is_none() {
                        return Err(SyntaxError("a backslash ends the script"));
                    }
                    self.skip(1);
                }
                (None | Some(b'"'), b'$') => {
                    if let Some((_, end)) = expansion_at(self.script, self.at)? {
                        expands = true;
                        self.at = end;
                        continue;
                    }
                }
                (None, byte) | (Some(b'"'), byte @ b'`') => refused(byte).map_or(Ok(()), Err)?,
                (Some(_), _) => {}
            }
            self.skip(1);
        }
        if quote.is_some() {
            return Err(SyntaxError("a quote is not closed"));
        }
        match self.script.get(start..self.at) {
            Some(raw) if !raw.is_empty() => Ok((raw, expands)),
            _ => Err(SyntaxError("a word is missing")),
        }
    }

    /// A word without its quotes: a part of the script if it can be, else put together.
    fn unquote(&mut self, raw: &'s [u8]) -> Result<&'s [u8], SyntaxError> {
        let special = |byte: &u8| matches!(byte, b'\'' | b'"' | b'\\');
        if !raw.iter().any(special) {
            return Ok(raw);
        }
        if let [open @ (b'\'' | b'"'), inner @ .., close] = raw
            && open == close
            && !inner.iter().any(|byte| byte == open || (*open == b'"' && *byte == b'\\'))
        {
            return Ok(inner);
        }
        let too_long = SyntaxError("the words of one command need more than 16384 bytes of copies");
        let mut length = 0_usize;
        let mut quote = None;
        let mut bytes = raw.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            let literal = match (quote, byte) {
                (None, b'\'' | b'"') => {
                    quote = Some(byte);
                    continue;
                }
                (Some(open), close) if open == close => {
                    quote = None;
                    continue;
                }
                (None, b'\\') => bytes.next().filter(|byte| *byte != b'\n'),
                (Some(b'"'), b'\\') => match bytes.peek() {
                    Some(b'$' | b'`' | b'"' | b'\\') => bytes.next(),
                    Some(b'\n') => {
                        bytes.next();
                        None
                    }
                    _ => Some(b'\\'),
                },
                (_, byte) => Some(byte),
            };
            if let Some(literal) = literal {
                *self.scratch.get_mut(length).ok_or(too_long)? = literal;
                length = length.saturating_add(1);
            }
        }
        let scratch = core::mem::take(&mut self.scratch);
        let (word, rest) = scratch.split_at_mut_checked(length).ok_or(too_long)?;
        self.scratch = rest;
        Ok(word)
    }
}
