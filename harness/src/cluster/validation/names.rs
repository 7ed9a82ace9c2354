//! Names of pods and containers.

use super::FieldError;

/// What a name that may hold dots looks like.
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What a name without dots looks like.
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// The longest name that may hold dots, in bytes.
const LONGEST_SUBDOMAIN: usize = 253;

/// The longest name without dots, in bytes.
const LONGEST_LABEL: usize = 63;

/// A name that may hold dots, as of pods.
pub(super) fn subdomain(field: &str, name: &str, errors: &mut Vec<FieldError>) {
    check_length(field, name, LONGEST_SUBDOMAIN, errors);
    if !name.split('.').all(is_label) {
        errors.push(FieldError::invalid(field, format!("{name:?}"), SUBDOMAIN));
    }
}

/// A name without dots, as of containers.
pub(super) fn label(field: &str, name: &str, errors: &mut Vec<FieldError>) {
    check_length(field, name, LONGEST_LABEL, errors);
    if !is_label(name) {
        errors.push(FieldError::invalid(field, format!("{name:?}"), LABEL));
    }
}

fn check_length(field: &str, name: &str, longest: usize, errors: &mut Vec<FieldError>) {
    if name.len() > longest {
        let detail = format!("must be no more than {longest} characters");
        errors.push(FieldError::invalid(field, format!("{name:?}"), &detail));
    }
}

/// Whether a text has the form of a label, whatever its length.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}
