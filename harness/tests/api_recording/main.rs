//! What an API server 1.36.2 answered to a sequence of requests, the served cluster answers, too:
//! as recorded, under other names and in another namespace, and in another order.
//!
//! What differs by the nature of the lab where the recording was made stands in one table, with
//! the reason; everything else must be the same but for times, uids and versions.

mod differences;
mod lab;
mod replay;
#[path = "../served/mod.rs"]
mod served;

use replay::{Recorded, Replay, recording};

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_request_is_answered_as_recorded() {
    let mut replay = Replay::start("default", &["n17", "n21"]).await;
    replay.play(&recording()).await;
    replay.assert_same();
    replay.assert_every_difference_of_the_lab_is_seen();
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_namespace_make_no_difference() {
    let text = serde_json::to_string(&recording()).expect("it is JSON");
    // The order of the names is kept, as lists are in it.
    let renamed = [
        ("implicit-groups", "merged"),
        ("strict-ok", "strictly"),
        ("strict-rejected", "unwelcome"),
        ("/namespaces/default/", "/namespaces/team-a/"),
        ("\"namespace\":\"default\"", "\"namespace\":\"team-a\""),
        ("\"n21\"", "\"second\""),
        ("\"n17\"", "\"first\""),
        ("nodes/n21", "nodes/second"),
        ("nodes/n17", "nodes/first"),
        ("spec.nodeName%3Dn17", "spec.nodeName%3Dfirst"),
        (", n17\"", ", first\""),
        ("\"ssa\"", "\"standing\""),
        ("/ssa", "/standing"),
    ]
    .iter()
    .fold(text, |text, (from, to)| text.replace(from, to));
    let renamed: Vec<Recorded> = serde_json::from_str(&renamed).expect("it is still JSON");
    let mut replay = Replay::start("team-a", &["first", "second"]).await;
    replay.play(&renamed).await;
    replay.assert_same();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_depend_on_each_other_can_be_made_in_any_order() {
    let mut requests = recording();
    // Refusals and discovery change nothing; they come last, and backwards.
    let (mut independent, dependent): (Vec<_>, Vec<_>) =
        requests.drain(..).partition(Recorded::changes_nothing);
    independent.reverse();
    let mut replay = Replay::start("default", &["n17", "n21"]).await;
    replay.play(&dependent).await;
    replay.play(&independent).await;
    replay.assert_same();
}
