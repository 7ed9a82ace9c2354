//! Reads label selectors, token by token, as apimachinery does.

use super::SelectorError;
use super::label::{Operator, Requirement};
use crate::names;

/// What the text is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Identifier(&'a str),
    /// One of [`SYMBOLS`], or `in`, or `notin`.
    Symbol(&'a str),
    /// Special characters that make no symbol.
    Unknown(&'a str),
    End,
}

/// What special characters can mean; the longest that fits is taken.
const SYMBOLS: &[&str] = &[")", ",", "!", "==", "=", ">", "(", "<", "!="];

/// The words that are symbols, where an operator may stand.
const WORDS: &[&str] = &["in", "notin"];

const BINARY_OPERATORS: &str = "in, notin, =, ==, !=, gt, lt";

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// A parser on its way through a selector.
pub(super) struct Parser<'a> {
    rest: &'a str,
}

type Parsed<T> = Result<T, String>;

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// The requirements, by key.
    pub(super) fn parse(mut self) -> Result<Vec<Requirement>, SelectorError> {
        let mut requirements = self.requirements().map_err(SelectorError)?;
        requirements.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(requirements)
    }

    fn requirements(&mut self) -> Parsed<Vec<Requirement>> {
        let mut requirements = Vec::new();
        loop {
            match self.peek_value() {
                Token::Identifier(_) | Token::Symbol("!") => {}
                Token::End => return Ok(requirements),
                other => {
                    let found = other.text();
                    return Err(format!(
                        "found '{found}', expected: !, identifier, or 'end of string'"
                    ));
                }
            }
            let requirement = self
                .requirement()
                .map_err(|error| format!("unable to parse requirement: {error}"))?;
            requirements.push(requirement);
            match self.value() {
                Token::End => return Ok(requirements),
                Token::Symbol(",") => {
                    let next = self.peek_value();
                    if !matches!(next, Token::Identifier(_) | Token::Symbol("!")) {
                        let found = next.text();
                        return Err(format!("found '{found}', expected: identifier after ','"));
                    }
                }
                other => {
                    let found = other.text();
                    return Err(format!("found '{found}', expected: ',' or 'end of string'"));
                }
            }
        }
    }

    fn requirement(&mut self) -> Parsed<Requirement> {
        let mut token = self.value();
        let negated = token == Token::Symbol("!");
        if negated {
            token = self.value();
        }
        let Token::Identifier(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.text()));
        };
        names::qualified_name(key)
            .map_err(|faults| format!("<nil>: Invalid value: {key:?}: {}", faults.join("; ")))?;
        if negated {
            return Ok(requirement(key, Operator::DoesNotExist, Vec::new()));
        }
        if matches!(self.peek_value(), Token::End | Token::Symbol(",")) {
            return Ok(requirement(key, Operator::Exists, Vec::new()));
        }
        let (operator, values) = match self.next() {
            Token::Symbol("in") => (Operator::In, self.value_set()?),
            Token::Symbol("notin") => (Operator::NotIn, self.value_set()?),
            Token::Symbol("=" | "==") => (Operator::Equals, vec![self.exact_value()?]),
            Token::Symbol("!=") => (Operator::NotEquals, vec![self.exact_value()?]),
            Token::Symbol(">") => (Operator::GreaterThan, vec![self.exact_value()?]),
            Token::Symbol("<") => (Operator::LessThan, vec![self.exact_value()?]),
            other => {
                return Err(format!("found '{}', expected: {BINARY_OPERATORS}", other.text()));
            }
        };
        check_values(key, operator, &values)?;
        Ok(requirement(key, operator, values))
    }

    fn exact_value(&mut self) -> Parsed<String> {
        if matches!(self.peek_value(), Token::End | Token::Symbol(",")) {
            return Ok(String::new());
        }
        match self.value() {
            Token::Identifier(value) => Ok(value.to_owned()),
            other => Err(format!("found '{}', expected: identifier", other.text())),
        }
    }

    fn value_set(&mut self) -> Parsed<Vec<String>> {
        let open = self.value();
        if open != Token::Symbol("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        let mut values = match self.peek_value() {
            Token::Identifier(_) | Token::Symbol(",") => self.identifiers()?,
            Token::Symbol(")") => Vec::new(),
            other => {
                return Err(format!("found '{}', expected: ',', ')' or identifier", other.text()));
            }
        };
        // What ends the identifiers is a closing parenthesis, or was refused above.
        self.value();
        values.sort();
        values.dedup();
        Ok(values)
    }

    /// Identifiers up to the closing parenthesis; where one is missing it is empty.
    fn identifiers(&mut self) -> Parsed<Vec<String>> {
        let mut values = Vec::new();
        loop {
            match self.value() {
                Token::Identifier(value) => {
                    values.push(value.to_owned());
                    match self.peek_value() {
                        Token::Symbol(",") => {}
                        Token::Symbol(")") => return Ok(values),
                        other => {
                            return Err(format!("found '{}', expected: ',' or ')'", other.text()));
                        }
                    }
                }
                Token::Symbol(",") => {
                    if values.is_empty() {
                        values.push(String::new());
                    }
                    match self.peek_value() {
                        Token::Symbol(")") => {
                            values.push(String::new());
                            return Ok(values);
                        }
                        Token::Symbol(",") => {
                            self.value();
                            values.push(String::new());
                        }
                        _ => {}
                    }
                }
                other => {
                    return Err(format!("found '{}', expected: ',', or identifier", other.text()));
                }
            }
        }
    }

    /// The next token where a value may stand: `in` and `notin` are values there.
    fn value(&mut self) -> Token<'a> {
        match self.next() {
            Token::Symbol(word) if WORDS.contains(&word) => Token::Identifier(word),
            other => other,
        }
    }

    fn peek_value(&self) -> Token<'a> {
        Parser { rest: self.rest }.value()
    }

    fn next(&mut self) -> Token<'a> {
        self.rest = self.rest.trim_start_matches(is_space);
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        if is_special(first) {
            return self.symbol();
        }
        let end = self.rest.find(|c| is_special(c) || is_space(c)).unwrap_or(self.rest.len());
        let word = self.take(end);
        if WORDS.contains(&word) { Token::Symbol(word) } else { Token::Identifier(word) }
    }

    fn symbol(&mut self) -> Token<'a> {
        let longest = SYMBOLS
            .iter()
            .filter(|symbol| self.rest.starts_with(**symbol))
            .map(|symbol| symbol.len())
            .max();
        match longest {
            Some(length) => Token::Symbol(self.take(length)),
            None => Token::Unknown(self.take(1)),
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Identifier(text) | Self::Symbol(text) | Self::Unknown(text) => text,
            Self::End => "",
        }
    }
}

fn requirement(key: &str, operator: Operator, values: Vec<String>) -> Requirement {
    Requirement { key: key.to_owned(), operator, values }
}

fn check_values(key: &str, operator: Operator, values: &[String]) -> Parsed<()> {
    let mut faults = Vec::new();
    if values.is_empty() {
        faults.push(
            "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"
                .to_owned(),
        );
    }
    let compares = matches!(operator, Operator::GreaterThan | Operator::LessThan);
    for (index, value) in values.iter().enumerate() {
        if compares && value.parse::<i64>().is_err() {
            faults.push(format!(
                "values[{index}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value \
                 must be an integer"
            ));
        }
    }
    for (index, value) in values.iter().enumerate() {
        if let Err(whys) = names::label_value(value) {
            let whys = whys.join("; ");
            faults.push(format!("values[{index}][{key}]: Invalid value: {value:?}: {whys}"));
        }
    }
    match faults.len() {
        0 => Ok(()),
        1 => Err(faults.swap_remove(0)),
        _ => Err(format!("[{}]", faults.join(", "))),
    }
}
