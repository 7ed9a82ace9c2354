//! The query of a request, and the options in it that all kinds of requests share.

use crate::cluster::quoted;
use kubernetes_objects::{Cause, CauseReason, Details, Status};

/// The most parameters of one query.
const MOST_PARAMETERS: usize = 1000;

/// The longest name of a field manager, in bytes.
const LONGEST_MANAGER: usize = 128;

/// A query, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what stands after the question mark.
    ///
    /// # Errors
    /// [`Status`] when there are too many parameters.
    pub(super) fn parse(text: &str) -> Result<Self, Status> {
        let parameters: Vec<_> = form_urlencoded::parse(text.as_bytes())
            .take(MOST_PARAMETERS + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if parameters.len() > MOST_PARAMETERS {
            let message = format!("a query may have {MOST_PARAMETERS} parameters at most");
            return Err(Status::bad_request(message));
        }
        Ok(Self(parameters))
    }

    /// A parameter; the first where there are several.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter's text; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.first(name).unwrap_or_default()
    }

    /// Whether a parameter is given and neither `0` nor `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.first(name).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }

    /// A parameter that is a whole number.
    ///
    /// # Errors
    /// [`Status`] in Go's words.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Status> {
        let Some(text) = self.first(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        text.parse().map(Some).map_err(|error: std::num::ParseIntError| {
            Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: {}", go_words(&error)))
        })
    }
}

/// Why a text is no number, as Go says it.
pub(super) fn go_words(error: &std::num::ParseIntError) -> &'static str {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    match error.kind() {
        PosOverflow | NegOverflow => "value out of range",
        _ => "invalid syntax",
    }
}

/// A fault of an option, by the option's name.
pub(super) struct Fault {
    option: &'static str,
    reason: CauseReason,
    message: String,
}

impl Fault {
    pub(super) fn invalid(option: &'static str, value: &str, why: &str) -> Self {
        let message = format!("Invalid value: {value}: {why}");
        Self { option, reason: CauseReason::Invalid, message }
    }

    pub(super) fn unsupported(option: &'static str, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<_> = supported.iter().map(|one| format!("{one:?}")).collect();
        let supported = supported.join(", ");
        let message = format!("Unsupported value: {value:?}: supported values: {supported}");
        Self { option, reason: CauseReason::NotSupported, message }
    }

    pub(super) fn forbidden(option: &'static str, why: &str) -> Self {
        Self { option, reason: CauseReason::Forbidden, message: format!("Forbidden: {why}") }
    }

    pub(super) fn required(option: &'static str, why: &str) -> Self {
        Self { option, reason: CauseReason::Required, message: format!("Required value: {why}") }
    }
}

/// 422: options that make no sense; nothing where there are none.
pub(super) fn refuse(
    group: &str,
    kind: &str,
    name: &str,
    faults: Vec<Fault>,
) -> Result<(), Status> {
    if faults.is_empty() {
        return Ok(());
    }
    let said: Vec<_> = faults.iter().map(|it| format!("{}: {}", it.option, it.message)).collect();
    let said = match &*said {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    };
    let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
    let message = format!("{qualified} {name:?} is invalid: {said}");
    let causes = faults
        .into_iter()
        .map(|it| Cause { reason: it.reason, message: it.message, field: it.option.to_owned() })
        .collect();
    Err(Status::new(422, "Invalid", message).with_details(Details {
        name: name.to_owned(),
        group: group.to_owned(),
        kind: kind.to_owned(),
        causes,
        ..Details::default()
    }))
}

/// The faults of `dryRun`; whether it is set.
pub(super) fn dry_run(query: &Query, faults: &mut Vec<Fault>) -> bool {
    let mut given = query.all("dryRun").peekable();
    let is_set = given.peek().is_some();
    if let Some(unknown) = given.find(|value| *value != "All") {
        faults.push(Fault::unsupported("dryRun", unknown, &["All"]));
    }
    is_set
}

/// The field manager: the one named, or what comes before the `/` of the client's name.
pub(super) fn manager(query: &Query, user_agent: &str, faults: &mut Vec<Fault>) -> String {
    let named = query.text("fieldManager");
    if named.len() > LONGEST_MANAGER {
        let why = format!("Too long: may not be more than {LONGEST_MANAGER} bytes");
        faults.push(Fault { option: "fieldManager", reason: CauseReason::TooLong, message: why });
    }
    for (at, unprintable) in named.char_indices().filter(|(_, it)| it.is_control()) {
        let code = u32::from(unprintable);
        let why = format!("invalid character U+{code:04X} (at position {at})");
        faults.push(Fault::invalid("fieldManager", &quoted(named), &why));
    }
    if !named.is_empty() {
        return named.to_owned();
    }
    let prefix = user_agent.split('/').next().unwrap_or_default();
    let printable = prefix.chars().filter(|c| !c.is_control());
    let mut length = 0;
    let manager: String = printable
        .take_while(|c| {
            length += c.len_utf8();
            length <= LONGEST_MANAGER
        })
        .collect();
    if manager.is_empty() { "unknown".to_owned() } else { manager }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).expect("it is short")
    }

    #[test]
    fn parameters_are_decoded_and_flags_are_read_as_go_reads_them() {
        let query = query("a=b%3Dc&watch=1&x=&y=false&z=0&command=a&command=b+c");
        assert_eq!(query.text("a"), "b=c");
        assert!(query.flag("watch") && query.flag("x"));
        assert!(!query.flag("y") && !query.flag("z") && !query.flag("missing"));
        assert_eq!(query.all("command").collect::<Vec<_>>(), ["a", "b c"]);
        let error = Query::integer(&Query::parse("limit=x").expect("it is short"), "limit");
        let error = error.expect_err("x is no number");
        assert_eq!(error.message, "strconv.ParseInt: parsing \"x\": invalid syntax");
    }

    #[test]
    fn the_manager_is_the_clients_name_unless_one_is_given() {
        let manager = |text: &str, agent: &str| manager(&query(text), agent, &mut Vec::new());
        assert_eq!(manager("", "kubectl/v1.32 (linux/amd64)"), "kubectl");
        assert_eq!(manager("fieldManager=lab", "kubectl/v1.32"), "lab");
        assert_eq!(manager("", ""), "unknown");
    }

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let mut faults = Vec::new();
        assert!(dry_run(&query("dryRun=Some"), &mut faults));
        let status = refuse("meta.k8s.io", "CreateOptions", "", faults).expect_err("it is wrong");
        assert_eq!(
            status.message,
            "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: \"Some\": \
             supported values: \"All\""
        );
        assert_eq!(status.code, 422);
    }
}
