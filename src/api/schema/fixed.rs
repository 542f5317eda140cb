//! Types that every schema has: scalars, enums, and the objects whose fields do not depend on it.

use async_graphql::dynamic::{Enum, EnumItem, Interface, Scalar as ScalarType};

use super::{Generator, Placeholders, object, sealed};
use crate::ontology::{Direction, Domain, ENTITY};
use crate::surface::{self, EnumRow, Fields, ListingRow};

impl Generator<'_> {
    /// Types that every graph has.
    pub(super) fn fixed(&mut self) {
        let scalar = |name: &str, description: &str| ScalarType::new(name).description(description);
        self.add(scalar(
            "Int64",
            "A whole number of 64 bits.\n\nAnswers give it as a string, which every client reads exactly, or as a number where the server runs with `--int64 number`. Arguments and variables take both.",
        ));
        self.add(scalar("Date", "A date with its precision, or an interval of two (EDTF level 1): `1996`, `1996-08`, `1996-08-27`, `199X`, `1996?`, `1996~`, `1996-21` (a season), `-0044`, `Y12000`, `2009/2012`, `2009/..`. Dates compare by the span of days that they cover, so `1996?` equals `1996`.").specified_by_url("https://www.loc.gov/standards/datetime/"));
        self.add(
            scalar("DateTime", "A point in time, such as `1996-08-27T10:00:00Z`.")
                .specified_by_url("https://www.rfc-editor.org/rfc/rfc3339"),
        );
        self.add(
            scalar(
                "Duration",
                "A length of time in days, hours, minutes and seconds, such as `P1DT2H30M` or `PT0.5S`; compared by its length.",
            )
            .specified_by_url("https://www.w3.org/TR/xmlschema11-2/#dayTimeDuration"),
        );
        self.add(
            scalar(
                "URL",
                "An absolute URL with the scheme `http`, `https`, `mailto`, `urn` or `doi`.",
            )
            .specified_by_url("https://url.spec.whatwg.org/"),
        );
        self.add(scalar(
            "Text",
            "A text that can be in several languages.\n\nThe argument `lang` of its field has the languages to choose from, best first, as BCP 47 tags. Without it, or if none of them is there: the text without a language, else the first one.",
        ));
        self.add(scalar(
            "Decimal",
            "A decimal number of any precision, written as a string so that no digit is lost.",
        ));
        self.add(
            scalar("Point", "A place on Earth (WGS 84): in answers a GeoJSON `Point`, in arguments that or `{lat: 48.2, lon: 16.4}`. Latitudes go from -90 to 90 degrees, longitudes from -180 to 180.")
                .specified_by_url("https://www.rfc-editor.org/rfc/rfc7946"),
        );
        self.add(
            scalar("JSON", "Any JSON value.").specified_by_url("https://www.rfc-editor.org/rfc/rfc8259"),
        );
        for table in surface::ENUMS {
            let item = |it: &EnumRow| EnumItem::new(it.name).description(it.description);
            let ty = Enum::new(table.name).description(table.description);
            self.add(table.values.iter().map(item).fold(ty, Enum::item));
        }
        let types = self.ontology.types.iter().fold(
            Enum::new("EntityType").description("The types of entities in this graph."),
            |all, it| {
                let item = EnumItem::new(&it.name);
                all.item(match &it.description {
                    Some(text) => item.description(sealed(text)),
                    None => item,
                })
            },
        );
        self.add(types);
        if !self.ontology.relations.is_empty() {
            let relations = self.ontology.relation_ids().fold(
                Enum::new("RelationName").description("The relations of this graph."),
                |all, id| {
                    let description = self.relation_description(id);
                    all.item(
                        EnumItem::new(&self.ontology.relation(id).name).description(sealed(&description)),
                    )
                },
            );
            self.add(relations);
        }
        self.plain_objects();
        let id = surface::Entity::ALL
            .iter()
            .find(|(it, _)| *it == surface::Entity::Id);
        let node = Interface::new("Node").description("An object with an id, as specified by Relay.");
        let id = id.map(|(_, row)| self.field(row, &Placeholders(&[])).on_interface());
        self.add(id.into_iter().fold(node, Interface::field));
    }

    /// The object types that are the same in every schema.
    fn plain_objects(&mut self) {
        let none = Placeholders(&[]);
        self.add_table::<surface::PageInfo>(&none);
        self.add_table::<surface::ExternalId>(&none);
        self.add_table::<surface::Citation>(&none);
        self.add_table::<surface::Validity>(&none);
        self.add_table::<surface::Statement>(&none);
        self.add_table::<surface::Link>(&none);
        self.add_table::<surface::ExampleQuery>(&none);
        self.add_table::<surface::TypeInfo>(&none);
        self.add_table::<surface::RelationInfo>(&none);
        self.add_table::<surface::PropertyInfo>(&none);
        self.add_table::<surface::Path>(&none);
        self.add_table::<surface::Subgraph>(&none);
        self.add_table::<surface::RankedEntity>(&none);
        self.add_table::<surface::SearchConnection>(&none);
        self.add_table::<surface::SearchEdge>(&none);
        self.add_table::<surface::Highlight>(&none);
        self.add_table::<surface::Suggestion>(&none);
        self.add_table::<surface::TimelineEntry>(&none);
        self.add_table::<surface::Conflict>(&none);
        self.add_table::<surface::CitedConnection>(&none);
        self.add_table::<surface::CitedEdge>(&none);
        self.add_table::<surface::CitedStatement>(&none);
        self.add_table::<surface::AggregateKey>(&none);
        let source = Domain::Type(self.ontology.source_type);
        let (filter, order) = (self.names.filter(source, None), self.names.order(source, None));
        self.add_table::<surface::GraphInfo>(&Placeholders(&[("filter", &filter), ("order", &order)]));
        let all = Domain::Interface(ENTITY);
        let (filter, order) = (self.names.filter(all, None), self.names.order(all, None));
        self.add_table::<surface::Component>(&Placeholders(&[("filter", &filter), ("order", &order)]));
        for row in surface::LISTINGS {
            self.listing_types(row);
        }
    }

    /// The connection of a listing and its edges. Of one whose length is not known, the pages have no total.
    fn listing_types(&mut self, row: &ListingRow) {
        let ListingRow {
            name,
            item,
            noun,
            is_countable,
        } = row;
        let (connection, edge) = (format!("{name}Connection"), format!("{name}Edge"));
        let names = Placeholders(&[
            ("connection", &connection),
            ("edge", &edge),
            ("item", item),
            ("noun", noun),
        ]);
        let rows = surface::Listing::ALL.iter();
        let rows = rows.filter(|(it, _)| *is_countable || *it != surface::Listing::TotalCount);
        let fields = rows.map(|(_, row)| self.field(row, &names)).collect();
        let description = names.text(surface::Listing::DESCRIPTION);
        self.add(object(&connection, description, fields));
        self.add_table::<surface::ListingEdge>(&names);
    }

    fn relation_description(&self, id: crate::ontology::RelationId) -> String {
        let relation = self.ontology.relation(id);
        let first = self.ontology.type_ids().find_map(|it| {
            let no = relation.field(it, Direction::Out)?;
            Some((it, no))
        });
        let Some((start, no)) = first else {
            return String::new();
        };
        let start_type = self.ontology.entity_type(start);
        let field = start_type.members.field(no);
        let target = self.ontology.name_of(field.seen);
        let inverse = match &relation.inverse {
            Some(inverse) => format!(", seen from there as `{inverse}`"),
            None if relation.symmetric => ", the same from both sides".to_owned(),
            None => String::new(),
        };
        let text = field
            .description
            .as_ref()
            .map_or_else(String::new, |it| format!("{it}\n\n"));
        format!(
            "{text}`{}.{}` leads to {target}{inverse}.",
            field.owner, field.name
        )
    }
}
