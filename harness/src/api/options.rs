//! The options of requests on objects, and what makes no sense of them.

use kubernetes_objects::decode::FieldValidation;
use kubernetes_objects::resource::Resource;
use kubernetes_objects::selector::{FieldSelector, LabelSelector, SelectorError};
use kubernetes_objects::{Cause, CauseReason, Details, Status};
use serde_json::Value as Json;

use super::query::{Fault, Query, dry_run, go_words, manager, refuse};
use crate::cluster::{DeleteOptions, ListOptions, Propagation, WatchOptions, Writing};

/// The group of the options' kinds.
const META: &str = "meta.k8s.io";

/// The options of a write, as they came.
pub(super) struct WriteOptions {
    manager: String,
    dry_run: bool,
    force: bool,
    validation: FieldValidation,
}

impl WriteOptions {
    /// Reads the options of a write of a kind: `CreateOptions`, `UpdateOptions`, `PatchOptions`.
    ///
    /// # Errors
    /// [`Status`].
    pub(super) fn read(
        query: &Query,
        user_agent: &str,
        kind: &str,
        applies: bool,
    ) -> Result<Self, Status> {
        let mut faults = Vec::new();
        if applies && query.text("fieldManager").is_empty() {
            faults.push(Fault::required("fieldManager", "is required for apply patch"));
        }
        if kind == "PatchOptions" && !applies && query.first("force").is_some() {
            faults.push(Fault::forbidden("force", "may not be specified for non-apply patch"));
        }
        let manager = manager(query, user_agent, &mut faults);
        let dry_run = dry_run(query, &mut faults);
        let validation = match query.text("fieldValidation") {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            unknown => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                faults.push(Fault::unsupported("fieldValidation", unknown, &supported));
                FieldValidation::Warn
            }
        };
        refuse(META, kind, "", faults)?;
        Ok(Self { manager, dry_run, force: query.flag("force"), validation })
    }

    /// How the store is to write.
    pub(super) fn writing(&self) -> Writing<'_> {
        Writing {
            manager: &self.manager,
            dry_run: self.dry_run,
            force: self.force,
            validation: self.validation,
        }
    }
}

fn bad_selector(error: SelectorError) -> Status {
    Status::bad_request(error.0)
}

fn selectors(
    query: &Query,
    resource: &Resource,
    name: &str,
) -> Result<(LabelSelector, FieldSelector), Status> {
    let labels = query.text("labelSelector").parse().map_err(bad_selector)?;
    let mut fields = query.text("fieldSelector").to_owned();
    if !name.is_empty() {
        // A watch of one object is a watch of all that are called like it.
        let separator = if fields.is_empty() { "" } else { "," };
        fields = format!("{fields}{separator}metadata.name={name}");
    }
    let fields = FieldSelector::parse(&fields, resource.group, resource.kind);
    Ok((labels, fields.map_err(bad_selector)?))
}

/// The options of a list.
///
/// # Errors
/// [`Status`].
pub(super) fn list(query: &Query, resource: &Resource, newest: u64) -> Result<ListOptions, Status> {
    let (labels, fields) = selectors(query, resource, "")?;
    let limit = query.integer("limit")?.unwrap_or(0);
    let version = query.text("resourceVersion");
    let matching = query.text("resourceVersionMatch");
    let continue_token = query.text("continue");
    let mut faults = Vec::new();
    let option = "resourceVersionMatch";
    if !matching.is_empty() {
        if version.is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            faults.push(Fault::forbidden(option, why));
        }
        if !continue_token.is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            faults.push(Fault::forbidden(option, why));
        }
        if !matches!(matching, "Exact" | "NotOlderThan") {
            faults.push(Fault::unsupported(option, matching, &["Exact", "NotOlderThan", ""]));
        }
        if matching == "Exact" && version == "0" {
            let why = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
            faults.push(Fault::forbidden(option, why));
        }
    }
    if query.first("sendInitialEvents").is_some() {
        faults
            .push(Fault::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    refuse(META, "ListOptions", "", faults)?;
    if !matches!(version, "" | "0") && !continue_token.is_empty() {
        let message = "specifying resource version is not allowed when using continue";
        return Err(Status::bad_request(message));
    }
    if !version.is_empty() && continue_token.is_empty() {
        check_version(version, matching == "Exact", newest)?;
    }
    Ok(ListOptions {
        labels,
        fields,
        limit: usize::try_from(limit).unwrap_or(0),
        continue_token: continue_token.to_owned(),
    })
}

/// Whether a list as of a version, or of a newer one, can be given.
///
/// # Errors
/// [`Status`].
pub(super) fn check_version(version: &str, is_exact: bool, newest: u64) -> Result<(), Status> {
    let wanted: u64 = version.parse().map_err(|error| {
        let why = go_words(&error);
        Status::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {version:?}: \
             strconv.ParseUint: parsing {version:?}: {why}"
        ))
    })?;
    if wanted > newest {
        let message = format!("Too large resource version: {wanted}, current: {newest}");
        return Err(Status::new(504, "Timeout", format!("Timeout: {message}")).with_details(
            Details {
                causes: vec![Cause {
                    reason: CauseReason::ResourceVersionTooLarge,
                    message: "Too large resource version".to_owned(),
                    field: String::new(),
                }],
                retry_after_seconds: Some(1),
                ..Details::default()
            },
        ));
    }
    if is_exact && wanted < newest {
        let message = "The resourceVersion for the provided list is too old.";
        return Err(Status::new(410, "Expired", message));
    }
    Ok(())
}

/// The options of a watch.
///
/// # Errors
/// [`Status`].
pub(super) fn watch(
    query: &Query,
    resource: &Resource,
    name: &str,
) -> Result<WatchOptions, Status> {
    let (labels, fields) = selectors(query, resource, name)?;
    let matching = query.text("resourceVersionMatch");
    let asks_initial = query.first("sendInitialEvents").is_some();
    let option = "resourceVersionMatch";
    let mut faults = Vec::new();
    if asks_initial && matching != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        faults.push(Fault::forbidden(option, why));
    }
    if !matching.is_empty() {
        if !asks_initial {
            let why =
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            faults.push(Fault::forbidden(option, why));
        }
        if matching != "NotOlderThan" {
            faults.push(Fault::unsupported(option, matching, &["NotOlderThan"]));
        }
        if !query.text("continue").is_empty() {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            faults.push(Fault::forbidden(option, why));
        }
    }
    refuse(META, "ListOptions", "", faults)?;
    let version = query.text("resourceVersion");
    let from = match version {
        "" | "0" => None,
        text => Some(text.parse().map_err(|error| {
            let why = format!("strconv.ParseUint: parsing {text:?}: {}", go_words(&error));
            let fault = Fault::invalid("resourceVersion", &format!("{text:?}"), &why);
            refuse(resource.group, resource.plural, "", vec![fault])
                .expect_err("one fault is refused")
        })?),
    };
    Ok(WatchOptions {
        labels,
        fields,
        from,
        initial_events: query.flag("sendInitialEvents"),
        bookmarks: query.flag("allowWatchBookmarks"),
    })
}

/// The options of a deletion: of the body, or of the query where there is none.
///
/// # Errors
/// [`Status`].
pub(super) fn deletion(query: &Query, body: Option<&Json>) -> Result<DeleteOptions, Status> {
    let mut faults = Vec::new();
    let text_of = |field: &str| -> Option<String> {
        match body {
            Some(body) => body[field].as_str().map(str::to_owned),
            None => query.first(field).map(str::to_owned),
        }
    };
    let mut dry = dry_run(query, &mut faults);
    for value in body.and_then(|body| body["dryRun"].as_array()).into_iter().flatten() {
        dry = true;
        if value != "All" {
            let value = value.as_str().unwrap_or_default();
            faults.push(Fault::unsupported("dryRun", value, &["All"]));
        }
    }
    let grace_period_seconds = match body {
        Some(body) => body["gracePeriodSeconds"].as_i64(),
        None => query.integer("gracePeriodSeconds")?,
    };
    let orphan = match body {
        Some(body) => body["orphanDependents"].as_bool(),
        None => query.first("orphanDependents").map(|_| query.flag("orphanDependents")),
    };
    let policy = text_of("propagationPolicy").filter(|policy| !policy.is_empty());
    if let (Some(_), Some(policy)) = (orphan, &policy) {
        let why = "orphanDependents and deletionPropagation cannot be both set";
        faults.push(Fault::invalid("propagationPolicy", &format!("{policy:?}"), why));
    }
    let propagation = match (policy.as_deref(), orphan) {
        (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
        (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
        (Some("Foreground"), _) => Some(Propagation::Foreground),
        (Some(unknown), _) => {
            let supported = ["Foreground", "Background", "Orphan", "nil"];
            faults.push(Fault::unsupported("propagationPolicy", unknown, &supported));
            None
        }
        (None, None) => None,
    };
    refuse(META, "DeleteOptions", "", faults)?;
    let precondition = |field: &str| {
        body.and_then(|body| body["preconditions"][field].as_str()).map(str::to_owned)
    };
    Ok(DeleteOptions {
        grace_period_seconds,
        propagation,
        uid: precondition("uid"),
        resource_version: precondition("resourceVersion"),
        dry_run: dry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_given_as_of_now_or_not_at_all() {
        assert!(check_version("0", false, 10).is_ok());
        assert!(check_version("10", true, 10).is_ok());
        let codes = |version, is_exact| {
            check_version(version, is_exact, 10).expect_err("it cannot be given").code
        };
        assert_eq!(codes("9", true), 410);
        assert_eq!(codes("11", false), 504);
        assert_eq!(codes("x", false), 400);
    }

    #[test]
    fn a_deletion_takes_its_options_from_the_body_or_from_the_query() {
        let query = Query::parse("gracePeriodSeconds=5&propagationPolicy=Orphan").expect("short");
        let options = deletion(&query, None).expect("they make sense");
        assert_eq!(options.grace_period_seconds, Some(5));
        assert_eq!(options.propagation, Some(Propagation::Orphan));
        let body = serde_json::json!({"gracePeriodSeconds": 1, "preconditions": {"uid": "u"}});
        let options = deletion(&query, Some(&body)).expect("they make sense");
        assert_eq!((options.grace_period_seconds, options.propagation), (Some(1), None));
        assert_eq!(options.uid.as_deref(), Some("u"));
        let wrong = serde_json::json!({"propagationPolicy": "Sideways"});
        let status = deletion(&query, Some(&wrong)).expect_err("there is no such policy");
        assert!(status.message.contains("propagationPolicy: Unsupported value: \"Sideways\""));
    }

    #[test]
    fn a_watch_begins_with_what_there_is_or_after_a_version() {
        let pods = kubernetes_objects::resource::find("", "v1", "pods").expect("the table has it");
        let from = |text: &str| {
            let query = Query::parse(text).expect("it is short");
            watch(&query, pods, "").map(|options| options.from)
        };
        assert_eq!(from("").expect("it makes sense"), None);
        assert_eq!(from("resourceVersion=0").expect("it makes sense"), None);
        assert_eq!(from("resourceVersion=7").expect("it makes sense"), Some(7));
        assert_eq!(from("resourceVersion=x").expect_err("x is no version").code, 422);
        assert_eq!(from("resourceVersionMatch=Exact").expect_err("it is for lists").code, 422);
    }
}
