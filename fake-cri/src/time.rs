//! Points in time, as nanoseconds since 1970, in the forms that runtimes print.

const NANOSECONDS: i64 = 1_000_000_000;
const SECONDS_OF_A_DAY: i64 = 86_400;

/// `2026-11-25T00:02:06Z`.
pub(crate) fn rfc3339_seconds(nanoseconds: i64) -> String {
    let seconds = nanoseconds.div_euclid(NANOSECONDS);
    let days = seconds.div_euclid(SECONDS_OF_A_DAY);
    let of_day = seconds.rem_euclid(SECONDS_OF_A_DAY);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The Gregorian date of a day counted from 1970-01-01, by years that start in March.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    // Day 0 becomes 0000-03-01.
    let days = days + 719_468;
    let era = days.div_euclid(DAYS_OF_400_YEARS);
    let of_era = days.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_gregorian() {
        assert_eq!(rfc3339_seconds(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339_seconds(-1), "1969-12-31T23:59:59Z");
        assert_eq!(rfc3339_seconds(951_827_696 * NANOSECONDS), "2000-02-29T12:34:56Z");
        assert_eq!(rfc3339_seconds(1_795_564_926 * NANOSECONDS), "2026-11-25T00:02:06Z");
    }
}
