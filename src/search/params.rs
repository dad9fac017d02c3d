//! One combination of settings.

use std::any::Any;
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

    /// Whether there is none, as in a search without axes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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

impl Params {
    /// As [`Display`](fmt::Display), with six digits of each number: for people.
    pub(super) fn brief(&self) -> String {
        Self(self.iter().map(|(name, value)| (name.to_owned(), brief(value))).collect()).to_string()
    }
}

/// A value with its numbers to six digits.
fn brief(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(brief).collect(),
        Value::Number(number) if number.is_f64() => {
            let rounded = number.as_f64().and_then(|number| format!("{number:.5e}").parse().ok());
            rounded.map_or_else(|| value.clone(), |rounded: f64| rounded.into())
        }
        other => other.clone(),
    }
}

/// What an axis shows for one of its values.
///
/// Through text, in which an f32 has its own digits: as an f64 it would have those of its expansion.
pub(super) fn shown<V: Serialize + 'static>(value: &V) -> Result<Value, String> {
    if let Some(number) = without_number(value) {
        return Ok(number);
    }
    let text = serde_json::to_string(value).map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map(named).map_err(|error| error.to_string())
}

/// NaN and the infinities by name: JSON has null for all of them.
fn without_number(value: &dyn Any) -> Option<Value> {
    let double = || value.downcast_ref::<f64>().copied();
    let single = || value.downcast_ref::<f32>().map(|&number| f64::from(number));
    let some_double = || value.downcast_ref::<Option<f64>>().copied().flatten();
    let some_single = || value.downcast_ref::<Option<f32>>().copied().flatten().map(f64::from);
    let number = double().or_else(single).or_else(some_double).or_else(some_single)?;
    (!number.is_finite()).then(|| number.to_string().into())
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

    #[test]
    fn numbers_are_shown_as_they_were_written() {
        assert_eq!(shown(&0.1_f32).unwrap().to_string(), "0.1");
        assert_eq!(shown(&[0.1_f32, 3.0]).unwrap().to_string(), "[0.1,3.0]");
        assert_eq!(shown(&(0.1 + 0.2)).unwrap().as_f64(), Some(0.1 + 0.2));
        assert_eq!(shown(&f64::NAN).unwrap(), "NaN");
        assert_eq!(shown(&f32::INFINITY).unwrap(), "inf");
        assert_eq!(shown(&Some(f64::NEG_INFINITY)).unwrap(), "-inf");
        assert_eq!(shown(&None::<f64>).unwrap(), Value::Null);
        assert_eq!(shown(&u64::MAX).unwrap(), u64::MAX);
        let params = |value: Value| Params(vec![("a".to_owned(), value)]);
        let drawn = params(json!([0.012345678901234567, 1e-12 / 3.0, 7]));
        assert_eq!(drawn.brief(), "a=[0.0123457,3.33333e-13,7]");
        assert_eq!(drawn.to_string(), "a=[0.012345678901234567,3.3333333333333334e-13,7]");
        assert_eq!(params(json!("x(0.123456789)")).brief(), "a=x(0.123456789)");
    }
}
