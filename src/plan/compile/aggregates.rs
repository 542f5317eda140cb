//! Figures about lists and groups.

use apollo_compiler::executable::SelectionSet;

use super::{Compiler, Result};
use crate::ontology::{Domain, ENTITY, GeneratedNames, Member};
use crate::plan::aggregate::properties;
use crate::plan::call::Kind;
use crate::plan::collect::Merged;
use crate::plan::{AggregateField, GroupField, GroupKeyField, MeasureField, Object};

impl<'a> Compiler<'a> {
    /// The aggregate of a list of a domain's entities.
    pub(super) fn aggregate(
        &mut self,
        domain: Domain,
        sets: &[&'a SelectionSet],
    ) -> Result<Object<AggregateField>> {
        let type_name = GeneratedNames(self.ontology).aggregate(domain);
        self.object(sets, |it, name, merged| {
            if name == "__typename" {
                return Ok(Some(AggregateField::TypeName(it.constant(&type_name)?)));
            }
            it.aggregate_field(domain, name, merged)
        })
    }

    fn aggregate_field(
        &mut self,
        domain: Domain,
        name: &str,
        merged: &Merged<'a>,
    ) -> Result<Option<AggregateField>> {
        Ok(Some(match name {
            "count" => AggregateField::Count,
            "groupBy" => {
                let call = self.call(merged.first(), Kind::Groups(domain))?;
                let group = self.group(domain, &merged.selections())?;
                AggregateField::Groups(call, self.shared(group)?)
            }
            _ => {
                let members = self.ontology.members_of(domain);
                let Some(Member::Property(no)) = members.and_then(|it| it.get(name)) else {
                    return Ok(None);
                };
                let scalar = members.map(|it| it.property(no).scalar);
                let Some(scalar) = scalar else { return Ok(None) };
                let type_name = GeneratedNames(self.ontology).measures(scalar);
                let measures = self.object(&merged.selections(), |it, name, _| {
                    Ok(Some(match name {
                        "__typename" => MeasureField::TypeName(it.constant(&type_name)?),
                        "count" => MeasureField::Count,
                        "distinct" => MeasureField::Distinct,
                        "min" => MeasureField::Min,
                        "max" => MeasureField::Max,
                        "sum" => MeasureField::Sum,
                        "avg" => MeasureField::Avg,
                        _ => return Ok(None),
                    }))
                })?;
                let of_types = properties(self.ontology, domain, name);
                self.hold(size_of_val(&*of_types))?;
                AggregateField::Property(of_types, scalar, measures)
            }
        }))
    }

    fn group(&mut self, domain: Domain, sets: &[&'a SelectionSet]) -> Result<Object<GroupField>> {
        let type_name = GeneratedNames(self.ontology).group(domain);
        self.object(sets, |it, name, merged| {
            Ok(Some(match name {
                "__typename" => GroupField::Aggregate(AggregateField::TypeName(it.constant(&type_name)?)),
                "key" => GroupField::Key,
                "keys" => GroupField::Keys(it.object(&merged.selections(), |it, name, merged| {
                    Ok(Some(match name {
                        "__typename" => GroupKeyField::TypeName(it.constant("AggregateKey")?),
                        "field" => GroupKeyField::Field,
                        "value" => GroupKeyField::Value,
                        "entity" => {
                            let entity = Domain::Interface(ENTITY);
                            GroupKeyField::Entity(it.selection(entity, &merged.selections())?)
                        }
                        _ => return Ok(None),
                    }))
                })?),
                _ => match it.aggregate_field(domain, name, merged)? {
                    Some(field) => GroupField::Aggregate(field),
                    None => return Ok(None),
                },
            }))
        })
    }
}
