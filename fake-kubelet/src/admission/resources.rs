//! Resource amounts: what nodes have and pods ask for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// A list of resources as in a manifest.
type ResourceList = BTreeMap<String, Quantity>;

/// Amounts by resource: `cpu` in thousandths of a core, everything else in
/// whole units (bytes, pods, devices), both rounded up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amounts {
    /// The resources that every node has, in [`COMMON`]'s order.
    common: [Option<i64>; COMMON.len()],
    others: BTreeMap<String, i64>,
}

/// The resource that does not suffice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Its name.
    pub resource: String,
    /// What the pod asks for.
    pub requested: i64,
    /// What the admitted pods ask for.
    pub used: i64,
    /// What the node has.
    pub capacity: i64,
}

/// The resources that every node has, in the order in which they are compared;
/// others follow by name.
const COMMON: [&str; 4] = ["pods", "cpu", "memory", "ephemeral-storage"];

impl Amounts {
    /// The amounts of a resource list; what cannot be read counts as 0.
    #[must_use]
    pub fn of_list(list: &ResourceList) -> Self {
        let mut amounts = Self::default();
        for (name, quantity) in list {
            let per_unit = if name == "cpu" { 1000 } else { 1 };
            let amount = parse_quantity(&quantity.0, per_unit).unwrap_or(0);
            match COMMON.iter().position(|common| common == name) {
                Some(place) => amounts.common[place] = Some(amount),
                None => {
                    amounts.others.insert(name.clone(), amount);
                }
            }
        }
        amounts
    }

    /// What a pod asks for, itself counted as one of `pods`.
    ///
    /// Sidecars add to the containers; of the init containers the largest
    /// counts, beside the sidecars started before it.
    #[must_use]
    pub fn requested_by(pod: &Pod) -> Self {
        let mut total = Self { common: [Some(1), None, None, None], others: BTreeMap::new() };
        let Some(spec) = &pod.spec else { return total };
        let mut peak = Self::default();
        let mut sidecars = Self::default();
        for container in spec.init_containers.iter().flatten() {
            let Some(mut requests) = Self::requested_by_container(container) else { continue };
            if is_sidecar(container) {
                sidecars.add(&requests);
                peak.raise(&sidecars);
            } else {
                requests.add(&sidecars);
                peak.raise(&requests);
            }
        }
        let mut running = sidecars;
        for container in &spec.containers {
            if let Some(requests) = Self::requested_by_container(container) {
                running.add(&requests);
            }
        }
        peak.raise(&running);
        if let Some(overhead) = &spec.overhead {
            peak.add(&Self::of_list(overhead));
        }
        total.add(&peak);
        total
    }

    /// What a container asks for; nothing where it does not say.
    #[must_use]
    pub fn requested_by_container(container: &Container) -> Option<Self> {
        let requests = container.resources.as_ref()?.requests.as_ref()?;
        Some(Self::of_list(requests))
    }

    /// Adds other amounts.
    pub fn add(&mut self, other: &Self) {
        self.combine(other, i64::saturating_add);
    }

    /// Takes other amounts away.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |mine, other| mine.saturating_sub(other).max(0));
    }

    fn raise(&mut self, other: &Self) {
        self.combine(other, i64::max);
    }

    fn combine(&mut self, other: &Self, how: impl Fn(i64, i64) -> i64) {
        for (mine, amount) in self.common.iter_mut().zip(other.common) {
            if let Some(amount) = amount {
                *mine = Some(how(mine.unwrap_or(0), amount));
            }
        }
        for (name, amount) in &other.others {
            if let Some(mine) = self.others.get_mut(name) {
                *mine = how(*mine, *amount);
            } else {
                self.others.insert(name.clone(), how(0, *amount));
            }
        }
    }

    fn known(&self, name: &str) -> Option<i64> {
        match COMMON.iter().position(|common| *common == name) {
            Some(place) => self.common[place],
            None => self.others.get(name).copied(),
        }
    }

    /// The resources that are asked for, or that there are.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let common = COMMON.into_iter().filter(|name| self.known(name).is_some());
        common.chain(self.others.keys().map(String::as_str))
    }

    /// The amount of one resource; 0 where there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> i64 {
        self.known(name).unwrap_or(0)
    }
}

/// An init container that keeps running beside the others.
#[must_use]
pub fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

/// The first resource that a node lacks for a pod.
///
/// A resource that the node does not know is ignored, as kubelets do.
#[must_use]
pub fn shortage(requested: &Amounts, used: &Amounts, capacity: &Amounts) -> Option<Shortage> {
    let others = requested.others.keys().map(String::as_str);
    COMMON.into_iter().chain(others).find_map(|name| {
        let (requested, used) = (requested.get(name), used.get(name));
        let capacity = capacity.known(name)?;
        (requested > 0 && requested > capacity.saturating_sub(used)).then(|| Shortage {
            resource: name.to_owned(),
            requested,
            used,
            capacity,
        })
    })
}

/// The longest quantity that is read, in characters.
const LONGEST_QUANTITY: usize = 64;

/// Reads a quantity in parts of `per_unit`, rounded up; `None` if it is none.
fn parse_quantity(text: &str, per_unit: i128) -> Option<i64> {
    if text.is_empty() || text.len() > LONGEST_QUANTITY {
        return None;
    }
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')));
    let (number, suffix) = text.split_at(end.unwrap_or(text.len()));
    let (multiplier, divisor) = suffix_value(suffix)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 18 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let digits = format!("{whole}{fraction}").parse::<i128>().ok()?;
    let numerator = digits.checked_mul(multiplier)?.checked_mul(per_unit)?;
    let denominator = divisor.checked_mul(scale)?;
    let rounded =
        numerator.div_euclid(denominator) + i128::from(numerator.rem_euclid(denominator) != 0);
    Some(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
}

/// A suffix as a factor and a divisor.
fn suffix_value(suffix: &str) -> Option<(i128, i128)> {
    const DECIMAL: [(&str, u32); 7] =
        [("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
    const BINARY: [(&str, u32); 6] =
        [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
    const SMALL: [(&str, u32); 3] = [("m", 3), ("u", 6), ("n", 9)];
    let named = |table: &[(&str, u32)]| {
        table.iter().find(|(name, _)| *name == suffix).map(|(_, power)| *power)
    };
    if let Some(power) = named(&DECIMAL) {
        return Some((10_i128.pow(power), 1));
    }
    if let Some(power) = named(&BINARY) {
        return Some((1 << power, 1));
    }
    if let Some(power) = named(&SMALL) {
        return Some((1, 10_i128.pow(power)));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?;
    match exponent {
        0..=18 => Some((10_i128.pow(exponent.unsigned_abs()), 1)),
        -18..=-1 => Some((1, 10_i128.pow(exponent.unsigned_abs()))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_every_form_and_rounded_up() {
        for (text, per_unit, expected) in [
            ("2", 1000, Some(2000)),
            ("100m", 1000, Some(100)),
            ("0.5", 1000, Some(500)),
            ("1.0001", 1000, Some(1001)),
            ("64Mi", 1, Some(67_108_864)),
            ("1k", 1, Some(1000)),
            ("1e3", 1, Some(1000)),
            ("100n", 1, Some(1)),
            ("9E", 1, Some(9_000_000_000_000_000_000)),
            ("99999999Ei", 1, Some(i64::MAX)),
            ("", 1, None),
            ("Mi", 1, None),
            ("1.2.3", 1, None),
            ("--1", 1, None),
            ("1e99", 1, None),
            ("12 apples", 1, None),
        ] {
            assert_eq!(parse_quantity(text, per_unit), expected, "{text:?}");
        }
    }

    #[test]
    fn the_first_resource_that_does_not_suffice_is_named_with_its_amounts() {
        let amounts = |pairs: &[(&str, &str)]| {
            let list = pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Quantity((*value).to_owned())))
                .collect();
            Amounts::of_list(&list)
        };
        let capacity = amounts(&[("cpu", "2"), ("memory", "1Gi"), ("pods", "1")]);
        let requested = amounts(&[("cpu", "1500m"), ("pods", "1"), ("example.com/gpu", "1")]);
        let used = amounts(&[("cpu", "1")]);
        let found = shortage(&requested, &used, &capacity).expect("too little cpu");
        assert_eq!(
            (found.resource.as_str(), found.requested, found.used, found.capacity),
            ("cpu", 1500, 1000, 2000)
        );
        let full = amounts(&[("pods", "1")]);
        let found = shortage(&requested, &full, &capacity).expect("too many pods");
        assert_eq!(found.resource, "pods");
        assert_eq!(shortage(&requested, &Amounts::default(), &capacity), None);
    }
}
