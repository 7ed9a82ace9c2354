//! Trying again what a runtime refuses while it is still busy with cancelled calls.

use std::time::Duration;

/// How often something is tried: for 13 s in all. containerd 2.1.9 was seen to take 5 s to end a
/// `StartContainer` whose caller was killed, and to refuse the removal until then.
const ATTEMPTS: u32 = 12;
/// How much longer is waited before each attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// Tries until it is done; says whether it was done in the end.
pub(super) async fn until_done<F: Future<Output = bool>>(mut attempt: impl FnMut() -> F) -> bool {
    for number in 0..ATTEMPTS {
        tokio::time::sleep(PAUSE * number).await;
        if attempt().await {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_at_first_is_tried_again_but_not_for_ever() {
        let tries = Cell::new(0);
        let done = until_done(|| async {
            tries.set(tries.get() + 1);
            tries.get() == 3
        });
        assert!(done.await);
        assert_eq!(tries.get(), 3);

        tries.set(0);
        let done = until_done(|| async {
            tries.set(tries.get() + 1);
            false
        });
        assert!(!done.await);
        assert_eq!(tries.get(), ATTEMPTS);
    }
}
