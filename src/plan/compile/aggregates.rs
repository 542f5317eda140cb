//! Aggregates of lists and groups.

use apollo_compiler::executable::SelectionSet;

use super::{Compiler, Named, Result, unknown};
use crate::ontology::{Domain, ENTITY, EdgeTypeId, Member};
use crate::plan::aggregate::properties;
use crate::plan::call::Kind;
use crate::plan::collect::Merged;
use crate::plan::{AggregateField, EdgeMeasure, GroupField, GroupKeyField, Object};
use crate::surface;

impl<'a> Compiler<'a> {
    /// The aggregate of a list of a domain's entities, and of the edges to them if these have properties.
    pub(super) fn aggregate(
        &mut self,
        domain: Domain,
        edge: Option<EdgeTypeId>,
        sets: &[&'a SelectionSet],
    ) -> Result<Object<AggregateField>> {
        self.object_beside(sets, |it, field, merged| match field {
            Named::Own(surface::Aggregate::Count) => Ok(AggregateField::Count),
            Named::Own(surface::Aggregate::GroupBy) => {
                let call = it.call(merged.first(), Kind::Groups(domain))?;
                let group = it.group(domain, &merged.selections())?;
                Ok(AggregateField::Groups(call, it.shared(group)?))
            }
            Named::Own(surface::Aggregate::Edge) => match edge {
                Some(id) => Ok(AggregateField::Edge(it.edge_aggregate(id, &merged.selections())?)),
                // The entities' own property.
                None => it.measured(domain, merged.first().name.as_str(), merged),
            },
            Named::Other(name) => it.measured(domain, name, merged),
        })
    }

    /// The aggregates of properties of edges.
    fn edge_aggregate(&mut self, id: EdgeTypeId, sets: &[&'a SelectionSet]) -> Result<Object<EdgeMeasure>> {
        let members = &self.ontology.edge_types[id.index()].members;
        self.fields(sets, |it, name, merged| {
            let Some(Member::Property(property)) = members.get(name) else {
                return Err(unknown(merged));
            };
            Ok(EdgeMeasure {
                property,
                scalar: members.property(property).scalar,
                fields: it.plain(&merged.selections())?,
            })
        })
    }

    /// A property whose values are measured.
    fn measured(&mut self, domain: Domain, name: &str, merged: &Merged<'a>) -> Result<AggregateField> {
        let members = self.ontology.members_of(domain);
        let property = members.and_then(|it| match it.get(name)? {
            Member::Property(no) => Some(it.property(no)),
            Member::Relation(_) => None,
        });
        let Some(property) = property else {
            return Err(unknown(merged));
        };
        let measures = self.plain(&merged.selections())?;
        let of_types = properties(self.ontology, domain, name);
        self.hold(size_of_val(&*of_types))?;
        Ok(AggregateField::Property(of_types, property.scalar, measures))
    }

    fn group(&mut self, domain: Domain, sets: &[&'a SelectionSet]) -> Result<Object<GroupField>> {
        self.object_beside(sets, |it, field, merged| match field {
            Named::Own(surface::Group::Key) => Ok(GroupField::Key),
            Named::Own(surface::Group::Keys) => Ok(GroupField::Keys(it.keys(&merged.selections())?)),
            Named::Own(surface::Group::Count) => Ok(GroupField::Aggregate(AggregateField::Count)),
            Named::Other(name) => Ok(GroupField::Aggregate(it.measured(domain, name, merged)?)),
        })
    }

    fn keys(&mut self, sets: &[&'a SelectionSet]) -> Result<Object<GroupKeyField>> {
        let entity = Domain::Interface(ENTITY);
        self.object(sets, |it, field, merged| {
            Ok(match field {
                surface::AggregateKey::Field => GroupKeyField::Field,
                surface::AggregateKey::Value => GroupKeyField::Value,
                surface::AggregateKey::Entity => {
                    GroupKeyField::Entity(it.selection(entity, &merged.selections())?)
                }
            })
        })
    }
}
