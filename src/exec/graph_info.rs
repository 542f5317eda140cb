//! Information about the graph as a whole.

use super::{Failure, Run, Written};
use crate::json;
use crate::ontology::{
    Direction, ENTITY, FieldNo, Ontology, Property, PropertyNo, Relation, RelationId, TypeId,
};
use crate::plan::{ExampleField, GraphField, Object, PropertyField, RelationField, TypeField};
use crate::surface::Cardinality;

/// The direction in which a relation's fields have it.
fn side(relation: &Relation, direction: Direction) -> Direction {
    if relation.symmetric {
        Direction::Both
    } else {
        direction
    }
}

/// The types that have a field for a relation in a direction, and the field of each.
fn ends(
    ontology: &Ontology,
    relation: &Relation,
    direction: Direction,
) -> impl Iterator<Item = (TypeId, FieldNo)> {
    let direction = side(relation, direction);
    ontology
        .type_ids()
        .filter_map(move |it| Some((it, relation.field(it, direction)?)))
}

/// The number of edges that an entity may have at one end: the least strict value of all types.
fn cardinality(ontology: &Ontology, relation: &Relation, direction: Direction) -> Cardinality {
    let fields =
        ends(ontology, relation, direction).map(|(it, no)| ontology.entity_type(it).members.field(no));
    let (mut is_single, mut is_required) = (false, true);
    for field in fields {
        if field.many {
            return Cardinality::Many;
        }
        is_single = true;
        is_required &= field.required;
    }
    match (is_single, is_required) {
        (false, _) => Cardinality::Many,
        (true, false) => Cardinality::Optional,
        (true, true) => Cardinality::One,
    }
}

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
                TypeField::Interfaces => {
                    let own = entity_type.interfaces.iter().filter(|it| **it != ENTITY);
                    let names = own.map(|it| run.ontology.interfaces[it.index()].name.as_str());
                    run.json(&names.collect::<Vec<&str>>());
                }
                TypeField::Properties(fields) => {
                    return run.properties(&entity_type.members.properties, fields, |run, no| {
                        run.count_entities(id, no)
                    });
                }
            }
            Ok(())
        })
    }

    fn properties(
        &mut self,
        properties: &'a [Property],
        fields: &'a Object<PropertyField>,
        mut count: impl FnMut(&mut Self, PropertyNo) -> Result<usize, Failure>,
    ) -> Written {
        let all = properties.iter().enumerate();
        let declared = all.filter(|(_, property)| property.built_in.is_none());
        self.each(declared, |run, (no, property)| {
            run.work(fields.len())?;
            run.object(fields, |run, slot| {
                match &slot.field {
                    PropertyField::Name => run.json(&property.name),
                    PropertyField::Description => run.json(&property.description),
                    PropertyField::Type => run.json(&run.ontology.property_type(property)),
                    PropertyField::Unique => run.json(&property.unique),
                    PropertyField::Deprecated => run.json(&property.deprecated),
                    PropertyField::Count => {
                        let count = count(run, PropertyNo(no as u16))?;
                        run.number(count);
                    }
                }
                Ok(())
            })
        })
    }

    /// The number of entities that have a value of a property.
    fn count_entities(&mut self, id: TypeId, property: PropertyNo) -> Result<usize, Failure> {
        let view = self.view;
        let mut count = 0;
        for entity in view.entities_of(id, None) {
            self.visit(1)?;
            let row = view.row_in(id, entity);
            count += usize::from(view.each_said(row, property).next().is_some());
        }
        Ok(count)
    }

    /// The number of edges of a relation that have a value of a property.
    fn count_edges(&mut self, id: RelationId, property: PropertyNo) -> Result<usize, Failure> {
        let (view, ontology) = (self.view, self.ontology);
        let relation = ontology.relation(id);
        let direction = side(relation, Direction::Out);
        // A symmetric edge between two entities is found at both.
        let (mut once, mut twice) = (0, 0);
        for (type_id, _) in ends(ontology, relation, Direction::Out) {
            for entity in view.entities_of(type_id, None) {
                self.visit(1)?;
                let row = view.row_in(type_id, entity);
                for (end, edge) in view.edges_said(row, id, direction) {
                    self.visit(1)?;
                    if view.edge_values(id, edge, property).next().is_none() {
                        continue;
                    }
                    if relation.symmetric && end != entity {
                        twice += 1;
                    } else {
                        once += 1;
                    }
                }
            }
        }
        Ok(once + twice / 2)
    }

    fn relation_info(&mut self, id: RelationId, fields: &'a Object<RelationField>) -> Written {
        let ontology = self.ontology;
        let relation = ontology.relation(id);
        // Each of its fields may examine all types.
        self.work(fields.len() * ontology.types.len())?;
        let ends = |direction: Direction| ends(ontology, relation, direction);
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
                RelationField::Cardinality => {
                    run.json(&cardinality(ontology, relation, Direction::Out).name());
                }
                RelationField::InverseCardinality => {
                    run.json(&cardinality(ontology, relation, Direction::In).name());
                }
                RelationField::EdgeType => {
                    let edge_type = relation
                        .edge
                        .map(|it| ontology.edge_types[it.index()].name.as_str());
                    run.json(&edge_type);
                }
                RelationField::Properties(fields) => {
                    let edge_type = relation.edge.map(|it| &ontology.edge_types[it.index()]);
                    let properties = edge_type.map_or(&[][..], |it| &it.members.properties);
                    return run.properties(properties, fields, |run, no| run.count_edges(id, no));
                }
            }
            Ok(())
        })
    }
}
