//! Numbers that fields of many kinds share: ports, counts, percentages.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::FieldError;
use crate::cluster::refusal::quoted;

/// The ports there are.
pub(in crate::cluster::strategy) const PORTS: std::ops::RangeInclusive<i32> = 1..=65_535;

/// The same in the server's words.
pub(in crate::cluster::strategy) const PORT_RANGE: &str = "must be between 1 and 65535, inclusive";

const PERCENTAGE: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/// Refuses a number below zero.
pub(in crate::cluster::strategy) fn not_negative(
    path: &str,
    field: &str,
    number: Option<i64>,
    errors: &mut Vec<FieldError>,
) {
    if let Some(number) = number.filter(|number| *number < 0) {
        let field = format!("{path}.{field}");
        errors.push(FieldError::invalid(field, number, "must be greater than or equal to 0"));
    }
}

/// Refuses what is neither a number from zero on nor a percentage (`ValidatePositiveIntOrPercent`).
pub(in crate::cluster::strategy) fn count_or_percentage(
    path: &str,
    field: &str,
    value: &IntOrString,
    errors: &mut Vec<FieldError>,
) {
    match value {
        IntOrString::Int(number) => not_negative(path, field, Some((*number).into()), errors),
        IntOrString::String(text) => {
            if percentage(text).is_none() {
                errors.push(FieldError::invalid_text(format!("{path}.{field}"), text, PERCENTAGE));
            }
        }
    }
}

/// Refuses more than the whole (`IsNotMoreThan100Percent`).
pub(in crate::cluster::strategy) fn at_most_all(
    path: &str,
    field: &str,
    value: &IntOrString,
    errors: &mut Vec<FieldError>,
) {
    if let IntOrString::String(text) = value
        && percentage(text).is_some_and(|percentage| percentage > 100)
    {
        let detail = "must not be greater than 100%";
        errors.push(FieldError::invalid(format!("{path}.{field}"), quoted(text), detail));
    }
}

/// The number of a percentage; the largest there is where it is larger.
pub(in crate::cluster::strategy) fn percentage(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('%')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u32::MAX))
}
