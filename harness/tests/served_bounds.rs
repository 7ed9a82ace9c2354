//! Whoever has the token can still send nonsense: the served cluster refuses it and goes on.

mod served;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Request;
use kube::client::Body;
use serde_json::Value as Json;
use served::{Served, node};

const PODS: &str = "/api/v1/namespaces/default/pods";

async fn served() -> Served {
    Served::start(vec![node("n", "1.36.2", "containerd-2.1")], 1.0).await
}

async fn ask(client: &kube::Client, method: &str, path: &str, body: Vec<u8>) -> (u16, Json) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("the request is well-formed");
    let answer = client.send(request).await.expect("the server answers");
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("the answer ends").to_bytes();
    (code, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused() {
    let served = served().await;
    let client = served.admin().await;
    let (code, status) = ask(&client, "POST", PODS, vec![b' '; 3 * 1024 * 1024 + 1]).await;
    assert_eq!(code, 413);
    assert_eq!(status["message"], "Request entity too large: limit is 3145728");
    assert_eq!(ask(&client, "GET", PODS, Vec::new()).await.0, 200);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_make_no_sense_are_refused() {
    let served = served().await;
    let client = served.admin().await;
    let deep = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
    for body in [deep, b"{\"a\":".to_vec(), vec![0xff; 100], b"null".to_vec(), b"[]".to_vec()] {
        for (method, path) in [
            ("POST", PODS.to_owned()),
            ("DELETE", format!("{PODS}/x")),
            ("POST", "/gidcheck/v1/steps".to_owned()),
        ] {
            let (code, status) = ask(&client, method, &path, body.clone()).await;
            assert!(
                (400..500).contains(&code) || path.ends_with("steps"),
                "{method} {path}: {code} {status}"
            );
        }
    }
    assert_eq!(ask(&client, "GET", PODS, Vec::new()).await.0, 200);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_make_no_sense_are_refused_by_name() {
    let served = served().await;
    let client = served.admin().await;
    for (query, says) in [
        ("limit=x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("continue=x", "continue key is not valid"),
        ("labelSelector=a in", "found '' expected: '('"),
        ("fieldSelector=x", "invalid selector"),
        ("resourceVersion=x", "invalid resource version"),
        ("resourceVersionMatch=Exact", "forbidden unless resourceVersion is provided"),
        ("sendInitialEvents=true", "sendInitialEvents is forbidden for list"),
    ] {
        let path = format!("{PODS}?{}", query.replace(' ', "%20"));
        let (code, status) = ask(&client, "GET", &path, Vec::new()).await;
        let message = status["message"].as_str().unwrap_or_default();
        assert!(code == 400 || code == 422, "{query}: {code}");
        assert!(message.contains(says), "{query}: {message}");
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_speaks_no_tls_disturbs_nobody() {
    let served = served().await;
    let port = served.access.port;
    let garbage = tokio::task::spawn_blocking(move || {
        for text in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 1000], b""] {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the port is open");
            stream.set_read_timeout(Some(Duration::from_secs(15))).expect("it can be set");
            // The server may have hung up by then.
            let _ = stream.write_all(text);
            if !text.is_empty() {
                let _ = stream.read_to_end(&mut Vec::new());
            }
        }
    });
    garbage.await.expect("the connections end");
    let client = served.admin().await;
    assert_eq!(ask(&client, "GET", "/version", Vec::new()).await.0, 200);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_there_is_no_answer_at_all() {
    let served = served().await;
    for token in [None, Some(""), Some("wrong")] {
        let client = served.client(token).await;
        for path in
            ["/version", "/healthz", "/api", PODS, "/metrics", "/gidcheck/v1/steps", "/nowhere"]
        {
            let (code, status) = ask(&client, "GET", path, Vec::new()).await;
            assert_eq!((code, &status["message"]), (401, &"Unauthorized".into()), "{path}");
        }
    }
    served.stop().await;
}
