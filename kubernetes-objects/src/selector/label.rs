//! Label selectors: `a=b`, `a==b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`, `a>1`, `a<1`.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value as Json};

use super::SelectorError;
use super::label_parser::Parser;

/// What a requirement asks of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The label has the value: `=`, `==`.
    Equals,
    /// The label is absent or has another value: `!=`.
    NotEquals,
    /// The label has one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// The label is an integer greater than the value.
    GreaterThan,
    /// The label is an integer less than the value.
    LessThan,
}

/// One requirement of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// What is asked of it.
    pub operator: Operator,
    /// The values it is compared with.
    pub values: Vec<String>,
}

/// A label selector: all its requirements hold. The empty one selects everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// What is asked of the labels.
    pub requirements: Vec<Requirement>,
}

impl LabelSelector {
    /// Whether it selects everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether it selects an object with these labels.
    #[must_use]
    pub fn matches(&self, labels: Option<&Map<String, Json>>) -> bool {
        self.requirements.iter().all(|one| {
            one.matches(labels.and_then(|labels| labels.get(&one.key)).and_then(Json::as_str))
        })
    }

    /// Whether it selects this object.
    #[must_use]
    pub fn matches_object(&self, object: &Json) -> bool {
        self.is_empty() || self.matches(object["metadata"]["labels"].as_object())
    }

    /// The selector that an object carries as `matchLabels` and `matchExpressions`.
    ///
    /// # Errors
    /// [`SelectorError`] for an operator that is unknown or does not fit its values.
    pub fn of_object(selector: &Json) -> Result<Self, SelectorError> {
        let mut requirements: Vec<_> = selector["matchLabels"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| Requirement {
                key: key.clone(),
                operator: Operator::Equals,
                values: vec![value.as_str().unwrap_or_default().to_owned()],
            })
            .collect();
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            requirements.push(Requirement::of_expression(expression)?);
        }
        requirements.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(Self { requirements })
    }
}

impl FromStr for LabelSelector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        Parser::new(text).parse().map(|requirements| Self { requirements })
    }
}

impl Requirement {
    /// Whether a label with this value, or its absence, is what is asked.
    #[must_use]
    pub fn matches(&self, value: Option<&str>) -> bool {
        let among = |value: &str| self.values.iter().any(|one| one == value);
        match self.operator {
            Operator::In | Operator::Equals => value.is_some_and(among),
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(among),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.compares(value, |label, bound| label > bound),
            Operator::LessThan => self.compares(value, |label, bound| label < bound),
        }
    }

    fn compares(&self, value: Option<&str>, holds: fn(i64, i64) -> bool) -> bool {
        let label = value.and_then(|value| value.parse().ok());
        let bound = self.values.first().and_then(|value| value.parse().ok());
        label.zip(bound).is_some_and(|(label, bound)| holds(label, bound))
    }

    fn of_expression(expression: &Json) -> Result<Self, SelectorError> {
        let operator = match expression["operator"].as_str().unwrap_or_default() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            other => {
                return Err(SelectorError(format!(
                    "{other:?} is not a valid label selector operator"
                )));
            }
        };
        let values = expression["values"].as_array().into_iter().flatten();
        Ok(Self {
            key: expression["key"].as_str().unwrap_or_default().to_owned(),
            operator,
            values: values.filter_map(Json::as_str).map(str::to_owned).collect(),
        })
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operator, values } = self;
        let mut sorted = values.clone();
        sorted.sort();
        match operator {
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::Equals => write!(f, "{key}={}", values.join(",")),
            Operator::NotEquals => write!(f, "{key}!={}", values.join(",")),
            Operator::In => write!(f, "{key} in ({})", sorted.join(",")),
            Operator::NotIn => write!(f, "{key} notin ({})", sorted.join(",")),
            Operator::GreaterThan => write!(f, "{key}>{}", values.join(",")),
            Operator::LessThan => write!(f, "{key}<{}", values.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(selector: &str, labels: &Json) -> bool {
        let selector: LabelSelector = selector.parse().expect("the selector can be read");
        selector.matches(labels.as_object())
    }

    #[test]
    fn every_requirement_must_hold() {
        let labels = json!({"app": "lab", "tier": "front", "size": "3"});
        for selector in [
            "",
            "app=lab",
            "app==lab",
            "app!=x",
            "app in (lab, x)",
            "app notin (x,y)",
            "app",
            "!missing",
            "missing!=x",
            "size>2",
            "size<4",
            " app = lab , tier in (front) ",
            "app=lab,!missing,size>2",
        ] {
            assert!(selects(selector, &labels), "{selector}");
        }
        for selector in [
            "app=x",
            "app!=lab",
            "app in (x)",
            "app notin (lab)",
            "!app",
            "missing",
            "size>3",
            "app>1",
            "app=lab,missing",
        ] {
            assert!(!selects(selector, &labels), "{selector}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_the_words_of_the_api_server() {
        for (selector, message) in [
            ("app===x", "unable to parse requirement: found '=', expected: identifier"),
            ("app=x,", "found '', expected: identifier after ','"),
            ("=x", "found '=', expected: !, identifier, or 'end of string'"),
            (
                "app x",
                "unable to parse requirement: found 'x', expected: in, notin, =, ==, !=, gt, lt",
            ),
            ("app in x", "unable to parse requirement: found 'x' expected: '('"),
            ("app in (x", "unable to parse requirement: found '', expected: ',' or ')'"),
            (
                "app in ()",
                "unable to parse requirement: values: Invalid value: []: for 'in', 'notin' \
                 operators, values set can't be empty",
            ),
            (
                "size>big",
                "unable to parse requirement: values[0]: Invalid value: \"big\": for 'Gt', 'Lt' \
                 operators, the value must be an integer",
            ),
            (
                "app=-x",
                "unable to parse requirement: values[0][app]: Invalid value: \"-x\": a valid label \
                 must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                 and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
                 'my_value',  or '12345', regex used for validation is \
                 '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            ),
        ] {
            let error = selector.parse::<LabelSelector>().expect_err(selector);
            assert_eq!(error.0, message, "{selector}");
        }
    }

    #[test]
    fn a_workloads_selector_prints_as_kubectl_shows_it() {
        let selector = json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["b", "a"]},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        });
        let selector = LabelSelector::of_object(&selector).expect("the selector is well-formed");
        assert_eq!(selector.to_string(), "app=web,!old,tier in (a,b)");
    }
}
