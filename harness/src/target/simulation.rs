//! The simulation: fake runtimes in this process, on virtual time.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use fake_cri::FakeRuntime;
use fake_kubelet::volumes::SimulatedVolumes;

use super::{ChangeRuntime, NodeRequest, NodeRuntime, Target, TargetError};
use crate::cluster::Clock;
use crate::scenario::{Case, RuntimeName};

/// Everything in this process; needs nothing and lacks nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Simulation;

#[async_trait]
impl Target for Simulation {
    fn name(&self) -> String {
        "simulation".to_owned()
    }

    fn lacks(&self, _: &Case) -> Option<String> {
        None
    }

    fn has_virtual_time(&self) -> bool {
        true
    }

    async fn node(&self, request: NodeRequest<'_>) -> Result<NodeRuntime, TargetError> {
        let name = request.runtime.unwrap_or_default();
        let options = fake_cri::Options { now: nanoseconds(request.clock), ..Default::default() };
        let runtime =
            Arc::new(FakeRuntime::new(name.profile(), Arc::clone(request.images), options));
        let simulated = Simulated { runtime: Arc::clone(&runtime), name: Mutex::new(name) };
        let mut node = NodeRuntime::new(runtime, Arc::new(SimulatedVolumes));
        node.change = Some(Arc::new(simulated));
        Ok(node)
    }
}

#[derive(Debug)]
struct Simulated {
    runtime: Arc<FakeRuntime>,
    name: Mutex<RuntimeName>,
}

impl ChangeRuntime for Simulated {
    fn change(&self, runtime: RuntimeName) {
        self.runtime.set_profile(runtime.profile());
        *self.name.lock().unwrap_or_else(PoisonError::into_inner) = runtime;
    }

    fn current(&self) -> RuntimeName {
        *self.name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock as the runtime reads it: nanoseconds since 1970.
fn nanoseconds(clock: Clock) -> Arc<dyn Fn() -> i64 + Send + Sync> {
    Arc::new(move || i64::try_from(clock.now().0.as_nanosecond()).unwrap_or(i64::MAX))
}
