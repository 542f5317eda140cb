//! A flat answer as a table: a row for each element of its one list, a column for each value.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::body::{Body, FormError};
use super::value::plain;
use crate::budget::{Budget, Stop};
use crate::plan::Table;

/// Ratio of the size of a row as a tree of values to its size in JSON.
const TREE: usize = 4;

/// Rows between two checks of the clock.
const ROWS_AT_ONCE: usize = 64;

/// Writes the rows in an answer's `data` as a table, one by one. The answer and the table together take at most the
/// limit of bytes.
///
/// # Errors
/// When the budget is used up. An answer that cannot be read is an error too, but would be a bug of Clew.
pub fn table(table: &Table, data: &[u8], mut budget: Budget) -> Result<Vec<u8>, FormError> {
    budget.bytes = budget.bytes.saturating_sub(data.len());
    let mut body = Body::new(budget, data.len());
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(&mut body);
    let header = table.columns.iter().map(|it| it.join("."));
    let mut written = writer.write_record(header).map_err(|it| it.to_string());
    let mut stop = None;
    if written.is_ok() {
        let mut no = 0;
        let mut write = |row: &RawValue| -> Result<(), String> {
            no += 1;
            let checked = if no % ROWS_AT_ONCE == 0 {
                budget.clock.check()
            } else {
                Ok(())
            };
            let fits = row.get().len().saturating_mul(TREE) <= budget.working;
            let checked = checked.and(fits.then_some(()).ok_or(Stop::Bytes));
            checked.map_err(|it| {
                stop = Some(it);
                String::new()
            })?;
            let row: Value = serde_json::from_str(row.get()).map_err(|it| it.to_string())?;
            let cells = table.columns.iter().map(|column| plain(at(&row, column)));
            writer.write_record(cells).map_err(|it| it.to_string())
        };
        let rows = Rows {
            path: table.rows.as_deref().unwrap_or_default(),
            is_one: table.rows.is_none(),
            write: &mut write,
        };
        let mut reader = serde_json::Deserializer::from_slice(data);
        written = rows.deserialize(&mut reader).map_err(|it| it.to_string());
    }
    let written = written.and_then(|()| writer.flush().map_err(|it| it.to_string()));
    drop(writer);
    match (written, stop) {
        (_, Some(stop)) => Err(stop.into()),
        (Err(error), None) => Err(body.failed(error)),
        (Ok(()), None) => Ok(body.into_bytes()),
    }
}

/// The value at a path, or null.
fn at<'v>(value: &'v Value, path: &[String]) -> &'v Value {
    path.iter().fold(value, |value, key| &value[key.as_str()])
}

/// The rows at a position of an answer. They are read in place, and none is kept.
struct Rows<'r> {
    path: &'r [String],
    /// Whether there is a single row instead of a list.
    is_one: bool,
    write: &'r mut dyn FnMut(&RawValue) -> Result<(), String>,
}

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() && self.is_one {
            let row: &RawValue = serde::Deserialize::deserialize(deserializer)?;
            return (self.write)(row).map_err(D::Error::custom);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("the rows of a table")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let mut rest = Some(self);
        while let Some(key) = map.next_key::<String>()? {
            match rest.take() {
                Some(rows) if rows.path.first() == Some(&key) => {
                    map.next_value_seed(Rows {
                        path: &rows.path[1..],
                        ..rows
                    })?;
                }
                other => {
                    rest = other;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        while let Some(row) = seq.next_element::<&RawValue>()? {
            (self.write)(row).map_err(S::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Clock;
    use std::sync::OnceLock;
    use std::time::Duration;

    fn written(
        rows: Option<&[&str]>,
        columns: &[&str],
        data: &str,
        bytes: usize,
    ) -> Result<String, FormError> {
        let started = OnceLock::new();
        let budget = Budget {
            bytes,
            working: 1000,
            rows: 0,
            clock: Clock {
                started: &started,
                time: Duration::from_hours(1),
                cancelled: None,
            },
            memory: None,
            base: 0,
        };
        let keys = |path: &str| path.split('.').map(str::to_owned).collect();
        let of = Table {
            rows: rows.map(|it| it.iter().map(|it| (*it).to_owned()).collect()),
            columns: columns.iter().map(|it| keys(it)).collect(),
        };
        table(&of, data.as_bytes(), budget).map(|it| String::from_utf8(it).unwrap())
    }

    #[test]
    fn rows_are_found_where_they_lie() {
        let data = r#"{"a":{"x":1,"nodes":[{"id":"p","of":{"n":1.5}},{"id":"q, \"r\"","of":null}]}}"#;
        let rows = written(Some(&["a", "nodes"]), &["id", "of.n"], data, 1000);
        assert_eq!(rows.unwrap(), "id,of.n\r\np,1.5\r\n\"q, \"\"r\"\"\",\r\n");
        let one = written(None, &["a.x", "a.y"], data, 1000);
        assert_eq!(one.unwrap(), "a.x,a.y\r\n1,\r\n");
        let none = written(Some(&["a", "nodes"]), &["id"], r#"{"a":null}"#, 1000);
        assert_eq!(none.unwrap(), "id\r\n");
        let long = written(Some(&["a", "nodes"]), &["id", "of.n"], data, data.len() + 5);
        assert_eq!(long, Err(Stop::Bytes.into()));
    }
}
