//! Recordings from files, which may hold anything.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::line::{CaseLine, Incomplete};
use super::model::{Recording, Request, Runtime};

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// The longest line, in bytes.
const MAX_LINE_BYTES: usize = 1024 * 1024;
/// The most cases in a recording.
const MAX_CASES: usize = 100_000;

/// Why a file cannot be read.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system refuses.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is larger than anything sensible.
    #[error("{} is larger than {MAX_FILE_BYTES} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// It is no text.
    #[error("{} is no UTF-8 text; byte {at} begins something else", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Where it stops to be text, counted from 0.
        at: usize,
    },
}

/// Why a recording cannot be had from a file.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is wrong.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with a line of a recording.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// There is nothing in the file.
    #[error("the file is empty; a recording starts with a line that describes the runtime")]
    Empty,
    /// There are no cases.
    #[error("no cases follow the description of the runtime")]
    NoCases,
    /// The line is longer than anything sensible.
    #[error("the line is longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// The line is no JSON object of the format.
    #[error("column {column}: {what}")]
    Json {
        /// The column, counted from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// The first line is a case.
    #[error("column {column}: {what}; the first line of a recording describes its runtime")]
    Head {
        /// The column, counted from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// The case is not complete.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// The case's id was there before.
    #[error("case {id:?} was there before, in line {first}; ids are unique")]
    Repeated {
        /// The id.
        id: String,
        /// The line of the first.
        first: usize,
    },
    /// There are too many cases.
    #[error("a recording has at most {MAX_CASES} cases")]
    TooMany,
}

/// A problem and the line it is in, counted from 1.
type Located = (usize, Problem);

/// Reads a text file of bounded size.
pub(super) fn read_text(path: &Path) -> Result<String, FileError> {
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(FileError::TooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|error| FileError::NotText {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}

/// Reads a recording.
///
/// # Errors
/// [`ReadError`], with the first line that is wrong.
pub fn read(path: &Path) -> Result<Recording, ReadError> {
    let text = read_text(path)?;
    parse(&text).map_err(|(line, problem)| ReadError::Line { path: path.to_owned(), line, problem })
}

/// Reads cases to ask: a recording, whose outcomes are left, or lines of requests alone.
///
/// # Errors
/// As [`read`].
pub fn read_requests(path: &Path) -> Result<Vec<Request>, ReadError> {
    let text = read_text(path)?;
    parse_requests(&text).map_err(|(line, problem)| ReadError::Line {
        path: path.to_owned(),
        line,
        problem,
    })
}

/// Reads a recording from its text.
///
/// # Errors
/// The number of the first line that is wrong, counted from 1, and what is wrong with it.
pub fn parse(text: &str) -> Result<Recording, (usize, Problem)> {
    let mut lines = lines(text);
    let (_, head) = lines.next().ok_or((1, Problem::Empty))??;
    let runtime: Runtime = from_json(head).map_err(|problem| match problem {
        Problem::Json { column, what } => (1, Problem::Head { column, what }),
        other => (1, other),
    })?;
    let mut ids = HashMap::new();
    let mut cases = Vec::new();
    for line in lines {
        let (number, text) = line?;
        let case: CaseLine = from_json(text).map_err(|problem| (number, problem))?;
        let case = case.into_case().map_err(|incomplete| (number, incomplete.into()))?;
        admit(&mut ids, number, &case.request)?;
        cases.push(case);
    }
    if cases.is_empty() {
        return Err((1, Problem::NoCases));
    }
    Ok(Recording { runtime, cases })
}

/// Reads cases from lines; a first line that describes a runtime is left out.
pub(super) fn parse_requests(text: &str) -> Result<Vec<Request>, Located> {
    let mut ids = HashMap::new();
    let mut requests = Vec::new();
    for line in lines(text) {
        let (number, text) = line?;
        if number == 1 && from_json::<Runtime>(text).is_ok() {
            continue;
        }
        let line: CaseLine = from_json(text).map_err(|problem| (number, problem))?;
        let request = line.into_request();
        admit(&mut ids, number, &request)?;
        requests.push(request);
    }
    if requests.is_empty() {
        return Err((1, Problem::NoCases));
    }
    Ok(requests)
}

/// The lines with their numbers, counted from 1.
fn lines(text: &str) -> impl Iterator<Item = Result<(usize, &str), Located>> {
    text.lines().enumerate().map(|(index, line)| {
        if line.len() > MAX_LINE_BYTES {
            return Err((index + 1, Problem::TooLong));
        }
        Ok((index + 1, line))
    })
}

/// Checks what holds between the cases of one file.
fn admit(
    ids: &mut HashMap<String, usize>,
    number: usize,
    request: &Request,
) -> Result<(), Located> {
    if ids.len() == MAX_CASES {
        return Err((number, Problem::TooMany));
    }
    match ids.insert(request.id.clone(), number) {
        None => Ok(()),
        Some(first) => Err((number, Problem::Repeated { id: request.id.clone(), first })),
    }
}

fn from_json<'a, T: serde::Deserialize<'a>>(line: &'a str) -> Result<T, Problem> {
    serde_json::from_str(line)
        .map_err(|error| Problem::Json { column: error.column(), what: what_of(&error) })
}

/// What is wrong, without the place.
pub(super) fn what_of(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = error.to_string();
    what.strip_suffix(&place).unwrap_or(&what).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"runtime": "r", "version": "1", "features": null}"#;
    const CASE: &str = r#"{"id": "a", "image": "i", "ok": true, "id_output": "uid=0"}"#;

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let with = |line: &str| format!("{HEAD}\n{CASE}\n{line}\n");
        for (text, expected) in [
            (String::new(), "1: the file is empty"),
            (HEAD.to_owned(), "1: no cases"),
            (CASE.to_owned(), "1: column 5: unknown field `id`"),
            (with(""), "3: column 0: EOF"),
            (with("{}"), "3: column 2: missing field `id`"),
            (with(CASE), "3: case \"a\" was there before, in line 2"),
            (with(r#"{"id": "b", "image": "i"}"#), "3: the case has no \"ok\""),
            (with(r#"{"id": "b", "image": "i", "ok": true}"#), "3: the case is ok but"),
            (with(r#"{"id": "b", "image": "i", "ok": false, "code": "x"}"#), "3: the case is not"),
            (
                with(r#"{"id": "b", "image": "i", "privileged": true}"#),
                "unknown field `privileged`",
            ),
            (with(r#"{"id": "b", "image": "i", "run_as_user": 1e99}"#), "expected i64"),
            (with(r#"{"id": "b", "image": "i", "policy": 2147483648}"#), "expected i32"),
            (with(r#"{"id": "b", "id": "c", "image": "i"}"#), "duplicate field `id`"),
            (with(&"[".repeat(1000)), "3: column"),
            (with(&"x".repeat(MAX_LINE_BYTES + 1)), "3: the line is longer"),
        ] {
            let (line, problem) = parse(&text).expect_err(expected);
            let said = format!("{line}: {problem}");
            assert!(said.contains(expected), "{said}\n{expected}");
        }
    }

    #[test]
    fn cases_are_had_with_and_without_outcomes() {
        let request = r#"{"id": "b", "image": "i"}"#;
        let ids = |text: &str| -> Vec<String> {
            let requests = parse_requests(text).expect("it is well-formed");
            requests.into_iter().map(|request| request.id).collect()
        };
        assert_eq!(ids(&format!("{HEAD}\n{CASE}\n")), ["a"]);
        assert_eq!(ids(&format!("{request}\n{CASE}\n")), ["b", "a"]);
    }
}
