//! What documents tell of commands: `console` blocks with what is typed and what is printed.

/// A command, and what a document says that it prints.
pub(crate) struct Told<'a> {
    pub(crate) command: &'a str,
    pub(crate) output: Vec<&'a str>,
}

/// The commands of a document's `console` blocks.
pub(crate) fn commands(document: &str) -> Vec<Told<'_>> {
    let mut told: Vec<Told<'_>> = Vec::new();
    for block in document.split("```console\n").skip(1) {
        for line in block.lines().take_while(|line| *line != "```") {
            if let Some(command) = line.strip_prefix("$ ") {
                told.push(Told { command, output: Vec::new() });
            } else {
                let last = told.last_mut().expect("a block begins with a command");
                last.output.push(line);
            }
        }
    }
    told
}

/// Whether an output is the one told: `...` stands for any lines, and a time for any time.
pub(crate) fn is_as_told(told: &[&str], said: &[&str]) -> bool {
    match (told, said) {
        (["..."], _) => true,
        (["...", rest @ ..], _) => {
            (0..=said.len()).any(|skipped| is_as_told(rest, &said[skipped..]))
        }
        ([told, more @ ..], [said, rest @ ..]) => is_line(told, said) && is_as_told(more, rest),
        (told, said) => told.is_empty() && said.is_empty(),
    }
}

fn is_line(told: &str, said: &str) -> bool {
    let told: Vec<_> = told.split_whitespace().collect();
    let said: Vec<_> = said.split_whitespace().collect();
    told.len() == said.len()
        && told.iter().zip(&said).all(|(told, said)| {
            told == said
                || (is_age(told) && is_age(said))
                || (is_fraction(told) && is_fraction(said))
        })
}

fn is_age(text: &str) -> bool {
    text.strip_suffix('s').is_some_and(|text| text.parse::<u32>().is_ok())
}

/// Seconds, as runs say how long they took.
fn is_fraction(text: &str) -> bool {
    text.contains('.') && text.parse::<f64>().is_ok()
}
