//! Field selectors: `status.phase=Running,spec.nodeName!=n1`, by the fields that a resource
//! offers for it.

use super::SelectorError;

/// The fields that can be selected by, where a resource has more than its name and namespace.
///
/// From the field label conversions of Kubernetes 1.36.
struct Supported {
    group: &'static str,
    kind: &'static str,
    fields: &'static [&'static str],
    /// How a field is refused that is not among them.
    refusal: Refusal,
}

/// The two ways in which API servers refuse a field.
#[derive(Clone, Copy)]
enum Refusal {
    /// `field label not supported: spec.foo`.
    Label,
    /// `field label "spec.foo" not supported for batchv1.Job`, with what it says for the kind.
    ForKind(&'static str),
}

const NAME: &str = "metadata.name";
const NAMESPACE: &str = "metadata.namespace";

static SUPPORTED: &[Supported] = &[
    Supported {
        group: "",
        kind: "Pod",
        fields: &[
            NAME,
            NAMESPACE,
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        refusal: Refusal::Label,
    },
    Supported {
        group: "",
        kind: "Node",
        fields: &[NAME, "spec.unschedulable"],
        refusal: Refusal::Label,
    },
    Supported {
        group: "",
        kind: "ReplicationController",
        fields: &[NAME, NAMESPACE, "status.replicas"],
        refusal: Refusal::Label,
    },
    Supported {
        group: "",
        kind: "Event",
        fields: &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
            NAMESPACE,
            NAME,
        ],
        refusal: Refusal::Label,
    },
    Supported {
        group: "events.k8s.io",
        kind: "Event",
        fields: &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
            NAMESPACE,
            NAME,
        ],
        refusal: Refusal::Label,
    },
    Supported {
        group: "",
        kind: "Namespace",
        fields: &["status.phase", NAME],
        refusal: Refusal::Label,
    },
    Supported {
        group: "",
        kind: "Secret",
        fields: &["type", NAMESPACE, NAME],
        refusal: Refusal::Label,
    },
    Supported {
        group: "",
        kind: "Service",
        fields: &[NAMESPACE, NAME, "spec.clusterIP", "spec.type"],
        refusal: Refusal::Label,
    },
    Supported {
        group: "batch",
        kind: "Job",
        fields: &[NAME, NAMESPACE, "status.successful"],
        refusal: Refusal::ForKind("batchv1.Job"),
    },
    Supported {
        group: "certificates.k8s.io",
        kind: "CertificateSigningRequest",
        fields: &[NAME, "spec.signerName"],
        refusal: Refusal::Label,
    },
];

/// One comparison of a field selector.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    is_equal: bool,
}

/// A field selector: all its comparisons hold. The empty one selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSelector {
    terms: Vec<Term>,
}

impl FieldSelector {
    /// Reads the selector for objects of a kind.
    ///
    /// # Errors
    /// [`SelectorError`] for what cannot be read and for fields that the kind does not offer.
    pub fn parse(text: &str, group: &str, kind: &str) -> Result<Self, SelectorError> {
        let supported = SUPPORTED.iter().find(|one| one.group == group && one.kind == kind);
        let mut terms = Vec::new();
        for term in split(text).into_iter().filter(|term| !term.is_empty()) {
            let mut term = Term::parse(term, text)?;
            if kind == "Pod" && term.field == "spec.host" {
                // What the first clients of v1 sent.
                term.field = "spec.nodeName".to_owned();
            }
            check(&term.field, supported)?;
            terms.push(term);
        }
        Ok(Self { terms })
    }

    /// Whether it selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The value that a field must have, where the selector demands one.
    #[must_use]
    pub fn demands(&self, field: &str) -> Option<&str> {
        let term = self.terms.iter().find(|term| term.is_equal && term.field == field)?;
        Some(&term.value)
    }

    /// Whether it selects an object whose fields have these values; absent ones are empty, `false`
    /// or `0` by their type.
    #[must_use]
    pub fn matches(&self, value: impl Fn(&str) -> String) -> bool {
        self.terms.iter().all(|term| (value(&term.field) == term.value) == term.is_equal)
    }
}

impl Term {
    fn parse(term: &str, selector: &str) -> Result<Self, SelectorError> {
        for (operator, is_equal) in [("!=", false), ("==", true), ("=", true)] {
            // The operator that comes first counts; at one place the longer one.
            let first = term.find(['=', '!']).filter(|at| term[*at..].starts_with(operator));
            if let Some(at) = first {
                let value = unescape(&term[at + operator.len()..])?;
                return Ok(Self { field: term[..at].to_owned(), value, is_equal });
            }
        }
        Err(SelectorError(format!("invalid selector: '{selector}'; can't understand '{term}'")))
    }
}

/// The terms between commas that are not escaped.
fn split(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut start = 0;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if c == ',' {
            terms.push(&text[start..at]);
            start = at + 1;
        }
    }
    terms.push(&text[start..]);
    terms
}

fn unescape(text: &str) -> Result<String, SelectorError> {
    let mut value = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('\\' | ',' | '=')) => value.push(escaped),
                escaped => {
                    let escaped = escaped.map(String::from).unwrap_or_default();
                    let sequence = format!("\\{escaped}");
                    return Err(SelectorError(format!(
                        "invalid field selector: invalid escape sequence: {sequence}"
                    )));
                }
            },
            ',' | '=' => {
                return Err(SelectorError(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(c)
                )));
            }
            other => value.push(other),
        }
    }
    Ok(value)
}

fn check(field: &str, supported: Option<&Supported>) -> Result<(), SelectorError> {
    let Some(supported) = supported else {
        return if matches!(field, NAME | NAMESPACE) {
            Ok(())
        } else {
            Err(SelectorError(format!(
                "{field:?} is not a known field selector: only \"{NAME}\", \"{NAMESPACE}\""
            )))
        };
    };
    if supported.fields.contains(&field) {
        return Ok(());
    }
    Err(SelectorError(match supported.refusal {
        Refusal::Label => format!("field label not supported: {field}"),
        Refusal::ForKind(kind) => format!("field label {field:?} not supported for {kind}"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_comparison_must_hold() {
        let pod = |field: &str| {
            match field {
                "spec.nodeName" => "n1",
                "status.phase" => "Running",
                "spec.hostNetwork" => "false",
                _ => "",
            }
            .to_owned()
        };
        for (selector, selects) in [
            ("", true),
            ("status.phase=Running", true),
            ("status.phase==Running,spec.nodeName!=n2", true),
            ("spec.host=n1", true),
            ("status.phase!=Running", false),
            ("spec.hostNetwork=false", true),
            ("status.nominatedNodeName=", true),
            ("metadata.name=x", false),
        ] {
            let read = FieldSelector::parse(selector, "", "Pod").expect(selector);
            assert_eq!(read.matches(pod), selects, "{selector}");
        }
    }

    #[test]
    fn a_field_that_the_kind_does_not_offer_is_refused_in_its_words() {
        for (group, kind, message) in [
            ("", "Pod", "field label not supported: spec.foo"),
            ("", "Node", "field label not supported: spec.foo"),
            ("batch", "Job", "field label \"spec.foo\" not supported for batchv1.Job"),
            (
                "apps",
                "Deployment",
                "\"spec.foo\" is not a known field selector: only \"metadata.name\", \
                 \"metadata.namespace\"",
            ),
        ] {
            let error = FieldSelector::parse("spec.foo=x", group, kind).expect_err(kind);
            assert_eq!(error.0, message);
        }
        let error = FieldSelector::parse("foo", "", "Pod").expect_err("there is no comparison");
        assert_eq!(error.0, "invalid selector: 'foo'; can't understand 'foo'");
    }

    #[test]
    fn commas_can_be_escaped() {
        let selector = FieldSelector::parse(r"reason=a\,b\=c", "", "Event").expect("it is escaped");
        assert_eq!(selector.demands("reason"), Some("a,b=c"));
        assert!(FieldSelector::parse(r"reason=a\x", "", "Event").is_err());
    }
}
