//! Label selectors in objects (`apimachinery/pkg/apis/meta/v1/validation`, 1.36).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::{FieldError, names};

/// Why values are missing.
pub(super) const VALUES_NEEDED: &str = "must be specified when `operator` is 'In' or 'NotIn'";
/// Why values must not be there.
pub(super) const NO_VALUES: &str =
    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
/// Why an operator is refused.
pub(super) const NO_OPERATOR: &str = "not a valid selector operator";
/// Why keys alone are refused.
pub(super) const NO_SELECTOR: &str = "must not be specified when labelSelector is not set";

/// Checks a selector.
pub(in crate::cluster::strategy) fn check(
    selector: &LabelSelector,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(labels) = &selector.match_labels {
        names::labels(&format!("{path}.matchLabels"), labels, errors);
    }
    for (index, expression) in selector.match_expressions.iter().flatten().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = expression.values.as_deref().unwrap_or_default();
        let field = format!("{path}.values");
        match expression.operator.as_str() {
            "In" | "NotIn" if values.is_empty() => {
                errors.push(FieldError::required(&field, VALUES_NEEDED));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                errors.push(FieldError::forbidden(&field, NO_VALUES));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let field = format!("{path}.operator");
                errors.push(FieldError::invalid_text(field, other, NO_OPERATOR));
            }
        }
        names::qualified(&format!("{path}.key"), &expression.key, errors);
        check_values(values, &field, errors);
    }
}

/// Checks the values of a requirement.
pub(super) fn check_values(values: &[String], path: &str, errors: &mut Vec<FieldError>) {
    for (index, value) in values.iter().enumerate() {
        let faults = names::label_value_faults(value);
        names::refuse(&format!("{path}[{index}]"), value, faults, errors);
    }
}
