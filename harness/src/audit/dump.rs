//! What kubectl printed, or a live cluster: objects one at a time, however many there are.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::report::NotRead;
use crate::explain::{Manifests, Place, PushError};
use crate::input::live::VOLUMES;
use crate::input::{RawObject, Sink};

/// Takes objects and keeps those that make pods.
pub(super) struct Dump<'a> {
    manifests: &'a mut Manifests,
    not_read: &'a mut Vec<NotRead>,
    source: String,
    taken: usize,
    is_full: bool,
}

impl<'a> Dump<'a> {
    pub(super) fn new(manifests: &'a mut Manifests, not_read: &'a mut Vec<NotRead>) -> Self {
        Self { manifests, not_read, source: String::new(), taken: 0, is_full: false }
    }
}

impl Sink for Dump<'_> {
    fn begin_source(&mut self, name: &str) {
        name.clone_into(&mut self.source);
    }

    fn wants(&self, _: &RawObject) -> bool {
        true
    }

    fn take(&mut self, object: RawObject) -> bool {
        self.taken += 1;
        let line = object.line;
        if object.kind.is_empty() {
            self.refuse(line, "", "it has no kind");
            return true;
        }
        let read = |part: Option<crate::input::Part>| {
            part.map_or(Ok(Json::Null), |part| part.read::<Json>())
        };
        // Of a node it says what it is; of what makes pods it says what became of them.
        let status = object.status.filter(|_| matches!(&*object.kind, "Node" | "Pod"));
        let parts = (read(object.metadata), read(object.spec), read(status));
        let (metadata, spec, status) = match parts {
            (Ok(metadata), Ok(spec), Ok(status)) => (metadata, spec, status),
            (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
                self.refuse(line, &object.kind, &error.to_string());
                return true;
            }
        };
        let place = Place {
            file: self.source.as_str().into(),
            line: line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1),
            container_lines: BTreeMap::new(),
        };
        let object_json = json!({
            "apiVersion": object.api_version, "kind": object.kind,
            "metadata": metadata, "spec": spec, "status": status,
        });
        match self.manifests.push(&object.kind, &object_json, place) {
            Ok(()) => {}
            Err(error @ PushError::Node { .. }) => {
                self.refuse(line, &object.kind, &error.to_string())
            }
            Err(PushError::TooMany(_)) => self.is_full = true,
        }
        !self.is_full
    }

    fn is_full(&self) -> bool {
        self.is_full
    }

    fn refuse(&mut self, line: Option<u64>, title: &str, why: &str) {
        let title = if title.is_empty() { "an object" } else { title };
        self.not_read.push(NotRead {
            file: self.source.clone(),
            line: line.and_then(|line| usize::try_from(line).ok()),
            why: format!("{title} is left out: {why}"),
        });
    }

    fn understood(&self) -> String {
        crate::report::counted(self.taken, "object")
    }

    fn set_api_server_version(&mut self, version: String) {
        self.manifests.api_server_version = Some(version);
    }

    fn not_read(&mut self, what: &'static str) {
        // Few may list volumes, and fewer volumes demand a group.
        if VOLUMES.iter().any(|list| list.what == what) {
            self.manifests.has_unread_volumes = true;
            return;
        }
        let why = format!("the API server does not let you list {what}");
        self.not_read.push(NotRead { file: self.source.clone(), line: None, why });
    }
}
