//! Expressions in CEL: compiled, and evaluated over JSON, within bounds.
//!
//! A real API server estimates what an expression costs and refuses dear ones; here its length,
//! the work of its loops and the stack it may use are bounded.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::objects::{Key, Map, Value};
use cel::{Context, Env, Program};
use serde_json::Value as Json;
use thiserror::Error;

/// The longest expression, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
/// The most values that the loops of an expression may look at, one inside the other.
const MAX_WORK: usize = 10_000_000;
/// The stack of an evaluation: deep expressions are worked on by recursion.
const STACK: usize = 256 * 1024 * 1024;
/// The macros that are loops.
const LOOPS: &[&str] = &[".all(", ".exists(", ".exists_one(", ".map(", ".filter("];

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Why an expression has no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(in crate::cluster) enum ExpressionError {
    /// It is longer than any.
    #[error("it is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// It is no expression.
    #[error("compilation failed: {0}")]
    Compilation(String),
    /// Its loops look at more than a server has time for.
    #[error("it costs too much: its loops may look at more than {MAX_WORK} values")]
    TooDear,
    /// It cannot be evaluated over this object.
    #[error("{0}")]
    Evaluation(String),
    /// Its value is of another type.
    #[error("it must be {expected}")]
    Type {
        /// What it must be, such as `bool`.
        expected: &'static str,
    },
    /// It is too deep to be worked on, or there is no thread for it.
    #[error("it cannot be worked on")]
    Failed,
}

/// Compiles an expression.
///
/// # Errors
/// [`ExpressionError::TooLong`], [`ExpressionError::Compilation`].
pub(in crate::cluster) fn compile(text: &str) -> Result<Program, ExpressionError> {
    if text.len() > MAX_LENGTH {
        return Err(ExpressionError::TooLong);
    }
    with_room(|| {
        ENVIRONMENT.compile(text).map_err(|errors| {
            let text = errors.to_string();
            ExpressionError::Compilation(text.lines().next().unwrap_or_default().to_owned())
        })
    })
}

/// The variables of expressions.
#[derive(Debug, Default, Clone)]
pub(super) struct Scope {
    variables: Vec<(&'static str, Value)>,
    /// `variables`, as far as they are evaluated.
    named: HashMap<Key, Value>,
    /// How many values there are in all.
    size: usize,
}

impl Scope {
    /// Adds a variable.
    pub(super) fn add(&mut self, name: &'static str, json: &Json) {
        self.size += size(json);
        self.variables.push((name, value(json)));
    }

    /// Adds one of `variables`; one that has no value is missing, and fails whatever names it.
    pub(super) fn name(&mut self, name: &str, text: &str) {
        if let Ok(value) = self.evaluate(text) {
            self.named.insert(Key::String(Arc::new(name.to_owned())), value);
        }
    }

    /// Whether an expression is true.
    ///
    /// # Errors
    /// [`ExpressionError`].
    pub(super) fn is_true(&self, text: &str) -> Result<bool, ExpressionError> {
        match self.evaluate(text)? {
            Value::Bool(value) => Ok(value),
            _ => Err(ExpressionError::Type { expected: "bool" }),
        }
    }

    /// The text that an expression gives.
    ///
    /// # Errors
    /// [`ExpressionError`].
    pub(super) fn text(&self, text: &str) -> Result<String, ExpressionError> {
        match self.evaluate(text)? {
            Value::String(value) => Ok(value.to_string()),
            _ => Err(ExpressionError::Type { expected: "string" }),
        }
    }

    fn evaluate(&self, text: &str) -> Result<Value, ExpressionError> {
        let program = compile(text)?;
        let loops: usize = LOOPS.iter().map(|name| text.matches(name).count()).sum();
        let work = u32::try_from(loops).ok().and_then(|loops| self.size.checked_pow(loops));
        if work.is_none_or(|work| work > MAX_WORK) {
            return Err(ExpressionError::TooDear);
        }
        with_room(|| {
            let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
            for (name, value) in &self.variables {
                context.add_variable_from_value(*name, value.clone());
            }
            let named = Value::Map(Map { map: Arc::new(self.named.clone()) });
            context.add_variable_from_value("variables", named);
            program
                .execute(&context)
                .map_err(|error| ExpressionError::Evaluation(error.to_string()))
        })
    }
}

/// Runs something that may recurse deeply; if it fails altogether, only that is lost.
fn with_room<T: Send>(
    work: impl FnOnce() -> Result<T, ExpressionError> + Send,
) -> Result<T, ExpressionError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.map_err(|_| ExpressionError::Failed)?.join().map_err(|_| ExpressionError::Failed)?
    })
}

fn size(json: &Json) -> usize {
    match json {
        Json::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Json::Object(fields) => 1 + fields.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// JSON as CEL sees Kubernetes objects: whole numbers are `int`.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(value).collect())),
        Json::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| (Key::String(Arc::new(name.clone())), value(field)));
            Value::Map(Map { map: Arc::new(fields.collect()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope() -> Scope {
        let mut scope = Scope::default();
        scope.add("object", &json!({"spec": {"replicas": 3, "names": ["a", "b"]}}));
        scope
    }

    #[test]
    fn objects_are_looked_into_and_absent_fields_are_found_absent() {
        let scope = scope();
        assert_eq!(scope.is_true("object.spec.replicas == 3"), Ok(true));
        assert_eq!(scope.is_true("has(object.spec.other)"), Ok(false));
        assert_eq!(scope.is_true("object.spec.names.exists(name, name == 'b')"), Ok(true));
        assert_eq!(scope.is_true("object.?spec.?other.orValue('x') == 'x'"), Ok(true));
        assert_eq!(scope.text("'has ' + string(object.spec.replicas)"), Ok("has 3".to_owned()));
    }

    #[test]
    fn variables_build_on_each_other_and_a_broken_one_fails_its_readers() {
        let mut scope = scope();
        scope.name("spec", "object.spec");
        scope.name("count", "variables.spec.replicas + 1");
        scope.name("broken", "object.nothing.at.all");
        assert_eq!(scope.is_true("variables.count == 4"), Ok(true));
        assert!(matches!(
            scope.is_true("variables.broken == 1"),
            Err(ExpressionError::Evaluation(_))
        ));
    }

    #[test]
    fn what_is_no_expression_or_of_another_type_is_refused() {
        let scope = scope();
        assert!(matches!(scope.is_true("object."), Err(ExpressionError::Compilation(_))));
        assert_eq!(
            scope.is_true("object.spec.replicas"),
            Err(ExpressionError::Type { expected: "bool" })
        );
        assert!(matches!(scope.is_true("nobody == 1"), Err(ExpressionError::Evaluation(_))));
    }

    #[test]
    fn hostile_expressions_end() {
        let scope = scope();
        assert_eq!(scope.is_true(&"1".repeat(MAX_LENGTH + 1)), Err(ExpressionError::TooLong));
        let mut loops = "true".to_owned();
        for _ in 0..40 {
            loops = format!("object.spec.names.all(x, {loops})");
        }
        assert_eq!(scope.is_true(&loops), Err(ExpressionError::TooDear));
        let depth = MAX_LENGTH / 2 - 8;
        let deep = format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
        // Whether it is understood does not matter: it ends, and nothing else does.
        let _ = scope.is_true(&deep);
        let _ = scope.is_true(&format!("{}true", "!".repeat(MAX_LENGTH - 4)));
        let _ = scope.is_true(&format!("{}1 > 0", "1+".repeat(MAX_LENGTH / 2 - 8)));
    }
}
