//! What may be a name, a label's key or a label's value, with the words that an API server has
//! for what may not.

/// The faults of a text, in the API server's words.
pub type Faults = Vec<String>;

const SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// Checks an RFC 1123 subdomain: what most objects may be called.
///
/// # Errors
/// What is wrong with it.
pub fn dns_subdomain(text: &str) -> Result<(), Faults> {
    let fits = text.split('.').all(is_dns_label);
    let words = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                 characters, '-' or '.', and must start and end with an alphanumeric character";
    judge(text, 253, fits, || pattern_words(words, SUBDOMAIN, &["example.com"]))
}

/// Checks an RFC 1123 label: what namespaces and containers may be called.
///
/// # Errors
/// What is wrong with it.
pub fn dns_label(text: &str) -> Result<(), Faults> {
    let words = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
                 '-', and must start and end with an alphanumeric character";
    judge(text, 63, is_dns_label(text), || pattern_words(words, LABEL, &["my-name", "123-abc"]))
}

/// Checks a qualified name: the key of a label, an annotation or a taint.
///
/// # Errors
/// What is wrong with it.
pub fn qualified_name(text: &str) -> Result<(), Faults> {
    let words = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
                 with an alphanumeric character";
    let words = || pattern_words(words, QUALIFIED, &["MyName", "my.name", "123-abc"]);
    let mut faults = Faults::new();
    let name = match *text.split('/').collect::<Vec<_>>() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                faults.push("prefix part must be non-empty".to_owned());
            } else if let Err(whys) = dns_subdomain(prefix) {
                faults.extend(whys.into_iter().map(|why| format!("prefix part {why}")));
            }
            name
        }
        _ => {
            return Err(vec![format!(
                "a valid label key {} with an optional DNS subdomain prefix and '/' (e.g. \
                 'example.com/MyName')",
                words()
            )]);
        }
    };
    if name.is_empty() {
        faults.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        faults.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_qualified(name) {
        faults.push(format!("name part {}", words()));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Checks the value of a label.
///
/// # Errors
/// What is wrong with it.
pub fn label_value(text: &str) -> Result<(), Faults> {
    let words = "a valid label must be an empty string or consist of alphanumeric characters, \
                 '-', '_' or '.', and must start and end with an alphanumeric character";
    let pattern = format!("({QUALIFIED})?");
    let mut faults = Faults::new();
    if text.len() > 63 {
        faults.push("must be no more than 63 bytes".to_owned());
    }
    if !text.is_empty() && !is_qualified(text) {
        faults.push(pattern_words(words, &pattern, &["MyValue", "my_value", "12345"]));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn judge(
    text: &str,
    longest: usize,
    fits: bool,
    words: impl FnOnce() -> String,
) -> Result<(), Faults> {
    let mut faults = Faults::new();
    if text.len() > longest {
        faults.push(format!("must be no more than {longest} characters"));
    }
    if !fits {
        faults.push(words());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn is_dns_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| inner(*byte) || *byte == b'-')
        && bytes.first().copied().is_some_and(inner)
        && bytes.last().copied().is_some_and(inner)
}

fn is_qualified(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// apimachinery's way to say that a pattern is not met.
fn pattern_words(words: &str, pattern: &str, examples: &[&str]) -> String {
    let examples: Vec<_> = examples.iter().map(|example| format!("'{example}', ")).collect();
    let examples = examples.join(" or ");
    format!("{words} (e.g. {examples}regex used for validation is '{pattern}')")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_kubernetes_takes_are_taken() {
        for name in ["a", "a-b.c", "1", "example.com"] {
            assert_eq!(dns_subdomain(name), Ok(()), "{name}");
        }
        for key in ["a", "app.kubernetes.io/name", "A_b.C", "example.com/strict"] {
            assert_eq!(qualified_name(key), Ok(()), "{key}");
        }
        for value in ["", "a", "A_b.C", "1"] {
            assert_eq!(label_value(value), Ok(()), "{value}");
        }
    }

    #[test]
    fn a_bad_name_is_refused_in_the_recorded_words() {
        let why = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                   characters, '-' or '.', and must start and end with an alphanumeric character \
                   (e.g. 'example.com', regex used for validation is \
                   '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        assert_eq!(dns_subdomain("Bad_Name"), Err(vec![why.to_owned()]));
        let long = format!("{}A", "a".repeat(253));
        let faults = vec!["must be no more than 253 characters".to_owned(), why.to_owned()];
        assert_eq!(dns_subdomain(&long), Err(faults));
    }

    #[test]
    fn each_part_of_a_bad_key_is_named() {
        let faults = qualified_name("/").expect_err("both parts are empty");
        assert_eq!(faults[..2], ["prefix part must be non-empty", "name part must be non-empty"]);
        assert!(faults[2].starts_with("name part must consist of"), "{faults:?}");
        for key in ["a/b/c", "-a", "a b", ""] {
            assert!(qualified_name(key).is_err(), "{key}");
        }
    }
}
