//! Decimal numbers as Go's `strconv.Atoi` reads them on a 64-bit machine.

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    /// It is not of the form `[+-]digits`.
    Syntax,
    /// It is, but beyond 64 bits; the nearest number that fits.
    Range(i64),
}

/// Reads a number.
pub(super) fn parse(text: &[u8]) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return Err(NumberError::Syntax);
    }
    let nearest = if negative { i64::MIN } else { i64::MAX };
    let mut value: u64 = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return Err(NumberError::Syntax);
        }
        let next =
            value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0')));
        // Go stops at the first digit that does not fit, whatever follows it.
        let Some(next) = next else { return Err(NumberError::Range(nearest)) };
        value = next;
    }
    let signed =
        if negative { 0i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() };
    signed.ok_or(NumberError::Range(nearest))
}

/// Reads a number where Go code drops the error: 0 for what is none, else the nearest.
pub(super) fn parse_leniently(text: &[u8]) -> i64 {
    match parse(text) {
        Ok(value) | Err(NumberError::Range(value)) => value,
        Err(NumberError::Syntax) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_read_and_everything_else_is_no_number() {
        assert_eq!(parse(b"+5"), Ok(5));
        assert_eq!(parse(b"-5"), Ok(-5));
        assert_eq!(parse(b"007"), Ok(7));
        for text in [&b""[..], b"-", b"+", b" 5", b"5 ", b"0x5", b"1_000", b"--5", b"\xff"] {
            assert_eq!(parse(text), Err(NumberError::Syntax), "{text:?}");
            assert_eq!(parse_leniently(text), 0);
        }
    }

    #[test]
    fn numbers_beyond_64_bits_become_the_nearest() {
        assert_eq!(parse(b"9223372036854775807"), Ok(i64::MAX));
        assert_eq!(parse(b"-9223372036854775808"), Ok(i64::MIN));
        assert_eq!(parse(b"9223372036854775808"), Err(NumberError::Range(i64::MAX)));
        assert_eq!(parse_leniently(b"-99999999999999999999x"), i64::MIN);
    }
}
