//! Times as `metav1.Time` and `metav1.MicroTime` take them: RFC 3339, kept in UTC, and refused
//! in the words of Go's `time.Parse`.

use jiff::SignedDuration;
use jiff::civil::{self, Date, DateTime};

/// The time in whole seconds.
///
/// # Errors
/// The server's words.
pub(super) fn seconds(text: &str) -> Result<String, String> {
    let (time, _) = Reader::read(text, "2006-01-02T15:04:05Z07:00", false)?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The time with six digits of a second's fraction.
///
/// # Errors
/// The server's words.
pub(super) fn microseconds(text: &str) -> Result<String, String> {
    let (time, micros) = Reader::read(text, "2006-01-02T15:04:05.000000Z07:00", true)?;
    Ok(format!("{}.{micros:06}Z", time.strftime("%Y-%m-%dT%H:%M:%S")))
}

#[derive(Default)]
struct Time {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// Minutes east of UTC.
    offset: i64,
}

impl Time {
    /// The time in UTC; none if there is no such day.
    fn in_utc(&self) -> Option<DateTime> {
        let year = i16::try_from(self.year).ok()?;
        let part = |value: i64| i8::try_from(value).ok();
        let date = Date::new(year, part(self.month)?, part(self.day)?).ok()?;
        let clock = civil::time(part(self.hour)?, part(self.minute)?, part(self.second)?, 0);
        let local = date.to_datetime(clock);
        // Next to the ends of the calendar the offset would lead out of it.
        Some(local.checked_sub(SignedDuration::from_mins(self.offset)).unwrap_or(local))
    }
}

struct Reader<'text> {
    text: &'text str,
    rest: &'text str,
    layout: &'static str,
}

impl<'text> Reader<'text> {
    fn read(
        text: &'text str,
        layout: &'static str,
        micro: bool,
    ) -> Result<(DateTime, i64), String> {
        let mut reader = Self { text, rest: text, layout };
        let mut time = Time { year: reader.digits(4, "2006")?, ..Time::default() };
        reader.literal("-")?;
        time.month = reader.within(1, 12, "01", "month")?;
        reader.literal("-")?;
        time.day = reader.digits(2, "02")?;
        reader.literal("T")?;
        time.hour = reader.within(0, 23, "15", "hour")?;
        reader.literal(":")?;
        time.minute = reader.within(0, 59, "04", "minute")?;
        reader.literal(":")?;
        time.second = reader.within(0, 59, "05", "second")?;
        let micros = if micro { reader.micros()? } else { reader.fraction() };
        time.offset = reader.offset()?;
        if !reader.rest.is_empty() {
            return Err(reader.failed(&format!(": extra text: {:?}", reader.rest)));
        }
        let time = time.in_utc().ok_or_else(|| reader.failed(": day out of range"))?;
        Ok((time, micros))
    }

    fn failed(&self, why: &str) -> String {
        format!("parsing time {:?}{why}", self.text)
    }

    fn cannot(&self, element: &str) -> String {
        let (layout, rest) = (self.layout, self.rest);
        self.failed(&format!(" as {layout:?}: cannot parse {rest:?} as {element:?}"))
    }

    fn digits(&mut self, count: usize, element: &str) -> Result<i64, String> {
        let digits = self.rest.get(..count).filter(|digits| is_digits(digits));
        let Some(value) = digits.and_then(|digits| digits.parse().ok()) else {
            return Err(self.cannot(element));
        };
        self.rest = &self.rest[count..];
        Ok(value)
    }

    fn within(&mut self, low: i64, high: i64, element: &str, name: &str) -> Result<i64, String> {
        let value = self.digits(2, element)?;
        if (low..=high).contains(&value) {
            Ok(value)
        } else {
            Err(self.failed(&format!(": {name} out of range")))
        }
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        match self.rest.strip_prefix(literal) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err(self.cannot(literal)),
        }
    }

    fn micros(&mut self) -> Result<i64, String> {
        let Some(digits) = self.rest.strip_prefix('.') else {
            return Err(self.cannot(".000000"));
        };
        match digits.get(..6).filter(|digits| is_digits(digits)) {
            Some(micros) if !digits[6..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.rest = &digits[6..];
                Ok(micros.parse().unwrap_or_default())
            }
            _ => Err(self.cannot(".000000")),
        }
    }

    /// A fraction that the layout does not ask for is passed over.
    fn fraction(&mut self) -> i64 {
        if let Some(digits) = self.rest.strip_prefix(['.', ',']) {
            let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() < digits.len() {
                self.rest = rest;
            }
        }
        0
    }

    fn offset(&mut self) -> Result<i64, String> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let before = self.rest;
        let east = match before.as_bytes() {
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return Err(self.cannot("Z07:00")),
        };
        self.rest = &before[1..];
        let parsed = self.digits(2, "").and_then(|hours| {
            self.literal(":")?;
            Ok((hours, self.digits(2, "")?))
        });
        match parsed {
            Ok((hours, minutes)) if hours <= 24 && minutes < 60 => {
                Ok(east * (hours * 60 + minutes))
            }
            Ok(_) => Err(self.failed(": time zone offset hour out of range")),
            Err(_) => {
                self.rest = before;
                Err(self.cannot("Z07:00"))
            }
        }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_in_utc() {
        for (text, expected) in [
            ("2026-11-24T23:52:33Z", "2026-11-24T23:52:33Z"),
            ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z"),
            ("2024-03-01T00:00:00+00:01", "2024-02-29T23:59:00Z"),
            ("2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(seconds(text), Ok(expected.to_owned()));
        }
        let exact = microseconds("2026-01-01T00:00:00.123456+01:00");
        assert_eq!(exact, Ok("2025-12-31T23:00:00.123456Z".to_owned()));
    }

    #[test]
    fn what_is_no_time_is_refused_in_the_words_of_go() {
        let layout = "2006-01-02T15:04:05Z07:00";
        for (text, expected) in [
            ("", format!(" as \"{layout}\": cannot parse \"\" as \"2006\"")),
            ("2026", format!(" as \"{layout}\": cannot parse \"\" as \"-\"")),
            ("2026-11-24", format!(" as \"{layout}\": cannot parse \"\" as \"T\"")),
            ("2026-11-24T1", format!(" as \"{layout}\": cannot parse \"1\" as \"15\"")),
            ("2026-11-24T11:00:00", format!(" as \"{layout}\": cannot parse \"\" as \"Z07:00\"")),
            ("2026-13-24T11:00:00Z", ": month out of range".to_owned()),
            ("2026-02-29T11:00:00Z", ": day out of range".to_owned()),
            ("2026-02-28T11:00:00Zx", ": extra text: \"x\"".to_owned()),
        ] {
            assert_eq!(seconds(text), Err(format!("parsing time {text:?}{expected}")));
        }
        assert!(microseconds("2026-11-24T11:00:00Z").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "[-0-9]{0,11}T?[0-9:.]{0,16}[Z+]?[0-9:ä]{0,6}") {
            let _ = (seconds(&text), microseconds(&text));
        }

    }
}
