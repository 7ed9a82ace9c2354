//! `gidcheck plan --kubeconfig`: on a served cluster, with every kind of kubeconfig, and on servers
//! that answer as no API server should.

mod odd_server;
#[path = "../served/mod.rs"]
mod served;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use odd_server::{Answer, Answers, Asked, OddServer};
use served::{Served, node};
use tempfile::TempDir;

const TOKEN: &str = "secret-token";

/// A kubeconfig in a folder of its own.
struct Config {
    folder: TempDir,
}

impl Config {
    /// One with this `cluster` and `user`, each a line of YAML.
    fn of(cluster: &str, user: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: odd\n\
             clusters: [{{name: odd, cluster: {cluster}}}]\n\
             users: [{{name: me, user: {user}}}]\n\
             contexts: [{{name: odd, context: {{cluster: odd, user: me}}}}]\n"
        );
        std::fs::write(folder.path().join("config"), text).expect("a file can be written");
        Self { folder }
    }

    /// One that leads to a server with a token.
    fn to(server: &OddServer) -> Self {
        Self::of(&cluster(server), &format!("{{token: {TOKEN}}}"))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file can be written");
    }

    fn script(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.file(name, &format!("#!/bin/sh\n{text}\n"));
        let path = self.folder.path().join(name);
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("it may be run");
    }
}

fn cluster(server: &OddServer) -> String {
    let authority = STANDARD.encode(&server.authority);
    let port = server.port;
    format!("{{server: 'https://127.0.0.1:{port}', certificate-authority-data: {authority}}}")
}

fn plan(config: &Path, arguments: &[&str]) -> (i32, String) {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_gidcheck"))
        .args(["plan", "--kubernetes", "1.33", "--kubeconfig"])
        .arg(config)
        .args(arguments)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env_remove("HTTPS_PROXY")
        .env_remove("https_proxy")
        .output()
        .expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    let code = output.status.code().expect("the program ends by itself");
    (code, String::from_utf8_lossy(&text).into_owned())
}

/// What is printed, without line breaks, so that words are found wherever they are wrapped.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A server with these answers is no cluster to plan for: the exit code, and the words.
fn assert_fails(answers: Answers, code: i32, words: &[&str]) {
    let server = OddServer::start(answers, false);
    assert_words(&Config::to(&server), code, words);
}

fn assert_words(config: &Config, code: i32, words: &[&str]) {
    let (ended, text) = plan(&config.path(), &["--request-timeout", "2"]);
    let text = plain(&text);
    assert_eq!(ended, code, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
    assert!(!text.contains(TOKEN), "a credential is shown: {text}");
}

fn status(code: &'static str, message: &str) -> Answer {
    let number: u16 = code[..3].parse().expect("a number");
    let body = format!(
        "{{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\",\"message\":\
         \"{message}\",\"code\":{number}}}"
    );
    Answer::Other(code, "content-type: application/json\r\n", body)
}

const NODE: &str = "{\"metadata\":{\"name\":\"n1\"},\"status\":{\"nodeInfo\":{\"kubeletVersion\":\
                    \"v1.32.4\",\"containerRuntimeVersion\":\"containerd://2.1.9\"}}}";

/// A small cluster that answers as it should.
fn well(asked: &Asked) -> Answer {
    if asked.path == "/version" {
        return Answer::Json(
            "{\"major\":\"1\",\"minor\":\"32\",\"gitVersion\":\"v1.32.4\"}".into(),
        );
    }
    let items = if asked.path.starts_with("/api/v1/nodes") { NODE } else { "" };
    let kind = if items.is_empty() { "List" } else { "NodeList" };
    Answer::Json(format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"v1\",\"items\":[{items}]}}"))
}

/// The small cluster, but for those who do not have the token.
fn with_token(asked: &Asked) -> Answer {
    if asked.header("authorization") == Some("Bearer secret-token") {
        well(asked)
    } else {
        status("401 Unauthorized", "Unauthorized")
    }
}

#[test]
fn a_served_cluster_is_read_and_planned_for() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let nodes = vec![node("old", "1.33", "containerd-1.7"), node("new", "1.33", "containerd-2.1")];
    let served = runtime.block_on(Served::start(nodes, 1.0));
    let (code, text) = plan(served.kubeconfig(), &["--output", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&text).expect("a document");
    assert_eq!(code, 0, "{text}");
    assert_eq!(plan["change"][0], "API server: 1.36 → 1.33");
    assert_eq!(plan["cluster"]["nodes"], 2);
    assert_eq!(plan["cluster"]["leftOut"], 0, "{text}");
    runtime.block_on(served.stop());
}

#[test]
fn tokens_come_from_the_kubeconfig_or_from_a_file() {
    let server = OddServer::start(with_token, false);
    let (code, text) = plan(&Config::to(&server).path(), &[]);
    assert_eq!((code, text.contains("Nothing breaks")), (0, true), "{text}");
    // As every tool that writes such a file does, with a line break at its end.
    let config = Config::of(&cluster(&server), "{tokenFile: token}");
    config.file("token", &format!("{TOKEN}\n"));
    let (code, text) = plan(&config.path(), &[]);
    assert_eq!(code, 0, "{text}");
    let config = Config::of(&cluster(&server), "{tokenFile: nowhere}");
    assert_words(&config, 2, &["token file", "nowhere", "cannot be read"]);
    let config = Config::of(&cluster(&server), "{token: wrong}");
    assert_words(&config, 3, &["does not accept these credentials (401)", "log in again"]);
}

#[test]
fn credentials_come_from_a_command_and_what_it_prints_is_not_shown() {
    let server = OddServer::start(with_token, false);
    let exec = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, \
                interactiveMode: Never}}";
    let config = Config::of(&cluster(&server), exec);
    let credential = format!(
        "echo '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
         \"status\":{{\"token\":\"{TOKEN}\"}}}}'"
    );
    config.script("login", &credential);
    let (code, text) = plan(&config.path(), &[]);
    assert_eq!(code, 0, "{text}");
    config.script("login", &format!("{credential}; echo 'no such profile' >&2; exit 3"));
    assert_words(&config, 3, &["login failed", "exit status: 3", "no such profile", "by hand"]);
    config.script("login", &format!("echo {TOKEN}"));
    assert_words(&config, 3, &["login", "is no ExecCredential"]);
    std::fs::remove_file(config.folder.path().join("login")).expect("it was there");
    assert_words(&config, 3, &["login cannot be run"]);
}

#[test]
fn a_client_certificate_lets_one_in() {
    let server = OddServer::start(well, true);
    let (certificate, key) = &server.client;
    let user = format!(
        "{{client-certificate-data: {}, client-key-data: {}}}",
        STANDARD.encode(certificate),
        STANDARD.encode(key)
    );
    let (code, text) = plan(&Config::of(&cluster(&server), &user).path(), &[]);
    assert_eq!(code, 0, "{text}");
    let files = Config::of(&cluster(&server), "{client-certificate: c.pem, client-key: k.pem}");
    files.file("c.pem", certificate);
    files.file("k.pem", key);
    let (code, text) = plan(&files.path(), &[]);
    assert_eq!(code, 0, "{text}");
    let without = Config::of(&cluster(&server), "{}");
    assert_words(&without, 3, &["cannot be reached", "/version"]);
    let half = Config::of(&cluster(&server), "{client-certificate-data: '!!', client-key-data: x}");
    assert_words(&half, 2, &["no connection can be made as the kubeconfig", "base64"]);
}

#[test]
fn certificates_are_checked_unless_the_kubeconfig_says_otherwise() {
    let server = OddServer::start(well, false);
    let (other, port) = (OddServer::start(well, false), server.port);
    let authority = STANDARD.encode(&other.authority);
    let user = format!("{{token: {TOKEN}}}");
    let wrong =
        format!("{{server: 'https://127.0.0.1:{port}', certificate-authority-data: {authority}}}");
    assert_words(&Config::of(&wrong, &user), 3, &["cannot be reached", "certificate"]);
    assert_eq!(server.asked(), 0, "nothing is said to a server that may be another");
    let skipped = format!("{{server: 'https://127.0.0.1:{port}', insecure-skip-tls-verify: true}}");
    let (code, text) = plan(&Config::of(&skipped, &user).path(), &[]);
    assert_eq!(code, 0, "{text}");
    let named = wrong.replace(&authority, &STANDARD.encode(&server.authority));
    let named = named.replace('}', ", tls-server-name: else.where}");
    assert_words(&Config::of(&named, &user), 3, &["cannot be reached", "else.where"]);
}

#[test]
fn a_kubeconfig_that_leads_nowhere_says_so() {
    let server = OddServer::start(well, false);
    let config = Config::to(&server);
    let (code, text) = plan(&config.path(), &["--context", "prod"]);
    assert_eq!(code, 2, "{text}");
    assert!(plain(&text).contains("no context \"prod\"; known are odd"), "{text}");
    config.file("config", "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n");
    assert_words(&config, 2, &["has no current context", "it has none"]);
    config.file("config", "a: [");
    assert_words(&config, 2, &["cannot be used", "parse kubeconfig YAML"]);
    config.file("config", "");
    assert_words(&config, 2, &["kubeconfig", "context"]);
    std::fs::remove_file(config.path()).expect("it was there");
    assert_words(&config, 2, &["cannot be used", "No such file"]);
    // A port where nobody listens.
    let gone = Config::of("{server: 'https://127.0.0.1:1'}", "{}");
    assert_words(&gone, 3, &["cannot be reached for /version", "onnection refused"]);
}

#[test]
fn a_proxy_is_used_where_the_kubeconfig_names_one() {
    let server = OddServer::start(well, false);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = listener.local_addr().expect("an address").port();
    let to = server.port;
    let seen = std::thread::spawn(move || {
        use std::io::{BufRead, BufReader, Write};
        let (mut client, _) = listener.accept().expect("a client");
        let mut head = Vec::new();
        for line in BufReader::new(client.try_clone().expect("a copy")).lines() {
            let line = line.expect("a line");
            if line.is_empty() {
                break;
            }
            head.push(line);
        }
        let server = std::net::TcpStream::connect(("127.0.0.1", to)).expect("the server");
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").expect("the client listens");
        let (mut up, mut down) = (client.try_clone().expect("a copy"), server.try_clone());
        let mut server = server;
        std::thread::spawn(move || std::io::copy(&mut up, &mut server));
        let _ = std::io::copy(down.as_mut().expect("a copy"), &mut client);
        head
    });
    let with_proxy =
        cluster(&server).replace('}', &format!(", proxy-url: 'http://127.0.0.1:{proxy}'}}"));
    // The odd proxy takes one connection and the odd server one request for each: what matters
    // is where the first one went.
    let (_, text) = plan(&Config::of(&with_proxy, "{}").path(), &["--request-timeout", "2"]);
    let head = seen.join().expect("the proxy ends");
    assert_eq!(head[0], format!("CONNECT 127.0.0.1:{to} HTTP/1.1"), "{text}");
    assert!(server.asked() >= 1, "{text}");
    let ftp = cluster(&server).replace('}', ", proxy-url: 'ftp://127.0.0.1'}");
    assert_words(&Config::of(&ftp, "{}"), 2, &["no connection can be made", "ftp"]);
}

#[test]
fn refusals_are_told_apart() {
    assert_fails(|_| status("401 Unauthorized", "Unauthorized"), 3, &["(401)", "log in again"]);
    assert_fails(
        |asked| match asked.path.starts_with("/api/v1/nodes") {
            true => status("403 Forbidden", "nodes is forbidden: User eve cannot list it"),
            false => well(asked),
        },
        3,
        &["User eve cannot list it", "(403)", "needs `list` on nodes and pods"],
    );
    assert_fails(
        |_| status("500 Internal Server Error", "etcd is gone"),
        3,
        &["500", "etcd is gone"],
    );
    assert_fails(
        |_| {
            Answer::Other(
                "502 Bad Gateway",
                "content-type: text/html\r\n",
                "<h1>Oh\u{1b}[31m</h1>".into(),
            )
        },
        3,
        &["answers /version with 502", "<h1>Oh\\u{1b}[31m</h1>"],
    );
    assert_fails(
        |asked| match asked.path.contains("pods") {
            true => status("410 Gone", "The provided continue parameter is too old"),
            false => well(asked),
        },
        3,
        &["forgot the list /api/v1/pods", "try again"],
    );
}

#[test]
fn what_must_not_be_listed_is_named_and_the_rest_is_planned_for() {
    let server = OddServer::start(
        |asked| match asked.path.split('?').next() {
            Some("/apis/batch/v1/cronjobs") => status("403 Forbidden", "no"),
            Some("/apis/policy/v1/poddisruptionbudgets") => status("404 Not Found", "no"),
            Some("/version") => status("403 Forbidden", "no"),
            _ => well(asked),
        },
        false,
    );
    let (code, text) = plan(&Config::to(&server).path(), &[]);
    assert_eq!(code, 0, "{text}");
    assert!(plain(&text).contains("does not let these credentials list cron jobs"), "{text}");
    assert!(!text.contains("disruption"), "{text}");
    assert!(plain(&text).contains("The API server is 1.32, as the newest kubelet"), "{text}");
}

#[test]
fn a_server_that_is_busy_for_a_while_is_asked_again() {
    let server = OddServer::start(
        |asked| match asked.before {
            0 | 2 => Answer::Other("429 Too Many Requests", "retry-after: 0\r\n", String::new()),
            _ => well(asked),
        },
        false,
    );
    let (code, text) = plan(&Config::to(&server).path(), &[]);
    assert_eq!(code, 0, "{text}");
    let busy = OddServer::start(|_| status("429 Too Many Requests", "too many requests"), false);
    assert_words(&Config::to(&busy), 3, &["/version"]);
    assert!(busy.asked() < 20, "it is not stormed");
}

#[test]
fn what_is_no_api_server_is_told_apart() {
    assert_fails(
        |_| Answer::Other("302 Found", "location: https://login.example/?a=b\r\n", String::new()),
        3,
        &["leads elsewhere (302 to https://login.example/?a=b)", "`server`"],
    );
    assert_fails(
        |_| Answer::Other("200 OK", "content-type: text/html\r\n", "<html>Log in</html>".into()),
        3,
        &["answered with text/html, not with JSON"],
    );
    assert_fails(
        |asked| match asked.path.as_str() {
            "/version" => well(asked),
            _ => Answer::Json("{\"kind\":\"Status\",\"status\":\"Success\"}".into()),
        },
        3,
        &["answers /api/v1/nodes with something that is no list"],
    );
    assert_fails(
        |asked| match asked.path.as_str() {
            "/version" => well(asked),
            _ => Answer::Json("{\"kind\":\"NodeList\",\"items\":[{\"metadata\":".into()),
        },
        3,
        &["/api/v1/nodes:1:40", "not valid JSON"],
    );
    assert_fails(|_| Answer::CutOff("{\"kind\":".into()), 3, &["cannot be reached for /version"]);
}

#[test]
fn answers_without_end_are_given_up() {
    assert_fails(|_| Answer::Silence, 3, &["did not answer /version within 2s"]);
    assert_fails(|_| Answer::Endless, 3, &["did not answer /version within 2s"]);
    assert_fails(
        |_| {
            let headers = "content-type: application/json\r\ncontent-length: 99999999999\r\n";
            Answer::Other("200 OK", headers, "{".into())
        },
        3,
        &["answers /version with more than", "to a file and give that"],
    );
    assert_fails(
        |asked| match asked.path.as_str() {
            "/version" => well(asked),
            _ => Answer::Json(
                "{\"kind\":\"NodeList\",\"metadata\":{\"continue\":\"x\"},\"items\":[]}".into(),
            ),
        },
        3,
        &["/api/v1/nodes has no end", "after 2 pages"],
    );
}

#[test]
fn lists_are_read_page_by_page() {
    let server = OddServer::start(
        |asked| match asked.path.as_str() {
            "/api/v1/nodes?limit=500" => Answer::Json(format!(
                "{{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"metadata\":{{\"continue\":\"a b&c\"}},\
                 \"items\":[{NODE}]}}"
            )),
            "/api/v1/nodes?limit=500&continue=a+b%26c" => Answer::Json(format!(
                "{{\"kind\":\"NodeList\",\"apiVersion\":\"v1\",\"items\":[{}]}}",
                NODE.replace("n1", "n2")
            )),
            _ => well(asked),
        },
        false,
    );
    let (code, text) = plan(&Config::to(&server).path(), &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("2 nodes"), "{text}");
}
