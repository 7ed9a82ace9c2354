//! `gidcheck control`

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use http_body_util::BodyExt;
use hyper::{Request, Response, StatusCode};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::{CommandError, Outcome, refuse_problems, wait_for};
use crate::api::{ReportedStep, STEPS_PATH};
use crate::document::MAX_BYTES;
use crate::report::shown_line;
use crate::scenario::StepList;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The kubeconfig that gidcheck serve wrote.
    #[arg(long, value_name = "FILE", env = "KUBECONFIG")]
    kubeconfig: PathBuf,
    /// Steps as scenarios have them, such as 'upgrade: {node: node-1, kubernetes: "1.36"}'.
    #[arg(value_name = "STEP", required_unless_present = "file", conflicts_with = "file")]
    steps: Vec<String>,
    /// Take the steps of this file; - for standard input.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let steps = options.steps()?;
    wait_for(async {
        let answer = send(&options.kubeconfig, &steps).await?;
        show(answer, &steps).await
    })?
}

impl Options {
    fn steps(&self) -> Result<StepList, CommandError> {
        let list = match self.file.as_deref() {
            None => StepList::read("arguments", &self.steps.join("\n---\n"), Some(Path::new("."))),
            Some(path) if path == Path::new("-") => {
                let text = text_of(std::io::stdin().lock(), "standard input")?;
                StepList::read("standard input", &text, Some(Path::new(".")))
            }
            Some(path) => {
                let name = path.display().to_string();
                let file = std::fs::File::open(path).map_err(|error| {
                    CommandError::Usage(format!("{name} cannot be read: {error}"))
                })?;
                StepList::read(&name, &text_of(file, &name)?, Some(path))
            }
        };
        refuse_problems(&list.problems, &list.sources)?;
        if list.steps.is_empty() {
            return Err(CommandError::Usage("there is no step to take".to_owned()));
        }
        Ok(list)
    }
}

fn text_of(source: impl Read, name: &str) -> Result<String, CommandError> {
    let mut text = String::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    source
        .take(most)
        .read_to_string(&mut text)
        .map_err(|error| CommandError::Usage(format!("{name} cannot be read: {error}")))?;
    Ok(text)
}

async fn send(kubeconfig: &Path, steps: &StepList) -> Result<Response<Body>, CommandError> {
    let name = kubeconfig.display();
    let config = Kubeconfig::read_from(kubeconfig)
        .map_err(|error| CommandError::Usage(format!("{name} is no kubeconfig: {error}")))?;
    let mut config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default())
        .await
        .map_err(|error| CommandError::Usage(format!("{name} leads to no cluster: {error}")))?;
    // Steps take as long as they take.
    config.read_timeout = None;
    // The certificate is ring's business here as it is on the server.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let failed = |error: kube::Error| {
        CommandError::environment("the cluster does not answer; does gidcheck serve run?", error)
    };
    let client = kube::Client::try_from(config).map_err(failed)?;
    let request = Request::post(STEPS_PATH)
        .header("content-type", "application/json")
        .body(Body::from(steps.json.to_string().into_bytes()))
        .expect("a request of constant parts is well-formed");
    client.send(request).await.map_err(failed)
}

/// Shows how each step went, as the answer comes.
async fn show(answer: Response<Body>, steps: &StepList) -> Result<Outcome, CommandError> {
    let code = answer.status();
    let lost = |error: kube::Error| CommandError::environment("the cluster has ended", error);
    let mut body = answer.into_body();
    if code != StatusCode::OK {
        let text = body.collect().await.map_err(lost)?.to_bytes();
        return Err(refused(code, &text));
    }
    let mut out = anstream::stdout().lock();
    let (mut buffer, mut taken) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(lost)?.into_data() else { continue };
        buffer.extend_from_slice(&data);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<_> = buffer.drain(..=end).collect();
            let step: ReportedStep = serde_json::from_slice(&line)
                .map_err(|error| CommandError::environment("the answer cannot be read", error))?;
            write_step(&mut out, steps, taken, &step)?;
            taken += 1;
            if !step.held {
                return Ok(Outcome::NotHeld);
            }
        }
    }
    if taken < steps.steps.len() {
        return Err(CommandError::environment(
            format!("the cluster ended before step {}", taken + 1),
            std::io::Error::from(std::io::ErrorKind::UnexpectedEof),
        ));
    }
    Ok(Outcome::Held)
}

fn refused(code: StatusCode, text: &[u8]) -> CommandError {
    let status: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
    let message = status["message"].as_str().unwrap_or_default();
    let message = format!("the cluster refuses the steps ({code}): {}", shown_line(message));
    if code.is_client_error() && code != StatusCode::NOT_FOUND && code != StatusCode::UNAUTHORIZED {
        CommandError::Usage(message)
    } else {
        CommandError::environment(message, std::io::Error::from(std::io::ErrorKind::Other))
    }
}

fn write_step(
    out: &mut impl Write,
    steps: &StepList,
    index: usize,
    step: &ReportedStep,
) -> std::io::Result<()> {
    let name = name_of(steps, index);
    if step.held {
        return writeln!(out, "{}. {name}: done", index + 1);
    }
    writeln!(out, "{}. {name}: {}", index + 1, shown_line(&step.what))?;
    for difference in &step.differences {
        let (expected, observed) =
            (shown_line(&difference.expected), shown_line(&difference.observed));
        writeln!(out, "   {}: expected {expected}, is {observed}", shown_line(&difference.what))?;
    }
    Ok(())
}

/// What a step is called, or what it does.
fn name_of(steps: &StepList, index: usize) -> Arc<str> {
    let step = &steps.json[index];
    let verb = || step.as_object().and_then(|step| step.keys().find(|key| *key != "name"));
    let name = step["name"].as_str().or_else(|| verb().map(String::as_str));
    Arc::from(shown_line(name.unwrap_or("step")))
}
