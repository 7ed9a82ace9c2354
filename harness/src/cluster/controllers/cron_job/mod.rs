//! Makes a job whenever a CronJob is due, and keeps no more of them than asked for.
//!
//! A job is named after the minute it was due in, so that none is made twice.
//! Rules: `pkg/controller/cronjob` of 1.36.

mod due;
mod history;

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, CronJobStatus, Job};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kubernetes_objects::Status;
use tokio::time::Instant;

use super::super::cron_schedule::{self, Schedule};
use super::super::object::Object;
use super::super::store::{ChangeKind, ObjectName};
use super::super::{DeleteOptions, Propagation};
use super::Kinds;
use super::client::{Client, untyped};
use super::informer::Told;
use super::job::finished_condition;
use super::pods::{controlled_by, controller_of};
use super::queue::{Controller, Queue, enqueue, enqueue_at};
use super::recorder::Recorder;
use super::view::View;
use due::Due;

/// How many CronJobs are worked on at once (`--concurrent-cron-job-syncs`).
const WORKERS: usize = 5;
/// How long after its time a CronJob is looked at (`nextScheduleDelta`).
const AFTER_DUE: Duration = Duration::from_millis(100);
/// When a job was due (`CronJobScheduledTimestampAnnotation`).
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// The controller of CronJobs.
#[derive(Debug)]
pub(super) struct CronJobs {
    kinds: Kinds,
    view: Arc<View>,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    queue: Queue,
}

/// A CronJob and its jobs while it is worked on.
struct Work {
    cron_job: CronJob,
    spec: CronJobSpec,
    status: CronJobStatus,
    jobs: Vec<Job>,
    now: Time,
}

impl Work {
    fn active(&mut self) -> &mut Vec<ObjectReference> {
        self.status.active.get_or_insert_default()
    }

    fn forget(&mut self, uid: Option<&str>) {
        self.active().retain(|one| one.uid.as_deref() != uid);
    }

    fn is_active(&self, uid: Option<&str>) -> bool {
        self.status.active.iter().flatten().any(|one| one.uid.as_deref() == uid)
    }
}

fn name_of(job: &Job) -> &str {
    job.metadata.name.as_deref().unwrap_or_default()
}

impl CronJobs {
    pub(super) fn new(kinds: Kinds, view: &Arc<View>, client: Client) -> Arc<Self> {
        let client = Arc::new(client);
        Arc::new(Self {
            kinds,
            view: Arc::clone(view),
            recorder: Arc::new(Recorder::new(&client, "cronjob-controller")),
            client,
            queue: Queue::new(WORKERS),
        })
    }

    /// Takes in a change of which the view knows already.
    pub(super) fn hear(self: &Arc<Self>, told: &Told<'_>) {
        if told.is(self.kinds.cron_jobs) {
            if told.kind != ChangeKind::Deleted {
                enqueue(self, &told.key());
            }
        } else if told.is(self.kinds.jobs)
            && let metadata = told.after.metadata()
            && let Some(owner) = controller_of(metadata).filter(|one| one.kind == "CronJob")
        {
            let namespace = metadata.namespace.clone().unwrap_or_default();
            enqueue(self, &(namespace, owner.name.clone()));
        }
    }

    fn say(&self, cron_job: &CronJob, type_: &str, reason: &str, message: &str) {
        self.recorder.record(self.kinds.cron_jobs, &cron_job.metadata, type_, reason, message);
    }

    fn jobs_of(&self, cron_job: &CronJob) -> Vec<Job> {
        let namespace = cron_job.metadata.namespace.clone().unwrap_or_default();
        let heard = self.view.heard();
        let jobs = heard.objects_in(self.kinds.jobs, &namespace);
        let is_own = |metadata: &ObjectMeta| {
            let owner = controller_of(metadata);
            owner.is_some_and(|owner| {
                owner.kind == "CronJob" && Some(&owner.uid) == cron_job.metadata.uid.as_ref()
            })
        };
        jobs.filter(|(_, job)| is_own(job.metadata()))
            .filter_map(|(_, job)| job.other()?.read().ok())
            .collect()
    }

    /// Brings the status up to what the jobs have come to.
    async fn look_at_jobs(&self, work: &mut Work) {
        for job in work.jobs.clone() {
            let uid = job.metadata.uid.as_deref();
            let listed = work.is_active(uid);
            let Some(finished) = finished_condition(&job) else {
                if !listed && !self.is_listed_now(&work.cron_job, uid) {
                    let name = name_of(&job);
                    let message =
                        format!("Saw a job that the controller did not create or forgot: {name}");
                    self.say(&work.cron_job, "Warning", "UnexpectedJob", &message);
                }
                continue;
            };
            if listed {
                work.forget(uid);
                let (name, condition) = (name_of(&job), &finished.type_);
                let message = format!("Saw completed job: {name}, condition: {condition}");
                self.say(&work.cron_job, "Normal", "SawCompletedJob", &message);
            }
            let end = job.status.as_ref().and_then(|status| status.completion_time.clone());
            if finished.type_ == "Complete"
                && let Some(end) = end
                && work.status.last_successful_time.as_ref().is_none_or(|known| known.0 < end.0)
            {
                work.status.last_successful_time = Some(end);
            }
        }
        let known: Vec<_> = work.jobs.iter().map(|job| job.metadata.uid.clone()).collect();
        let active = work.status.active.clone().unwrap_or_default();
        for missing in active.iter().filter(|one| !known.contains(&one.uid)) {
            let namespace = missing.namespace.as_deref().unwrap_or_default();
            let name = missing.name.as_deref().unwrap_or_default();
            if self.client.get(self.kinds.jobs, namespace, name).await.is_none() {
                let message = format!("Active job went missing: {name}");
                self.say(&work.cron_job, "Normal", "MissingJob", &message);
                work.forget(missing.uid.as_deref());
            }
        }
    }

    /// Whether the server's status lists a job that the view's does not list yet.
    fn is_listed_now(&self, cron_job: &CronJob, uid: Option<&str>) -> bool {
        let metadata = &cron_job.metadata;
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let now = self.client.api.object(self.kinds.cron_jobs, namespace, name);
        let now: Option<CronJob> = now.and_then(|object| object.other()?.read().ok());
        let active = now.and_then(|now| now.status?.active).unwrap_or_default();
        active.iter().any(|one| one.uid.as_deref() == uid)
    }

    /// The schedule, where the CronJob has one and is to follow it.
    fn schedule(&self, work: &Work) -> Option<Schedule> {
        let cron_job = &work.cron_job;
        let zone = work.spec.time_zone.as_deref();
        if let Some(zone) = zone
            && let Err(why) = cron_schedule::time_zone(zone)
        {
            let message = format!("invalid timeZone: {zone:?}: {why}");
            self.say(cron_job, "Warning", "UnknownTimeZone", &message);
            return None;
        }
        if work.spec.suspend == Some(true) {
            return None;
        }
        match Schedule::parse(&work.spec.schedule, zone) {
            Ok(schedule) => Some(schedule),
            Err(why) => {
                let message = format!("unparseable schedule: {:?} : {why}", work.spec.schedule);
                self.say(cron_job, "Warning", "UnparseableSchedule", &message);
                None
            }
        }
    }

    /// Makes the job that is due, if one is and may be.
    async fn start(&self, work: &mut Work, schedule: &Schedule) -> Result<(), Status> {
        let due = match Due::of(&work.cron_job, &work.now, schedule) {
            Ok(due) => due,
            Err(why) => {
                let message = format!("invalid schedule: {} : {why}", work.spec.schedule);
                self.say(&work.cron_job, "Warning", "InvalidSchedule", &message);
                return Ok(());
            }
        };
        if due.missed_many {
            let message = "too many missed start times. Set or decrease \
                           .spec.startingDeadlineSeconds or check clock skew";
            self.say(&work.cron_job, "Warning", "TooManyMissedTimes", message);
        }
        let Some(at) = due.latest else { return Ok(()) };
        if due::is_too_late(&work.spec, at, &work.now) {
            let at = at.strftime("%a, %d %b %Y %H:%M:%S UTC");
            let message = format!("Missed scheduled time to start a job: {at}");
            self.say(&work.cron_job, "Warning", "MissSchedule", &message);
            return Ok(());
        }
        let name = due::job_name(&work.cron_job, at);
        let is_listed =
            work.status.active.iter().flatten().any(|one| one.name.as_deref() == Some(&name));
        let last = work.status.last_schedule_time.as_ref();
        if is_listed || last.is_some_and(|last| last.0 == at) {
            return Ok(());
        }
        match work.spec.concurrency_policy.as_deref() {
            Some("Forbid") if work.status.active.iter().flatten().next().is_some() => {
                let message = "Not starting job because prior execution is running and \
                               concurrency policy is Forbid";
                self.say(&work.cron_job, "Normal", "JobAlreadyActive", message);
                return Ok(());
            }
            Some("Replace") => self.replace(work).await?,
            _ => {}
        }
        let Some(made) = self.make(work, name, at).await? else { return Ok(()) };
        work.active().push(made);
        work.status.last_schedule_time = Some(Time(at));
        Ok(())
    }

    /// Deletes what still runs of earlier times.
    async fn replace(&self, work: &mut Work) -> Result<(), Status> {
        for running in work.active().clone() {
            let name = running.name.unwrap_or_default();
            self.delete(work, &name, running.uid.as_deref()).await?;
        }
        Ok(())
    }

    async fn delete(&self, work: &mut Work, name: &str, uid: Option<&str>) -> Result<(), Status> {
        let namespace = work.cron_job.metadata.namespace.clone().unwrap_or_default();
        let options = DeleteOptions {
            propagation: Some(Propagation::Background),
            ..DeleteOptions::default()
        };
        let deleted = self.client.delete(self.kinds.jobs, &namespace, name, &options).await;
        if let Err(status) = deleted {
            let message = format!("Deleted job: {status}");
            self.say(&work.cron_job, "Warning", "FailedDelete", &message);
            return Err(status);
        }
        work.forget(uid);
        let message = format!("Deleted job {name}");
        self.say(&work.cron_job, "Normal", "SuccessfulDelete", &message);
        Ok(())
    }

    /// Makes the job of a time; gives a reference to it, unless it is somebody else's or known.
    async fn make(
        &self,
        work: &Work,
        name: String,
        at: k8s_openapi::jiff::Timestamp,
    ) -> Result<Option<ObjectReference>, Status> {
        let namespace = work.cron_job.metadata.namespace.clone().unwrap_or_default();
        let template = &work.spec.job_template;
        let given = template.metadata.clone().unwrap_or_default();
        let mut annotations = given.annotations.unwrap_or_default();
        annotations.insert(SCHEDULED.to_owned(), due::shown(at, work.spec.time_zone.as_deref()));
        let job = Job {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                namespace: Some(namespace.clone()),
                labels: given.labels,
                annotations: Some(annotations),
                owner_references: Some(vec![controlled_by(
                    self.kinds.cron_jobs,
                    &work.cron_job.metadata,
                )]),
                ..ObjectMeta::default()
            },
            spec: template.spec.clone(),
            status: None,
        };
        let made = match self.client.create(self.kinds.jobs, &namespace, untyped(&job)?).await {
            Ok(made) => {
                let message = format!("Created job {name}");
                self.say(&work.cron_job, "Normal", "SuccessfulCreate", &message);
                made
            }
            Err(status) if status.reason == "AlreadyExists" => {
                let known = self.client.get(self.kinds.jobs, &namespace, &name).await;
                let Some(known) = known else { return Err(status) };
                let owner = controller_of(known.metadata()).map(|owner| owner.uid.clone());
                let is_own = owner == work.cron_job.metadata.uid;
                if !is_own || work.is_active(known.metadata().uid.as_deref()) {
                    return Ok(None);
                }
                known
            }
            Err(status) => {
                let message = format!("Error creating job: {status}");
                self.say(&work.cron_job, "Warning", "FailedCreate", &message);
                return Err(status);
            }
        };
        Ok(Some(self.reference(&made)))
    }

    fn reference(&self, job: &Object) -> ObjectReference {
        let metadata = job.metadata();
        ObjectReference {
            api_version: Some(self.kinds.jobs.api_version()),
            kind: Some(self.kinds.jobs.kind.to_owned()),
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
            uid: metadata.uid.clone(),
            resource_version: metadata.resource_version.clone(),
            field_path: None,
        }
    }
}

impl Controller for CronJobs {
    fn queue(&self) -> &Queue {
        &self.queue
    }

    async fn sync(self: &Arc<Self>, key: &ObjectName) -> Result<(), Status> {
        let Some(cron_job) = self.view.get::<CronJob>(self.kinds.cron_jobs, key) else {
            return Ok(());
        };
        let mut work = Work {
            spec: cron_job.spec.clone(),
            status: cron_job.status.clone().unwrap_or_default(),
            jobs: self.jobs_of(&cron_job),
            now: self.client.api.clock().now(),
            cron_job,
        };
        self.delete_oldest(&mut work).await;
        self.look_at_jobs(&mut work).await;
        let mut schedule = None;
        let mut started = Ok(());
        if work.cron_job.metadata.deletion_timestamp.is_none() {
            schedule = self.schedule(&work);
            if let Some(schedule) = &schedule {
                started = self.start(&mut work, schedule).await;
            }
        }
        if work.status.active.as_ref().is_some_and(Vec::is_empty) {
            work.status.active = None;
        }
        if work.cron_job.status.clone().unwrap_or_default() != work.status {
            work.cron_job.status = Some(work.status.clone());
            self.client.update_typed(self.kinds.cron_jobs, "status", &work.cron_job).await?;
        }
        started?;
        if let Some(schedule) = schedule
            && let Some(wait) = due::wait(&work.cron_job, &self.client.api.clock().now(), &schedule)
            && let Some(at) = Instant::now().checked_add(wait + AFTER_DUE)
        {
            enqueue_at(self, key, at);
        }
        Ok(())
    }
}
