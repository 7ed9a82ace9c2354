//! Names of objects and containers, labels and their values.

use super::FieldError;

/// What a name that may hold dots looks like.
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What a name without dots looks like.
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// What a service's name looks like.
const SERVICE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// What a key looks like, without its prefix.
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// What a label's value looks like.
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

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

/// A name of a service, which becomes a host name.
pub(super) fn service(field: &str, name: &str, errors: &mut Vec<FieldError>) {
    check_length(field, name, LONGEST_LABEL, errors);
    if !is_label(name) || name.starts_with(|first: char| first.is_ascii_digit()) {
        errors.push(FieldError::invalid(field, format!("{name:?}"), SERVICE));
    }
}

/// A key of labels and annotations: a name, with a prefix or without.
pub(super) fn qualified(field: &str, key: &str, errors: &mut Vec<FieldError>) {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let mut refuse = |detail: &str| {
        errors.push(FieldError::invalid(field, format!("{key:?}"), detail));
    };
    match prefix {
        Some("") => refuse("prefix part must be non-empty"),
        Some(prefix) if !prefix.split('.').all(is_label) => {
            refuse(&format!("prefix part {SUBDOMAIN}"));
        }
        _ => {}
    }
    if name.is_empty() {
        refuse("name part must be non-empty");
    } else if name.len() > LONGEST_LABEL {
        refuse(&format!("name part must be no more than {LONGEST_LABEL} characters"));
    }
    if !is_word(name) {
        refuse(QUALIFIED);
    }
}

/// The value of a label.
pub(super) fn label_value(field: &str, value: &str, errors: &mut Vec<FieldError>) {
    check_length(field, value, LONGEST_LABEL, errors);
    if !value.is_empty() && !is_word(value) {
        errors.push(FieldError::invalid(field, format!("{value:?}"), LABEL_VALUE));
    }
}

/// Whether a text has the form that names of labels and their values share.
fn is_word(text: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
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
