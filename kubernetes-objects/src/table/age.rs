//! How long ago something was, as tables say it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// A length of time in at most two units, the shorter the more exact: `90s`, `4m35s`, `3h`, `2d5h`.
#[must_use]
pub fn human_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let in_two = |large: u64, large_name: &str, small: u64, small_name: &str| {
        let (whole, rest) = (seconds / large, seconds % large / small);
        if rest == 0 {
            format!("{whole}{large_name}")
        } else {
            format!("{whole}{large_name}{rest}{small_name}")
        }
    };
    match seconds {
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => in_two(MINUTE, "m", 1, "s"),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => in_two(HOUR, "h", MINUTE, "m"),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => in_two(DAY, "d", HOUR, "h"),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => in_two(YEAR, "y", DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// How long ago a time of an object was.
pub(super) fn since(time: &Json, now: Timestamp) -> String {
    timestamp(time).map_or_else(|| "<unknown>".to_owned(), |time| between(time, now))
}

/// A time of an object, where it has one.
pub(super) fn timestamp(time: &Json) -> Option<Timestamp> {
    time.as_str()?.parse().ok()
}

/// The time from one moment to another.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    let passed = to.duration_since(from);
    match Duration::try_from(passed) {
        Ok(passed) => human_duration(passed),
        // A clock that runs a little behind is forgiven.
        Err(_) if passed.as_secs() >= -1 => "0s".to_owned(),
        Err(_) => "<invalid>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_time_is_said_less_exactly() {
        for (seconds, words) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (275, "4m35s"),
            (600, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + 61, "3h1m"),
            (8 * HOUR + 1800, "8h"),
            (2 * DAY, "2d"),
            (2 * DAY + 5 * HOUR, "2d5h"),
            (9 * DAY + 5 * HOUR, "9d"),
            (2 * YEAR + 3 * DAY, "2y3d"),
            (9 * YEAR, "9y"),
        ] {
            assert_eq!(human_duration(Duration::from_secs(seconds)), words, "{seconds}");
        }
    }

    #[test]
    fn a_time_in_the_future_is_invalid_but_for_a_second() {
        let now: Timestamp = "2026-01-01T00:00:10Z".parse().expect("it is a time");
        assert_eq!(since(&"2026-01-01T00:00:11Z".into(), now), "0s");
        assert_eq!(since(&"2026-01-01T00:01:00Z".into(), now), "<invalid>");
        assert_eq!(since(&Json::Null, now), "<unknown>");
    }
}
