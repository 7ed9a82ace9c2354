//! What `gidcheck explain` says of manifests and their images, and of input that is none.

mod images;
#[path = "../program/mod.rs"]
mod program;
#[path = "../saved/mod.rs"]
mod saved;
mod texts;
mod volumes;
mod workloads;

use std::process::Output;

use program::shown;
use saved::{GROUPS, Saved};
use serde_json::{Value as Json, json};

fn gidcheck(arguments: &[&str], input: &[u8]) -> Output {
    program::gidcheck("explain", &[&["explain"], arguments].concat(), input)
}

/// Explains with `web.tar` at hand and no registry.
fn explain(saved: &Saved, arguments: &[&str], input: &[u8]) -> Output {
    let archive = saved.path("web.tar").display().to_string();
    let all = [&["--pull", "never", "--image-archive", &archive], arguments].concat();
    gidcheck(&all, input)
}

fn assert_snapshot(name: &str, arguments: &[&str]) {
    let saved = Saved::new();
    let text = saved.without_place(&shown(&explain(&saved, arguments, b"")));
    program::assert_snapshot(&format!("explain-{name}"), &text);
}

/// A pod of `example.test/web:1` with a security context.
fn pod(security: &Json) -> Vec<u8> {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"},
        "spec": {
            "securityContext": security,
            "containers": [{"name": "one", "image": "example.test/web:1"}],
        },
    });
    pod.to_string().into_bytes()
}

fn strict() -> Vec<u8> {
    pod(&json!({"runAsUser": 1000, "supplementalGroupsPolicy": "Strict"}))
}

/// The rules that an explanation warns of, as JSON has them.
fn rules(output: &Output) -> Vec<String> {
    let document: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["schema"], "gidcheck.dev/explanation/v1");
    let pods = document["pods"].as_array().expect("pods");
    let warnings = pods.iter().flat_map(|pod| pod["warnings"].as_array().expect("warnings"));
    warnings.map(|warning| warning["rule"].as_str().expect("a rule").to_owned()).collect()
}

#[test]
fn every_id_has_its_origin_with_merge_and_with_strict() {
    assert_snapshot("web", &["web.yaml"]);
}

#[test]
fn a_runtime_that_cannot_do_it_makes_kubelets_reject_strict() {
    assert_snapshot("rejected", &["web.yaml", "--runtime", "containerd-1.7"]);
}

#[test]
fn the_document_has_the_same_for_programs() {
    assert_snapshot("json", &["careful.yaml", "--output", "json"]);
}

#[test]
fn strict_is_dropped_by_an_api_server_that_does_not_know_it() {
    let saved = Saved::new();
    for setting in [
        &["--kubernetes", "1.30"][..],
        &["--kubernetes", "1.32"],
        &["--kubernetes", "1.34", "--feature-gate", "SupplementalGroupsPolicy=false"],
    ] {
        let output = explain(&saved, &[&["-", "--output", "json"], setting].concat(), &strict());
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        assert!(rules(&output).contains(&"strict-dropped".to_owned()), "{setting:?}");
    }
}

#[test]
fn strict_is_ignored_where_an_alpha_kubelet_meets_an_old_runtime() {
    let setting = ["--kubernetes", "1.32", "--feature-gate", "SupplementalGroupsPolicy=true"];
    let runtime = ["--runtime", "containerd-1.7", "-", "--output", "json"];
    let output = explain(&Saved::new(), &[setting.as_slice(), &runtime].concat(), &strict());
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(rules(&output).contains(&"strict-ignored".to_owned()));
}

#[test]
fn a_group_without_a_user_is_named_also_where_it_runs() {
    let saved = Saved::new();
    let pod = pod(&json!({"runAsGroup": 3000}));
    let refused = explain(&saved, &["-", "--output", "json"], &pod);
    assert_eq!(refused.status.code(), Some(1));
    assert!(rules(&refused).contains(&"group-without-user".to_owned()));
    let runs = explain(&saved, &["-", "--output", "json", "--runtime", "cri-o-1.31"], &pod);
    assert_eq!(runs.status.code(), Some(0), "{}", shown(&runs));
    assert!(rules(&runs).contains(&"group-without-user".to_owned()));
}

#[test]
fn what_runtimes_make_differently_is_named() {
    // runc 1.1 takes a requested 4000 for the group of that name.
    let saved = Saved::new();
    saved.write("web.tar", "example.test/web:1", "amd64", "4000:x:60000:\n");
    let pod = pod(&json!({"runAsUser": 1000, "supplementalGroups": [4000]}));
    let output = explain(&saved, &["-"], &pod);
    let text = shown(&output);
    assert!(text.contains("containerd-1.7"), "{text}");
    assert!(text.contains("groups=1000,60000"), "{text}");
}

#[test]
fn a_misspelt_field_is_named() {
    let pod = pod(&json!({"runAsUser": 1000, "supplementalGroupPolicy": "Strict"}));
    let output = explain(&Saved::new(), &["-"], &pod);
    let text = shown(&output);
    assert!(text.contains("spec.securityContext.supplementalGroupPolicy"), "{text}");
}

#[test]
fn a_policy_that_does_not_exist_is_refused_by_the_api_server() {
    let pod = pod(&json!({"supplementalGroupsPolicy": "strict"}));
    let output = explain(&Saved::new(), &["-"], &pod);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("Unsupported value: \"strict\""), "{text}");
}

#[test]
fn strict_is_not_called_a_remedy_where_it_is_none() {
    let pod = pod(&json!({"runAsUser": 1000, "runAsGroup": 3000}));
    let here =
        |arguments: &[&str]| shown(&explain(&Saved::new(), &[&["-"], arguments].concat(), &pod));
    let remedy = "in this cluster Strict would not keep them out";
    let old = here(&["--kubernetes", "1.30"]);
    assert!(old.contains(remedy), "{old}");
    assert!(!old.contains("unknown field"), "{old}");
    assert!(!here(&[]).contains(remedy));
}

#[test]
fn a_word_that_is_no_policy_is_shown_as_it_is_written() {
    let saved = Saved::new();
    let off = ["--kubernetes", "1.34", "--feature-gate", "SupplementalGroupsPolicy=false"];
    for (word, shown_as) in [(json!("Loose"), "\"Loose\""), (json!(""), "\"\""), (json!(5), "5")] {
        let pod = pod(&json!({"runAsUser": 1000, "supplementalGroupsPolicy": word}));
        let output = explain(&saved, &["-"], &pod);
        let said = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let asks = format!("asks for {shown_as}, which is no policy");
        assert!(said.contains(&asks) && said.contains("the API server refuses it"), "{said}");
        if word.is_string() {
            let dropped = explain(&saved, &[&["-", "--output", "json"], &off[..]].concat(), &pod);
            assert!(rules(&dropped).contains(&"unknown-policy".to_owned()), "{}", shown(&dropped));
        }
    }
}

#[test]
fn a_group_of_a_container_for_which_nobody_names_a_user_is_roots() {
    let saved = Saved::new();
    saved.write_with_user("plain.tar", "example.test/plain:1", "amd64", GROUPS, "");
    let archive = saved.path("plain.tar").display().to_string();
    let container = |image: &str, security: &Json| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {
            "containers": [{"name": "one", "image": image, "securityContext": security}]}})
        .to_string()
        .into_bytes()
    };
    let said = |image: &str, security: &Json| {
        let arguments = ["-", "--output", "json", "--image-archive", &archive];
        rules(&explain(&saved, &arguments, &container(image, security)))
    };
    let group = json!({"runAsGroup": 3000});
    let rule = "root-with-group".to_owned();
    assert!(said("example.test/plain:1", &group).contains(&rule));
    assert!(!said("example.test/web:1", &group).contains(&rule));
    let both = json!({"runAsUser": 0, "runAsGroup": 3000});
    assert!(!said("example.test/plain:1", &both).contains(&rule));
}

#[test]
fn an_id_has_one_row_with_everything_that_names_it() {
    let security = json!({"runAsUser": 1000, "supplementalGroups": [50000, 1000, 50000]});
    let said = shown(&explain(&Saved::new(), &["-"], &pod(&security)));
    let row = |id: &str| {
        let of_id: Vec<_> = said.lines().filter(|line| line.contains(&format!(" {id} "))).collect();
        assert_eq!(of_id.len(), 1, "{said}");
        of_id[0].to_owned()
    };
    let staff = row("50000");
    assert!(staff.contains("yes    yes"), "{staff}");
    for origin in ["/etc/group line 4", "supplementalGroups[0]", "supplementalGroups[2]"] {
        assert!(staff.contains(origin), "{origin}: {staff}");
    }
    assert!(!staff.contains("not in the manifest"), "{staff}");
    let gid: Vec<_> = said.lines().filter(|line| line.trim_start().starts_with("gid ")).collect();
    assert!(gid.len() == 1 && gid[0].contains("supplementalGroups[1]"), "{said}");
    assert!(!said.contains(" group   1000"), "{said}");
}

/// Nothing is invented for pods for Windows, to which a policy is forbidden.
#[test]
fn pods_for_windows_are_passed_over() {
    let manifest = "apiVersion: v1\nkind: Pod\nmetadata: {name: win}\n\
        spec: {os: {name: windows}, containers: [{name: c, image: example.test/web:1}]}\n";
    let output = explain(&Saved::new(), &["-"], manifest.as_bytes());
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("passed over: 1 object without pods, or with pods for Windows"),
        "{text}"
    );
}
