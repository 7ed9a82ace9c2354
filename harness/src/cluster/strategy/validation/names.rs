//! Names of objects, containers and ports, labels and their values: what is wrong with them, in
//! the server's words (`apimachinery/pkg/util/validation` and `pkg/api/validate/content`, 1.36).

use super::FieldError;

/// What a name that may hold dots looks like.
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What a domain that names are searched in looks like.
const SEARCH: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";

/// What a name without dots looks like.
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

/// What a service's name looks like.
const SERVICE: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

/// What a key looks like, without its prefix.
const KEY: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// What a label's value looks like.
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The longest name that may hold dots, in bytes.
const LONGEST_SUBDOMAIN: usize = 253;

/// The longest name without dots, in bytes.
const LONGEST_LABEL: usize = 63;

/// The longest name of a port, in bytes.
const LONGEST_PORT: usize = 15;

/// What is wrong with a text; nothing where it is fine.
pub(in crate::cluster::strategy) type Faults = Vec<String>;

/// Refuses a field for every fault of its text.
pub(in crate::cluster::strategy) fn refuse(
    field: &str,
    text: &str,
    faults: Faults,
    errors: &mut Vec<FieldError>,
) {
    errors.extend(faults.iter().map(|fault| FieldError::invalid_text(field, text, fault)));
}

/// A name that may hold dots, as of pods.
pub(in crate::cluster::strategy) fn subdomain(
    field: &str,
    name: &str,
    errors: &mut Vec<FieldError>,
) {
    refuse(field, name, subdomain_faults(name), errors);
}

/// A name without dots, as of containers.
pub(in crate::cluster::strategy) fn label(field: &str, name: &str, errors: &mut Vec<FieldError>) {
    refuse(field, name, label_faults(name), errors);
}

/// A key of labels and annotations: a name, with a prefix or without.
pub(in crate::cluster::strategy) fn qualified(
    field: &str,
    key: &str,
    errors: &mut Vec<FieldError>,
) {
    refuse(field, key, qualified_faults(key), errors);
}

/// What is wrong with a name that may hold dots.
pub(in crate::cluster::strategy) fn subdomain_faults(name: &str) -> Faults {
    let mut faults = Faults::new();
    check_length(name, LONGEST_SUBDOMAIN, &mut faults);
    if !name.split('.').all(is_label) {
        faults.push(SUBDOMAIN.to_owned());
    }
    faults
}

/// What is wrong with a name without dots.
pub(super) fn label_faults(name: &str) -> Faults {
    let mut faults = Faults::new();
    check_length(name, LONGEST_LABEL, &mut faults);
    if !is_label(name) {
        let has_dots = name.split('.').all(is_label);
        faults.push(if has_dots { "must not contain dots" } else { LABEL }.to_owned());
    }
    faults
}

/// What is wrong with the name of a service, which becomes a host name.
pub(super) fn service_faults(name: &str) -> Faults {
    let mut faults = Faults::new();
    check_length(name, LONGEST_LABEL, &mut faults);
    if !is_label(name) || name.starts_with(|first: char| first.is_ascii_digit()) {
        faults.push(SERVICE.to_owned());
    }
    faults
}

/// What is wrong with a key of labels.
pub(in crate::cluster::strategy) fn qualified_faults(key: &str) -> Faults {
    let mut faults = Faults::new();
    let (prefix, name) = match key.split_once('/') {
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a valid label key {KEY} with an optional DNS subdomain prefix and '/' \
                 (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    match prefix {
        Some("") => faults.push("prefix part must be non-empty".to_owned()),
        Some(prefix) => {
            if prefix.len() > LONGEST_SUBDOMAIN {
                faults.push(format!("prefix part must be no more than {LONGEST_SUBDOMAIN} bytes"));
            }
            if !prefix.split('.').all(is_label) {
                faults.push(format!("prefix part {SUBDOMAIN}"));
            }
        }
        None => {}
    }
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > LONGEST_LABEL {
        faults.push(format!("name part must be no more than {LONGEST_LABEL} bytes"));
    }
    if !is_word(name) {
        faults.push(format!("name part {KEY}"));
    }
    faults
}

/// What is wrong with the value of a label.
pub(in crate::cluster::strategy) fn label_value_faults(value: &str) -> Faults {
    let mut faults = Faults::new();
    if value.len() > LONGEST_LABEL {
        faults.push(format!("must be no more than {LONGEST_LABEL} bytes"));
    }
    if !value.is_empty() && !is_word(value) {
        faults.push(LABEL_VALUE.to_owned());
    }
    faults
}

/// What is wrong with the name of a port.
pub(super) fn port_faults(name: &str) -> Faults {
    let mut faults = Faults::new();
    check_length(name, LONGEST_PORT, &mut faults);
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    for (is_wrong, fault) in [
        (
            name.is_empty() || !name.bytes().all(fits),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (
            !name.bytes().any(|byte| byte.is_ascii_lowercase()),
            "must contain at least one letter (a-z)",
        ),
        (name.contains("--"), "must not contain consecutive hyphens"),
        (name.starts_with('-') || name.ends_with('-'), "must not begin or end with a hyphen"),
    ] {
        if is_wrong {
            faults.push(fault.to_owned());
        }
    }
    faults
}

/// Labels of an object or of a selector.
pub(in crate::cluster::strategy) fn labels<'a>(
    field: &str,
    labels: impl IntoIterator<Item = (&'a String, &'a String)>,
    errors: &mut Vec<FieldError>,
) {
    for (key, value) in labels {
        refuse(field, key, qualified_faults(key), errors);
        refuse(field, value, label_value_faults(value), errors);
    }
}

/// The beginning of a generated name, as what is checked in its place: its last dash is no fault
/// (`maskTrailingDash`).
pub(super) fn without_last_dash(base: &str) -> String {
    match base.strip_suffix('-') {
        Some(rest) if !rest.is_empty() => {
            let last = rest.char_indices().next_back().map_or(0, |(at, _)| at);
            format!("{}a", &rest[..last])
        }
        _ => base.to_owned(),
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

fn check_length(name: &str, longest: usize, faults: &mut Faults) {
    if name.len() > longest {
        faults.push(format!("must be no more than {longest} characters"));
    }
}

/// Whether a text has the form of a label, whatever its length.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// What is wrong with a domain that names are searched in, which may have underscores.
pub(super) fn search_faults(name: &str) -> Faults {
    let mut faults = Faults::new();
    check_length(name, LONGEST_SUBDOMAIN, &mut faults);
    let is_part = |part: &str| {
        let end = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let bytes = part.strip_prefix('_').unwrap_or(part).as_bytes();
        let inner = |byte: &u8| end(Some(byte)) || b"-_".contains(byte);
        end(bytes.first()) && end(bytes.last()) && bytes.iter().all(inner)
    };
    if !name.split('.').all(is_part) {
        faults.push(SEARCH.to_owned());
    }
    faults
}
