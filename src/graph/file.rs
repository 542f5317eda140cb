//! The snapshot file: a compiled graph that is mapped instead of being read. `docs/snapshot-format.md` describes it.
//!
//! Arrays are stored in sections, with the bytes that they have in memory. One list of numbers has the lengths and the
//! other scalars. Both are written and read in the same order, so the functions in this file come in pairs. Every
//! section has a checksum. Opening a file verifies the checksums. It also checks all values that are used to access an
//! array.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::adjacency::{Adjacency, Starts, StartsOfTypes};
use super::column::{Alternatives, Bits, Column, Fixed, Languages, Lists, Values};
use super::ids::{HashSlots, IdIndex, UniqueIndex};
use super::mapping::Mapping;
use super::statement::{Statements, Validity};
use super::storage::{Stored, StoredText};
use super::strings::{Ends, Strings};
use super::{Counts, Edges, Snapshot, StatementNo, Table};
use crate::facts::GraphFact;
use crate::memory::{Allowance, Excess};
use crate::ontology::{
    self, Date, Direction, Int64Form, Ontology, Point, Property, RelationId, Scalar, TypeId,
};
use crate::report::SourceText;

/// The first bytes of every file.
const MAGIC: [u8; 8] = *b"CLEWGRPH";
/// The version of the layout. Files of other versions are not read.
const VERSION: u32 = 6;
/// A number that reads differently on a machine with another byte order.
const ORDER: u32 = 0x0102_0304;
/// Sections begin at multiples of this, the size of a cache line, so all values in them are aligned.
const ALIGNMENT: u64 = 64;

/// The header of a file.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 8],
    version: u32,
    order: u32,
    /// Length of the file in bytes.
    length: u64,
    /// Offset of the table of sections.
    table: u64,
    /// Number of sections.
    sections: u64,
    /// Checksum of the table's bytes.
    table_checksum: u64,
    reserved: u64,
    /// Checksum of all bytes before this field.
    checksum: u64,
}

const HEADER: usize = size_of::<Header>();

/// A section in the table.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Section {
    start: u64,
    length: u64,
    /// Size of an element in bytes.
    element: u64,
    checksum: u64,
}

/// Why a file cannot be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is not a regular file.
    #[error("it is {0}, not a regular file: give the name of a file")]
    Kind(&'static str),
    /// It is not a snapshot file.
    #[error("it is not a graph that `clew compile` wrote")]
    Foreign,
    /// Another version of Clew wrote it.
    #[error("it has layout {0}, and this version of Clew reads layout {VERSION}: compile it again")]
    Version(u32),
    /// It was written on a machine with another byte order.
    #[error("it was written on a machine with another order of bytes: compile it again on this one")]
    Order,
    /// Its length is wrong.
    #[error("it has {found} bytes and should have {expected}: copy or compile it again")]
    Length {
        /// The length in the header.
        expected: u64,
        /// The actual length.
        found: u64,
    },
    /// Its bytes have changed since it was written.
    #[error("it is damaged ({0}): copy or compile it again")]
    Damaged(&'static str),
    /// The process would exceed its limit of memory.
    #[error("its schema takes more memory than it may: {0}")]
    Memory(Excess),
}

/// The part of a snapshot that is stored as JSON, since it is small.
#[derive(Serialize, Deserialize)]
struct Meta {
    revision: u64,
    counts: [usize; 6],
    info: GraphFact,
    /// The texts of the schema's files, in order. Their names are left out, so that the same schema and data give the
    /// same bytes in any folder.
    schema: Vec<String>,
}

impl Snapshot {
    /// Writes the graph to a file. The bytes go to a temporary file in the same folder, which is synced and then
    /// renamed to `path`. So after a crash, either the old file or the complete new one exists, and a server that maps
    /// the old file is not affected. A symbolic link is followed. Returns the number of bytes.
    ///
    /// # Errors
    /// If `path` is not a regular file, or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<u64, FileError> {
        let path = &destination(path)?;
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".clew-").suffix(".partial");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The mode that `File::create` uses; the umask applies.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let mut partial = builder.tempfile_in(folder)?;
        let length = self.write_to(partial.as_file_mut())?;
        if let Ok(before) = std::fs::metadata(path) {
            partial.as_file().set_permissions(before.permissions())?;
        }
        partial.as_file().sync_all()?;
        partial.persist(path).map_err(|it| it.error)?;
        // The new name is durable only after the folder is synced as well.
        #[cfg(unix)]
        File::open(folder)?.sync_all()?;
        Ok(length)
    }

    fn write_to(&self, file: &mut File) -> Result<u64, FileError> {
        let mut writer = Writer {
            out: BufWriter::with_capacity(1 << 20, file),
            at: 0,
            sections: Vec::new(),
            numbers: Vec::new(),
        };
        // The header is complete only at the end.
        writer.write(&[0; HEADER])?;
        let counts = self.counts;
        let meta = Meta {
            revision: self.revision,
            counts: [
                counts.entities,
                counts.edges,
                counts.statements,
                counts.sources,
                counts.citations,
                counts.components,
            ],
            info: self.info.clone(),
            schema: self.ontology.sources.iter().map(|it| it.text.clone()).collect(),
        };
        writer.array(&serde_json::to_vec(&meta).map_err(io::Error::other)?)?;
        writer.array(&self.bases)?;
        save_slots(&mut writer, &self.ids.slots)?;
        for table in &self.tables {
            save_strings(&mut writer, &table.ids)?;
            for (column, unique) in table.columns.iter().zip(&table.unique) {
                save_column(&mut writer, column)?;
                if let Some(unique) = unique {
                    save_slots(&mut writer, &unique.slots)?;
                    writer.array(&unique.more)?;
                }
            }
        }
        for edges in &self.relations {
            save_edges(&mut writer, edges, self.bases.len() - 1)?;
        }
        save_statements(&mut writer, &self.statements)?;
        writer.finish()
    }

    /// Maps the graph in a file. Other processes that map the file share its pages.
    ///
    /// # Errors
    /// If the file is not a complete, undamaged snapshot of this version.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        Self::open_within(path, &Allowance::default(), Int64Form::default())
    }

    /// As [`Snapshot::open`], with a limit of memory and a form for values of `Int64`.
    ///
    /// # Errors
    /// If there is not enough memory for the schema, or the file is not a complete, undamaged snapshot of this version.
    pub fn open_within(path: &Path, memory: &Allowance, int64: Int64Form) -> Result<Self, FileError> {
        let mut reader = Reader::open(path)?;
        let meta: Meta = {
            let json = reader.array::<u8>()?;
            serde_json::from_slice(&json).map_err(|_| FileError::Damaged("the metadata"))?
        };
        let texts = meta.schema.into_iter().enumerate();
        let texts = texts.map(|(no, text)| SourceText::whole(format!("schema file {}", no + 1), text));
        let ontology = ontology::compile_within(&texts.collect::<Vec<_>>(), memory);
        let mut ontology = ontology.map_err(|_| match memory.excess() {
            Some(excess) => FileError::Memory(excess),
            None => FileError::Damaged("the schema"),
        })?;
        ontology.int64 = int64;
        let bases = reader.array::<u32>()?.to_vec();
        sound(
            bases.len() == ontology.types.len() + 1 && bases.first() == Some(&0) && bases.is_sorted(),
            "the types",
        )?;
        let entities = bases.last().copied().unwrap_or(0);
        let ids = IdIndex {
            slots: load_slots(&mut reader, entities as usize)?,
        };
        let mut tables = Vec::with_capacity(ontology.types.len());
        for (entity_type, range) in ontology.types.iter().zip(bases.windows(2)) {
            let rows = (range[1] - range[0]) as usize;
            let ids = load_strings(&mut reader, Some(rows), true)?;
            let mut table = Table {
                ids,
                columns: Vec::new(),
                unique: Vec::new(),
            };
            for property in &entity_type.members.properties {
                let column = load_column(&mut reader, property, &ontology, rows)?;
                let unique = if property.unique {
                    let positions = column.positions() as usize;
                    let index = UniqueIndex {
                        slots: load_slots(&mut reader, positions)?,
                        more: reader.array()?,
                    };
                    sound(index.is_sound(positions), "an index")?;
                    Some(index)
                } else {
                    None
                };
                table.columns.push(column);
                table.unique.push(unique);
            }
            tables.push(table);
        }
        let mut relations = Vec::with_capacity(ontology.relations.len());
        for id in ontology.relation_ids() {
            relations.push(load_edges(&mut reader, &ontology, id, &bases)?);
        }
        let statements = load_statements(&mut reader, entities)?;
        reader.finish()?;
        let [entities, edges, all, sources, citations, components] = meta.counts;
        Ok(Self {
            ontology: Arc::new(ontology),
            revision: meta.revision,
            info: meta.info,
            bases,
            tables,
            ids,
            relations,
            statements,
            counts: Counts {
                entities,
                edges,
                statements: all,
                sources,
                citations,
                components,
            },
        })
    }
}

/// The path to which a file is written: the target of a symbolic link, which need not exist.
fn destination(path: &Path) -> Result<PathBuf, FileError> {
    /// The same limit as in Linux.
    const MOST_LINKS: usize = 40;
    match std::fs::metadata(path) {
        Ok(metadata) => match irregular(&metadata) {
            Some(kind) => Err(FileError::Kind(kind)),
            None => Ok(std::fs::canonicalize(path)?),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut path = path.to_owned();
            for _ in 0..MOST_LINKS {
                let Ok(next) = std::fs::read_link(&path) else {
                    return Ok(path);
                };
                path = path.parent().unwrap_or(Path::new("")).join(next);
            }
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The kind of a path that is not a regular file.
fn irregular(metadata: &std::fs::Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a FIFO");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    match kind.is_dir() {
        true => Some("a directory"),
        false if kind.is_file() => None,
        false => Some("a special file"),
    }
}

/// Writes the sections of a file.
struct Writer<'a> {
    out: BufWriter<&'a mut File>,
    at: u64,
    sections: Vec<Section>,
    numbers: Vec<u64>,
}

impl Writer<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn align(&mut self) -> io::Result<()> {
        let rest = self.at.next_multiple_of(ALIGNMENT) - self.at;
        self.write(&[0; ALIGNMENT as usize][..rest as usize])
    }

    /// Writes a section of values.
    fn array<T: Pod>(&mut self, values: &[T]) -> io::Result<()> {
        self.align()?;
        let bytes: &[u8] = bytemuck::cast_slice(values);
        self.sections.push(Section {
            start: self.at,
            length: bytes.len() as u64,
            element: size_of::<T>() as u64,
            checksum: xxh3_64(bytes),
        });
        self.write(bytes)
    }

    fn number(&mut self, number: usize) {
        self.numbers.push(number as u64);
    }

    /// Writes a section that may be missing.
    fn option<T: Pod>(&mut self, values: Option<&Stored<T>>) -> io::Result<()> {
        self.number(values.is_some().into());
        values.map_or(Ok(()), |it| self.array(it))
    }

    /// Writes the numbers, the table and finally the header.
    fn finish(mut self) -> Result<u64, FileError> {
        let numbers = std::mem::take(&mut self.numbers);
        self.array(&numbers)?;
        self.align()?;
        let sections = std::mem::take(&mut self.sections);
        let table: &[u8] = bytemuck::cast_slice(&sections);
        let mut header = Header {
            magic: MAGIC,
            version: VERSION,
            order: ORDER,
            length: self.at + table.len() as u64,
            table: self.at,
            sections: sections.len() as u64,
            table_checksum: xxh3_64(table),
            reserved: 0,
            checksum: 0,
        };
        header.checksum = header.sum();
        self.write(table)?;
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        file.write_all(bytemuck::bytes_of(&header))?;
        Ok(header.length)
    }
}

impl Header {
    fn sum(&self) -> u64 {
        xxh3_64(&bytemuck::bytes_of(self)[..HEADER - size_of::<u64>()])
    }
}

/// Reads the sections of a file in the order in which they were written.
struct Reader {
    file: Arc<Mapping>,
    sections: Vec<Section>,
    next: usize,
    numbers: Vec<u64>,
    next_number: usize,
}

impl Reader {
    fn open(path: &Path) -> Result<Self, FileError> {
        // Opening a FIFO would wait for a writer.
        if let Some(kind) = irregular(&std::fs::metadata(path)?) {
            return Err(FileError::Kind(kind));
        }
        let file = File::open(path)?;
        if file.metadata()?.len() < HEADER as u64 {
            return Err(FileError::Foreign);
        }
        let file = Arc::new(Mapping::new(&file)?);
        let found = file.len() as u64;
        if file.len() < HEADER {
            return Err(FileError::Foreign);
        }
        let header: Header = bytemuck::pod_read_unaligned(&file[..HEADER]);
        if header.magic != MAGIC {
            return Err(FileError::Foreign);
        }
        if header.order != ORDER {
            return Err(FileError::Order);
        }
        if header.version != VERSION {
            return Err(FileError::Version(header.version));
        }
        sound(header.checksum == header.sum(), "the header")?;
        if header.length != found {
            return Err(FileError::Length {
                expected: header.length,
                found,
            });
        }
        let table = usize::try_from(header.table).ok().and_then(|at| file.get(at..));
        let table = table.ok_or(FileError::Damaged("the header"))?;
        sound(
            header.sections.checked_mul(size_of::<Section>() as u64) == Some(table.len() as u64)
                && xxh3_64(table) == header.table_checksum,
            "the table of sections",
        )?;
        let entries = table.chunks_exact(size_of::<Section>());
        let sections: Vec<Section> = entries.map(bytemuck::pod_read_unaligned).collect();
        let is_sound = |section: &Section| {
            let bytes = section.range().and_then(|range| file.get(range));
            bytes.is_some_and(|it| xxh3_64(it) == section.checksum)
        };
        sound(sections.par_iter().all(is_sound), "a section")?;
        sound(Self::fills(&file, &sections, table), "the bytes between sections")?;
        let mut reader = Self {
            file,
            sections,
            next: 0,
            numbers: Vec::new(),
            next_number: 0,
        };
        let last = reader.sections.pop().ok_or(FileError::Damaged("the numbers"))?;
        reader.numbers = reader.values::<u64>(last)?.to_vec();
        Ok(reader)
    }

    /// Whether sections follow each other with only padding between them.
    fn fills(file: &[u8], sections: &[Section], table: &[u8]) -> bool {
        let mut at = HEADER;
        let starts = sections.iter().filter_map(Section::range);
        let table = file.len() - table.len();
        for range in starts.chain(std::iter::once(table..file.len())) {
            let gap = file.get(at..range.start);
            if !gap.is_some_and(|it| it.len() < ALIGNMENT as usize && it.iter().all(|byte| *byte == 0)) {
                return false;
            }
            at = range.end;
        }
        true
    }

    fn section(&mut self) -> Result<Section, FileError> {
        let section = self.sections.get(self.next).copied();
        self.next += 1;
        section.ok_or(FileError::Damaged("sections are missing"))
    }

    fn values<T: Pod>(&self, section: Section) -> Result<Stored<T>, FileError> {
        sound(section.element == size_of::<T>() as u64, "a section's kind")?;
        let stored = section
            .range()
            .and_then(|range| Stored::mapped(&self.file, range));
        stored.ok_or(FileError::Damaged("a section's place"))
    }

    fn array<T: Pod>(&mut self) -> Result<Stored<T>, FileError> {
        let section = self.section()?;
        self.values(section)
    }

    fn text(&mut self) -> Result<StoredText, FileError> {
        let range = self.section()?.range();
        let stored = range.and_then(|range| StoredText::mapped(&self.file, range));
        stored.ok_or(FileError::Damaged("a text"))
    }

    fn option<T: Pod>(&mut self) -> Result<Option<Stored<T>>, FileError> {
        Ok(if self.number()? == 0 {
            None
        } else {
            Some(self.array()?)
        })
    }

    fn number(&mut self) -> Result<usize, FileError> {
        let number = self.numbers.get(self.next_number).copied();
        self.next_number += 1;
        let number = number.and_then(|it| usize::try_from(it).ok());
        number.ok_or(FileError::Damaged("numbers are missing"))
    }

    fn finish(self) -> Result<(), FileError> {
        sound(
            self.next == self.sections.len() && self.next_number == self.numbers.len(),
            "there is more than belongs to it",
        )
    }
}

impl Section {
    fn range(&self) -> Option<std::ops::Range<usize>> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::try_from(self.length).ok()?)?;
        Some(start..end)
    }
}

fn sound(is_sound: bool, what: &'static str) -> Result<(), FileError> {
    if is_sound {
        Ok(())
    } else {
        Err(FileError::Damaged(what))
    }
}

/// Whether offsets are ascending and none exceeds the maximum.
fn ascend(ends: &[u32], most: usize) -> bool {
    ends.is_sorted() && ends.last().is_none_or(|it| *it as usize <= most)
}

fn save_ends(writer: &mut Writer<'_>, ends: &Ends) -> io::Result<()> {
    match ends {
        Ends::Narrow(ends) => {
            writer.number(0);
            writer.array(ends)
        }
        Ends::Wide(ends) => {
            writer.number(1);
            writer.array(ends)
        }
    }
}

/// Reads the ends of texts in an arena: each must be the end of a character.
fn load_ends(reader: &mut Reader, arena: &str) -> Result<Ends, FileError> {
    let ends = match reader.number()? {
        0 => Ends::Narrow(reader.array()?),
        _ => Ends::Wide(reader.array()?),
    };
    let mut before = 0;
    for row in 0..ends.len() {
        let end = ends.get(row);
        sound(before <= end && arena.is_char_boundary(end), "the ends of texts")?;
        before = end;
    }
    Ok(ends)
}

fn save_strings(writer: &mut Writer<'_>, strings: &Strings) -> io::Result<()> {
    writer.array(strings.arena.as_bytes())?;
    save_ends(writer, &strings.ends)?;
    writer.array(&strings.escaped_rows)?;
    writer.array(strings.plain.as_bytes())?;
    save_ends(writer, &strings.plain_ends)
}

/// Reads texts: a given number if it is known, and each in quotes unless they are JSON of any kind.
fn load_strings(reader: &mut Reader, rows: Option<usize>, quoted: bool) -> Result<Strings, FileError> {
    let arena = reader.text()?;
    let ends = load_ends(reader, &arena)?;
    let escaped_rows = reader.array::<u32>()?;
    let plain = reader.text()?;
    let plain_ends = load_ends(reader, &plain)?;
    sound(
        rows.is_none_or(|it| it == ends.len())
            && escaped_rows.is_sorted()
            && escaped_rows.last().is_none_or(|it| (*it as usize) < ends.len())
            && plain_ends.len() == escaped_rows.len(),
        "the rows of texts",
    )?;
    let strings = Strings {
        arena,
        ends,
        escaped_rows,
        plain,
        plain_ends,
    };
    let in_quotes = |json: &[u8]| json.is_empty() || matches!(json, [b'"', .., b'"']);
    let rows = 0..if quoted { strings.len() } else { 0 };
    sound(rows.into_iter().all(|row| in_quotes(strings.json(row))), "texts")?;
    Ok(strings)
}

fn save_slots(writer: &mut Writer<'_>, slots: &HashSlots) -> io::Result<()> {
    writer.array(&slots.numbers)?;
    writer.array(&slots.tags)
}

fn load_slots(reader: &mut Reader, count: usize) -> Result<HashSlots, FileError> {
    let slots = HashSlots {
        numbers: reader.array()?,
        tags: reader.array()?,
    };
    sound(slots.is_sound(count), "an index")?;
    Ok(slots)
}

fn save_fixed<T: Pod>(writer: &mut Writer<'_>, fixed: &Fixed<T>) -> io::Result<()> {
    writer.array(&fixed.values)?;
    writer.option(fixed.present.as_ref().map(|it| &it.words))
}

fn load_fixed<T: Pod>(reader: &mut Reader, rows: usize) -> Result<Fixed<T>, FileError> {
    let values: Stored<T> = reader.array()?;
    let words: Option<Stored<u64>> = reader.option()?;
    let fits = words.as_ref().is_none_or(|it| it.len() == rows.div_ceil(64));
    sound(values.len() == rows && fits, "values")?;
    Ok(Fixed {
        values,
        present: words.map(|words| Bits { words, len: rows }),
    })
}

fn save_values(writer: &mut Writer<'_>, values: &Values) -> io::Result<()> {
    match values {
        Values::Text(it) | Values::Decimal(it) | Values::Json(it) => save_strings(writer, it),
        Values::Int(it) => save_fixed(writer, it),
        Values::Int64(it, _) => save_fixed(writer, it),
        Values::Float(it) => save_fixed(writer, it),
        Values::Boolean(it) => save_fixed(writer, it),
        Values::Date(it) => save_fixed(writer, it),
        Values::Point(it) => save_fixed(writer, it),
        Values::DateTime(texts, numbers) | Values::Duration(texts, numbers) => {
            save_strings(writer, texts)?;
            save_fixed(writer, numbers)
        }
        // The names come from the schema.
        Values::Enum(it, _) => save_fixed(writer, it),
        Values::Languages(it) => {
            writer.array(&it.ends)?;
            writer.array(&it.tags)?;
            save_strings(writer, &it.texts)?;
            writer.number(it.names.len());
            it.names.iter().try_for_each(|name| writer.array(name.as_bytes()))
        }
    }
}

fn load_values(
    reader: &mut Reader,
    scalar: Scalar,
    ontology: &Ontology,
    rows: usize,
) -> Result<Values, FileError> {
    Ok(match Values::new(scalar, ontology) {
        Values::Text(_) => Values::Text(load_strings(reader, Some(rows), true)?),
        Values::Decimal(_) => Values::Decimal(load_strings(reader, Some(rows), true)?),
        Values::Json(_) => Values::Json(load_strings(reader, Some(rows), false)?),
        Values::Int(_) => Values::Int(load_fixed(reader, rows)?),
        Values::Int64(_, form) => Values::Int64(load_fixed(reader, rows)?, form),
        Values::Float(_) => {
            let fixed: Fixed<f64> = load_fixed(reader, rows)?;
            sound(fixed.values.iter().all(|it| it.is_finite()), "numbers")?;
            Values::Float(fixed)
        }
        Values::Boolean(_) => Values::Boolean(load_fixed(reader, rows)?),
        Values::Date(_) => {
            let fixed: Fixed<[u64; 2]> = load_fixed(reader, rows)?;
            let is_date = |it: &[u64; 2]| *it == [0; 2] || Date::is_packed(*it);
            sound(fixed.values.iter().all(is_date), "dates")?;
            Values::Date(fixed)
        }
        Values::Point(_) => {
            let fixed: Fixed<[f64; 2]> = load_fixed(reader, rows)?;
            let is_point = |[lat, lon]: &[f64; 2]| Point::new(*lat, *lon).is_ok();
            sound(fixed.values.iter().all(is_point), "points")?;
            Values::Point(fixed)
        }
        Values::DateTime(..) => {
            let texts = load_strings(reader, Some(rows), true)?;
            Values::DateTime(texts, load_fixed(reader, rows)?)
        }
        Values::Duration(..) => {
            let texts = load_strings(reader, Some(rows), true)?;
            Values::Duration(texts, load_fixed(reader, rows)?)
        }
        Values::Enum(_, names) => {
            let fixed: Fixed<u16> = load_fixed(reader, rows)?;
            let known = |it: &u16| *it == 0 || usize::from(*it) < names.len();
            sound(fixed.values.iter().all(known), "values of an enum")?;
            Values::Enum(fixed, names)
        }
        Values::Languages(_) => {
            let ends: Stored<u32> = reader.array()?;
            let tags: Stored<u16> = reader.array()?;
            let texts = load_strings(reader, Some(tags.len()), true)?;
            let count = reader.number()?;
            let names = (0..count).map(|_| Ok(reader.text()?.to_owned()));
            let names: Vec<String> = names.collect::<Result<_, FileError>>()?;
            sound(
                ends.len() == rows
                    && ascend(&ends, tags.len())
                    && tags.iter().all(|it| usize::from(*it) < names.len()),
                "texts in languages",
            )?;
            Values::Languages(Languages {
                ends,
                tags,
                texts,
                names,
                by_name: HashMap::new(),
            })
        }
    })
}

fn save_column(writer: &mut Writer<'_>, column: &Column) -> io::Result<()> {
    if let Some(Lists(starts)) = &column.lists {
        save_starts(writer, starts.as_ref())?;
    }
    save_values(writer, &column.values)?;
    writer.option(column.statements.as_ref())?;
    writer.option(column.alternatives.as_ref().map(|it| &it.rows))?;
    if let Some(others) = &column.alternatives {
        save_values(writer, &others.values)?;
        writer.array(&others.statements)?;
    }
    Ok(())
}

fn load_column(
    reader: &mut Reader,
    property: &Property,
    ontology: &Ontology,
    rows: usize,
) -> Result<Column, FileError> {
    let lists = if property.list {
        Some(Lists(load_starts(reader)?))
    } else {
        None
    };
    let count = match &lists {
        Some(Lists(None)) => 0,
        Some(Lists(Some(starts))) => {
            let last = starts.bounds.last().copied().unwrap_or(0) as usize;
            sound(
                has_rows(starts, rows) && starts.bounds.first() == Some(&0) && ascend(&starts.bounds, last),
                "lists",
            )?;
            last
        }
        None => rows,
    };
    let values = load_values(reader, property.scalar, ontology, count)?;
    let statements: Option<Stored<StatementNo>> = reader.option()?;
    sound(
        statements.as_ref().is_none_or(|it| it.len() == count),
        "statements",
    )?;
    let others: Option<Stored<u32>> = reader.option()?;
    let alternatives = match others {
        None => None,
        Some(others) => {
            let values = load_values(reader, property.scalar, ontology, others.len())?;
            let statements: Stored<StatementNo> = reader.array()?;
            sound(
                others.is_sorted()
                    && others.last().is_none_or(|it| (*it as usize) < rows)
                    && statements.len() == others.len(),
                "values that others contradict",
            )?;
            Some(Alternatives {
                rows: others,
                values,
                statements,
            })
        }
    };
    Ok(Column {
        values,
        lists,
        statements,
        alternatives,
    })
}

fn save_starts(writer: &mut Writer<'_>, starts: Option<&Starts>) -> io::Result<()> {
    writer.option(starts.map(|it| &it.bounds))?;
    match starts {
        Some(starts) => writer.option(starts.rows.as_ref()),
        None => Ok(()),
    }
}

fn load_starts(reader: &mut Reader) -> Result<Option<Starts>, FileError> {
    let Some(bounds) = reader.option::<u32>()? else {
        return Ok(None);
    };
    let rows = reader.option::<u32>()?;
    Ok(Some(Starts { rows, bounds }))
}

/// Whether there are starts for all of a number of rows or for some of them, and a final end.
fn has_rows(starts: &Starts, rows: usize) -> bool {
    let bounds = starts.bounds.len();
    match &starts.rows {
        None => bounds == rows + 1,
        Some(few) => {
            let ascend = few.is_sorted_by(|a, b| a < b);
            bounds == few.len() + 1 && ascend && few.last().is_none_or(|it| (*it as usize) < rows)
        }
    }
}

fn save_adjacency(writer: &mut Writer<'_>, adjacency: &Adjacency, types: usize) -> io::Result<()> {
    let types = if adjacency.starts.is_empty() { 0 } else { types };
    writer.number(types);
    for type_no in 0..types {
        save_starts(writer, adjacency.starts.get(type_no))?;
    }
    writer.array(&adjacency.targets)?;
    writer.option(adjacency.edges.as_ref())
}

/// The possible targets of a relation from a type in a direction, as ranges of entity numbers.
fn allowed(
    ontology: &Ontology,
    id: RelationId,
    direction: Direction,
    type_no: usize,
    bases: &[u32],
) -> Vec<std::ops::Range<u32>> {
    let type_id = TypeId::at(type_no);
    let relation = ontology.relation(id);
    let target = |of: TypeId, no| ontology.entity_type(of).members.field(no).target;
    let types: Vec<TypeId> = match relation.field(type_id, direction) {
        Some(no) => ontology.types_of(target(type_id, no)).to_vec(),
        // A relation without an inverse field is stored in both directions too.
        None if direction == Direction::In => {
            let begins = ontology.type_ids().filter(|from| {
                let field = relation.field(*from, Direction::Out);
                field.is_some_and(|no| ontology.contains(target(*from, no), type_id))
            });
            begins.collect()
        }
        None => Vec::new(),
    };
    let mut ranges: Vec<std::ops::Range<u32>> = Vec::new();
    for id in types {
        let range = bases[id.index()]..bases[id.index() + 1];
        match ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => ranges.push(range),
        }
    }
    ranges
}

fn load_adjacency(
    reader: &mut Reader,
    ontology: &Ontology,
    (id, direction): (RelationId, Direction),
    bases: &[u32],
    count: usize,
) -> Result<Adjacency, FileError> {
    let types = reader.number()?;
    sound(types == 0 || types == bases.len() - 1, "edges")?;
    let starts = (0..types).map(|_| load_starts(reader));
    let starts: Vec<Option<Starts>> = starts.collect::<Result<_, _>>()?;
    let starts = StartsOfTypes::of(starts);
    let targets: Stored<u32> = reader.array()?;
    let edges: Option<Stored<u32>> = reader.option()?;
    for (type_no, starts) in starts.iter() {
        let rows = (bases[type_no + 1] - bases[type_no]) as usize;
        let bounds = &starts.bounds;
        sound(
            has_rows(starts, rows) && ascend(bounds, targets.len()),
            "where edges begin",
        )?;
        let of_type = &targets[bounds[0] as usize..bounds[bounds.len() - 1] as usize];
        let ends_well = match &*allowed(ontology, id, direction, type_no, bases) {
            [range] => of_type.iter().all(|it| range.contains(it)),
            ranges => of_type
                .iter()
                .all(|it| ranges.iter().any(|range| range.contains(it))),
        };
        sound(ends_well, "the ends of edges")?;
    }
    let numbered = match &edges {
        Some(edges) => {
            edges.len() == targets.len() && edges.iter().max().is_none_or(|it| (*it as usize) < count)
        }
        None => targets.len() <= count,
    };
    sound(numbered, "the numbers of edges")?;
    Ok(Adjacency {
        starts,
        targets,
        edges,
    })
}

fn save_edges(writer: &mut Writer<'_>, edges: &Edges, types: usize) -> io::Result<()> {
    writer.number(edges.count);
    save_adjacency(writer, &edges.out, types)?;
    save_adjacency(writer, &edges.back, types)?;
    for column in &edges.columns {
        save_column(writer, column)?;
    }
    writer.option(edges.statements.as_ref())
}

fn load_edges(
    reader: &mut Reader,
    ontology: &Ontology,
    id: RelationId,
    bases: &[u32],
) -> Result<Edges, FileError> {
    let relation = ontology.relation(id);
    let edge_type = relation.edge.map(|id| &ontology.edge_types[id.index()]);
    let properties = edge_type.map_or(&[][..], |it| &it.members.properties);
    let forth = if relation.symmetric {
        Direction::Both
    } else {
        Direction::Out
    };
    let count = reader.number()?;
    let out = load_adjacency(reader, ontology, (id, forth), bases, count)?;
    let back = load_adjacency(reader, ontology, (id, Direction::In), bases, count)?;
    let columns = properties
        .iter()
        .map(|property| load_column(reader, property, ontology, count));
    let columns: Vec<Column> = columns.collect::<Result<_, _>>()?;
    let statements: Option<Stored<StatementNo>> = reader.option()?;
    sound(
        statements.as_ref().is_none_or(|it| it.len() == count),
        "statements",
    )?;
    let edges = Edges {
        out,
        back,
        count,
        columns,
        statements,
        is_disputed: false,
    };
    Ok(edges.checked(ontology, relation))
}

fn save_statements(writer: &mut Writer<'_>, statements: &Statements) -> io::Result<()> {
    writer.array(&statements.ranks)?;
    writer.array(&statements.validity)?;
    writer.array(&statements.citation_ends)?;
    writer.array(&statements.sources)?;
    save_strings(writer, &statements.locators)?;
    save_strings(writer, &statements.notes)
}

fn load_statements(reader: &mut Reader, entities: u32) -> Result<Statements, FileError> {
    let ranks: Stored<u8> = reader.array()?;
    let validity: Stored<[u64; 2]> = reader.array()?;
    let citation_ends: Stored<u32> = reader.array()?;
    let sources: Stored<u32> = reader.array()?;
    let cited = Some(sources.len());
    let locators = load_strings(reader, cited, true)?;
    let notes = load_strings(reader, cited, true)?;
    sound(
        citation_ends.len() == ranks.len()
            && (validity.is_empty() || validity.len() == ranks.len())
            && validity.iter().all(|it| Validity::is_packed(*it))
            && ascend(&citation_ends, sources.len())
            && sources.iter().all(|it| *it < entities),
        "citations",
    )?;
    Ok(Statements {
        ranks,
        validity,
        citation_ends,
        sources,
        locators,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::test_graph::snapshot;
    use super::*;
    use crate::ontology::PropertyNo;

    fn saved(of: &Snapshot) -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("graph.clew");
        of.save(&file).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        (folder, file, bytes)
    }

    /// All values, and the ids of all ends of edges.
    fn read(snapshot: &Snapshot) -> Vec<u8> {
        let (view, ontology) = (snapshot.view(), snapshot.ontology());
        let mut out = Vec::new();
        for id in ontology.type_ids() {
            for row in snapshot.rows_of(id) {
                assert_eq!(
                    snapshot.find(snapshot.id(row)).map(|it| snapshot.locate(it)),
                    Some(row)
                );
                view.write_label(row, &mut out);
                for no in 0..ontology.entity_type(id).members.properties.len() {
                    for (value, _) in view.each_said(row, PropertyNo(no as u16)) {
                        value.write(&[], &mut out);
                    }
                }
                for (relation, direction) in view.sides() {
                    for (end, _) in view.neighbours(row, relation, direction) {
                        out.extend_from_slice(view.id_of(end).as_bytes());
                    }
                }
            }
        }
        out
    }

    #[test]
    fn a_mapped_graph_is_the_one_that_was_saved() {
        let built = snapshot(60);
        let (_folder, file, bytes) = saved(&built);
        let mapped = Snapshot::open(&file).unwrap();
        assert_eq!(read(&mapped), read(&built));
        let (_folder, _, again) = saved(&mapped);
        assert!(again == bytes);
    }

    #[test]
    fn a_mapping_outlives_its_file_name() {
        let built = snapshot(20);
        let (folder, file, _) = saved(&built);
        let mapped = Snapshot::open(&file).unwrap();
        drop(folder);
        assert!(!file.exists());
        assert_eq!(read(&mapped), read(&built));
    }

    #[test]
    fn no_part_of_a_file_is_a_graph() {
        let (_folder, file, whole) = saved(&snapshot(5));
        for len in (0..whole.len()).step_by(61) {
            std::fs::write(&file, &whole[..len]).unwrap();
            assert!(Snapshot::open(&file).is_err(), "cut at {len}");
        }
    }
}
