//! JSON lines on stdout.

use std::io::Write;

pub use serde_json::{Map, Value, json};

pub type Fields = Map<String, Value>;

/// The fields of a `json!({...})` object.
pub fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        other => unreachable!("not an object: {other}"),
    }
}

/// One write, so that lines of several tasks do not mix.
pub fn print_line(fields: Fields) {
    let line = format!("{}\n", Value::Object(fields));
    let mut out = std::io::stdout().lock();
    // A reader that went away is noticed when stdin ends.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}
