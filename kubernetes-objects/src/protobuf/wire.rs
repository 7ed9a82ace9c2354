//! Protobuf's encoding: fields by number, numbers of variable length, bytes.

use thiserror::Error;

/// Why bytes are no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the body is no object in Protobuf: {0}")]
pub struct Malformed(pub &'static str);

const CUT_OFF: Malformed = Malformed("it is cut off");

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, in order. Fields of fixed length, which no kind has, are left out.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(CUT_OFF)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed("a number is too long"))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| CUT_OFF)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<Option<(u64, Value<'a>)>, Malformed> {
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Number(self.number()?),
            2 => {
                let length = self.number()?;
                Value::Bytes(self.take(length)?)
            }
            1 => return self.take(8).map(|_| None),
            5 => return self.take(4).map(|_| None),
            _ => return Err(Malformed("a field has no known encoding")),
        };
        Ok(Some((tag >> 3, value)))
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.field() {
                Ok(Some(field)) => return Some(Ok(field)),
                Ok(None) => {}
                Err(error) => {
                    self.rest = &[];
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Bytes that are text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(bytes).map_err(|_| Malformed("a text is not UTF-8"))
}

/// The bytes of one field of a message; none where it is absent.
pub(super) fn inner_bytes(bytes: &[u8], number: u64) -> Result<&[u8], Malformed> {
    let mut found: &[u8] = &[];
    for field in Fields::of(bytes) {
        if let (known, Value::Bytes(bytes)) = field?
            && known == number
        {
            found = bytes;
        }
    }
    Ok(found)
}

/// The text of one field of a message; empty where it is absent.
pub(super) fn inner_text(bytes: &[u8], number: u64) -> Result<&str, Malformed> {
    text(inner_bytes(bytes, number)?)
}
