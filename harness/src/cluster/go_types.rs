//! The Go types behind a manifest's fields, for the server's words about a wrong one.
//!
//! An API server reads JSON into Go structures and names them when a value does
//! not fit: `json: cannot unmarshal string into Go struct field
//! PodSecurityContext.spec.securityContext.supplementalGroups of type []int64`
//! (recorded, `api-1.36.2.json`). The tables hold the fields that decide about
//! identities and those around them; of others the reader's own words are used.

use serde_json::{Map, Number, Value as Json};

/// A Go type.
#[derive(Debug)]
enum GoType {
    /// A string, by the type's name.
    Text(&'static str),
    /// `bool`.
    Bool,
    /// A signed integer of 32 bits.
    Int32,
    /// A signed integer of 64 bits.
    Int64,
    /// A slice.
    List(&'static GoType),
    /// `map[string]string`.
    Texts,
    /// A structure of the package `v1`.
    Struct(&'static Struct),
}

use GoType::{Bool, Int32, Int64, List, Text, Texts};

/// A Go structure: its name, and the fields by their names in manifests.
#[derive(Debug)]
pub(super) struct Struct(&'static str, &'static [(&'static str, GoType)]);

const STRING: GoType = Text("string");
const STRINGS: GoType = List(&STRING);
const INTEGERS: GoType = List(&Int64);
const CAPABILITIES: GoType = List(&Text("v1.Capability"));

/// A pod.
pub(super) static POD: Struct = Struct(
    "Pod",
    &[("metadata", GoType::Struct(&OBJECT_META)), ("spec", GoType::Struct(&POD_SPEC))],
);

/// A node.
pub(super) static NODE: Struct = Struct(
    "Node",
    &[("metadata", GoType::Struct(&OBJECT_META)), ("spec", GoType::Struct(&NODE_SPEC))],
);

static OBJECT_META: Struct = Struct(
    "ObjectMeta",
    &[
        ("name", STRING),
        ("generateName", STRING),
        ("namespace", STRING),
        ("labels", Texts),
        ("annotations", Texts),
        ("finalizers", STRINGS),
    ],
);

static NODE_SPEC: Struct = Struct("NodeSpec", &[("podCIDR", STRING), ("unschedulable", Bool)]);

static POD_SPEC: Struct = Struct(
    "PodSpec",
    &[
        ("initContainers", List(&GoType::Struct(&CONTAINER))),
        ("containers", List(&GoType::Struct(&CONTAINER))),
        ("ephemeralContainers", List(&GoType::Struct(&EPHEMERAL_CONTAINER))),
        ("restartPolicy", Text("v1.RestartPolicy")),
        ("terminationGracePeriodSeconds", Int64),
        ("activeDeadlineSeconds", Int64),
        ("dnsPolicy", Text("v1.DNSPolicy")),
        ("nodeSelector", Texts),
        ("serviceAccountName", STRING),
        ("nodeName", STRING),
        ("hostNetwork", Bool),
        ("hostPID", Bool),
        ("hostIPC", Bool),
        ("shareProcessNamespace", Bool),
        ("securityContext", GoType::Struct(&POD_SECURITY_CONTEXT)),
        ("hostname", STRING),
        ("schedulerName", STRING),
        ("priorityClassName", STRING),
        ("priority", Int32),
        ("runtimeClassName", STRING),
        ("enableServiceLinks", Bool),
        ("os", GoType::Struct(&POD_OS)),
        ("hostUsers", Bool),
    ],
);

static POD_OS: Struct = Struct("PodOS", &[("name", Text("v1.OSName"))]);

static POD_SECURITY_CONTEXT: Struct = Struct(
    "PodSecurityContext",
    &[
        ("seLinuxOptions", GoType::Struct(&SE_LINUX_OPTIONS)),
        ("runAsUser", Int64),
        ("runAsGroup", Int64),
        ("runAsNonRoot", Bool),
        ("supplementalGroups", INTEGERS),
        ("supplementalGroupsPolicy", Text("v1.SupplementalGroupsPolicy")),
        ("fsGroup", Int64),
        ("fsGroupChangePolicy", Text("v1.PodFSGroupChangePolicy")),
        ("seccompProfile", GoType::Struct(&SECCOMP_PROFILE)),
        ("appArmorProfile", GoType::Struct(&APP_ARMOR_PROFILE)),
        ("seLinuxChangePolicy", Text("v1.PodSELinuxChangePolicy")),
    ],
);

static SECURITY_CONTEXT: Struct = Struct(
    "SecurityContext",
    &[
        ("capabilities", GoType::Struct(&CAPABILITY_CHANGE)),
        ("privileged", Bool),
        ("seLinuxOptions", GoType::Struct(&SE_LINUX_OPTIONS)),
        ("runAsUser", Int64),
        ("runAsGroup", Int64),
        ("runAsNonRoot", Bool),
        ("readOnlyRootFilesystem", Bool),
        ("allowPrivilegeEscalation", Bool),
        ("procMount", Text("v1.ProcMountType")),
        ("seccompProfile", GoType::Struct(&SECCOMP_PROFILE)),
        ("appArmorProfile", GoType::Struct(&APP_ARMOR_PROFILE)),
    ],
);

static CAPABILITY_CHANGE: Struct =
    Struct("Capabilities", &[("add", CAPABILITIES), ("drop", CAPABILITIES)]);

static SE_LINUX_OPTIONS: Struct = Struct(
    "SELinuxOptions",
    &[("user", STRING), ("role", STRING), ("type", STRING), ("level", STRING)],
);

static SECCOMP_PROFILE: Struct = Struct(
    "SeccompProfile",
    &[("type", Text("v1.SeccompProfileType")), ("localhostProfile", STRING)],
);

static APP_ARMOR_PROFILE: Struct = Struct(
    "AppArmorProfile",
    &[("type", Text("v1.AppArmorProfileType")), ("localhostProfile", STRING)],
);

/// The fields that ephemeral containers share with all others.
macro_rules! container_fields {
    ($($own:expr),*) => {
        &[
            ("name", STRING),
            ("image", STRING),
            ("command", STRINGS),
            ("args", STRINGS),
            ("workingDir", STRING),
            ("restartPolicy", Text("v1.ContainerRestartPolicy")),
            ("terminationMessagePath", STRING),
            ("terminationMessagePolicy", Text("v1.TerminationMessagePolicy")),
            ("imagePullPolicy", Text("v1.PullPolicy")),
            ("securityContext", GoType::Struct(&SECURITY_CONTEXT)),
            ("stdin", Bool),
            ("stdinOnce", Bool),
            ("tty", Bool),
            $($own),*
        ]
    };
}

static CONTAINER: Struct = Struct("Container", container_fields!());

static EPHEMERAL_CONTAINER: Struct =
    Struct("EphemeralContainer", container_fields!(("targetContainerName", STRING)));

/// A field on the way to a value: the structure it is in, and the names from the root.
#[derive(Debug, Clone)]
struct Place {
    structure: &'static str,
    path: String,
}

/// The server's words about the first value, in the manifest's order, that does not fit.
pub(super) fn first_mismatch(manifest: &Json, root: &'static Struct) -> Option<String> {
    in_struct(manifest.as_object()?, root, "")
}

fn in_struct(
    fields: &Map<String, Json>,
    Struct(structure, known): &'static Struct,
    path: &str,
) -> Option<String> {
    fields.iter().find_map(|(name, value)| {
        let (_, go_type) = known.iter().find(|(known, _)| known == name)?;
        let dot = if path.is_empty() { "" } else { "." };
        let place = Place { structure, path: format!("{path}{dot}{name}") };
        in_value(value, go_type, &place)
    })
}

fn in_value(value: &Json, go_type: &'static GoType, place: &Place) -> Option<String> {
    match (value, go_type) {
        // Nothing at all is fine everywhere.
        (Json::Null, _) | (Json::String(_), Text(_)) | (Json::Bool(_), Bool) => None,
        (Json::Number(number), Int32) if fits::<i32>(number) => None,
        (Json::Number(number), Int64) if fits::<i64>(number) => None,
        (Json::Number(number), Int32 | Int64) => {
            Some(words(&format!("number {}", written(number)), go_type, place))
        }
        (Json::Array(items), List(item)) => {
            items.iter().find_map(|value| in_value(value, item, place))
        }
        (Json::Object(fields), Texts) => {
            fields.values().find_map(|value| in_value(value, &STRING, place))
        }
        (Json::Object(fields), GoType::Struct(structure)) => {
            in_struct(fields, structure, &place.path)
        }
        (value, go_type) => Some(words(kind(value), go_type, place)),
    }
}

fn fits<T: TryFrom<i64>>(number: &Number) -> bool {
    number.as_i64().is_some_and(|number| T::try_from(number).is_ok())
}

/// A number as JSON made by Go has it: in full below 10^21.
fn written(number: &Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 1e21 => {
            format!("{value:.0}")
        }
        _ => number.to_string(),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

fn words(value: &str, go_type: &GoType, Place { structure, path }: &Place) -> String {
    let go_type = name(go_type);
    format!(
        "json: cannot unmarshal {value} into Go struct field {structure}.{path} of type {go_type}"
    )
}

fn name(go_type: &GoType) -> String {
    match go_type {
        Text(name) => (*name).to_owned(),
        Bool => "bool".to_owned(),
        Int32 => "int32".to_owned(),
        Int64 => "int64".to_owned(),
        List(item) => format!("[]{}", name(item)),
        Texts => "map[string]string".to_owned(),
        GoType::Struct(Struct(name, _)) => format!("v1.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn about(manifest: &Json) -> String {
        first_mismatch(manifest, &POD).unwrap_or_default()
    }

    #[test]
    fn the_recorded_words_come_out() {
        let groups = json!({"spec": {"securityContext": {"supplementalGroups": "4000"}}});
        assert_eq!(
            about(&groups),
            "json: cannot unmarshal string into Go struct field \
             PodSecurityContext.spec.securityContext.supplementalGroups of type []int64"
        );
        assert_eq!(
            about(&json!({"metadata": {"name": true}})),
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string"
        );
    }

    #[test]
    fn a_list_says_what_its_items_are() {
        let groups = json!({"spec": {"securityContext": {"supplementalGroups": [1, "2"]}}});
        assert_eq!(
            about(&groups),
            "json: cannot unmarshal string into Go struct field \
             PodSecurityContext.spec.securityContext.supplementalGroups of type int64"
        );
        let user = json!({"spec": {"containers": [{}, {"securityContext": {"runAsUser": [1]}}]}});
        assert_eq!(
            about(&user),
            "json: cannot unmarshal array into Go struct field \
             SecurityContext.spec.containers.securityContext.runAsUser of type int64"
        );
    }

    #[test]
    fn a_number_that_does_not_fit_is_shown() {
        for (number, shown) in [
            (json!(1.5), "1.5"),
            (json!(9_223_372_036_854_775_808_u64), "9223372036854775808"),
            (json!(1e20), "100000000000000000000"),
        ] {
            let user = json!({"spec": {"securityContext": {"runAsUser": number}}});
            assert_eq!(
                about(&user),
                format!(
                    "json: cannot unmarshal number {shown} into Go struct field \
                     PodSecurityContext.spec.securityContext.runAsUser of type int64"
                )
            );
        }
    }

    #[test]
    fn what_fits_and_what_is_unknown_is_passed_over() {
        let pod = json!({
            "metadata": {"name": "a", "labels": {"a": "b"}, "unknown": 1},
            "spec": {"containers": [{"name": "c", "command": ["id"], "ports": "odd"}], "os": null},
        });
        assert_eq!(first_mismatch(&pod, &POD), None);
        assert_eq!(first_mismatch(&json!([]), &POD), None);
    }
}
