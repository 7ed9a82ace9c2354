//! Making many things, carefully: one first, then twice as many each time.

use futures_util::future::join_all;
use kubernetes_objects::Status;

/// Does something `count` times in batches of 1, 2, 4 and so on, each batch at once; a batch in
/// which something fails is the last (`slowStartBatch`). Gives how often it was tried.
pub(super) async fn in_growing_batches<F, Fut>(
    count: usize,
    mut make: F,
) -> (usize, Result<(), Status>)
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<(), Status>>,
{
    let mut tried = 0;
    let mut batch = 1;
    while tried < count {
        let size = batch.min(count - tried);
        let outcomes = join_all((0..size).map(|_| make())).await;
        tried += size;
        if let Some(failure) = outcomes.into_iter().find_map(Result::err) {
            return (tried, Err(failure));
        }
        batch *= 2;
    }
    (tried, Ok(()))
}
