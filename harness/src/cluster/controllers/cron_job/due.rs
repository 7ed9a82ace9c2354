//! When a CronJob was due last, and when it is due next.

use std::time::Duration;

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::cluster::cron_schedule::{self, Schedule};

/// More missed times than this are worth a warning.
const MANY: i64 = 100;

/// What was due since a job was made last.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The latest time, where one has passed.
    pub(super) latest: Option<Timestamp>,
    /// Whether so many have passed that something is wrong.
    pub(super) missed_many: bool,
    /// From when on times count.
    from: Timestamp,
}

fn seconds(number: Option<i64>) -> Option<SignedDuration> {
    number.map(SignedDuration::from_secs)
}

impl Due {
    /// What was due.
    ///
    /// # Errors
    /// That the schedule never comes, in the controller's words.
    pub(super) fn of(cron_job: &CronJob, now: &Time, schedule: &Schedule) -> Result<Self, String> {
        let deadline = seconds(cron_job.spec.starting_deadline_seconds);
        let mut from = begin(cron_job, now);
        if let Some(deadline) = deadline
            && let Ok(earliest) = now.0.checked_sub(deadline)
        {
            // Nothing is started any more that was due before.
            from = from.max(earliest);
        }
        Self::since(from, now.0, schedule)
    }

    fn since(from: Timestamp, now: Timestamp, schedule: &Schedule) -> Result<Self, String> {
        let never = || "time difference between two schedules is less than 1 second".to_owned();
        let first = schedule.next(from).ok_or_else(never)?;
        if now < first {
            return Ok(Self { latest: None, missed_many: false, from });
        }
        let second = schedule.next(first).ok_or_else(never)?;
        if now < second {
            return Ok(Self { latest: Some(first), missed_many: false, from });
        }
        let between = second.duration_since(first).as_secs().max(1);
        let missed = now.duration_since(first).as_secs() / between + 1;
        // From shortly before the last one on, as far as equal distances tell.
        let skipped = SignedDuration::from_secs(between.saturating_mul((missed - 2).max(0)));
        let mut latest = first;
        let mut at = first.checked_add(skipped).unwrap_or(first);
        if at > first {
            at = at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(first);
        }
        while let Some(next) = schedule.next(at).filter(|next| *next <= now) {
            latest = next;
            at = next;
        }
        Ok(Self { latest: Some(latest), missed_many: missed > MANY, from })
    }
}

/// From when on a CronJob's times count: from its last job, or from its making.
fn begin(cron_job: &CronJob, now: &Time) -> Timestamp {
    let last = cron_job.status.as_ref().and_then(|status| status.last_schedule_time.as_ref());
    let made = cron_job.metadata.creation_timestamp.as_ref();
    last.or(made).map_or(now.0, |time| time.0)
}

/// How long it is until a CronJob is due next.
pub(super) fn wait(cron_job: &CronJob, now: &Time, schedule: &Schedule) -> Option<Duration> {
    let due = Due::since(begin(cron_job, now), now.0, schedule).ok();
    let last = due.map_or(now.0, |due| due.latest.unwrap_or(due.from));
    let next = schedule.next(last)?;
    Some(Duration::try_from(next.duration_since(now.0)).unwrap_or_default())
}

/// Whether a job may not be started any more that was due at this time.
pub(super) fn is_too_late(spec: &CronJobSpec, at: Timestamp, now: &Time) -> bool {
    let deadline = seconds(spec.starting_deadline_seconds);
    deadline.is_some_and(|deadline| at.checked_add(deadline).is_ok_and(|end| end < now.0))
}

/// What the job of a time is called: after the minute.
pub(super) fn job_name(cron_job: &CronJob, at: Timestamp) -> String {
    let name = cron_job.metadata.name.as_deref().unwrap_or_default();
    format!("{name}-{}", at.as_second() / 60)
}

/// A time in a time zone, as RFC 3339 has it.
pub(super) fn shown(at: Timestamp, zone: Option<&str>) -> String {
    let zone = zone.and_then(|zone| cron_schedule::time_zone(zone).ok()).unwrap_or(TimeZone::UTC);
    let at = at.to_zoned(zone);
    if at.offset().is_zero() {
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    } else {
        at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

    use super::*;

    fn due(schedule: &str, from: &str, now: &str) -> Due {
        let at = |text: &str| Time(text.parse().expect("it is a time"));
        let cron_job = CronJob {
            metadata: ObjectMeta { creation_timestamp: Some(at(from)), ..ObjectMeta::default() },
            ..CronJob::default()
        };
        let schedule = Schedule::parse(schedule, None).expect("it is a schedule");
        Due::of(&cron_job, &at(now), &schedule).expect("it comes")
    }

    #[test]
    fn the_latest_time_that_has_passed_is_due() {
        let at = |time: &str| format!("2026-01-01T{time}Z");
        let due = |from: &str, now: &str| {
            let due = due("*/5 * * * *", &at(from), &at(now));
            (due.latest.map(|at| at.to_string()), due.missed_many)
        };
        assert_eq!(due("00:01:00", "00:04:59"), (None, false));
        assert_eq!(due("00:01:00", "00:05:00"), (Some(at("00:05:00")), false));
        assert_eq!(due("00:01:00", "00:31:00"), (Some(at("00:30:00")), false));
        assert_eq!(due("00:01:00", "23:59:00"), (Some(at("23:55:00")), true));
    }

    #[test]
    fn uneven_schedules_are_found_too() {
        let due = due("0 0 * * 1,2", "2026-01-01T00:00:00Z", "2026-01-13T12:00:00Z");
        assert_eq!(due.latest.map(|at| at.to_string()).as_deref(), Some("2026-01-13T00:00:00Z"));
    }
}
