//! How often a client may ask.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::delays::Limit;

/// A bucket of tokens, one a call; who finds none is told when there is one, in the order of
/// asking (client-go's rate limiter).
#[derive(Debug)]
pub(super) struct TokenBucket {
    limit: Limit,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Below zero when some are promised.
    tokens: f64,
    at: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(limit: Limit) -> Self {
        let state = State { tokens: limit.burst, at: Instant::now() };
        Self { limit, state: Mutex::new(state) }
    }

    /// Takes a token; gives when the call may be made.
    pub(super) fn take(&self) -> Instant {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.tokens = (state.tokens + passed * self.limit.per_second).min(self.limit.burst);
        state.at = now;
        state.tokens -= 1.0;
        let missing = (-state.tokens).max(0.0);
        now + Duration::from_secs_f64(missing / self.limit.per_second)
    }

    /// Takes a token if there is one now.
    pub(super) fn try_take(&self) -> bool {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.tokens = (state.tokens + passed * self.limit.per_second).min(self.limit.burst);
        state.at = now;
        let taken = state.tokens >= 1.0;
        if taken {
            state.tokens -= 1.0;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_then_each_waits_for_its_token() {
        let bucket = TokenBucket::new(Limit { per_second: 20.0, burst: 3.0 });
        let start = Instant::now();
        let waits: Vec<_> = (0..5).map(|_| bucket.take().duration_since(start)).collect();
        assert_eq!(waits, [0, 0, 0, 50, 100].map(Duration::from_millis));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(bucket.take(), Instant::now(), "the bucket is full again, but no fuller");
    }
}
