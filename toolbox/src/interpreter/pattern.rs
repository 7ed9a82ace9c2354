//! What `grep` looks for: text, or the regular expressions that are common in scripts.
//!
//! Literals, `.`, `[…]`, `^`, `$`, `*`, `\?`, `\+` and `\|`, and in extended expressions `?`, `+`
//! and `|`. Groups and counts of repetitions are refused.

/// How a pattern is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Fixed,
    Basic,
    Extended,
}

#[derive(Clone, Copy)]
pub(super) struct Pattern<'p> {
    text: &'p [u8],
    syntax: Syntax,
    ignores_case: bool,
}

/// The most repetitions in a pattern; they nest while it is matched.
const MAX_REPETITIONS: usize = 16;

/// How many bytes are compared at most for one line.
const MAX_WORK: u32 = 4_000_000;

/// A line that takes too long.
pub(super) struct TooMuchWork;

#[derive(Clone, Copy)]
enum Atom<'p> {
    Byte(u8),
    Any,
    /// What stands between the brackets, and whether it is what must not match.
    Set(&'p [u8], bool),
    Start,
    End,
}

#[derive(Clone, Copy)]
struct Piece<'p> {
    atom: Atom<'p>,
    least: usize,
    most: usize,
}

impl<'p> Pattern<'p> {
    /// # Errors
    /// Says what is not supported, or wrong.
    pub(super) fn new(
        text: &'p [u8],
        syntax: Syntax,
        ignores_case: bool,
    ) -> Result<Self, &'static [u8]> {
        let pattern = Self { text, syntax, ignores_case };
        if syntax == Syntax::Fixed {
            return Ok(pattern);
        }
        let (mut at, mut repetitions) = (0, 0_usize);
        while at < text.len() {
            if let Some(length) = pattern.alternative_mark(at) {
                at = at.saturating_add(length);
                continue;
            }
            let (piece, next) = pattern.piece(at)?;
            if piece.least != piece.most {
                repetitions = repetitions.saturating_add(1);
            }
            at = next;
        }
        if repetitions > MAX_REPETITIONS {
            return Err(b"more than 16 repetitions in a pattern");
        }
        Ok(pattern)
    }

    /// How long the mark between two alternatives is, if one stands at `at`.
    fn alternative_mark(&self, at: usize) -> Option<usize> {
        let rest = self.text.get(at..).unwrap_or_default();
        match (self.syntax, rest) {
            (Syntax::Extended, [b'|', ..]) => Some(1),
            (Syntax::Basic, [b'\\', b'|', ..]) => Some(2),
            (Syntax::Basic | Syntax::Extended, [b'\n', ..]) => Some(1),
            _ => None,
        }
    }

    /// The piece at `at`, which is before the end, and where the next one is.
    fn piece(&self, at: usize) -> Result<(Piece<'p>, usize), &'static [u8]> {
        const GROUPS: &[u8] = b"groups and counts in patterns are not supported";
        let rest = self.text.get(at..).unwrap_or_default();
        let is_extended = self.syntax == Syntax::Extended;
        let (atom, length) = match rest {
            [b'.', ..] => (Atom::Any, 1),
            [b'^', ..] if is_extended || self.starts_alternative(at) => (Atom::Start, 1),
            [b'$', ..] if is_extended || self.ends_alternative(at.saturating_add(1)) => {
                (Atom::End, 1)
            }
            [b'[', ..] => {
                let negated = rest.get(1) == Some(&b'^');
                let start = 1_usize.saturating_add(usize::from(negated));
                // A bracket that comes first is one of the set.
                let inner = rest.get(start.saturating_add(1)..).unwrap_or_default();
                let end = inner.iter().position(|byte| *byte == b']');
                let end = end.ok_or(b"a [ in the pattern is not closed".as_slice())?;
                let end = start.saturating_add(1).saturating_add(end);
                (
                    Atom::Set(rest.get(start..end).unwrap_or_default(), negated),
                    end.saturating_add(1),
                )
            }
            [b'(' | b')' | b'{', ..] if is_extended => return Err(GROUPS),
            [b'\\', b'(' | b')' | b'{', ..] if !is_extended => return Err(GROUPS),
            [b'\\'] => return Err(b"a backslash ends the pattern"),
            [b'\\', byte, ..] if byte.is_ascii_alphanumeric() || matches!(byte, b'<' | b'>') => {
                return Err(b"a backslash before a letter, a digit, < or > is not supported");
            }
            [b'\\', byte, ..] => (Atom::Byte(*byte), 2),
            [byte, ..] => (Atom::Byte(*byte), 1),
            [] => (Atom::End, 0),
        };
        let next = at.saturating_add(length);
        let after = self.text.get(next..).unwrap_or_default();
        let (least, most, length) = match (atom, after) {
            (Atom::Start | Atom::End, _) => (1, 1, 0),
            (_, [b'*', ..]) => (0, usize::MAX, 1),
            (_, [b'?', ..]) if is_extended => (0, 1, 1),
            (_, [b'+', ..]) if is_extended => (1, usize::MAX, 1),
            (_, [b'\\', b'?', ..]) if !is_extended => (0, 1, 2),
            (_, [b'\\', b'+', ..]) if !is_extended => (1, usize::MAX, 2),
            _ => (1, 1, 0),
        };
        Ok((Piece { atom, least, most }, next.saturating_add(length)))
    }

    fn starts_alternative(&self, at: usize) -> bool {
        at == 0
            || at.checked_sub(1).is_some_and(|before| self.alternative_mark(before) == Some(1))
            || at.checked_sub(2).is_some_and(|before| self.alternative_mark(before) == Some(2))
    }

    fn ends_alternative(&self, at: usize) -> bool {
        at >= self.text.len() || self.alternative_mark(at).is_some()
    }

    /// Whether it matches anywhere in a line.
    pub(super) fn matches(&self, line: &[u8]) -> Result<bool, TooMuchWork> {
        let mut work = MAX_WORK;
        if self.syntax == Syntax::Fixed {
            return self.finds(line, &mut work);
        }
        let mut alternative = 0_usize;
        loop {
            for start in 0..=line.len() {
                if self.here(alternative, line, start, &mut work)? {
                    return Ok(true);
                }
            }
            let mut at = alternative;
            loop {
                if at >= self.text.len() {
                    return Ok(false);
                }
                if let Some(length) = self.alternative_mark(at) {
                    alternative = at.saturating_add(length);
                    break;
                }
                at = self.piece(at).map_or(self.text.len(), |(_, next)| next);
            }
        }
    }

    fn finds(&self, line: &[u8], work: &mut u32) -> Result<bool, TooMuchWork> {
        for text in self.text.split(|byte| *byte == b'\n') {
            for start in 0..=line.len() {
                let rest = line.get(start..).unwrap_or_default();
                *work = work.checked_sub(1).ok_or(TooMuchWork)?;
                let same = |(ours, theirs): (&u8, &u8)| self.is_same(*ours, *theirs);
                if rest.len() >= text.len() && text.iter().zip(rest).all(same) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn is_same(&self, one: u8, other: u8) -> bool {
        one == other || (self.ignores_case && one.eq_ignore_ascii_case(&other))
    }

    /// Whether what stands at `at` matches the line from `position` on.
    fn here(
        &self,
        at: usize,
        line: &[u8],
        position: usize,
        work: &mut u32,
    ) -> Result<bool, TooMuchWork> {
        let (mut at, mut position) = (at, position);
        while !self.ends_alternative(at) {
            let Ok((piece, next)) = self.piece(at) else { return Ok(false) };
            *work = work.checked_sub(1).ok_or(TooMuchWork)?;
            at = next;
            match piece.atom {
                Atom::Start if position == 0 => continue,
                Atom::End if position == line.len() => continue,
                Atom::Start | Atom::End => return Ok(false),
                _ => {}
            }
            if piece.least == piece.most {
                if !line.get(position).is_some_and(|byte| self.fits(piece.atom, *byte)) {
                    return Ok(false);
                }
                position = position.saturating_add(1);
                continue;
            }
            let rest = line.get(position..).unwrap_or_default();
            let fitting = rest.iter().take(piece.most);
            let mut count = fitting.take_while(|byte| self.fits(piece.atom, **byte)).count();
            *work = work.checked_sub(count as u32).ok_or(TooMuchWork)?;
            while count >= piece.least {
                if self.here(at, line, position.saturating_add(count), work)? {
                    return Ok(true);
                }
                let Some(fewer) = count.checked_sub(1) else { break };
                count = fewer;
            }
            return Ok(false);
        }
        Ok(true)
    }

    fn fits(&self, atom: Atom<'_>, byte: u8) -> bool {
        match atom {
            Atom::Byte(wanted) => self.is_same(wanted, byte),
            Atom::Any => true,
            Atom::Set(set, negated) => self.is_in(set, byte) != negated,
            Atom::Start | Atom::End => false,
        }
    }

    fn is_in(&self, set: &[u8], byte: u8) -> bool {
        let mut rest = set;
        loop {
            rest = match rest {
                [from, b'-', to, rest @ ..] => {
                    let is_between = |byte: u8| (*from..=*to).contains(&byte);
                    let either = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
                    if is_between(byte) || (self.ignores_case && either.into_iter().any(is_between))
                    {
                        return true;
                    }
                    rest
                }
                [one, rest @ ..] if !self.is_same(*one, byte) => rest,
                [_, ..] => return true,
                [] => return false,
            };
        }
    }
}
