//! A cluster on a thread of its own, where time runs at a chosen speed.
//!
//! The thread's runtime has a paused clock. Between two ticks of real time a blocking task holds
//! it; then time passes up to where it should be, timer by timer, each at its exact moment.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use fake_cri::ImageStore;
use tokio::sync::{RwLock, mpsc, oneshot};
use tokio::task::LocalSet;

use super::ServeError;
use crate::cluster::{ApiServer, Clock, ClockHand, Cluster, ClusterError};
use crate::runner::StepOutcome;
use crate::scenario::{ClusterSpec, Step};
use crate::target::Simulation;

/// How often time passes, in real time.
const TICK: Duration = Duration::from_millis(10);

/// How much of the cluster's time passes before others are told.
const STEP: Duration = Duration::from_millis(100);

/// How much real time is made up for when the machine was busy.
const MOST_LATE: Duration = Duration::from_secs(1);

/// How many requests may wait for the cluster's thread.
const REQUESTS_AHEAD: usize = 256;

/// The work of one request, which borrows the cluster while it is done.
type Work = Box<dyn for<'a> FnOnce(&'a Cluster) -> Pin<Box<dyn Future<Output = ()> + 'a>> + Send>;

/// What the cluster's thread is asked.
enum Request {
    Look(Work),
    Take(Vec<Step>, mpsc::Sender<StepOutcome>),
}

/// A cluster that others can reach from any thread.
#[derive(Clone)]
pub(super) struct DrivenCluster {
    /// Its API server.
    pub(super) api: Arc<ApiServer>,
    /// What time it is there.
    pub(super) clock: Clock,
    requests: mpsc::Sender<Request>,
}

/// The thread has ended, or the request did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone;

impl DrivenCluster {
    /// Starts a cluster on a thread; its time passes `speed` times as fast as real time, and
    /// stands still for 0.
    ///
    /// # Errors
    /// [`ServeError`].
    pub(super) fn start(
        spec: ClusterSpec,
        images: Arc<ImageStore>,
        speed: f64,
    ) -> Result<(Self, thread::JoinHandle<()>), ServeError> {
        let (started, starts) = std::sync::mpsc::channel();
        let (requests, inbox) = mpsc::channel(REQUESTS_AHEAD);
        let thread = thread::Builder::new()
            .name("cluster".to_owned())
            .spawn(move || run(&spec, &images, speed, inbox, &started))
            .map_err(ServeError::Thread)?;
        let (api, clock) = starts.recv().map_err(|_| ServeError::ClusterThread)??;
        Ok((Self { api, clock, requests }, thread))
    }

    /// Looks at the cluster on its thread.
    ///
    /// # Errors
    /// [`Gone`] when the cluster has ended.
    pub(super) async fn look<T: Send + 'static>(
        &self,
        look: impl for<'a> FnOnce(&'a Cluster) -> Pin<Box<dyn Future<Output = T> + 'a>> + Send + 'static,
    ) -> Result<T, Gone> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |cluster| {
            let looks = look(cluster);
            Box::pin(async move {
                // Whoever asked may have left.
                let _ = answer.send(looks.await);
            })
        });
        self.requests.send(Request::Look(work)).await.map_err(|_| Gone)?;
        answered.await.map_err(|_| Gone)
    }

    /// Takes steps, one after the other, and says how each ends.
    ///
    /// # Errors
    /// [`Gone`] when the cluster has ended.
    pub(super) async fn take(
        &self,
        steps: Vec<Step>,
        outcomes: mpsc::Sender<StepOutcome>,
    ) -> Result<(), Gone> {
        self.requests.send(Request::Take(steps, outcomes)).await.map_err(|_| Gone)
    }
}

type Started = Result<(Arc<ApiServer>, Clock), ServeError>;

fn run(
    spec: &ClusterSpec,
    images: &Arc<ImageStore>,
    speed: f64,
    inbox: mpsc::Receiver<Request>,
    started: &std::sync::mpsc::Sender<Started>,
) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            // Nobody waits for it any more, or hears of it.
            let _ = started.send(Err(ServeError::Thread(error)));
            return;
        }
    };
    LocalSet::new().block_on(&runtime, async {
        let (clock, hand) = Clock::driven();
        match Cluster::start_at(spec, images, &Simulation, clock.clone(), true).await {
            Ok(cluster) => {
                let api = Arc::clone(&cluster.api);
                if started.send(Ok((api, clock))).is_ok() {
                    serve(cluster, speed, hand, inbox).await;
                }
            }
            Err(error) => {
                let _ = started.send(Err(ServeError::Cluster(error)));
            }
        }
    });
}

async fn serve(cluster: Cluster, speed: f64, hand: ClockHand, mut inbox: mpsc::Receiver<Request>) {
    let cluster = Rc::new(RwLock::new(cluster));
    let pace = Rc::new(Pace { speed, ..Pace::default() });
    let driver = tokio::task::spawn_local(drive(Rc::clone(&pace), hand));
    while let Some(request) = inbox.recv().await {
        let (cluster, pace) = (Rc::clone(&cluster), Rc::clone(&pace));
        tokio::task::spawn_local(async move {
            match request {
                Request::Look(work) => work(&*cluster.read().await).await,
                Request::Take(steps, outcomes) => {
                    take_all(&steps, &mut *cluster.write().await, &pace, &outcomes).await;
                }
            }
        });
    }
    driver.abort();
}

async fn take_all(
    steps: &[Step],
    cluster: &mut Cluster,
    pace: &Pace,
    outcomes: &mpsc::Sender<StepOutcome>,
) {
    let _hurry = pace.hurry();
    for step in steps {
        if let Some(time) = &step.advance {
            pace.skip(time.0);
        }
        let outcome = crate::runner::take_step(step, cluster).await;
        let goes_on = outcome.held;
        if outcomes.send(outcome).await.is_err() || !goes_on {
            return;
        }
    }
}

/// How fast time passes.
#[derive(Debug, Default)]
struct Pace {
    speed: f64,
    /// Time that is to pass at once.
    skipped: Cell<Duration>,
    /// How many steps are being taken, for which time that stands still must pass.
    in_a_hurry: Cell<usize>,
}

impl Pace {
    fn skip(&self, time: Duration) {
        if self.speed > 0.0 {
            self.skipped.set(self.skipped.get().saturating_add(time));
        }
    }

    fn hurry(&self) -> Hurry<'_> {
        self.in_a_hurry.set(self.in_a_hurry.get() + 1);
        Hurry(self)
    }

    fn flows_freely(&self) -> bool {
        self.speed <= 0.0 && self.in_a_hurry.get() > 0
    }
}

/// While it is there, time that stands still passes as fast as it can.
struct Hurry<'a>(&'a Pace);

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.in_a_hurry.set(self.0.in_a_hurry.get() - 1);
    }
}

/// Lets time pass, for ever.
async fn drive(pace: Rc<Pace>, hand: ClockHand) {
    let start = tokio::time::Instant::now();
    let mut real = Instant::now();
    let mut target = Duration::ZERO;
    loop {
        if pace.flows_freely() {
            tokio::time::sleep(STEP).await;
            (real, target) = (Instant::now(), start.elapsed());
        } else {
            // While a blocking task runs, the paused clock does not advance by itself.
            let tick = tokio::task::spawn_blocking(|| thread::sleep(TICK));
            if tick.await.is_err() {
                return;
            }
            let now = Instant::now();
            let passed = now.duration_since(real).min(MOST_LATE);
            real = now;
            target = target.saturating_add(passed.mul_f64(pace.speed.max(0.0)));
            target = target.saturating_add(pace.skipped.take());
            while start.elapsed() < target {
                let left = target.saturating_sub(start.elapsed());
                tokio::time::sleep(left.min(STEP)).await;
                hand.set(start.elapsed());
            }
        }
        hand.set(start.elapsed());
    }
}

impl From<ClusterError> for ServeError {
    fn from(error: ClusterError) -> Self {
        Self::Cluster(error)
    }
}
