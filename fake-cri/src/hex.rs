//! Identifiers that look random and are not.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// 64 hexadecimal digits that follow from a seed alone.
pub(crate) fn hex_id(seed: u64) -> String {
    let mut text = String::with_capacity(64);
    let mut state = seed;
    for _ in 0..4 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = mix(state);
        text.extend((0..16).rev().map(|place| {
            let digit = (word >> (4 * place)) & 0xf;
            char::from(DIGITS[usize::try_from(digit).unwrap_or(0)])
        }));
    }
    text
}

/// The output function of splitmix64: every bit of the state changes half the result's.
pub(crate) fn mix(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_64_digits_and_differ_by_seed() {
        assert_eq!(hex_id(1).len(), 64);
        assert_ne!(hex_id(1)[..16], hex_id(2)[..16]);
        assert_eq!(hex_id(1), hex_id(1));
    }
}
