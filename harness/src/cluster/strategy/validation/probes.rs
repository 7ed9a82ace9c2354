//! Probes and lifecycle hooks of containers.
//!
//! Rules and words: `validateProbe`, `validateHandler` and `validateLifecycle` of
//! `pkg/apis/core/validation`, 1.36.

use k8s_openapi::api::core::v1::{
    Container, ExecAction, HTTPGetAction, Lifecycle, LifecycleHandler, Probe, SleepAction,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::numbers::{PORT_RANGE, PORTS, not_negative};
use super::{FieldError, names, one_of};

const SCHEMES: &[&str] = &["HTTP", "HTTPS"];
const HEADER: &str = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
const ONE_HANDLER: &str = "may not specify more than 1 handler type";

/// What a probe or a hook does.
#[derive(Default)]
struct Handlers<'a> {
    exec: Option<&'a ExecAction>,
    http_get: Option<&'a HTTPGetAction>,
    tcp_socket: Option<&'a IntOrString>,
    grpc: Option<i32>,
    sleep: Option<&'a SleepAction>,
}

/// Checks what runs beside a container's process.
pub(super) fn check(
    container: &Container,
    grace_period: Option<i64>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(lifecycle) = &container.lifecycle {
        check_lifecycle(lifecycle, grace_period, &format!("{path}.lifecycle"), errors);
    }
    for (field, probe) in [
        ("livenessProbe", &container.liveness_probe),
        ("readinessProbe", &container.readiness_probe),
        ("startupProbe", &container.startup_probe),
    ] {
        let Some(probe) = probe else { continue };
        let path = format!("{path}.{field}");
        check_probe(probe, grace_period, &path, errors);
        if field == "readinessProbe" {
            if let Some(seconds) = probe.termination_grace_period_seconds {
                let field = format!("{path}.terminationGracePeriodSeconds");
                let detail = "must not be set for readinessProbes";
                errors.push(FieldError::invalid(field, seconds, detail));
            }
        } else if probe.success_threshold != Some(1) {
            let field = format!("{path}.successThreshold");
            let value = probe.success_threshold.unwrap_or_default();
            errors.push(FieldError::invalid(field, value, "must be 1"));
        }
    }
}

/// What an init container that ends before the others begin must not have.
pub(super) fn forbid(container: &Container, path: &str, errors: &mut Vec<FieldError>) {
    for (field, is_set) in [
        ("lifecycle", container.lifecycle.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
    ] {
        if is_set {
            let detail = "may not be set for init containers without restartPolicy=Always";
            errors.push(FieldError::forbidden(format!("{path}.{field}"), detail));
        }
    }
}

fn check_probe(probe: &Probe, grace_period: Option<i64>, path: &str, errors: &mut Vec<FieldError>) {
    let handlers = Handlers {
        exec: probe.exec.as_ref(),
        http_get: probe.http_get.as_ref(),
        tcp_socket: probe.tcp_socket.as_ref().map(|action| &action.port),
        grpc: probe.grpc.as_ref().map(|action| action.port),
        sleep: None,
    };
    check_handlers(&handlers, grace_period, path, errors);
    for (field, value) in [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ] {
        not_negative(path, field, value.map(i64::from), errors);
    }
    if let Some(seconds) = probe.termination_grace_period_seconds.filter(|it| *it <= 0) {
        let field = format!("{path}.terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(field, seconds, "must be greater than 0"));
    }
}

fn check_lifecycle(
    lifecycle: &Lifecycle,
    grace_period: Option<i64>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    for (field, hook) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
        if let Some(LifecycleHandler { exec, http_get, sleep, tcp_socket }) = hook {
            let handlers = Handlers {
                exec: exec.as_ref(),
                http_get: http_get.as_ref(),
                tcp_socket: tcp_socket.as_ref().map(|action| &action.port),
                grpc: None,
                sleep: sleep.as_ref(),
            };
            check_handlers(&handlers, grace_period, &format!("{path}.{field}"), errors);
        }
    }
}

/// Exactly one handler must be there, and make sense; of several the first one is checked.
fn check_handlers(
    handlers: &Handlers<'_>,
    grace_period: Option<i64>,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    let mut has_one = false;
    let mut is_first = |field: &str, errors: &mut Vec<FieldError>| {
        if has_one {
            errors.push(FieldError::forbidden(format!("{path}.{field}"), ONE_HANDLER));
        }
        !std::mem::replace(&mut has_one, true)
    };
    if let Some(exec) = handlers.exec
        && is_first("exec", errors)
        && exec.command.as_ref().is_none_or(Vec::is_empty)
    {
        errors.push(FieldError::required(format!("{path}.exec.command"), ""));
    }
    if let Some(get) = handlers.http_get
        && is_first("httpGet", errors)
    {
        check_http_get(get, &format!("{path}.httpGet"), errors);
    }
    if let Some(port) = handlers.tcp_socket
        && is_first("tcpSocket", errors)
    {
        check_port(port, &format!("{path}.tcpSocket.port"), errors);
    }
    if let Some(port) = handlers.grpc
        && is_first("grpc", errors)
    {
        check_port(&IntOrString::Int(port), &format!("{path}.grpc.port"), errors);
    }
    if let Some(sleep) = handlers.sleep
        && is_first("sleep", errors)
        && let Some(grace_period) = grace_period
        && !(0..=grace_period).contains(&sleep.seconds)
    {
        let detail = format!(
            "must be non-negative and less than terminationGracePeriodSeconds ({grace_period})"
        );
        errors.push(FieldError::invalid(format!("{path}.sleep"), sleep.seconds, &detail));
    }
    if !has_one {
        errors.push(FieldError::required(path, "must specify a handler type"));
    }
}

fn check_http_get(get: &HTTPGetAction, path: &str, errors: &mut Vec<FieldError>) {
    check_port(&get.port, &format!("{path}.port"), errors);
    one_of(format!("{path}.scheme"), get.scheme.as_deref(), SCHEMES, errors);
    for header in get.http_headers.iter().flatten() {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if header.name.is_empty() || !header.name.bytes().all(fits) {
            let field = format!("{path}.httpHeaders");
            errors.push(FieldError::invalid_text(field, &header.name, HEADER));
        }
    }
}

/// A port by its number or its name (`ValidatePortNumOrName`).
pub(in crate::cluster::strategy) fn check_port(
    port: &IntOrString,
    path: &str,
    errors: &mut Vec<FieldError>,
) {
    match port {
        IntOrString::Int(number) if !PORTS.contains(number) => {
            errors.push(FieldError::invalid(path, number, PORT_RANGE));
        }
        IntOrString::Int(_) => {}
        IntOrString::String(name) => {
            names::refuse(path, name, names::port_faults(name), errors);
        }
    }
}
