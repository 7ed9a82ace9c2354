//! Registries that mean harm, or are broken: what is pulled from them is bounded, and they are
//! named.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use serde_json::{Value as Json, json};

use super::server::{digest, gzip, layer};
use super::{Test, assert_not_had, container, explain_with, groups};

pub(super) const TESTS: &[Test] = &[
    ("a_manifest_without_end_is_read_no_further_than_sense", endless_manifest),
    ("a_token_without_end_is_read_no_further_than_sense", endless_token),
    ("an_error_without_end_is_read_no_further_than_sense", endless_error),
    ("a_config_that_is_too_large_is_not_asked_for", large_config),
    ("a_blob_that_is_longer_than_its_manifest_says_is_cut_off", endless_blob),
    ("a_blob_that_comes_too_slowly_is_given_up", slow_blob),
    ("a_manifest_that_never_comes_is_given_up", slow_manifest),
    ("a_layer_that_unpacks_for_ever_is_given_up", slow_layer),
    ("a_helper_for_credentials_that_never_answers_is_given_up", slow_credentials),
    ("a_proxy_is_not_asked_for_registries_of_this_machine", proxy_is_not_for_this_machine),
    ("a_token_goes_to_the_registry_and_not_where_it_sends_us", token_goes_to_the_registry_only),
    ("a_blob_with_another_content_is_refused", other_content),
    ("a_manifest_with_another_digest_is_refused", other_manifest),
    ("an_index_without_end_is_refused", endless_index),
    ("what_is_no_manifest_is_refused", no_manifest),
    ("an_image_that_several_manifests_name_is_pulled_once", pulled_once),
    ("an_audit_goes_on_without_an_image_that_cannot_be_had", audit_goes_on),
    ("nothing_is_left_of_a_pull_that_is_killed", killed),
];

/// How much a client may take of a registry that never stops, in bytes: what is read at all, and
/// what waits in the buffers of the connection.
const SENSE: u64 = 32 * 1024 * 1024;

/// What stands at a path.
#[derive(Clone)]
enum Answer {
    Whole(u16, Vec<u8>),
    /// Bytes without end.
    Endless(u16),
    /// A byte now and then.
    Slow,
    /// Where to go for a token.
    Demand(String),
    /// The same, and something for whoever sends this authorization.
    For(&'static str, String, Vec<u8>),
    /// Somewhere else.
    Elsewhere(String),
}

/// A registry that answers as it is told.
struct Hostile {
    address: String,
    sent: Arc<AtomicU64>,
    requests: Arc<AtomicUsize>,
    /// The lines with which requests start, and those of their authorization.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    fn start(make: impl Fn(&str) -> BTreeMap<String, Answer>) -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let answers = Arc::new(make(&address));
        let (sent, requests) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let (of_all, asked) = (Arc::clone(&sent), Arc::clone(&requests));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hearing = Arc::clone(&heard);
        // It ends with the test's process.
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (answers, sent) = (Arc::clone(&answers), Arc::clone(&of_all));
                let (requests, heard) = (Arc::clone(&asked), Arc::clone(&hearing));
                thread::spawn(move || serve(connection, &answers, &sent, &requests, &heard));
            }
        });
        Ok(Self { address, sent, requests, heard })
    }

    fn image(&self) -> String {
        format!("{}/web:1", self.address)
    }

    /// What `gidcheck explain` says of the image.
    fn explain(&self) -> Result<std::process::Output, Failed> {
        let docker = tempfile::tempdir()?;
        Ok(explain_with(&self.image(), docker.path(), &["--pull-timeout", "3"]))
    }

    /// It is refused in these words, in time, and little was taken of it.
    fn assert_refused(&self, words: &[&str]) -> Result<(), Failed> {
        let start = Instant::now();
        assert_not_had(&self.explain()?, &[&[self.image().as_str()], words].concat());
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        let sent = self.sent.load(Ordering::Relaxed);
        assert!(sent < SENSE, "{sent} bytes were taken");
        Ok(())
    }
}

fn serve(
    connection: TcpStream,
    answers: &BTreeMap<String, Answer>,
    sent: &AtomicU64,
    requests: &AtomicUsize,
    heard: &Mutex<Vec<String>>,
) -> Option<()> {
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    let mut connection = connection;
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok().filter(|length| *length > 0)?;
        let (mut line, mut authorization) = (String::new(), String::new());
        while reader.read_line(&mut line).ok()? > 2 {
            if let Some(value) = line.to_lowercase().strip_prefix("authorization: ") {
                authorization = line[line.len() - value.len()..].trim().to_owned();
            }
            line.clear();
        }
        heard.lock().ok()?.push(format!("{} {authorization}", first.trim()));
        requests.fetch_add(1, Ordering::Relaxed);
        let path = first.split(' ').nth(1)?.split('?').next()?.to_owned();
        let mut write = |bytes: &[u8]| -> io::Result<()> {
            connection.write_all(bytes)?;
            sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Ok(())
        };
        match answers.get(&path) {
            Some(Answer::Whole(status, body)) => {
                let head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len());
                write(head.as_bytes()).and_then(|()| write(body)).ok()?;
            }
            Some(Answer::Endless(status)) => {
                let head = format!("HTTP/1.1 {status} x\r\nTransfer-Encoding: chunked\r\n\r\n");
                write(head.as_bytes()).ok()?;
                let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
                loop {
                    write(&chunk).ok()?;
                }
            }
            Some(Answer::Slow) => {
                write(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
                loop {
                    write(b"1\r\nx\r\n").ok()?;
                    thread::sleep(Duration::from_millis(200));
                }
            }
            Some(Answer::For(expected, _, body)) if authorization == *expected => {
                let head = format!("HTTP/1.1 200 x\r\nContent-Length: {}\r\n\r\n", body.len());
                write(head.as_bytes()).and_then(|()| write(body)).ok()?;
            }
            Some(Answer::Demand(realm) | Answer::For(_, realm, _)) => {
                let head = format!(
                    "HTTP/1.1 401 x\r\nWWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\"\r\n\
                     Content-Length: 0\r\n\r\n"
                );
                write(head.as_bytes()).ok()?;
            }
            Some(Answer::Elsewhere(place)) => {
                let head =
                    format!("HTTP/1.1 307 x\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n");
                write(head.as_bytes()).ok()?;
            }
            None => write(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n").ok()?,
        }
    }
}

const MANIFEST: &str = "/v2/web/manifests/1";

fn blob_path(digest: &str) -> String {
    format!("/v2/web/blobs/{digest}")
}

/// A sound image: what stands where, and the digests of its config and layer.
fn sound() -> (BTreeMap<String, Answer>, Json) {
    let config = br#"{"os": "linux", "config": {"User": "web"}}"#.to_vec();
    let layer = gzip(&layer(&[
        ("etc/passwd", "web:x:1000:1000::/:/bin/sh\n"),
        ("etc/group", "web:x:1000:\nstaff:x:50000:web\n"),
    ]));
    let manifest = json!({
        "schemaVersion": 2,
        "config": {"digest": digest(&config), "size": config.len()},
        "layers": [{"digest": digest(&layer), "size": layer.len()}],
    });
    let answers = BTreeMap::from([
        (MANIFEST.to_owned(), whole(&manifest)),
        (blob_path(&digest(&config)), Answer::Whole(200, config)),
        (blob_path(&digest(&layer)), Answer::Whole(200, layer)),
    ]);
    (answers, manifest)
}

fn whole(document: &Json) -> Answer {
    Answer::Whole(200, document.to_string().into_bytes())
}

/// A sound image but for its layer.
fn with_layer(answer: Answer) -> Result<Hostile, Failed> {
    Hostile::start(|_| {
        let (mut answers, manifest) = sound();
        let digest = manifest["layers"][0]["digest"].as_str().unwrap_or_default();
        answers.insert(blob_path(digest), answer.clone());
        answers
    })
}

fn with_manifest(answer: Answer) -> Result<Hostile, Failed> {
    Hostile::start(|_| BTreeMap::from([(MANIFEST.to_owned(), answer.clone())]))
}

fn endless_manifest() -> Result<(), Failed> {
    with_manifest(Answer::Endless(200))?.assert_refused(&["the manifest has more than 4194304"])
}

fn endless_token() -> Result<(), Failed> {
    let hostile = Hostile::start(|address| {
        BTreeMap::from([
            (MANIFEST.to_owned(), Answer::Demand(format!("http://{address}/token"))),
            ("/token".to_owned(), Answer::Endless(200)),
        ])
    })?;
    hostile.assert_refused(&["asks for a token"])
}

fn endless_error() -> Result<(), Failed> {
    with_manifest(Answer::Endless(500))?.assert_refused(&["status 500"])
}

fn large_config() -> Result<(), Failed> {
    let (_, mut manifest) = sound();
    manifest["config"]["size"] = json!(1_u64 << 30);
    with_manifest(whole(&manifest))?.assert_refused(&["the config has more than 4194304 bytes"])
}

fn endless_blob() -> Result<(), Failed> {
    with_layer(Answer::Endless(200))?.assert_refused(&["another number of bytes"])
}

fn slow_blob() -> Result<(), Failed> {
    let (_, mut manifest) = sound();
    manifest["layers"][0]["size"] = json!(1_u64 << 30);
    let hostile = Hostile::start(|_| {
        let (mut answers, _) = sound();
        answers.insert(MANIFEST.to_owned(), whole(&manifest));
        let digest = manifest["layers"][0]["digest"].as_str().unwrap_or_default();
        answers.insert(blob_path(digest), Answer::Slow);
        answers
    })?;
    hostile.assert_refused(&["not there after 3 seconds", "--pull-timeout"])
}

fn token_goes_to_the_registry_only() -> Result<(), Failed> {
    let storage = Hostile::start(|_| sound().0)?;
    let hostile = Hostile::start(|address| {
        let realm = format!("http://{address}/token");
        let (answers, manifest) = sound();
        let layer = manifest["layers"][0]["digest"].as_str().unwrap_or_default();
        let private = answers.into_iter().map(|(path, answer)| match answer {
            _ if path == blob_path(layer) => {
                let place = format!("http://{}{path}", storage.address);
                (path, Answer::Elsewhere(place))
            }
            Answer::Whole(_, body) => (path, Answer::For("Bearer secret", realm.clone(), body)),
            other => (path, other),
        });
        let token = ("/token".to_owned(), whole(&json!({"token": "secret"})));
        private.chain([token]).collect()
    })?;
    let docker = tempfile::tempdir()?;
    let auths = json!({"auths": {&hostile.address: {"auth": "dTpw"}}});
    std::fs::write(docker.path().join("config.json"), auths.to_string())?;
    let output = explain_with(&hostile.image(), docker.path(), &[]);
    assert_eq!(groups(&container(&output)?), [1000, 50_000]);
    let heard = hostile.heard.lock().map_err(|_| "nobody panicked")?.join("\n");
    assert!(heard.contains("GET /token?scope=repository%3Aweb%3Apull&service=s"), "{heard}");
    assert!(heard.contains("Basic dTpw"), "{heard}");
    let elsewhere = storage.heard.lock().map_err(|_| "nobody panicked")?.join("\n");
    assert!(elsewhere.contains("/v2/web/blobs/sha256:") && !elsewhere.contains("Bearer"));
    Ok(())
}

fn slow_layer() -> Result<(), Failed> {
    // A tar archive of one file of 16 GiB, whose zeros are nothing when they are packed.
    let mut header = tar::Header::new_gnu();
    header.set_path("zeros")?;
    header.set_size(16 << 30);
    header.set_cksum();
    let zeros = gzip(&vec![0; 16 << 20]);
    let mut layer = gzip(header.as_bytes());
    // Gzip members may follow each other: a gibibyte is 64 of them.
    (0..16 * 64).for_each(|_| layer.extend_from_slice(&zeros));
    let (mut answers, mut manifest) = sound();
    manifest["layers"] = json!([{"digest": digest(&layer), "size": layer.len()}]);
    answers.insert(MANIFEST.to_owned(), whole(&manifest));
    answers.insert(blob_path(&digest(&layer)), Answer::Whole(200, layer));
    let hostile = Hostile::start(|_| answers.clone())?;
    let start = Instant::now();
    assert_not_had(&hostile.explain()?, &["not there after 3 seconds"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    Ok(())
}

fn slow_credentials() -> Result<(), Failed> {
    let hostile = Hostile::start(|_| sound().0)?;
    let docker = tempfile::tempdir()?;
    let helper = docker.path().join("docker-credential-sleeper");
    std::fs::write(&helper, "#!/bin/sh\nexec sleep 30\n")?;
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755))?;
    std::fs::write(docker.path().join("config.json"), r#"{"credsStore": "sleeper"}"#)?;
    let path = std::env::var("PATH")?;
    let mut command = super::command(&["explain", "-", "--pull-timeout", "1"], docker.path());
    command.env("PATH", format!("{}:{path}", docker.path().display()));
    let start = Instant::now();
    let output = super::output(command, &pods(&hostile.image(), 1));
    assert_not_had(&output, &["not there after 1 second;"]);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    Ok(())
}

fn proxy_is_not_for_this_machine() -> Result<(), Failed> {
    let hostile = Hostile::start(|_| sound().0)?;
    let docker = tempfile::tempdir()?;
    let mut command = super::command(&["explain", "-", "--output", "json"], docker.path());
    // Nothing listens there.
    command.env("HTTP_PROXY", "http://127.0.0.1:9").env("http_proxy", "http://127.0.0.1:9");
    let output = super::output(command, &pods(&hostile.image(), 1));
    assert_eq!(groups(&container(&output)?), [1000, 50_000]);
    Ok(())
}

fn slow_manifest() -> Result<(), Failed> {
    with_manifest(Answer::Slow)?.assert_refused(&["not there after 3 seconds"])
}

fn other_content() -> Result<(), Failed> {
    let (_, manifest) = sound();
    let length = usize::try_from(manifest["layers"][0]["size"].as_u64().unwrap_or(0))?;
    with_layer(Answer::Whole(200, vec![b'x'; length]))?
        .assert_refused(&["sends something else than sha256:"])
}

fn other_manifest() -> Result<(), Failed> {
    let (_, manifest) = sound();
    let index = json!({"manifests": [
        {"digest": digest(b"else"), "platform": {"os": "linux", "architecture": "amd64"}},
    ]});
    let hostile = Hostile::start(|_| {
        let of_digest = format!("/v2/web/manifests/{}", digest(b"else"));
        BTreeMap::from([(MANIFEST.to_owned(), whole(&index)), (of_digest, whole(&manifest))])
    })?;
    hostile.assert_refused(&["sends something else than sha256:"])
}

fn endless_index() -> Result<(), Failed> {
    let mut answers = BTreeMap::new();
    let mut next = digest(b"nothing");
    for _ in 0..10 {
        let index = json!({"manifests": [{"digest": next}]});
        next = digest(index.to_string().as_bytes());
        answers.insert(format!("/v2/web/manifests/{next}"), whole(&index));
    }
    answers.insert(MANIFEST.to_owned(), whole(&json!({"manifests": [{"digest": next}]})));
    Hostile::start(|_| answers.clone())?.assert_refused(&["go too deep"])
}

fn no_manifest() -> Result<(), Failed> {
    with_manifest(Answer::Whole(200, b"<html>".to_vec()))?.assert_refused(&["not as specified"])?;
    with_manifest(whole(&json!({"schemaVersion": 1, "fsLayers": []})))?
        .assert_refused(&["no image"])?;
    let climbing = json!({"manifests": [{"digest": "sha256:../../../other"}]});
    with_manifest(whole(&climbing))?.assert_refused(&["no sha256 digest"])
}

/// Manifests of that many pods of an image.
fn pods(image: &str, count: usize) -> String {
    (0..count)
        .map(|number| format!("---\n{}\n", super::pod_named(&number.to_string(), image)))
        .collect()
}

fn pulled_once() -> Result<(), Failed> {
    let hostile = Hostile::start(|_| sound().0)?;
    let docker = tempfile::tempdir()?;
    let manifests = pods(&hostile.image(), 5);
    let output = super::gidcheck(&["explain", "-", "--output", "json"], docker.path(), &manifests);
    assert_eq!(groups(&container(&output)?), [1000, 50_000]);
    assert_eq!(hostile.requests.load(Ordering::Relaxed), 3, "a manifest, a config, a layer");
    Ok(())
}

fn audit_goes_on() -> Result<(), Failed> {
    let hostile = Hostile::start(|_| sound().0)?;
    let docker = tempfile::tempdir()?;
    let there = pods(&hostile.image(), 1);
    let missing = pods(&format!("{}/missing:1", hostile.address), 1);
    let manifests = format!("{there}{missing}");
    let output = super::gidcheck(&["audit", "-", "--output", "json"], docker.path(), &manifests);
    let document: Json = serde_json::from_slice(&output.stdout)?;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(document["withImplicitGroups"], 1);
    let findings = document["findings"].as_array().ok_or("findings")?;
    let unknown = findings.iter().find(|finding| finding["rule"] == "unknown-image");
    let text = unknown.and_then(|finding| finding["text"].as_str()).ok_or("it is found")?;
    assert!(text.contains("has no such image"), "{text}");
    let strict = ["audit", "-", "--pull", "missing"];
    assert_not_had(&super::gidcheck(&strict, docker.path(), &manifests), &["/missing:1"]);
    Ok(())
}

fn killed() -> Result<(), Failed> {
    let hostile = with_layer(Answer::Slow)?;
    let folder = tempfile::tempdir()?;
    let mut child =
        super::command(&["explain", "-"], folder.path()).env("TMPDIR", folder.path()).spawn()?;
    let mut stdin = child.stdin.take().ok_or("the input is a pipe")?;
    stdin.write_all(pods(&hostile.image(), 1).as_bytes())?;
    drop(stdin);
    let start = Instant::now();
    while hostile.requests.load(Ordering::Relaxed) < 3 {
        assert!(start.elapsed() < Duration::from_secs(20), "it does not ask for the layer");
        thread::sleep(Duration::from_millis(10));
    }
    // The hardest end there is: nobody can tidy up after it.
    child.kill()?;
    child.wait()?;
    let mut left = std::fs::read_dir(folder.path())?;
    assert!(left.next().is_none(), "something is left");
    let mut said = String::new();
    child.stderr.take().ok_or("a pipe")?.read_to_string(&mut said)?;
    assert_eq!(said, "");
    Ok(())
}
