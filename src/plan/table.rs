//! The table that a flat operation makes: where its rows are, and which columns they have.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Operation, SelectionSet};

use super::collect::collect;
use super::input::Variables;

/// A table in an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The response keys that lead to the list whose elements are the rows; `None` where the answer is one row.
    pub rows: Option<Vec<String>>,
    /// For each column, the response keys that lead to its value within a row.
    pub columns: Vec<Vec<String>>,
}

/// Why an operation makes no table.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotFlat {
    /// It has a second list.
    #[error("a table has one list for its rows, and `{second}` is another beside `{first}`: leave one out")]
    Lists {
        /// The list of the rows.
        first: String,
        /// The other one.
        second: String,
    },
    /// It has values that are in no row.
    #[error(
        "the rows of the table are `{rows}`, and `{field}` is another field at the same level: leave it out"
    )]
    Beside {
        /// The list of the rows.
        rows: String,
        /// The value.
        field: String,
    },
}

impl Table {
    /// The table of an operation. A list of plain values is one cell.
    ///
    /// # Errors
    /// When it is not flat.
    pub fn of(
        document: &ExecutableDocument,
        operation: &Operation,
        conditions: &Variables,
    ) -> Result<Self, NotFlat> {
        let mut finder = Finder {
            document,
            conditions,
            table: Self::default(),
            beside: Vec::new(),
        };
        finder.walk(&[&operation.selection_set], &mut Vec::new(), None)?;
        let Finder {
            mut table, beside, ..
        } = finder;
        match (&table.rows, beside.first()) {
            (None, _) => table.columns = beside,
            (Some(rows), Some(field)) => {
                return Err(NotFlat::Beside {
                    rows: rows.join("."),
                    field: field.join("."),
                });
            }
            (Some(_), None) => {}
        }
        Ok(table)
    }
}

struct Finder<'a> {
    document: &'a ExecutableDocument,
    conditions: &'a Variables,
    table: Table,
    /// Values that are in no list.
    beside: Vec<Vec<String>>,
}

impl<'a> Finder<'a> {
    fn walk(
        &mut self,
        sets: &[&'a SelectionSet],
        path: &mut Vec<String>,
        row: Option<usize>,
    ) -> Result<(), NotFlat> {
        for merged in collect(self.document, sets, self.conditions, &|_| true) {
            path.push(merged.key.to_owned());
            let selections = merged.selections();
            let is_list = merged.first().ty().is_list();
            match (selections.is_empty(), row) {
                (true, None) => self.beside.push(path.clone()),
                (true, Some(row)) => {
                    let column = path[row..].to_vec();
                    if !self.table.columns.contains(&column) {
                        self.table.columns.push(column);
                    }
                }
                (false, _) if is_list => {
                    if let Some(first) = &self.table.rows {
                        return Err(NotFlat::Lists {
                            first: first.join("."),
                            second: path.join("."),
                        });
                    }
                    self.table.rows = Some(path.clone());
                    let row = path.len();
                    self.walk(&selections, path, Some(row))?;
                }
                (false, row) => self.walk(&selections, path, row)?,
            }
            path.pop();
        }
        Ok(())
    }
}
