//! Each kind of expectation, made wrong once, is caught: a scenario that says something untrue
//! must fail, and the report must name what differs.

use gidcheck::runner::{Verdict, run_alone};
use gidcheck::scenario::Suite;
use gidcheck::target::Simulation;

/// A scenario in which every kind of expectation holds.
const TRUTH: &str = include_str!("data/every-expectation.yaml");

fn verdict_of(text: &str) -> Verdict {
    let suite = Suite::from_text("every-expectation.yaml", text);
    let problems: Vec<_> =
        suite.problems.sorted().iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(suite.cases.len(), 1, "one scenario makes one case");
    run_alone(&suite.cases[0], &Simulation).verdict
}

/// What the report of a failed case says, in one text.
fn failure_of(text: &str) -> String {
    match verdict_of(text) {
        Verdict::Failed(failure) => {
            let differences = failure.differences.iter();
            let differences: Vec<_> = differences
                .map(|one| format!("{}: {} / {}", one.what, one.expected, one.observed))
                .collect();
            format!("{}; {}", failure.what, differences.join("; "))
        }
        other => format!("not a failure: {other:?}"),
    }
}

#[test]
fn the_unchanged_scenario_holds() {
    let verdict = verdict_of(TRUTH);
    assert!(matches!(verdict, Verdict::Held), "{verdict:#?}");
}

/// Each row: the text in the scenario, what it is changed to, what the report must say.
const MUTATIONS: &[(&str, &str, &str)] = &[
    ("phase: Running # phase", "phase: Failed", "pod strict: phase: Failed / Running"),
    (
        "reason: SupplementalGroupsPolicyNotSupported # reason",
        "reason: Evicted",
        "pod rejected: reason",
    ),
    ("message: \"Pod was rejected:", "message: \"Pod was accepted:", "pod rejected: message"),
    ("reason: ImagePullBackOff # waiting", "reason: ErrNeverPull", "pod pulling: waiting"),
    ("restarts: 0", "restarts: 1", "pod strict: restarts: 1 / 0"),
    ("identity: uid=1000", "identity: uid=1001", "pod strict: id: uid=1001"),
    ("id: uid=0 gid=0 groups=1,2,0", "id: uid=0 gid=0 groups=1,2,3", "pod changed: id"),
    (
        "process: uid=0 gid=0 groups=5",
        "process: uid=0 gid=0 groups=6",
        "pod changed: first process",
    ),
    ("reported: uid=1000 gid=3000 groups=3000,4000", "reported: none", "pod strict: reported user"),
    (
        "reported: none # nobody",
        "reported: uid=1 gid=1 groups=1",
        "pod merged: reported user: uid=1",
    ),
    ("labels: {app: demo}", "labels: {app: other}", "pod strict: metadata.labels.app"),
    ("runAsUser: 1000 # spec", "runAsUser: 1001", "pod strict: spec.securityContext.runAsUser"),
    ("qosClass: BestEffort", "qosClass: Burstable", "pod strict: status.qosClass"),
    (
        "supplementalGroupsPolicy: true # node",
        "supplementalGroupsPolicy: null",
        "node new: status.features",
    ),
    (
        "features: null # node",
        "features: {supplementalGroupsPolicy: true}",
        "node old: status.features",
    ),
    ("type: Warning # event", "type: Normal", "event: Normal SupplementalGroupsPolicyNotSupported"),
    ("component: kubelet # event", "component: scheduler", "event: "),
    ("count: 1 # event", "count: 2", "1 times"),
    ("contains: not supported", "contains: well supported", "event: "),
    (
        "value: 1 # metric",
        "value: 7",
        "metric kubelet_admission_rejections_total of node old: 7 / 1",
    ),
    ("kind: Node # object", "kind: Pod", "pod new: an object / none"),
    ("name: nobody # absent", "name: strict", "pod strict: none / it exists"),
    ("message: 'pods \"nobody\" not found'", "message: 'no'", "refusal's message: no"),
    ("reason: NotFound", "reason: Gone", "refusal's reason: Gone / NotFound"),
    ("stdout: hello", "stdout: bye", "stdout: bye / hello"),
    ("stdoutContains: ell", "stdoutContains: bye", "stdout: …bye…"),
    ("stderr: \"\"", "stderr: oops", "stderr: oops"),
    ("exitCode: 3", "exitCode: 4", "exit code: 4 / 3"),
    ("phase: Succeeded # never", "phase: Running", "this came true and must not"),
    (
        "perSecond: {max: 0} # rate",
        "perSecond: {min: 0.5}",
        "metric kubelet_admission_rejections_total of node old a second: 0.5 or more / 0.00",
    ),
    (
        "perSecond: {min: 0, max: 0.5} # growth",
        "perSecond: {min: 1, max: 2}",
        "pods Running a second: 1 to 2 / 0.00",
    ),
];

#[test]
fn every_wrong_expectation_is_caught_and_named() {
    for (truth, lie, report) in MUTATIONS {
        assert_eq!(TRUTH.matches(truth).count(), 1, "{truth:?} stands once in the scenario");
        let failure = failure_of(&TRUTH.replace(truth, lie));
        assert!(failure.contains(report), "{lie:?} gives {failure:?}, not {report:?}");
    }
}
