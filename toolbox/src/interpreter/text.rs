//! Numbers and names as bytes, without the formatting machinery of `core`.

/// The digits of the largest `u64`.
const MAX_DIGITS: usize = 20;

/// A number written in decimal.
pub(super) struct Decimal {
    digits: [u8; MAX_DIGITS],
    start: usize,
}

impl Decimal {
    pub(super) fn new(value: u64) -> Self {
        let mut digits = [b'0'; MAX_DIGITS];
        let mut start = MAX_DIGITS;
        let mut rest = value;
        for digit in digits.iter_mut().rev() {
            // The remainder is a single digit.
            *digit = b'0' | (rest % 10) as u8;
            rest /= 10;
            start = start.saturating_sub(1);
            if rest == 0 {
                break;
            }
        }
        Self { digits, start }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(self.start..).unwrap_or_default()
    }
}

/// The permission bits of a file in octal, as `stat` prints them.
pub(super) fn octal(mode: u32) -> Decimal {
    let mut value = 0;
    let mut weight = 1;
    let mut rest = u64::from(mode & 0o7777);
    while rest > 0 {
        value += (rest & 7) * weight;
        weight *= 10;
        rest >>= 3;
    }
    Decimal::new(value)
}

/// Digits only, at least one, within `u64`.
pub(super) fn parse_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Octal digits only, at least one, within `u32`.
pub(super) fn parse_octal(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u32, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 8)?;
        value.checked_mul(8)?.checked_add(u32::from(digit))
    })
}

/// A uid or gid: digits only, below 4294967295, which the kernel takes for "none".
pub(super) fn parse_id(text: &[u8]) -> Option<u32> {
    parse_number(text).and_then(|id| u32::try_from(id).ok()).filter(|id| *id != u32::MAX)
}

/// What follows the last slash.
pub(super) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}
