//! What tells the pods of one template from those of another.

use k8s_openapi::api::core::v1::PodTemplateSpec;

/// What hashes are written in: nothing that could be read as a word.
const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A template's hash, told apart from others that happen to be equal by `collisions`.
///
/// FNV-1a as the controller computes it, but over the template's JSON: the real one hashes how
/// Go prints it.
pub(super) fn of(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    let json = serde_json::to_vec(template).expect("templates are always valid JSON");
    let collisions = collisions.map(i32::to_le_bytes);
    let bytes = json.iter().chain(collisions.iter().flatten());
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let letter = |digit: u8| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]);
    hash.to_string().bytes().map(letter).collect()
}
