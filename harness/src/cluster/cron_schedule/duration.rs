//! Durations as Go's `time.ParseDuration` reads them.

use std::time::Duration;

/// Units, each in nanoseconds; of two that fit the first is the longer text.
const UNITS: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("μs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 6e10),
    ("h", 3.6e12),
];

/// Reads `1h30m`; what is below nothing is nothing.
///
/// # Errors
/// What is wrong with it, in Go's words.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut nanoseconds = 0.0_f64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let Some((_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
        };
        nanoseconds += number * factor;
        rest = after;
    }
    // Go's durations end at 292 years.
    if nanoseconds > 9.223_372_036_854_775e18 {
        return Err(invalid());
    }
    if negative {
        return Ok(Duration::ZERO);
    }
    Duration::try_from_secs_f64(nanoseconds / 1e9).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse("-5m"), Ok(Duration::ZERO));
        assert_eq!(parse("10"), Err("time: missing unit in duration \"10\"".to_owned()));
        assert_eq!(parse("1d"), Err("time: unknown unit \"d\" in duration \"1d\"".to_owned()));
        assert_eq!(parse("1.2.3s"), Err("time: invalid duration \"1.2.3s\"".to_owned()));
        assert_eq!(parse("9999999h"), Err("time: invalid duration \"9999999h\"".to_owned()));
        assert_eq!(parse(""), Err("time: invalid duration \"\"".to_owned()));
    }
}
