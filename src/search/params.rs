//! One combination of settings.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Names and values of the settings that a candidate was tried with, in the order of the axes.
///
/// Displayed as "activation=tanh, alpha=0.01"; serialised as a map.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params(pub(super) Vec<(String, Value)>);

impl Params {
    /// The value of a setting, if the search has such an axis.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{name}={}", plain(value))?;
        }
        Ok(())
    }
}

/// What a setting's value is shown as: a thing that is stored with its name, such as an activation, by
/// the name, with its other settings behind it: "tanh", "leaky_relu(0.2)", "step(gamma=0.5, size=3)".
pub(super) fn named(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(named).collect()),
        Value::Object(mut fields) => match fields.remove("name") {
            Some(Value::String(name)) => Value::String(called(&name, fields)),
            name => {
                fields.extend(name.map(|name| ("name".to_owned(), name)));
                Value::Object(fields.into_iter().map(|(key, value)| (key, named(value))).collect())
            }
        },
        other => other,
    }
}

/// A name with settings in brackets; one alone goes without its own name.
fn called(name: &str, settings: serde_json::Map<String, Value>) -> String {
    let alone = settings.len() == 1;
    let shown: Vec<String> = settings
        .into_iter()
        .map(|(key, value)| {
            let value = plain(&named(value));
            if alone { value } else { format!("{key}={value}") }
        })
        .collect();
    if shown.is_empty() { name.to_owned() } else { format!("{name}({})", shown.join(", ")) }
}

/// A value as a person would write it: strings without quotes.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_a_name_is_shown_by_it() {
        for (value, shown) in [
            (json!({"name": "tanh"}), json!("tanh")),
            (json!({"name": "leaky_relu", "setting": 0.2}), json!("leaky_relu(0.2)")),
            (json!({"name": "step", "gamma": 0.5, "size": 3}), json!("step(gamma=0.5, size=3)")),
            (json!([{"name": "tanh"}, 3, null]), json!(["tanh", 3, null])),
            (json!({"inner": {"name": "relu"}}), json!({"inner": "relu"})),
            (json!({"name": 3}), json!({"name": 3})),
        ] {
            assert_eq!(named(value), shown);
        }
    }
}
