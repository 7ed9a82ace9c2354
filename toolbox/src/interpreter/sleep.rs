//! `sleep`: how long.

use core::time::Duration;

use super::process::Process;
use super::system::{Step, System};

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// `sleep TIME…`: the sum of numbers with `s`, `m`, `h` or `d`, or `infinity`.
pub(super) fn sleep<S: System>(
    process: &mut Process<'_, S>,
    arguments: &[&[u8]],
) -> Result<Step, u8> {
    if arguments.is_empty() {
        process.complain(&[b"needs a time, such as 5, 0.5, 1m, 1h or infinity"]);
        return Err(1);
    }
    let mut total = Duration::ZERO;
    let mut forever = false;
    for argument in arguments {
        match parse(argument) {
            Some(Step::Sleep(time)) => total = total.saturating_add(time),
            Some(_) => forever = true,
            None => {
                process.complain(&[b"not a time: ", argument]);
                return Err(1);
            }
        }
    }
    Ok(if forever { Step::Pause } else { Step::Sleep(total) })
}

fn parse(text: &[u8]) -> Option<Step> {
    if matches!(text, b"infinity" | b"inf") {
        return Some(Step::Pause);
    }
    let (number, unit_seconds) = match text {
        [number @ .., b's'] => (number, 1),
        [number @ .., b'm'] => (number, 60),
        [number @ .., b'h'] => (number, 60 * 60),
        [number @ .., b'd'] => (number, 24 * 60 * 60),
        number => (number, 1_u128),
    };
    let mut halves = number.splitn(2, |byte| *byte == b'.');
    let whole = halves.next().unwrap_or_default();
    let fraction = halves.next().unwrap_or_default();
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let digit = |byte: u8| byte.checked_sub(b'0').filter(|digit| *digit < 10).map(u128::from);
    let mut nanos = 0_u128;
    for byte in whole {
        let step = digit(*byte)?.saturating_mul(NANOS_PER_SECOND);
        nanos = nanos.saturating_mul(10).saturating_add(step);
    }
    let mut weight = NANOS_PER_SECOND;
    for byte in fraction {
        weight /= 10;
        nanos = nanos.saturating_add(digit(*byte)?.saturating_mul(weight));
    }
    let nanos = nanos.saturating_mul(unit_seconds);
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(u64::MAX);
    // A remainder of less than a second.
    let rest = (nanos % NANOS_PER_SECOND) as u32;
    Some(Step::Sleep(Duration::new(seconds, rest)))
}
