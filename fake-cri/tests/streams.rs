//! Logs, commands with their streams, and signals, seen through the CRI contract.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cri_api::{AttachRequest, Cri, EVENTS_AHEAD, ExecEvent, ExecRequest, LogStream, v1};
use fake_cri::{FakeRuntime, Image, ImageStore, Options, profile};
use tokio::sync::mpsc;
use tokio::time::Instant;

const AGNHOST: &str = "registry.k8s.io/e2e-test-images/agnhost:2.45";

/// A runtime on tokio's paused clock, and a container of it that runs a script.
async fn running(image: &str, script: &str) -> (FakeRuntime, String) {
    running_with(v1::ContainerConfig {
        image: Some(v1::ImageSpec { image: image.to_owned(), ..Default::default() }),
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        ..Default::default()
    })
    .await
}

/// The same with a shell that reads lines.
async fn reading(tty: bool, stdin_once: bool) -> (FakeRuntime, String) {
    running_with(v1::ContainerConfig {
        image: Some(v1::ImageSpec { image: AGNHOST.to_owned(), ..Default::default() }),
        command: vec!["sh".to_owned()],
        stdin: true,
        stdin_once,
        tty,
        ..Default::default()
    })
    .await
}

async fn running_with(config: v1::ContainerConfig) -> (FakeRuntime, String) {
    let start = Instant::now();
    let now = move || i64::try_from(start.elapsed().as_nanos()).unwrap_or(i64::MAX);
    let options = Options { now: Arc::new(now), ..Options::default() };
    let images = Arc::new(ImageStore::new());
    images.add(Image { reference: "suite:1".to_owned(), ..Image::default() });
    let profile = profile::find("containerd-2.1").expect("the profile exists");
    let runtime = FakeRuntime::new(profile, images, options);
    let sandbox_config = v1::PodSandboxConfig {
        metadata: Some(v1::PodSandboxMetadata { name: "pod".to_owned(), ..Default::default() }),
        ..Default::default()
    };
    let namespaces =
        v1::NamespaceOption { pid: v1::NamespaceMode::Container.into(), ..Default::default() };
    let config = v1::ContainerConfig {
        metadata: Some(v1::ContainerMetadata { name: "ctr".to_owned(), attempt: 0 }),
        linux: Some(v1::LinuxContainerConfig {
            security_context: Some(v1::LinuxContainerSecurityContext {
                namespace_options: Some(namespaces),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..config
    };
    let sandbox = runtime.run_pod_sandbox(sandbox_config.clone(), "").await.expect("it runs");
    let made = runtime.create_container(&sandbox, config, sandbox_config).await;
    let container = made.expect("it is made");
    runtime.start_container(&container).await.expect("it starts");
    (runtime, container)
}

fn request(command: &[&str], tty: bool) -> (ExecRequest, mpsc::Sender<Bytes>) {
    let (sender, stdin) = mpsc::channel(EVENTS_AHEAD);
    let command = command.iter().map(|&word| word.to_owned()).collect();
    (ExecRequest { command, tty, stdin: Some(stdin) }, sender)
}

/// Everything until the end: standard output, standard error, exit code.
async fn all(mut events: cri_api::ExecEvents) -> (String, String, Option<i32>) {
    let (mut output, mut error, mut code) = (Vec::new(), Vec::new(), None);
    while let Some(event) = events.recv().await {
        match event {
            ExecEvent::Output(bytes) => output.extend(bytes),
            ExecEvent::Error(bytes) => error.extend(bytes),
            ExecEvent::Exited(exit) => code = Some(exit),
        }
    }
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(output), text(error), code)
}

fn outcome(output: &str, error: &str, code: i32) -> (String, String, Option<i32>) {
    (output.to_owned(), error.to_owned(), Some(code))
}

#[tokio::test(start_paused = true)]
async fn a_command_reads_its_input_and_keeps_its_streams_apart() {
    let (runtime, container) = running(AGNHOST, "sleep 1h").await;
    let (cat, stdin) = request(&["cat", "-", "/none"], false);
    let events = runtime.exec(&container, cat).await.expect("it starts");
    stdin.send(Bytes::from_static(b"one\n")).await.expect("it listens");
    stdin.send(Bytes::from_static(b"two")).await.expect("it listens");
    drop(stdin);
    let error = "cat: /none: No such file or directory\n";
    assert_eq!(all(events).await, outcome("one\ntwo", error, 1));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_merges_the_streams_and_ends_lines_with_a_carriage_return() {
    let (runtime, container) = running(AGNHOST, "sleep 1h").await;
    let (command, stdin) = request(&["sh", "-c", "echo a; echo b 1>&2"], true);
    let events = runtime.exec(&container, command).await.expect("it starts");
    assert_eq!(all(events).await, outcome("a\r\nb\r\n", "", 0));
    drop(stdin);
}

#[tokio::test(start_paused = true)]
async fn a_shell_at_a_terminal_echoes_prompts_and_exits() {
    let (runtime, container) = running(AGNHOST, "sleep 1h").await;
    let (sh, stdin) = request(&["sh"], true);
    let events = runtime.exec(&container, sh).await.expect("it starts");
    for typed in ["sleep 1h\r", "\x03", "echo on\r", "exit 3\r"] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stdin.send(Bytes::from(typed)).await.expect("it listens");
    }
    let screen = "# sleep 1h\r\n^C\r\n# echo on\r\non\r\n# exit 3\r\n";
    assert_eq!(all(events).await, outcome(screen, "", 3));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_input_ends_a_shell() {
    let (runtime, container) = running(AGNHOST, "sleep 1h").await;
    for (tty, end, screen) in [(true, Some("\x04"), "# "), (false, None, "")] {
        let (sh, stdin) = request(&["sh"], tty);
        let events = runtime.exec(&container, sh).await.expect("it starts");
        if let Some(end) = end {
            stdin.send(Bytes::from(end)).await.expect("it listens");
        } else {
            drop(stdin);
        }
        assert_eq!(all(events).await, outcome(screen, "", 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_ends_with_its_container_or_with_its_listener() {
    let (runtime, container) = running(AGNHOST, "sleep 1h").await;
    let (sleep, stdin) = request(&["sleep", "1h"], false);
    let events = runtime.exec(&container, sleep).await.expect("it starts");
    runtime.stop_container(&container, Duration::ZERO).await.expect("it stops");
    assert_eq!(all(events).await, outcome("", "", 137));
    drop(stdin);
    let (runtime, container) = running(AGNHOST, "sleep 1h").await;
    let (cat, stdin) = request(&["cat"], false);
    drop(runtime.exec(&container, cat).await.expect("it starts"));
    stdin.closed().await;
}

#[tokio::test(start_paused = true)]
async fn the_log_has_what_a_sleeping_process_has_printed() {
    let (runtime, container) = running(AGNHOST, "echo a; echo b 1>&2; sleep 5; echo c").await;
    let page = runtime.container_log(&container, 0, false).await.expect("it has a log");
    let texts: Vec<_> = page.entries.iter().map(|entry| (entry.stream, &*entry.text)).collect();
    assert_eq!(texts, [(LogStream::Stdout, &b"a\n"[..]), (LogStream::Stderr, b"b\n")]);
    assert_eq!((page.next, page.ended), (2, false));
    let start = Instant::now();
    let page = runtime.container_log(&container, page.next, true).await.expect("it goes on");
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!((&*page.entries[0].text, page.entries[0].time), (&b"c\n"[..], 5_000_000_000));
    let page = runtime.container_log(&container, page.next, true).await.expect("it ends");
    assert!(page.ended && page.entries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn process_1_outlives_sigterm_unless_its_program_handles_it() {
    for (image, seconds, code) in [(AGNHOST, 30, 137), ("suite:1", 0, 143)] {
        let (runtime, container) = running(image, "sleep 1h").await;
        let start = Instant::now();
        runtime.stop_container(&container, Duration::from_secs(30)).await.expect("it stops");
        assert_eq!(start.elapsed().as_secs(), seconds);
        let status = runtime.container_status(&container).await.expect("it is there");
        assert_eq!(status.exit_code, code);
    }
}

fn attaching() -> (AttachRequest, mpsc::Sender<Bytes>) {
    let (sender, stdin) = mpsc::channel(EVENTS_AHEAD);
    (AttachRequest { stdin: Some(stdin) }, sender)
}

/// What somebody hears who only listens.
async fn heard(runtime: &FakeRuntime, container: &str) -> cri_api::ExecEvents {
    runtime.attach(container, AttachRequest::default()).await.expect("it runs")
}

#[tokio::test(start_paused = true)]
async fn who_attaches_talks_to_the_first_process_and_hears_what_comes_after() {
    let (runtime, container) = reading(false, true).await;
    let (request, stdin) = attaching();
    let events = runtime.attach(&container, request).await.expect("it runs");
    stdin.send(Bytes::from("echo a; echo b 1>&2\n")).await.expect("it listens");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let other = heard(&runtime, &container).await;
    stdin.send(Bytes::from("echo c; exit 3\n")).await.expect("it listens");
    assert_eq!(all(events).await, ("a\nc\n".to_owned(), "b\n".to_owned(), None));
    assert_eq!(all(other).await, ("c\n".to_owned(), String::new(), None));
    let status = runtime.container_status(&container).await.expect("it is there");
    assert_eq!(status.exit_code, 3);
    let page = runtime.container_log(&container, 0, false).await.expect("it has a log");
    assert_eq!(page.entries.len(), 3);
    let error = runtime.attach(&container, AttachRequest::default()).await.expect_err("it ended");
    assert_eq!(
        error.message,
        "failed to attach in container: container is in CONTAINER_EXITED state"
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_of_what_is_sent_ends_the_process_or_the_connection() {
    for (once, state) in
        [(true, v1::ContainerState::ContainerExited), (false, v1::ContainerState::ContainerRunning)]
    {
        let (runtime, container) = reading(false, once).await;
        let (request, stdin) = attaching();
        let events = runtime.attach(&container, request).await.expect("it runs");
        drop(stdin);
        assert_eq!(all(events).await, (String::new(), String::new(), None));
        let status = runtime.container_status(&container).await.expect("it is there");
        assert_eq!(status.state(), state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_with_a_terminal_echoes_prompts_and_is_interrupted() {
    let (runtime, container) = reading(true, true).await;
    let (request, stdin) = attaching();
    let events = runtime.attach(&container, request).await.expect("it runs");
    for typed in ["\r", "sleep 1h\r", "\x03", "exit\r"] {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stdin.send(Bytes::from(typed)).await.expect("it listens");
    }
    let screen = "\r\n# sleep 1h\r\n^C\r\n# exit\r\n";
    assert_eq!(all(events).await, (screen.to_owned(), String::new(), None));
    let page = runtime.container_log(&container, 0, false).await.expect("it has a log");
    assert_eq!(&*page.entries[0].text, b"# \r\n");
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_does_not_listen_is_cut_off_and_holds_nobody_up() {
    let (runtime, container) = reading(false, true).await;
    let idle = heard(&runtime, &container).await;
    let (request, stdin) = attaching();
    let mut events = runtime.attach(&container, request).await.expect("it runs");
    for _ in 0..2 * EVENTS_AHEAD {
        stdin.send(Bytes::from("echo x\n")).await.expect("it listens");
        assert_eq!(events.recv().await, Some(ExecEvent::Output(Bytes::from("x\n"))));
    }
    assert_eq!(all(idle).await.0.len(), 2 * EVENTS_AHEAD);
}
