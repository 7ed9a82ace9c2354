//! One field of a schedule: a list of numbers, ranges and steps.

/// The numbers that a field may have, and names for them.
pub(super) struct Bounds {
    least: u32,
    most: u32,
    /// The names of the numbers from `least` on.
    names: &'static [&'static str],
}

pub(super) const MINUTES: Bounds = Bounds { least: 0, most: 59, names: &[] };
pub(super) const HOURS: Bounds = Bounds { least: 0, most: 23, names: &[] };
pub(super) const DAYS: Bounds = Bounds { least: 1, most: 31, names: &[] };
pub(super) const MONTHS: Bounds = Bounds {
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
pub(super) const WEEKDAYS: Bounds =
    Bounds { least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// Which numbers a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// Whether it restricts nothing: it has `*` or `?` without a step.
    any: bool,
}

impl Field {
    /// Reads a field.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the real parser.
    pub(super) fn parse(text: &str, bounds: &Bounds) -> Result<Self, String> {
        let mut field = Self { bits: 0, any: false };
        for range in text.split(',').filter(|range| !range.is_empty()) {
            field.add(range, bounds)?;
        }
        Ok(field)
    }

    fn add(&mut self, text: &str, bounds: &Bounds) -> Result<(), String> {
        let (range, step) = match text.split('/').collect::<Vec<_>>()[..] {
            [range] => (range, None),
            [range, step] => (range, Some(number(step)?)),
            _ => return Err(format!("too many slashes: {text}")),
        };
        let ends: Vec<&str> = range.split('-').collect();
        let is_any = matches!(ends[0], "*" | "?");
        let (start, end) = match ends[..] {
            _ if is_any => (bounds.least, bounds.most),
            // `5/15` is from five on.
            [one] => {
                let start = bounds.read(one)?;
                (start, if step.is_some() { bounds.most } else { start })
            }
            [first, last] => (bounds.read(first)?, bounds.read(last)?),
            _ => return Err(format!("too many hyphens: {text}")),
        };
        if start < bounds.least {
            let least = bounds.least;
            return Err(format!("beginning of range ({start}) below minimum ({least}): {text}"));
        }
        if end > bounds.most {
            let most = bounds.most;
            return Err(format!("end of range ({end}) above maximum ({most}): {text}"));
        }
        if start > end {
            return Err(format!(
                "beginning of range ({start}) beyond end of range ({end}): {text}"
            ));
        }
        let step = step.unwrap_or(1);
        let Some(step_by) = usize::try_from(step).ok().filter(|step| *step > 0) else {
            return Err(format!("step of range should be a positive number: {text}"));
        };
        self.any |= is_any && step == 1;
        for value in (start..=end).step_by(step_by) {
            self.bits |= 1 << value;
        }
        Ok(())
    }

    /// Whether it has a number.
    pub(super) fn has(&self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.bits & (1 << value) != 0)
    }

    /// Whether it restricts nothing.
    pub(super) fn is_any(&self) -> bool {
        self.any
    }

    /// Its numbers, the smallest first.
    pub(super) fn values(self) -> impl Iterator<Item = i8> {
        (0..60_i8).filter(move |value| self.has(*value))
    }
}

impl Bounds {
    fn read(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().zip(self.least..);
        let known = named.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        known.map_or_else(|| number(text), |(_, value)| Ok(value))
    }
}

fn number(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"
        ));
    }
    let number: i64 = text.parse().map_err(|_| {
        format!(
            "failed to parse int from {text}: strconv.Atoi: parsing {text:?}: value out of range"
        )
    })?;
    if number < 0 {
        return Err(format!("negative number ({number}) not allowed: {text}"));
    }
    // More than any field may have is as good as the most.
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}
