//! Amounts such as `500m` or `1Gi`: what servers accept, and the form in which they give them
//! back (`resource.Quantity`, Kubernetes 1.36).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An amount, exact to a billionth; smaller parts are rounded away from zero, and what is above
/// 2^63 - 1 counts as that. Two are equal when they are the same amount, however it is written.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

/// The family of suffixes that an amount was written with, and is given back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `n`, `u`, `m`, `k`, `M` …: powers of 1000.
    Decimal,
    /// `Ki`, `Mi` …: powers of 1024.
    Binary,
    /// `e3`: powers of 10.
    Exponent,
}

/// Why a text is no quantity, in the server's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// It has not the form of one.
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    /// It ends in a suffix that does not exist.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

const NANO: i128 = 1_000_000_000;
const MILLI: i128 = 1_000_000;
const MAX: i128 = i64::MAX as i128 * NANO;

/// How many digits of a fraction count; what follows is rounded.
const MAX_FRACTION: usize = 18;

/// Suffixes for powers of 1000, with the exponent of 10.
const DECIMAL_SUFFIXES: &[(&str, i32)] = &[
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

/// Suffixes for powers of 1024.
const BINARY_SUFFIXES: &[&str] = &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let number = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
        let (whole, rest) = unsigned.split_at(number);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => {
                rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))
            }
            None => ("", rest),
        };
        if text.is_empty() || !has_form_of_suffix(suffix) {
            return Err(QuantityError::Format);
        }
        let (base, exponent, format) = interpret(suffix).ok_or(QuantityError::Suffix)?;
        let nanos = nanos(whole, fraction, base, exponent).unwrap_or(MAX).min(MAX);
        Ok(Self { nanos: if negative { -nanos } else { nanos }, format })
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

impl Quantity {
    /// Both together, in the form of the first.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { nanos: self.nanos.saturating_add(other.nanos).min(MAX), ..self }
    }

    /// Whether it is less than nothing.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.nanos < 0
    }

    /// Whether no thousandths are left over, which is as far as servers look.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.round_up_to_milli().nanos % NANO == 0
    }

    /// Whether it is made of whole parts of this size; nothing is not.
    #[must_use]
    pub fn is_multiple_of(self, size: Self) -> bool {
        self.nanos > 0 && size.nanos > 0 && self.nanos % size.nanos == 0
    }

    /// The same amount without parts below a thousandth, which servers do not keep in lists of
    /// resources; rounded away from zero.
    #[must_use]
    pub fn round_up_to_milli(self) -> Self {
        let rest = self.nanos % MILLI;
        let up = if rest == 0 { 0 } else { MILLI * rest.signum() - rest };
        Self { nanos: self.nanos + up, ..self }
    }

    /// The number and the power of 1024 that show a whole amount with a binary suffix.
    fn as_binary(self) -> Option<(i128, usize)> {
        let mut number = self.nanos / NANO;
        if self.nanos % NANO != 0 || number.abs() < 1024 {
            return None;
        }
        let mut power = 0;
        while number % 1024 == 0 && power + 1 < BINARY_SUFFIXES.len() {
            number /= 1024;
            power += 1;
        }
        Some((number, power))
    }

    /// The number and the power of 1000 that show it without a fraction.
    fn as_decimal(self) -> (i128, i32) {
        let (mut number, mut exponent) = (self.nanos, -9);
        while number != 0 && number % 1000 == 0 && exponent < 18 {
            number /= 1000;
            exponent += 3;
        }
        if number == 0 { (0, 0) } else { (number, exponent) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.format == Format::Binary
            && let Some((number, power)) = self.as_binary()
        {
            return write!(f, "{number}{}", BINARY_SUFFIXES[power]);
        }
        let (number, exponent) = self.as_decimal();
        let suffix = DECIMAL_SUFFIXES.iter().find(|(_, known)| *known == exponent);
        match (self.format, suffix) {
            (Format::Exponent, _) if exponent != 0 => write!(f, "{number}e{exponent}"),
            (_, Some((suffix, _))) => write!(f, "{number}{suffix}"),
            (_, None) => write!(f, "{number}"),
        }
    }
}

/// Letters of suffixes, then perhaps a sign and digits.
fn has_form_of_suffix(suffix: &str) -> bool {
    let rest = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    rest.strip_prefix(['+', '-']).unwrap_or(rest).bytes().all(|byte| byte.is_ascii_digit())
}

/// The base and the exponent that a suffix multiplies with.
fn interpret(suffix: &str) -> Option<(u32, i32, Format)> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(known, _)| *known == suffix) {
        return Some((10, *exponent, Format::Decimal));
    }
    if let Some(power) = BINARY_SUFFIXES.iter().position(|known| *known == suffix) {
        return Some((1024, i32::try_from(power).ok()?, Format::Binary));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((10, exponent, Format::Exponent))
}

/// The amount in billionths; none if it is out of range.
fn nanos(whole: &str, fraction: &str, base: u32, exponent: i32) -> Option<i128> {
    let counted = &fraction[..fraction.len().min(MAX_FRACTION)];
    let dropped = fraction[counted.len()..].bytes().any(|byte| byte != b'0');
    let digits = format!("0{}{counted}", whole.trim_start_matches('0'));
    let mut value = digits.parse::<i128>().ok()? + i128::from(dropped);
    let mut scale = 9 - i32::try_from(counted.len()).ok()?;
    if base == 10 {
        scale = scale.checked_add(exponent)?;
    } else {
        value = value.checked_mul(1024_i128.checked_pow(u32::try_from(exponent).ok()?)?)?;
    }
    if scale >= 0 {
        let factor = 10_i128.checked_pow(u32::try_from(scale).ok()?);
        return if value == 0 { Some(0) } else { value.checked_mul(factor?) };
    }
    let divisor = 10_i128.checked_pow(scale.unsigned_abs());
    Some(divisor.map_or(i128::from(value != 0), |divisor| {
        value.div_euclid(divisor) + i128::from(value % divisor != 0)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match text.parse::<Quantity>() {
            Ok(quantity) => quantity.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn amounts_are_given_back_without_fraction_and_with_the_largest_suffix() {
        for (text, expected) in [
            ("0", "0"),
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1000", "1k"),
            ("1500", "1500"),
            ("100000", "100k"),
            ("1024Ki", "1Mi"),
            ("1.5Gi", "1536Mi"),
            ("1Ki", "1Ki"),
            ("512Mi", "512Mi"),
            ("0.5Ki", "512"),
            ("1023Ki", "1023Ki"),
            ("1e3", "1e3"),
            ("12e2", "1200"),
            ("1E", "1E"),
            ("-1000m", "-1"),
            ("+5", "5"),
            ("5.", "5"),
            (".5", "500m"),
            ("0.0000000001", "1n"),
            ("99999999999999999999999", "9223372036854775807"),
            ("1e999999999", "9223372036854775807"),
            ("1e-999999999", "1e-9"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_in_the_words_of_the_server() {
        for text in ["", "much", "1x", "1 Gi", "1KB", "1.2.3"] {
            assert_eq!(text.parse::<Quantity>(), Err(QuantityError::Format), "{text}");
        }
        for text in ["1mm", "1ki", "1e", "1Mi5", "--1"] {
            assert_eq!(text.parse::<Quantity>(), Err(QuantityError::Suffix), "{text}");
        }
    }

    #[test]
    fn parts_below_a_thousandth_are_rounded_up() {
        let rounded = |text: &str| {
            text.parse::<Quantity>().map(|quantity| quantity.round_up_to_milli().to_string())
        };
        assert_eq!(rounded("1u"), Ok("1m".to_owned()));
        assert_eq!(rounded("-1u"), Ok("-1m".to_owned()));
        assert_eq!(rounded("2m"), Ok("2m".to_owned()));
    }

    #[test]
    fn amounts_are_compared_and_added_whatever_their_form() {
        let read = |text: &str| text.parse::<Quantity>().expect("it is an amount");
        assert_eq!(read("1024Mi"), read("1Gi"));
        assert!(read("1500m") > read("1") && read("-1").is_negative());
        assert_eq!(read("1Gi").plus(read("1Gi")).to_string(), "2Gi");
        assert!(read("2").is_whole() && !read("500m").is_whole());
        assert!(
            read("4Mi").is_multiple_of(read("2Mi")) && !read("3Mi").is_multiple_of(read("2Mi"))
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_an_amount_or_refused(text in "[-+]?[0-9.]{0,45}[eEinumkKMGTPx]{0,3}[-+]?[0-9]{0,12}") {
            if let Ok(quantity) = text.parse::<Quantity>() {
                proptest::prop_assert_eq!(quantity.to_string().parse::<Quantity>().map(|again| again.nanos), Ok(quantity.nanos));
            }
        }
    }
}
