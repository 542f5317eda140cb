//! Information about the graph as a whole.

use super::{Run, Written};
use crate::json;
use crate::ontology::{Direction, RelationId, TypeId};
use crate::plan::{ExampleField, GraphField, Object, RelationField, TypeField};

impl<'a> Run<'a> {
    /// Writes `GraphInfo`.
    pub(super) fn graph(&mut self, fields: &'a Object<GraphField>) -> Written {
        let (view, ontology) = (self.view, self.ontology);
        let (info, counts) = (view.info(), view.counts());
        self.object(fields, |run, slot| {
            match &slot.field {
                GraphField::Title => run.json(&info.title),
                GraphField::Description => run.json(&info.description),
                GraphField::Licence => run.json(&info.licence),
                GraphField::Url => run.json(&info.url),
                GraphField::Revision => run.json(&format!("{:016x}", view.revision())),
                GraphField::EntityCount => run.number(counts.entities),
                GraphField::EdgeCount => run.number(counts.edges),
                GraphField::StatementCount => run.number(counts.statements),
                GraphField::SourceCount => run.number(counts.sources),
                GraphField::CitationCount => run.number(counts.citations),
                GraphField::ComponentCount => run.number(counts.components),
                GraphField::Types(fields) => {
                    return run.each(ontology.type_ids(), |run, id| run.type_info(id, fields));
                }
                GraphField::Relations(fields) => {
                    return run.each(ontology.relation_ids(), |run, id| run.relation_info(id, fields));
                }
                GraphField::Examples(fields) => {
                    return run.each(info.examples.iter(), |run, example| {
                        run.object(fields, |run, slot| {
                            match &slot.field {
                                ExampleField::Title => run.json(&example.title),
                                ExampleField::Query => run.json(&example.query),
                            }
                            Ok(())
                        })
                    });
                }
                GraphField::Sources(call, connection) => {
                    let domain = crate::ontology::Domain::Type(ontology.source_type);
                    return run.field(slot, false, |run| run.list(domain, *call, connection));
                }
            }
            Ok(())
        })
    }

    pub(super) fn json(&mut self, value: &impl serde::Serialize) {
        json::value(value, &mut self.out);
    }

    pub(super) fn each<I>(
        &mut self,
        ids: impl Iterator<Item = I>,
        mut write: impl FnMut(&mut Self, I) -> Written,
    ) -> Written {
        let mut list = json::List::default();
        for (no, id) in ids.enumerate() {
            self.out.push(list.before_next());
            self.work(1)?;
            self.check_bytes()?;
            self.element(no, false, |run| write(run, id))?;
        }
        self.out.extend_from_slice(list.end());
        Ok(())
    }

    fn type_info(&mut self, id: TypeId, fields: &'a Object<TypeField>) -> Written {
        let entity_type = self.ontology.entity_type(id);
        self.work(fields.len())?;
        self.object(fields, |run, slot| {
            match &slot.field {
                TypeField::Name => run.json(&entity_type.name),
                TypeField::Description => run.json(&entity_type.description),
                TypeField::Class => run.json(&entity_type.class),
                TypeField::Count => run.number(run.view.count(id)),
            }
            Ok(())
        })
    }

    fn relation_info(&mut self, id: RelationId, fields: &'a Object<RelationField>) -> Written {
        let ontology = self.ontology;
        let relation = ontology.relation(id);
        // Each of its fields may examine all types.
        self.work(fields.len() * ontology.types.len())?;
        let ends = |direction: Direction| {
            let direction = if relation.symmetric {
                Direction::Both
            } else {
                direction
            };
            ontology
                .type_ids()
                .filter_map(move |it| Some((it, relation.field(it, direction)?)))
        };
        // If the schema does not name an inverse, the fields at the start determine the types at the end.
        let names = |direction: Direction| -> Vec<&str> {
            let forward =
                ends(Direction::Out).map(|(it, no)| ontology.entity_type(it).members.field(no).target);
            let mut types: Vec<TypeId> = match direction {
                Direction::In => forward
                    .flat_map(|target| ontology.types_of(target).to_vec())
                    .collect(),
                _ => ends(direction).map(|(it, _)| it).collect(),
            };
            types.sort();
            types.dedup();
            types
                .iter()
                .map(|it| ontology.entity_type(*it).name.as_str())
                .collect()
        };
        self.object(fields, |run, slot| {
            match &slot.field {
                RelationField::Name => run.json(&relation.name),
                RelationField::Field => {
                    let field = ends(Direction::Out).next();
                    let name = field.map(|(it, no)| ontology.entity_type(it).members.field(no).name.as_str());
                    run.json(&name.unwrap_or_default());
                }
                RelationField::Inverse => run.json(&relation.inverse),
                RelationField::Symmetric => run.json(&relation.symmetric),
                RelationField::Transitive => run.json(&relation.transitive),
                RelationField::From => run.json(&names(Direction::Out)),
                RelationField::To => run.json(&names(Direction::In)),
                RelationField::Class => run.json(&relation.class),
                RelationField::Count => run.number(run.view.edge_count(id)),
            }
            Ok(())
        })
    }
}
