//! What a pod's probes have found so far, and when they are due; pure.
//!
//! Follows `pkg/kubelet/prober` in Kubernetes 1.30 to 1.36: each probe has a beat of its own that
//! starts with the pod, waits until its container may be asked, and counts results in a row.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, Pod, Probe};
use tokio::time::Instant;

use super::record::{Kind, Record};

/// What a probe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProbeKind {
    /// Has the container started? The others wait for it.
    Startup,
    /// May the container be sent work?
    Readiness,
    /// Must the container be made anew?
    Liveness,
}

impl ProbeKind {
    const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    /// The name in events about what was found.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }

    /// The probe of this kind.
    pub(crate) fn of(self, container: &Container) -> Option<&Probe> {
        match self {
            Self::Startup => container.startup_probe.as_ref(),
            Self::Readiness => container.readiness_probe.as_ref(),
            Self::Liveness => container.liveness_probe.as_ref(),
        }
    }

    /// What counts before the first result.
    fn at_first(self) -> Found {
        match self {
            Self::Startup => Found::Nothing,
            Self::Readiness => Found::Failure,
            Self::Liveness => Found::Success,
        }
    }
}

/// What counts as a probe's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Success,
    Failure,
}

/// A probe that is to be made now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    /// Its place among the pod's probes.
    pub(crate) place: usize,
    /// The record of its container.
    pub(crate) record: usize,
    pub(crate) kind: ProbeKind,
    /// The id of the container that is asked.
    pub(crate) instance: Arc<str>,
}

/// One probe of one container.
#[derive(Debug)]
struct Schedule {
    record: usize,
    kind: ProbeKind,
    period: Duration,
    initial_delay: Duration,
    success_threshold: u32,
    failure_threshold: u32,
    /// The container that the rest is about, and when it was first seen to run.
    instance: Option<(Arc<str>, Instant)>,
    found: Found,
    last: Option<bool>,
    /// How often the last result came in a row.
    run: u32,
    /// The container is to be made anew; until then it is left alone.
    on_hold: bool,
    under_way: bool,
    next: Instant,
}

/// The probes of one pod.
#[derive(Debug)]
pub(crate) struct Probes {
    start: Instant,
    schedules: Vec<Schedule>,
}

fn seconds(value: Option<i32>, default: u32) -> Duration {
    Duration::from_secs(number(value, default).into())
}

fn number(value: Option<i32>, default: u32) -> u32 {
    value.and_then(|value| u32::try_from(value).ok()).unwrap_or(default)
}

impl Probes {
    /// The probes of a pod that is new here; `None` if it has none.
    pub(crate) fn of(pod: &Pod, records: &[Record], now: Instant) -> Option<Box<Self>> {
        let probed = records.iter().enumerate().filter(|(_, record)| {
            // Others have none.
            matches!(record.kind, Kind::App | Kind::Sidecar)
        });
        let schedules: Vec<Schedule> = probed
            .filter_map(|(index, record)| Some((index, record.definition(pod)?)))
            .flat_map(|(record, container)| {
                ProbeKind::ALL.map(|kind| {
                    kind.of(&container).map(|probe| Schedule::new(record, kind, probe, now))
                })
            })
            .flatten()
            .collect();
        (!schedules.is_empty()).then(|| Box::new(Self { start: now, schedules }))
    }

    /// The probes to make now, which are under way from then on.
    pub(crate) fn due(&mut self, records: &[Record], now: Instant) -> Vec<Due> {
        self.observe(records, now);
        let mut due = Vec::new();
        for place in 0..self.schedules.len() {
            if self.is_active(place, records) && self.schedules[place].next <= now {
                let next = self.beat_after(place, now);
                let schedule = &mut self.schedules[place];
                let Some((instance, _)) = &schedule.instance else { continue };
                let instance = Arc::clone(instance);
                due.push(Due { place, record: schedule.record, kind: schedule.kind, instance });
                schedule.under_way = true;
                schedule.next = next;
            }
        }
        due
    }

    /// When the next one is due, as far as nothing happens before.
    pub(crate) fn wake(&self, records: &[Record]) -> Option<Instant> {
        let active = (0..self.schedules.len()).filter(|place| self.is_active(*place, records));
        active.map(|place| self.schedules[place].next).min()
    }

    /// Takes in what a probe has found; `None` if it could not be made. Whether that changes what
    /// counts.
    pub(crate) fn take(&mut self, due: &Due, found: Option<bool>, now: Instant) -> bool {
        let Some(schedule) = self.schedules.get_mut(due.place) else { return false };
        if schedule.instance.as_ref().is_none_or(|(known, _)| *known != due.instance) {
            return false;
        }
        schedule.under_way = false;
        let Some(succeeded) = found else { return false };
        if schedule.last == Some(succeeded) {
            schedule.run = schedule.run.saturating_add(1);
        } else {
            schedule.last = Some(succeeded);
            schedule.run = 1;
        }
        let threshold =
            if succeeded { schedule.success_threshold } else { schedule.failure_threshold };
        if schedule.run < threshold {
            return false;
        }
        let before = schedule.found;
        schedule.found = if succeeded { Found::Success } else { Found::Failure };
        if !succeeded && schedule.kind != ProbeKind::Readiness {
            schedule.on_hold = true;
            schedule.run = 0;
        }
        let changes = before != schedule.found;
        if due.kind == ProbeKind::Startup && succeeded {
            self.begin(due.record, now);
        }
        changes
    }

    /// Whether a container that runs counts as started.
    pub(crate) fn has_started(&self, record: usize, instance: &str) -> bool {
        self.agrees(record, ProbeKind::Startup, instance)
    }

    /// Whether a container that has started may be sent work.
    pub(crate) fn is_ready(&self, record: usize, instance: &str) -> bool {
        self.agrees(record, ProbeKind::Readiness, instance)
    }

    /// The running containers that must be made anew, each with the probe that says so.
    pub(crate) fn unhealthy(&self, records: &[Record]) -> Vec<(usize, ProbeKind)> {
        let held = self.schedules.iter().filter(|schedule| {
            schedule.on_hold && schedule.is_about(running(records, schedule.record))
        });
        let mut unhealthy: Vec<(usize, ProbeKind)> =
            held.map(|schedule| (schedule.record, schedule.kind)).collect();
        unhealthy.dedup_by_key(|(record, _)| *record);
        unhealthy
    }

    fn agrees(&self, record: usize, kind: ProbeKind, instance: &str) -> bool {
        let same = |schedule: &&Schedule| schedule.record == record && schedule.kind == kind;
        self.schedules.iter().find(same).is_none_or(|schedule| {
            schedule.is_about(Some(instance)) && schedule.found == Found::Success
        })
    }

    /// Begins anew with containers that are new.
    fn observe(&mut self, records: &[Record], now: Instant) {
        for place in 0..self.schedules.len() {
            let schedule = &mut self.schedules[place];
            let Some(id) = running(records, schedule.record) else { continue };
            if schedule.is_about(Some(id)) {
                continue;
            }
            schedule.instance = Some((Arc::from(id), now));
            schedule.found = schedule.kind.at_first();
            (schedule.on_hold, schedule.under_way) = (false, false);
            self.schedules[place].next = self.first_beat(place, now);
        }
    }

    /// Begins with the probes that waited for their container to start.
    fn begin(&mut self, record: usize, now: Instant) {
        for place in 0..self.schedules.len() {
            let schedule = &self.schedules[place];
            if schedule.record == record && schedule.kind != ProbeKind::Startup {
                self.schedules[place].next = self.first_beat(place, now);
            }
        }
    }

    /// A container that has just started is asked at once whether it is ready, unless it is to be
    /// left alone at first; all else waits for the beat.
    fn first_beat(&self, place: usize, now: Instant) -> Instant {
        let schedule = &self.schedules[place];
        if schedule.kind == ProbeKind::Readiness && schedule.eligible_from(now) <= now {
            now
        } else {
            self.beat_after(place, now)
        }
    }

    /// The first beat after a time at which the container may be asked.
    fn beat_after(&self, place: usize, now: Instant) -> Instant {
        let schedule = &self.schedules[place];
        let period = schedule.period.max(Duration::from_secs(1));
        let whole = |time: Instant| {
            let passed = time.saturating_duration_since(self.start).as_nanos();
            u32::try_from(passed / period.as_nanos()).unwrap_or(u32::MAX)
        };
        let beat = |number: u32| self.start + period.saturating_mul(number);
        let after = beat(whole(now).saturating_add(1));
        let eligible = schedule.eligible_from(now);
        if eligible <= after {
            return after;
        }
        let before = beat(whole(eligible));
        if before == eligible { before } else { beat(whole(eligible).saturating_add(1)) }
    }

    /// Whether a probe is made when its time comes.
    fn is_active(&self, place: usize, records: &[Record]) -> bool {
        let schedule = &self.schedules[place];
        let Some(id) = running(records, schedule.record) else { return false };
        let started = self.has_started(schedule.record, id);
        !schedule.on_hold
            && !schedule.under_way
            && schedule.is_about(Some(id))
            && started == (schedule.kind != ProbeKind::Startup)
    }
}

impl Schedule {
    fn new(record: usize, kind: ProbeKind, probe: &Probe, now: Instant) -> Self {
        Self {
            record,
            kind,
            period: seconds(probe.period_seconds, 10),
            initial_delay: seconds(probe.initial_delay_seconds, 0),
            success_threshold: number(probe.success_threshold, 1),
            failure_threshold: number(probe.failure_threshold, 3),
            instance: None,
            found: kind.at_first(),
            last: None,
            run: 0,
            on_hold: false,
            under_way: false,
            next: now,
        }
    }

    fn is_about(&self, id: Option<&str>) -> bool {
        self.instance.as_ref().map(|(known, _)| &**known) == id
    }

    fn eligible_from(&self, now: Instant) -> Instant {
        self.instance.as_ref().map_or(now, |(_, since)| *since) + self.initial_delay
    }
}

/// The id of a record's container, if it runs.
fn running(records: &[Record], record: usize) -> Option<&str> {
    let latest = records.get(record)?.latest.as_ref()?;
    latest.is_running().then_some(&*latest.id)
}
