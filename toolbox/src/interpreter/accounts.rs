//! `/etc/passwd` and `/etc/group`, read as a stream.
//!
//! The rules are those of busybox 1.35's own parser, seen on Debian's static
//! build: a record ends at a newline or NUL; empty ones and those that start
//! with `#` are skipped, and so are those with another number of fields;
//! blanks around a field do not count, but `n` of them before a colon end
//! the record there if `n - 1` bytes follow; an id matches as text (`007` is
//! not 7), and never in a record with an empty password; the first record that
//! matches decides, and gives nothing if its gid is no number.

use core::ops::ControlFlow;

use super::process::Process;
use super::system::System;
use super::text::parse_number;

/// The longest number that is read, in bytes; longer ones are no ids.
const MAX_NUMBER: usize = 20;

/// One of the two files.
#[derive(Clone, Copy)]
pub(super) enum Database {
    /// `name:password:uid:gid:comment:home:shell`
    Passwd,
    /// `name:password:gid:members`
    Group,
}

impl Database {
    pub(super) fn path(self) -> &'static [u8] {
        match self {
            Self::Passwd => b"/etc/passwd",
            Self::Group => b"/etc/group",
        }
    }

    fn fields(self) -> usize {
        match self {
            Self::Passwd => 7,
            Self::Group => 4,
        }
    }
}

/// A name, by its place in the file.
#[derive(Clone, Copy, Default)]
pub(super) struct Name {
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// What a look-up needs of a record.
pub(super) struct Record {
    pub(super) name: Name,
    /// The record is of the wanted name.
    pub(super) is_wanted: bool,
    /// A group that lists the wanted name.
    pub(super) has_member: bool,
    has_password: bool,
    /// The uid, or a group's gid, if it is written the way that numbers are printed
    /// and comes after a password.
    pub(super) key: Option<u32>,
    /// The uid, or a group's gid, however it is written.
    pub(super) id: Option<u32>,
    /// The primary gid, or a group's gid.
    pub(super) gid: Option<u32>,
}

/// Shows `visit` every well-formed record of an open file, until it breaks.
///
/// A file that cannot be read on ends there.
pub(super) fn scan<S: System>(
    system: &mut S,
    database: Database,
    file: &S::File,
    wanted: &[u8],
    mut visit: impl FnMut(&Record) -> ControlFlow<()>,
) {
    let mut parser = Parser::new(database, wanted);
    let mut chunk = [0_u8; 1024];
    let mut offset = 0_u64;
    while let Ok(count @ 1..) = system.read_at(file, offset, &mut chunk) {
        for byte in chunk.iter().take(count) {
            if parser.take(*byte, offset, &mut visit).is_break() {
                return;
            }
            offset = offset.saturating_add(1);
        }
    }
    let _ = parser.end_record(offset, &mut visit);
}

/// The names of ids, found in one pass; the first record of an id decides.
pub(super) fn find_names<S: System, const N: usize>(
    system: &mut S,
    database: Database,
    file: &S::File,
    ids: [Option<u32>; N],
) -> [Option<Name>; N] {
    let mut names = [None; N];
    let mut unknown = ids;
    let mut left = ids.iter().flatten().count();
    scan(system, database, file, b"", |record| {
        if record.key.is_some() {
            for (id, name) in unknown.iter_mut().zip(&mut names) {
                if *id == record.key {
                    *id = None;
                    left = left.saturating_sub(1);
                    *name = record.gid.map(|_| record.name);
                }
            }
        }
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    names
}

/// Prints a name from its place in the file, however long it is.
pub(super) fn print_name<S: System>(process: &mut Process<'_, S>, file: &S::File, name: Name) {
    let mut chunk = [0_u8; 256];
    let mut offset = name.offset;
    let end = name.offset.saturating_add(name.length);
    while offset < end && !process.print_failed() {
        let Ok(count @ 1..) = process.system.read_at(file, offset, &mut chunk) else {
            return;
        };
        let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let piece = chunk.get(..count.min(left)).unwrap_or_default();
        process.print(piece);
        offset = offset.saturating_add(piece.len() as u64);
    }
}

/// The state between two bytes of a file.
struct Parser<'a> {
    database: Database,
    wanted: &'a [u8],
    comment: bool,
    empty: bool,
    /// Fields ended so far.
    fields: usize,
    /// A record that ends at this offset has only so many fields.
    cut: Option<(u64, usize)>,
    field: Field,
    record: Record,
}

/// The state of the field, or of the member, that is being read.
struct Field {
    after_blank: bool,
    offset: u64,
    /// Bytes since the first one that is no blank.
    length: usize,
    /// The same, without blanks at the end.
    trimmed: usize,
    /// How many of those are the wanted name's.
    matching: usize,
    number: [u8; MAX_NUMBER],
}

impl Field {
    const EMPTY: Self = Self {
        after_blank: false,
        offset: 0,
        length: 0,
        trimmed: 0,
        matching: 0,
        number: [0; MAX_NUMBER],
    };

    fn take(&mut self, byte: u8, offset: u64, wanted: &[u8]) {
        let blank = matches!(byte, b' ' | b'\t');
        if self.length == 0 {
            // Once a field starts with a blank, all white space before its text goes.
            if blank || (self.after_blank && matches!(byte, b'\r' | 0x0b | 0x0c)) {
                self.after_blank = true;
                return;
            }
            self.offset = offset;
        }
        if self.matching == self.length && wanted.get(self.length) == Some(&byte) {
            self.matching = self.matching.saturating_add(1);
        }
        if let Some(digit) = self.number.get_mut(self.length) {
            *digit = byte;
        }
        self.length = self.length.saturating_add(1);
        if !blank {
            self.trimmed = self.length;
        }
    }

    fn is(&self, wanted: &[u8]) -> bool {
        self.trimmed == wanted.len() && self.matching >= self.trimmed
    }

    fn id(&self) -> Option<u32> {
        let id = parse_number(self.number.get(..self.trimmed)?)?;
        u32::try_from(id).ok()
    }

    fn is_canonical(&self) -> bool {
        self.trimmed == 1 || self.number.first() != Some(&b'0')
    }
}

impl Record {
    const EMPTY: Self = Self {
        name: Name { offset: 0, length: 0 },
        is_wanted: false,
        has_member: false,
        has_password: false,
        key: None,
        id: None,
        gid: None,
    };
}

impl<'a> Parser<'a> {
    fn new(database: Database, wanted: &'a [u8]) -> Self {
        Self {
            database,
            wanted,
            comment: false,
            empty: true,
            fields: 0,
            cut: None,
            field: Field::EMPTY,
            record: Record::EMPTY,
        }
    }

    fn take(
        &mut self,
        byte: u8,
        offset: u64,
        visit: impl FnMut(&Record) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if matches!(byte, b'\n' | 0) {
            return self.end_record(offset, visit);
        }
        if self.empty {
            self.empty = false;
            self.comment = byte == b'#';
        }
        match byte {
            _ if self.comment => {}
            b':' => {
                let blanks = self.field.length.saturating_sub(self.field.trimmed) as u64;
                self.end_field();
                if blanks > 0 {
                    self.cut = Some((offset.saturating_add(blanks), self.fields));
                }
            }
            b',' if self.is_members() => self.end_member(),
            _ => self.field.take(byte, offset, self.wanted),
        }
        ControlFlow::Continue(())
    }

    fn is_members(&self) -> bool {
        matches!(self.database, Database::Group) && self.fields == 3
    }

    /// Ends a name in the list of members; an empty one is nobody's.
    fn end_member(&mut self) {
        self.record.has_member |= self.field.trimmed > 0 && self.field.is(self.wanted);
        self.field = Field::EMPTY;
    }

    fn end_field(&mut self) {
        match (self.fields, self.database) {
            (0, _) => {
                self.record.name =
                    Name { offset: self.field.offset, length: self.field.trimmed as u64 };
                self.record.is_wanted = self.field.is(self.wanted);
            }
            (1, _) => self.record.has_password = self.field.trimmed > 0,
            (2, database) => {
                self.record.id = self.field.id();
                let findable = self.record.has_password && self.field.is_canonical();
                self.record.key = self.record.id.filter(|_| findable);
                if matches!(database, Database::Group) {
                    self.record.gid = self.record.id;
                }
            }
            (3, Database::Passwd) => self.record.gid = self.field.id(),
            (3, Database::Group) => self.end_member(),
            _ => {}
        }
        self.field = Field::EMPTY;
        self.fields = self.fields.saturating_add(1);
    }

    fn end_record(
        &mut self,
        offset: u64,
        mut visit: impl FnMut(&Record) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.end_field();
        let fields = match self.cut {
            Some((cut, fields)) if cut == offset => fields,
            _ => self.fields,
        };
        let shown = !self.comment && !self.empty && fields == self.database.fields();
        let flow = if shown { visit(&self.record) } else { ControlFlow::Continue(()) };
        *self = Self::new(self.database, self.wanted);
        flow
    }
}
