//! What clients ask of the API server, without HTTP.

use kubernetes_objects::decode::FieldValidation;
use kubernetes_objects::resource::Resource;
use kubernetes_objects::selector::{FieldSelector, LabelSelector};
use serde_json::Value as Json;

/// What a request is about.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The resource.
    pub resource: &'static Resource,
    /// The namespace; empty for all of them, or where objects have none.
    pub namespace: &'a str,
    /// The object's name; empty for all objects.
    pub name: &'a str,
    /// What is below the object, such as `status`; empty for the object itself.
    pub subresource: &'a str,
}

/// Which objects are wanted, and how many at once.
#[derive(Debug, Clone, Default)]
pub struct ListOptions {
    /// Only objects with these labels.
    pub labels: LabelSelector,
    /// Only objects with these fields.
    pub fields: FieldSelector,
    /// The most objects in one answer; 0 for all.
    pub limit: usize,
    /// Where the answer before ended, as it said; empty at the start.
    pub continue_token: String,
}

/// An answer to a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The revision of the whole.
    pub revision: u64,
    /// How to go on, unless this was all.
    pub continue_token: Option<String>,
    /// How many are left, where no selector makes that unknown.
    pub remaining: Option<usize>,
    /// The objects.
    pub items: Vec<Json>,
}

/// Which changes are wanted.
#[derive(Debug, Clone, Default)]
pub struct WatchOptions {
    /// Only objects with these labels.
    pub labels: LabelSelector,
    /// Only objects with these fields.
    pub fields: FieldSelector,
    /// Changes after this revision; none begins with what there is.
    pub from: Option<u64>,
    /// Whether what there is comes first, and then a bookmark that says so.
    pub initial_events: bool,
    /// Whether bookmarks say from time to time which revision has been reached.
    pub bookmarks: bool,
}

/// Who writes, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Writing<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// Whether everything is done but writing.
    pub dry_run: bool,
    /// Whether apply takes fields that others own.
    pub force: bool,
    /// What becomes of fields that are unknown or stand twice.
    pub validation: FieldValidation,
}

/// How an object is deleted.
#[derive(Debug, Clone, Default)]
pub struct DeleteOptions {
    /// Seconds to end in; the object's own where none are given.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of the objects that it owns.
    pub propagation: Option<Propagation>,
    /// Only the object with this uid.
    pub uid: Option<String>,
    /// Only this version of the object.
    pub resource_version: Option<String>,
    /// Whether everything is done but deleting.
    pub dry_run: bool,
}

/// What becomes of the objects that a deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They stay, without that owner.
    Orphan,
    /// They go after it.
    Background,
    /// They go before it.
    Foreground,
}
