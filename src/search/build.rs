//! Builds the text index of a snapshot.

use std::collections::HashMap;
use std::time::Instant;

use tantivy::merge_policy::NoMergePolicy;
use tantivy::schema::{FAST, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index as Tantivy, IndexWriter, TantivyDocument};

use super::{Index, IndexedField, Property, exact_match, tokens};
use crate::graph::Snapshot;
use crate::ontology::{PropertyNo, Scalar};

/// Memory in which each indexing thread collects documents before it writes a segment.
const MEMORY_OF_A_THREAD: usize = 64 << 20;

impl Index {
    /// Builds the index. Takes time linear in the texts.
    pub(super) fn build(snapshot: &Snapshot) -> tantivy::Result<Self> {
        let start = Instant::now();
        let ontology = snapshot.ontology();
        let mut schema = Schema::builder();
        let entity = schema.add_u64_field("entity", FAST);
        let kind = schema.add_u64_field("type", INDEXED);
        let whole = || {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(tokens::WHOLE)
                .set_fieldnorms(false)
                .set_index_option(IndexRecordOption::Basic);
            TextOptions::default().set_indexing_options(indexing)
        };
        let wholes = exact_match::Fields {
            label: schema.add_text_field("label", whole()),
            other: schema.add_text_field("other", whole()),
        };
        let mut fields: Vec<IndexedField> = Vec::new();
        let mut known: HashMap<(String, String), usize> = HashMap::new();
        let mut properties = Vec::new();
        let mut names = 0;
        for id in ontology.type_ids() {
            let entity_type = ontology.entity_type(id);
            let mut of_type = Vec::new();
            for (at, property) in entity_type.members.properties.iter().enumerate() {
                let no = PropertyNo(at as u16);
                let is_label = entity_type.label == Some(no);
                if !(property.search || is_label) {
                    continue;
                }
                let languages = match property.scalar {
                    Scalar::Text => snapshot.languages(id, no),
                    _ => vec![String::new()],
                };
                let of_property = languages.into_iter().map(|language| {
                    let key = (property.name.clone(), language.clone());
                    let at = *known.entry(key).or_insert_with(|| {
                        names += 1;
                        let indexing = TextFieldIndexing::default()
                            .set_tokenizer(&language)
                            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
                        let options = TextOptions::default().set_indexing_options(indexing);
                        fields.push(IndexedField {
                            field: schema.add_text_field(&format!("text{names}"), options),
                            name: property.name.clone(),
                            language: language.clone(),
                        });
                        fields.len() - 1
                    });
                    (language, at)
                });
                let fields = of_property.collect();
                of_type.push(Property {
                    no,
                    fields,
                    is_label,
                    varies: snapshot.varies(id, no),
                });
            }
            properties.push(of_type);
        }
        let index = Tantivy::create_in_ram(schema.build());
        let whole = TextAnalyzer::builder(tokens::Whole::default()).build();
        index.tokenizers().register(tokens::WHOLE, whole);
        for indexed in &fields {
            index
                .tokenizers()
                .register(&indexed.language, tokens::analyzer(&indexed.language));
        }
        let threads = rayon::current_num_threads().clamp(1, 8);
        let mut writer: IndexWriter = index.writer_with_num_threads(threads, threads * MEMORY_OF_A_THREAD)?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for id in ontology
            .type_ids()
            .filter(|id| !properties[id.index()].is_empty())
        {
            for row in snapshot.rows_of(id) {
                let mut document = TantivyDocument::default();
                document.add_u64(entity, snapshot.view().number(row).stored());
                document.add_u64(kind, id.index() as u64);
                for property in &properties[id.index()] {
                    let whole = if property.is_label {
                        wholes.label
                    } else {
                        wholes.other
                    };
                    for (language, text) in snapshot.texts(row, property.no) {
                        if text.len() <= tokens::MOST_BYTES {
                            document.add_text(whole, text);
                        }
                        if let Some(field) = property.fields.get(language) {
                            document.add_text(fields[*field].field, text);
                        }
                    }
                }
                writer.add_document(document)?;
            }
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        let reader = index.reader()?;
        let bytes = reader
            .searcher()
            .space_usage()
            .map_or(0, |it| it.total().get_bytes() as usize);
        Ok(Self {
            reader,
            kind,
            wholes,
            fields,
            properties,
            taken: start.elapsed(),
            bytes,
        })
    }
}
