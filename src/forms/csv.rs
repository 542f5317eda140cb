//! A flat answer as a table: a row for each element of its one list, a column for each value.

use serde_json::Value;

use super::value::plain;
use crate::plan::Table;

/// Writes the table that an answer's `data` holds.
///
/// # Errors
/// When the answer cannot be read or written, which would be a mistake of ours.
pub fn table(table: &Table, data: &[u8]) -> Result<Vec<u8>, String> {
    let data: Value = serde_json::from_slice(data).map_err(|it| it.to_string())?;
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let header = table.columns.iter().map(|it| it.join("."));
    writer.write_record(header).map_err(|it| it.to_string())?;
    let rows: &[Value] = match &table.rows {
        None => std::slice::from_ref(&data),
        Some(path) => at(&data, path).as_array().map_or(&[], Vec::as_slice),
    };
    for row in rows {
        let cells = table.columns.iter().map(|column| plain(at(row, column)));
        writer.write_record(cells).map_err(|it| it.to_string())?;
    }
    writer.into_inner().map_err(|it| it.to_string())
}

/// What stands at a place, null where nothing does.
fn at<'v>(value: &'v Value, path: &[String]) -> &'v Value {
    path.iter().fold(value, |value, key| &value[key.as_str()])
}
