//! When a CronJob is due: schedules as kube-controller-manager reads them.
//!
//! Form, rules and words are those of `github.com/robfig/cron/v3`'s standard
//! parser, which Kubernetes uses: five fields or a descriptor, in a time zone.

mod duration;
mod field;

use std::time::Duration;

use k8s_openapi::jiff::civil::{Date, Time};
use k8s_openapi::jiff::tz::{AmbiguousOffset, TimeZone};
use k8s_openapi::jiff::{Timestamp, ToSpan};

use field::{DAYS, Field, HOURS, MINUTES, MONTHS, WEEKDAYS};

/// A schedule of which no time comes within so many years never comes.
const MOST_YEARS: i16 = 5;

/// When something is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schedule {
    /// At these times of the clock.
    Clock(Clock),
    /// After each of these, in whole seconds.
    Every(Duration),
}

/// Times of the clock in a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clock {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    zone: TimeZone,
}

/// Descriptors, and what each stands for.
const DESCRIPTORS: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Schedule {
    /// Reads a schedule in a time zone; UTC where none is given.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the real parser.
    pub(super) fn parse(text: &str, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.map_or(Ok(TimeZone::UTC), time_zone)?;
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        if let Some(wait) = text.strip_prefix("@every ") {
            let wait = duration::parse(wait)
                .map_err(|why| format!("failed to parse duration {text}: {why}"))?;
            return Ok(Self::Every(Duration::from_secs(wait.as_secs().max(1))));
        }
        let text = if text.starts_with('@') {
            let known = DESCRIPTORS.iter().find(|(name, _)| *name == text);
            known.map(|(_, fields)| *fields).ok_or(format!("unrecognized descriptor: {text}"))?
        } else {
            text
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields[..] else {
            let count = fields.len();
            let found = fields.join(" ");
            return Err(format!("expected exactly 5 fields, found {count}: [{found}]"));
        };
        Ok(Self::Clock(Clock {
            minutes: Field::parse(minutes, &MINUTES)?,
            hours: Field::parse(hours, &HOURS)?,
            days: Field::parse(days, &DAYS)?,
            months: Field::parse(months, &MONTHS)?,
            weekdays: Field::parse(weekdays, &WEEKDAYS)?,
            zone,
        }))
    }

    /// The first time after this one; none where there is none for years.
    pub(super) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(wait) => {
                let whole = Timestamp::from_second(after.as_second()).ok()?;
                whole.checked_add(*wait).ok()
            }
            Self::Clock(clock) => clock.next(after),
        }
    }
}

/// A time zone by its name in the database.
///
/// # Errors
/// That there is none, as Go says it.
pub(super) fn time_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("unknown time zone {name}"))
}

impl Clock {
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let local = after.to_zoned(self.zone.clone());
        let last = local.year().saturating_add(MOST_YEARS);
        let mut date = local.date();
        while date.year() <= last {
            if !self.months.has(date.month()) {
                date = date.last_of_month().tomorrow().ok()?;
                continue;
            }
            if self.is_on(date)
                && let Some(found) = self.first_on(date, after)
            {
                return Some(found);
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn is_on(&self, date: Date) -> bool {
        let day = self.days.has(date.day());
        let weekday = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        // Where both are restricted, either will do.
        if self.days.is_any() || self.weekdays.is_any() { day && weekday } else { day || weekday }
    }

    /// The first time of a day after a time.
    fn first_on(&self, date: Date, after: Timestamp) -> Option<Timestamp> {
        let times = self.hours.values().flat_map(|hour| {
            self.minutes.values().filter_map(move |minute| Time::new(hour, minute, 0, 0).ok())
        });
        let instants = times.flat_map(|time| self.instants(date, time)).flatten();
        instants.filter(|instant| *instant > after).min()
    }

    /// When a clock shows a time: once, twice where it is put back, never where it is put forward.
    fn instants(&self, date: Date, time: Time) -> [Option<Timestamp>; 2] {
        let ambiguous = self.zone.to_ambiguous_timestamp(date.to_datetime(time));
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => [ambiguous.unambiguous().ok(), None],
            AmbiguousOffset::Gap { .. } => [None, None],
            AmbiguousOffset::Fold { .. } => [ambiguous.earlier().ok(), ambiguous.later().ok()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(schedule: &str, zone: Option<&str>, from: &str) -> Option<String> {
        let schedule = Schedule::parse(schedule, zone).expect("it is a schedule");
        let next = schedule.next(from.parse().expect("it is a time"));
        next.map(|next| next.to_string())
    }

    #[test]
    fn schedules_come_when_cron_says() {
        let from = "2026-01-01T00:00:30Z";
        let cases = [
            ("* * * * *", "2026-01-01T00:01:00Z"),
            ("*/15 * * * *", "2026-01-01T00:15:00Z"),
            ("5/20 * * * *", "2026-01-01T00:05:00Z"),
            ("0 0 * * *", "2026-01-02T00:00:00Z"),
            ("30 4 1,15 * *", "2026-01-01T04:30:00Z"),
            ("0 9-17 * * MON-FRI", "2026-01-01T09:00:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("0 0 13 * fri", "2026-01-02T00:00:00Z"),
            // A star with a step restricts, and so either will do.
            ("0 0 */2 * sun", "2026-01-03T00:00:00Z"),
            ("0 0 * * sun", "2026-01-04T00:00:00Z"),
            ("0 0 ? jan sun", "2026-01-04T00:00:00Z"),
            ("@hourly", "2026-01-01T01:00:00Z"),
            ("@weekly", "2026-01-04T00:00:00Z"),
            ("@yearly", "2027-01-01T00:00:00Z"),
            ("@every 1h30m", "2026-01-01T01:30:30Z"),
            ("@every 10ms", "2026-01-01T00:00:31Z"),
        ];
        for (schedule, next) in cases {
            assert_eq!(after(schedule, None, from).as_deref(), Some(next), "{schedule}");
        }
        assert_eq!(after("59 23 31 2 *", None, from), None);
    }

    #[test]
    fn time_zones_and_their_clock_changes_count() {
        let berlin = Some("Europe/Berlin");
        let next = |schedule, from| after(schedule, berlin, from).expect("it comes");
        assert_eq!(next("0 8 * * *", "2026-01-01T00:00:00Z"), "2026-01-01T07:00:00Z");
        // There is no half past two on the day on which clocks are put forward.
        assert_eq!(next("30 2 * * *", "2026-03-28T12:00:00Z"), "2026-03-30T00:30:00Z");
        // When they are put back there are two.
        assert_eq!(next("30 2 * * *", "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next("30 2 * * *", "2026-10-25T00:30:00Z"), "2026-10-25T01:30:00Z");
        assert_eq!(next("* * * * *", "2026-10-25T00:59:00Z"), "2026-10-25T01:00:00Z");
        assert!(Schedule::parse("0 0 * * *", Some("Mars/Olympus")).is_err());
    }

    #[test]
    fn what_is_no_schedule_is_refused_in_the_real_parsers_words() {
        let cases = [
            ("", "empty spec string"),
            ("daily", "expected exactly 5 fields, found 1: [daily]"),
            ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
            ("@often", "unrecognized descriptor: @often"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("* * * * 7", "end of range (7) above maximum (6): 7"),
            ("30-10 * * * *", "beginning of range (30) beyond end of range (10): 30-10"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            (
                "x * * * *",
                "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax",
            ),
        ];
        for (schedule, why) in cases {
            assert_eq!(Schedule::parse(schedule, None), Err(why.to_owned()), "{schedule}");
        }
    }
}
