//! stub
use crate::{Status, resource::Resource};
use serde_json::Value as Json;
/// s
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidation {
    /// a
    Ignore,
    /// b
    #[default]
    Warn,
    /// c
    Strict,
}
/// s
#[derive(Debug)]
pub struct Checked {
    /// o
    pub object: Json,
    /// w
    pub warnings: Vec<String>,
}
/// s
pub fn checked(
    object: Json,
    _: &'static Resource,
    _: &str,
    _: FieldValidation,
) -> Result<Checked, Status> {
    Ok(Checked { object, warnings: vec![] })
}
/// s
pub fn applied(object: &[u8], _: &'static Resource, _: FieldValidation) -> Result<Checked, Status> {
    Ok(Checked { object: serde_json::from_slice(object).unwrap_or_default(), warnings: vec![] })
}
