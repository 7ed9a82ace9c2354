//! From a kubeconfig to a client.

use std::path::Path;
use std::time::Duration;

use kube::client::AuthError;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError, NamedContext};
use kube::{Client, Config};

use super::error::LiveError;
use crate::report::shown_line;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the command that gets the credentials may take: it may wait for somebody to log in.
const CREDENTIALS: Duration = Duration::from_secs(300);
/// How much of what a failed command said is shown.
const SAID: usize = 300;

/// A client of the cluster that a context of a kubeconfig leads to.
pub(super) async fn client(path: &Path, context: Option<&str>) -> Result<Client, LiveError> {
    let shown = shown_line(&path.display().to_string());
    let wrong = |source| LiveError::Kubeconfig { path: shown.clone(), source };
    let file = Kubeconfig::read_from(path).map_err(wrong)?;
    let known = known(&file.contexts);
    let options =
        KubeConfigOptions { context: context.map(str::to_owned), ..KubeConfigOptions::default() };
    let mut config =
        Config::from_custom_kubeconfig(file, &options).await.map_err(|error| match error {
            KubeconfigError::LoadContext(name) => {
                LiveError::NoContext { path: shown.clone(), name, known: known.clone() }
            }
            KubeconfigError::CurrentContextNotSet => {
                LiveError::NoCurrentContext { path: shown.clone(), known: known.clone() }
            }
            error => wrong(error),
        })?;
    config.connect_timeout = Some(CONNECT);
    read_token(&mut config, &shown)?;
    let command = config.auth_info.exec.as_ref().and_then(|exec| exec.command.clone());
    // A command runs here that may wait for somebody, and blocks whoever waits for it.
    let made = tokio::task::spawn_blocking(|| config.try_into());
    let Ok(made) = tokio::time::timeout(CREDENTIALS, made).await else {
        let why = format!("gave no credentials within {CREDENTIALS:?}");
        return Err(LiveError::Plugin { command: shown_command(command.as_deref()), why });
    };
    let made: Result<Client, kube::Error> = made.unwrap_or_else(|panicked| {
        // A panic of the library is an error of this connection, and nothing more.
        Err(kube::Error::Service(panicked.into()))
    });
    made.map_err(|source| match source {
        kube::Error::Auth(error) => plugin_failed(command.as_deref(), &error),
        source => LiveError::Client { path: shown, source: Box::new(source) },
    })
}

/// Reads a token from its file, as kubectl does: without white space around it.
fn read_token(config: &mut Config, kubeconfig: &str) -> Result<(), LiveError> {
    let Some(path) = config.auth_info.token_file.take().filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    let token = std::fs::read_to_string(&path).map_err(|source| LiveError::TokenFile {
        path: kubeconfig.to_owned(),
        token_file: shown_line(&path),
        source,
    })?;
    config.auth_info.token = Some(token.trim().to_owned().into());
    Ok(())
}

fn known(contexts: &[NamedContext]) -> String {
    let names: Vec<_> = contexts.iter().take(10).map(|one| shown_line(&one.name)).collect();
    match (names.len(), contexts.len()) {
        (0, _) => "it has none".to_owned(),
        (shown, all) if shown < all => format!("known are {} and more", names.join(", ")),
        _ => format!("known are {}", names.join(", ")),
    }
}

fn shown_command(command: Option<&str>) -> String {
    command.map_or_else(|| "for credentials".to_owned(), shown_line)
}

/// What became of the command, without what it printed: that may be a credential.
fn plugin_failed(command: Option<&str>, error: &AuthError) -> LiveError {
    let why = match error {
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            let said: String = shown_line(said.trim()).chars().take(SAID).collect();
            let said = if said.is_empty() { said } else { format!(" and says: {said}") };
            format!("failed ({}){said}", out.status)
        }
        AuthError::AuthExecStart(source) => format!("cannot be run: {source}"),
        AuthError::AuthExecParse(_) => "printed something that is no ExecCredential".to_owned(),
        AuthError::ExecPluginFailed => "printed an ExecCredential without status".to_owned(),
        other => format!("gave no credentials: {}", shown_line(&other.to_string())),
    };
    LiveError::Plugin { command: shown_command(command), why }
}
