//! `gidcheck run`

use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use cri_api::client::RuntimeEndpoint;

use super::progress::Progress;
use super::report_files::{ReportFiles, write_whole};
use super::select::Selection;
use super::{CommandError, Outcome};
use crate::report::conformance::ConformanceReport;
use crate::report::run::{About, RunReport};
use crate::report::terminal::{self, Detail};
use crate::runner::{Keep, Report, run_all};
use crate::scenario::{Case, Duration, Suite};
use crate::target::{RuntimeOptions, RuntimeTarget, Simulation, Target};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    selection: Selection,
    /// Run on a real runtime, such as unix:///run/containerd/containerd.sock; repeatable, then
    /// each node gets the first runtime that is what its scenario asks for.
    #[arg(long, value_name = "ENDPOINT")]
    runtime_endpoint: Vec<RuntimeEndpoint>,
    /// Say only what does not hold.
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Say how each case ends, and all that happened in those that do not hold.
    #[arg(short, long)]
    verbose: bool,
    /// How many cases run at once; as many as there are processors when left out.
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    reports: ReportFiles,
    /// Write a conformance report of a real runtime: JSON to FILE, and a page to read beside it.
    #[arg(long, value_name = "FILE", requires = "runtime_endpoint")]
    conformance: Option<PathBuf>,
    /// Where a real runtime finds the suite's images, instead of on loopback; see images export.
    #[arg(long, value_name = "PREFIX", value_parser = super::select::image_prefix, requires = "runtime_endpoint")]
    image_prefix: Option<String>,
    /// Where pods' volumes are made for a real runtime, which must see the same folder; the
    /// folder for temporary files when left out.
    #[arg(long, value_name = "FOLDER", requires = "runtime_endpoint")]
    volume_root: Option<PathBuf>,
    /// How long one call to a real runtime may take.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    call_timeout: Duration,
    /// How long one case may take on a real runtime.
    #[arg(long, value_name = "TIME", default_value = "3m")]
    case_timeout: Duration,
}

impl Options {
    fn detail(&self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (_, true) => Detail::Verbose,
            _ => Detail::Usual,
        }
    }

    fn conformance_files(&self) -> Vec<(&'static str, PathBuf)> {
        let report = self.conformance.iter();
        report
            .flat_map(|path| {
                [("--conformance", path.clone()), ("the page of --conformance", page_of(path))]
            })
            .collect()
    }

    fn runtime_options(&self) -> RuntimeOptions {
        RuntimeOptions {
            call_timeout: self.call_timeout.0,
            case_timeout: self.case_timeout.0,
            volume_root: self.volume_root.clone().unwrap_or_else(std::env::temp_dir),
            image_prefix: self.image_prefix.clone(),
        }
    }
}

pub(super) fn run(options: &Options) -> Result<Outcome, CommandError> {
    let start = Instant::now();
    options.reports.check(&options.conformance_files())?;
    let suite = options.selection.suite()?;
    let cases = options.selection.cases(&suite)?;
    if options.runtime_endpoint.is_empty() {
        let reports = play(options, &Simulation, &cases);
        return show(options, &Simulation, &suite, &cases, &reports, start);
    }
    let target = RuntimeTarget::connect(&options.runtime_endpoint, options.runtime_options())
        .map_err(|error| CommandError::environment("the runtime cannot be used", error))?;
    if options.conformance.is_some() && options.runtime_endpoint.len() > 1 {
        return Err(CommandError::Usage(
            "a conformance report is about one runtime; name one --runtime-endpoint".to_owned(),
        ));
    }
    let reports = play(options, &target, &cases);
    if let (Some(path), [implementation]) =
        (&options.conformance, target.implementations().as_slice())
    {
        let report = ConformanceReport::new(
            implementation.clone(),
            &cases,
            &reports,
            options.selection.is_whole_suite(),
        );
        write_conformance(path, &report)?;
    }
    show(options, &target, &suite, &cases, &reports, start)
}

fn play(options: &Options, target: &dyn Target, cases: &[&Case]) -> Vec<Report> {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let jobs = options.jobs.map_or(processors, NonZeroUsize::get);
    let bar = (!options.quiet).then(|| Progress::of_cases(cases.len()));
    let advance = || bar.iter().for_each(Progress::advance);
    let keep = if options.reports.is_empty() { Keep::Failures } else { Keep::All };
    let reports = run_all(cases, target, jobs, keep, &|_, _| advance());
    bar.into_iter().for_each(Progress::finish);
    target.finish();
    reports
}

fn show(
    options: &Options,
    target: &dyn Target,
    suite: &Suite,
    cases: &[&Case],
    reports: &[Report],
    start: Instant,
) -> Result<Outcome, CommandError> {
    let paths = options.selection.paths_as_given();
    let duration = start.elapsed();
    if !options.reports.is_empty() {
        let about = About { target, sources: &suite.sources, duration, paths: &paths };
        let run = RunReport::new(about, cases, reports);
        options.reports.write(&run, reports)?;
    }
    let mut out: Box<dyn Write> = if options.reports.take_standard_output() {
        Box::new(anstream::stderr().lock())
    } else {
        Box::new(anstream::stdout().lock())
    };
    let name = target.name();
    let run = terminal::Run {
        target: &name,
        sources: &suite.sources,
        duration,
        paths: &paths,
        detail: options.detail(),
    };
    terminal::write(&mut out, run, cases, reports)?;
    if !target.has_virtual_time() && !options.quiet {
        terminal::write_overhead(&mut out, reports)?;
    }
    out.flush()?;
    match terminal::Counts::of(reports).failed {
        0 => Ok(Outcome::Held),
        _ => Ok(Outcome::NotHeld),
    }
}

/// The page beside a conformance report.
fn page_of(conformance: &Path) -> PathBuf {
    conformance.with_extension("md")
}

fn write_conformance(path: &Path, report: &ConformanceReport) -> Result<(), CommandError> {
    let json =
        serde_json::to_string_pretty(report).expect("a report holds nothing that JSON cannot hold");
    write_whole(path, &json)?;
    write_whole(&page_of(path), &report.markdown())
}
