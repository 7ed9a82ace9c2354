//! When CronJobs make jobs, and which they keep. Virtual time starts at midnight, 1 January 2026.

use std::sync::Arc;
use std::time::Duration;

use gidcheck::cluster::{Cluster, Object};
use gidcheck::scenario::ClusterSpec;
use gidcheck::target::Simulation;
use kubernetes_objects::resource::{self, Resource};
use serde_json::{Value as Json, json};

const IMAGE: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";
/// 1 January 2026, in minutes.
const START: u64 = 1_767_225_600 / 60;

struct Scheduled(Cluster);

fn kind(group: &str, plural: &str) -> &'static Resource {
    resource::find(group, "v1", plural).expect("the table has it")
}

/// A CronJob whose jobs take so many seconds, and what else its spec says.
fn cron_job(schedule: &str, seconds: u32, spec: Json) -> Json {
    let command =
        if seconds == 0 { json!(["false"]) } else { json!(["sleep", seconds.to_string()]) };
    let mut object = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "report"},
        "spec": {
            "schedule": schedule,
            "jobTemplate": {
                "metadata": {"labels": {"app": "report"}},
                "spec": {"backoffLimit": 0, "template": {"spec": {
                    "restartPolicy": "Never",
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{"name": "c", "image": IMAGE, "command": command}],
                }}},
            },
        },
    });
    for (name, value) in spec.as_object().into_iter().flatten() {
        object["spec"][name] = value.clone();
    }
    object
}

impl Scheduled {
    async fn start(cron_job: &Json) -> Self {
        let spec: ClusterSpec =
            serde_json::from_value(json!({"nodes": [{"name": "a"}]})).expect("a cluster");
        let images = Arc::new(gidcheck::images::store_of(&[]));
        let cluster = Cluster::start(&spec, &images, &Simulation).await.expect("it starts");
        let cluster = Self(cluster);
        cluster.apply(cron_job);
        cluster
    }

    fn apply(&self, object: &Json) {
        self.0.api.apply(object).expect("it is valid");
    }

    async fn pass(&self, minutes: u64) {
        tokio::time::sleep(Duration::from_secs(minutes * 60)).await;
    }

    /// The minutes after which the jobs that are there were due.
    fn jobs(&self) -> Vec<u64> {
        let jobs = self.0.api.objects(kind("batch", "jobs"));
        let number = |job: &Object| {
            let name = job.metadata().name.as_deref()?.rsplit_once('-')?.1;
            Some(name.parse::<u64>().ok()? - START)
        };
        let mut due: Vec<_> = jobs.iter().filter_map(number).collect();
        due.sort_unstable();
        due
    }

    fn report(&self) -> Json {
        let report = self.0.api.object(kind("batch", "cronjobs"), "default", "report");
        report.expect("it is there").to_json()
    }

    fn active(&self) -> usize {
        self.report()["status"]["active"].as_array().map_or(0, Vec::len)
    }

    /// The message of the last event of this reason.
    fn said(&self, reason: &str) -> Option<String> {
        let events = self.0.api.objects(kind("", "events"));
        let events = events.iter().map(Object::to_json).filter(|event| event["reason"] == reason);
        events.filter_map(|event| Some(event["message"].as_str()?.to_owned())).next_back()
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_made_whenever_it_is_due_and_old_ones_go() {
    let cluster = Scheduled::start(&cron_job("*/5 * * * *", 20, json!({}))).await;
    cluster.pass(4).await;
    assert!(cluster.jobs().is_empty());
    cluster.pass(2).await;
    assert_eq!(cluster.jobs(), [5]);
    let jobs = cluster.0.api.objects(kind("batch", "jobs"));
    let job = jobs[0].to_json();
    assert_eq!(
        job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"],
        "2026-01-01T00:05:00Z"
    );
    assert_eq!(job["metadata"]["labels"]["app"], "report");
    let report = cluster.report();
    assert_eq!(report["status"]["lastScheduleTime"], "2026-01-01T00:05:00Z");
    assert!(report["status"]["lastSuccessfulTime"].is_string(), "{report}");
    assert_eq!(cluster.active(), 0);
    cluster.pass(25).await;
    assert_eq!(cluster.jobs(), [20, 25, 30], "three that succeeded are kept");
    let made = format!("Created job report-{}", START + 30);
    assert_eq!(cluster.said("SuccessfulCreate"), Some(made));
    let seen = format!("Saw completed job: report-{}, condition: Complete", START + 30);
    assert_eq!(cluster.said("SawCompletedJob"), Some(seen));
    let deleted = format!("Deleted job report-{}", START + 15);
    assert_eq!(cluster.said("SuccessfulDelete"), Some(deleted));
}

#[tokio::test(start_paused = true)]
async fn one_job_that_failed_is_kept() {
    let cluster = Scheduled::start(&cron_job("* * * * *", 0, json!({}))).await;
    cluster.pass(10).await;
    cluster.pass(1).await;
    assert_eq!(cluster.jobs().len(), 1, "{:?}", cluster.jobs());
    assert!(cluster.said("SawCompletedJob").is_some_and(|said| said.contains("condition: Failed")));
}

#[tokio::test(start_paused = true)]
async fn what_still_runs_goes_on_is_waited_for_or_is_replaced() {
    // Each job takes two and a half minutes, and one is due each minute.
    let run = |policy: &'static str| async move {
        let spec = json!({"concurrencyPolicy": policy, "successfulJobsHistoryLimit": 100});
        let cluster = Scheduled::start(&cron_job("* * * * *", 150, spec)).await;
        tokio::time::sleep(Duration::from_secs(6 * 60 + 30)).await;
        cluster
    };
    let allowed = run("Allow").await;
    assert_eq!((allowed.jobs(), allowed.active()), (vec![1, 2, 3, 4, 5, 6], 3));
    let forbidden = run("Forbid").await;
    assert_eq!((forbidden.jobs(), forbidden.active()), (vec![1, 3, 6], 1));
    assert!(forbidden.said("JobAlreadyActive").is_some());
    let replaced = run("Replace").await;
    assert_eq!((replaced.jobs(), replaced.active()), (vec![6], 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_suspended_makes_none_and_goes_on_later() {
    let mut suspended = cron_job("* * * * *", 1, json!({"suspend": true}));
    let cluster = Scheduled::start(&suspended).await;
    cluster.pass(5).await;
    assert!(cluster.jobs().is_empty());
    suspended["spec"]["suspend"] = json!(false);
    cluster.apply(&suspended);
    tokio::time::sleep(Duration::from_secs(65)).await;
    assert_eq!(cluster.jobs(), [5, 6], "the last one that was missed is made up for");
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_longer_ago_than_the_deadline_is_not_made_up_for() {
    let spec = json!({"suspend": true, "startingDeadlineSeconds": 10});
    let mut late = cron_job("0 * * * *", 1, spec);
    let cluster = Scheduled::start(&late).await;
    cluster.pass(90).await;
    late["spec"]["suspend"] = json!(false);
    cluster.apply(&late);
    cluster.pass(1).await;
    assert!(cluster.jobs().is_empty());
    cluster.pass(30).await;
    assert_eq!(cluster.jobs(), [120]);
}

#[tokio::test(start_paused = true)]
async fn time_zones_and_changed_schedules_count() {
    let tokyo = json!({"timeZone": "Asia/Tokyo"});
    let mut report = cron_job("30 9 * * *", 1, tokyo);
    let cluster = Scheduled::start(&report).await;
    cluster.pass(31).await;
    assert_eq!(cluster.jobs(), [30], "half past nine in Tokyo");
    let jobs = cluster.0.api.objects(kind("batch", "jobs"));
    assert_eq!(
        jobs[0].to_json()["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"],
        "2026-01-01T09:30:00+09:00"
    );
    report["spec"]["schedule"] = json!("45 9 * * *");
    cluster.apply(&report);
    cluster.pass(15).await;
    assert_eq!(cluster.jobs(), [30, 45]);
}

#[tokio::test(start_paused = true)]
async fn jobs_that_others_delete_or_make_are_noticed() {
    let cluster = Scheduled::start(&cron_job("* * * * *", 600, json!({}))).await;
    tokio::time::sleep(Duration::from_secs(70)).await;
    let name = format!("report-{}", START + 1);
    let options = gidcheck::cluster::DeleteOptions::default();
    cluster
        .0
        .api
        .delete_object(kind("batch", "jobs"), "default", &name, &options)
        .expect("it is there");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(cluster.active(), 0);
    assert_eq!(cluster.said("MissingJob"), Some(format!("Active job went missing: {name}")));
    let report = cluster.report();
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": "by-hand", "ownerReferences": [{
            "apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "controller": true,
            "uid": report["metadata"]["uid"],
        }]},
    });
    job["spec"] = report["spec"]["jobTemplate"]["spec"].clone();
    cluster.apply(&job);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let message = "Saw a job that the controller did not create or forgot: by-hand";
    assert_eq!(cluster.said("UnexpectedJob").as_deref(), Some(message));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_schedule_is_refused() {
    let cluster = Scheduled::start(&cron_job("@daily", 1, json!({}))).await;
    let refused = |schedule: &str, spec: Json| {
        let mut other = cron_job(schedule, 1, spec);
        other["metadata"]["name"] = json!("other");
        cluster.0.api.apply(&other).expect_err("it is no schedule").to_string()
    };
    for (schedule, why) in [
        ("61 * * * *", "end of range (61) above maximum (59): 61"),
        ("TZ=Asia/Tokyo * * * * *", "use timeZone field instead"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
    ] {
        let said = refused(schedule, json!({}));
        assert!(said.contains(&format!("spec.schedule: Invalid value: {schedule:?}: ")), "{said}");
        assert!(said.contains(why), "{said}");
    }
    let said = refused("* * * * *", json!({"timeZone": "Mars/Olympus"}));
    assert!(said.contains("spec.timeZone: Invalid value: \"Mars/Olympus\": unknown time zone"));
}
