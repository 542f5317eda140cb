//! A plan as text: its fields with their relations, arguments, operators and values, by the names of the schema.
//!
//! The text is the same wherever the plan is compiled, so it is kept beside the queries of the tests. Parts that several
//! places share are written at each of them.

use std::collections::HashSet;
use std::fmt::{Debug, Display, Write};

use heck::ToLowerCamelCase;
use serde_json::Value as Json;

use super::call::{Call, Lookup, OrderBy, OrderKey, PageCall, Template};
use super::graph_query::TraversalOptions;
use super::input::{Input, InputError};
use super::path::{PathExpression, Transition};
use super::pattern::Pattern;
use super::{
    AggregateField, CallNo, Calls, CitationField, CitedEdgeField, CitedField, CitedStatementField,
    ComponentField, ConflictField, ConnectionField, EdgeField, EdgeMeasure, EntityField, ExampleField,
    ExternalIdField, GraphField, GroupBy, GroupField, GroupKeyField, GroupOrderBy, GroupValue,
    HighlightField, IncludeDeprecated, Introspection, LinkField, ListingEdgeField, ListingField,
    MeasureField, MetaField, Object, Page, PageInfoField, PathField, Plan, PropertyField, Question,
    RankedField, Ranking, RelationField, RootField, SearchEdgeField, SearchField, Selection, Side, Slot,
    StatementField, SubgraphField, SuggestionField, TimelineField, TypeField, ValidityField,
};
use crate::condition::{
    Compare, DateTest, Filter, JsonTest, ListTest, MatcherNo, PointTest, RelationTest, SortedSet, Test,
    TextTest, ValueTest,
};
use crate::ontology::{
    Direction, EdgeTypeId, Members, Ontology, Point, PropertyNo, RelationId, Rounding, Scalar, TypeId,
    duration_of,
};

/// The text of a plan.
pub(super) fn describe(plan: &Plan, ontology: &Ontology) -> String {
    let mut text = Text {
        plan,
        ontology,
        out: String::new(),
        depth: 0,
        members: None,
        edge: None,
    };
    text.out.push_str("query");
    if plan.cite_all {
        text.out.push_str(" @cite");
    }
    if plan.explains {
        text.out.push_str(" @explain");
    }
    text.object(&plan.root);
    text.out.push('\n');
    text.out
}

struct Text<'a> {
    plan: &'a Plan,
    ontology: &'a Ontology,
    out: String,
    depth: usize,
    /// The fields of the type whose entities are written.
    members: Option<&'a Members>,
    /// The type of the edges that led here.
    edge: Option<EdgeTypeId>,
}

/// A field that a text can be written of: what it is, after its key, and its own fields.
trait Described {
    fn describe(&self, text: &mut Text);
}

/// A name as the schema writes it, of a variant that is named like it.
fn camel(variant: &dyn Debug) -> String {
    let debug = format!("{variant:?}");
    let name = debug.split('(').next().unwrap_or_default();
    name.to_lower_camel_case()
}

fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Out => "out",
        Direction::In => "in",
        Direction::Both => "both ways",
    }
}

impl<'a> Text<'a> {
    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&"  ".repeat(self.depth));
    }

    /// One line below the current one.
    fn below(&mut self, line: impl Display) {
        self.depth += 1;
        self.line();
        let _ = write!(self.out, "{line}");
        self.depth -= 1;
    }

    fn say(&mut self, what: impl Display) {
        let _ = write!(self.out, " {what}");
    }

    fn object<F: Described>(&mut self, fields: &Object<F>) {
        self.depth += 1;
        for part in fields.parts() {
            for slot in part.fields {
                self.slot(slot);
            }
            if let Some(name) = part.name {
                self.line();
                let key = name.name();
                let alias = if key == "__typename" { "" } else { ": __typename" };
                let _ = write!(self.out, "{key}{alias}");
            }
        }
        self.depth -= 1;
    }

    fn slot<F: Described>(&mut self, slot: &Slot<F>) {
        self.line();
        self.out.push_str(slot.name());
        let start = self.out.len();
        slot.field.describe(self);
        let end = self.out[start..]
            .find('\n')
            .map_or(self.out.len(), |at| start + at);
        let cite = if slot.cite && !self.plan.cite_all {
            " @cite"
        } else {
            ""
        };
        self.out.insert_str(end, cite);
        // A key that is not an alias says what the field is.
        if self.out[start..end].trim_start() == slot.name() {
            self.out.replace_range(start..end, "");
        } else {
            self.out.insert(start, ':');
        }
    }

    fn selection(&mut self, selection: &Selection) {
        match selection {
            Selection::One(id, fields) => {
                self.below(format_args!("on {}", self.ontology.entity_type(*id).name));
                self.entity(*id, fields);
            }
            Selection::ByType(by_type) => {
                // Types of which the same is written have one entry.
                let mut entries: Vec<(Vec<&str>, String)> = Vec::new();
                for (id, fields) in self.ontology.type_ids().zip(by_type) {
                    let Some(fields) = fields else { continue };
                    let before = std::mem::take(&mut self.out);
                    self.entity(id, fields);
                    let written = std::mem::replace(&mut self.out, before);
                    let name = self.ontology.entity_type(id).name.as_str();
                    match entries.iter_mut().find(|it| it.1 == written) {
                        Some((names, _)) => names.push(name),
                        None => entries.push((vec![name], written)),
                    }
                }
                for (names, written) in entries {
                    if names.len() == self.ontology.types.len() {
                        self.below("on every type");
                    } else {
                        self.below(format_args!("on {}", names.join(", ")));
                    }
                    self.out.push_str(&written);
                }
            }
        }
    }

    fn entity(&mut self, id: TypeId, fields: &Object<EntityField>) {
        let ontology = self.ontology;
        let members = self.members.replace(&ontology.entity_type(id).members);
        self.depth += 1;
        self.over(None, fields);
        self.depth -= 1;
        self.members = members;
    }

    /// The fields of what edges of a type lead to.
    fn over<F: Described>(&mut self, edge: Option<EdgeTypeId>, fields: &Object<F>) {
        let before = std::mem::replace(&mut self.edge, edge);
        self.object(fields);
        self.edge = before;
    }

    fn property(&mut self, members: Option<&Members>, no: PropertyNo, languages: Option<CallNo>) {
        let name = members.map_or("", |it| it.property(no).name.as_str());
        self.say(format_args!("property {name}"));
        if let Some(call) = languages {
            self.call(call);
        }
    }

    fn edge_members(&self) -> Option<&'a Members> {
        let ontology = self.ontology;
        self.edge.map(|it| &ontology.edge_types[it.index()].members)
    }

    fn side(&self, side: Side) -> String {
        let name = &self.ontology.relation(side.relation).name;
        format!("{name} {}", direction(side.direction))
    }

    fn type_names(&self, ids: &[TypeId]) -> String {
        let names = ids.iter().map(|it| self.ontology.entity_type(*it).name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    fn relation_names(&self, ids: &[RelationId]) -> String {
        let names = ids.iter().map(|it| self.ontology.relation(*it).name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The name that a property has in the types that have it.
    fn property_of_types(&self, of_types: &[Option<PropertyNo>]) -> String {
        let mut of = self.ontology.types.iter().zip(of_types);
        of.find_map(|(it, no)| Some(it.members.property((*no)?).name.clone()))
            .unwrap_or_default()
    }

    /// The arguments of a field.
    fn call(&mut self, no: CallNo) {
        self.call_over(no, None);
    }

    /// The arguments of a field that leads over edges of a type.
    fn call_over(&mut self, no: CallNo, edge: Option<EdgeTypeId>) {
        let plan = self.plan;
        match &plan.calls {
            Calls::Ready(bound) => self.bound(bound[no.0].as_ref().as_ref(), edge),
            Calls::Late(templates) => {
                let template = &templates[no.0];
                match &template.ready {
                    Some(bound) => self.bound(bound.as_ref().as_ref(), edge),
                    None => self.template(template),
                }
            }
        }
    }

    fn template(&mut self, template: &Template) {
        let each = template.arguments.iter();
        let each = each.map(|(name, input)| format!("{name}: {}", Given(input)));
        self.below(format_args!("with {}", each.collect::<Vec<_>>().join(", ")));
    }

    fn bound(&mut self, call: Result<&Call, &InputError>, edge: Option<EdgeTypeId>) {
        match call {
            Ok(call) => self.arguments(call, edge),
            Err(error) => self.below(format_args!("fails: {error}")),
        }
    }

    fn arguments(&mut self, call: &Call, edge: Option<EdgeTypeId>) {
        match call {
            Call::Entity(call) => match &call.by {
                Lookup::Id(id) => self.below(format_args!("id {id:?}")),
                Lookup::Reference(text) => self.below(format_args!("reference {text:?}")),
                Lookup::Unique(properties, value) => {
                    let (id, no) = properties.first().copied().unwrap_or((TypeId(0), PropertyNo(0)));
                    let name = &self.ontology.entity_type(id).members.property(no).name;
                    self.below(format_args!("{name} {value:?}"));
                }
            },
            Call::Nodes(call) => self.below(format_args!("ids {:?}", call.ids)),
            Call::Languages(languages) => self.below(format_args!("languages {languages:?}")),
            Call::Page(call) => self.page_call(call, edge),
            Call::Follow(expression, call) => {
                self.path(expression);
                self.page_call(call, None);
            }
            Call::Statements(call) => {
                if let Some(fields) = &call.fields {
                    self.below(format_args!("fields {}", fields.join(", ")));
                }
                self.page(&call.page);
            }
            Call::Cited(call) => {
                self.types(call.types.as_deref());
                if let Some(fields) = &call.fields {
                    self.below(format_args!("fields {}", fields.join(", ")));
                }
                if let Some(locator) = &call.locator {
                    self.below(format_args!("locator {locator:?}"));
                }
                self.page(&call.page);
            }
            Call::Links(call) => {
                self.walked(call.via.as_deref(), Some(call.direction));
                self.page(&call.page);
            }
            Call::Path(call) => {
                self.below(format_args!("from {:?} to {:?}", call.from, call.to));
                self.walk(&call.walk);
                self.below(format_args!("at most {} edges", call.most));
                if let Some(weights) = &call.weights {
                    let relations = self.ontology.relations.iter().zip(weights);
                    let weighted = relations.filter_map(|(it, no)| {
                        let edge = &self.ontology.edge_types[it.edge?.index()];
                        Some(format!("{}.{}", it.name, edge.members.property((*no)?).name))
                    });
                    let weighted: Vec<String> = weighted.collect();
                    self.below(format_args!("weight {}", weighted.join(", ")));
                }
                self.page(&call.page);
            }
            Call::Neighborhood(call) => {
                self.below(format_args!("of {:?} within {} edges", call.of, call.hops));
                self.walk(&call.walk);
                self.below(format_args!("first {}", call.first));
            }
            Call::Ranking(call) => {
                match call.by {
                    Ranking::PageRank => {
                        self.below(format_args!("by {:?} with damping {}", call.by, call.damping));
                    }
                    _ => self.below(format_args!("by {:?}", call.by)),
                }
                self.types(call.types.as_deref());
                self.walk(&call.walk);
                self.below(format_args!("first {}", call.first));
            }
            Call::Similar(call) => {
                self.below(format_args!("to {:?} by {:?}", call.to, call.by));
                self.types(call.types.as_deref());
                self.walk(&call.walk);
                self.below(format_args!("first {}", call.first));
            }
            Call::Components(call) => {
                if call.strong {
                    self.below("strong");
                }
                self.types(call.types.as_deref());
                self.walk(&call.walk);
                self.below(format_args!("first {}", call.first));
            }
            Call::Groups(call) => {
                for key in &call.keys {
                    let by = match &key.by {
                        GroupBy::Type => "the type",
                        GroupBy::Property(_) => "property",
                        GroupBy::Relation(_) => "relation",
                    };
                    let missing = if key.includes_missing && key.over.iter().all(|it| it.includes_missing) {
                        ""
                    } else {
                        ", without missing ones"
                    };
                    let rounded = match &key.rounding {
                        None => String::new(),
                        Some(Rounding::Part(part)) => format!(" by {}", part.name()),
                        Some(Rounding::Int(width) | Rounding::Int64(width, _)) => {
                            format!(" by width {width}")
                        }
                        Some(Rounding::Float(width)) => format!(" by width {width}"),
                        Some(Rounding::Decimal(width)) => format!(" by width {width}"),
                    };
                    self.below(format_args!("by {by} {}{rounded}{missing}", key.name));
                }
                let value = |value: &GroupValue| match value {
                    GroupValue::Count => ("count".to_owned(), Scalar::Int),
                    GroupValue::Measure(at, measure) => {
                        let of = &call.measured[*at];
                        let scalar = match measure {
                            MeasureField::Count | MeasureField::Distinct => Scalar::Int,
                            MeasureField::Min | MeasureField::Max => of.scalar,
                            MeasureField::Sum | MeasureField::Avg => of.scalar.sum().unwrap_or(of.scalar),
                        };
                        (format!("{}.{}", of.name, camel(measure)), scalar)
                    }
                };
                for (of, tests) in &call.having {
                    let (name, scalar) = value(of);
                    let tests = tests.iter().map(|it| self.value_test(it, scalar));
                    let tests: Vec<String> = tests.collect();
                    self.below(format_args!("having {name} {}", tests.join(" and ")));
                }
                let order = call.order.iter().map(|key| {
                    let by = match &key.by {
                        GroupOrderBy::Key => "key".to_owned(),
                        GroupOrderBy::Value(of) => value(of).0,
                    };
                    directed(by, key.descending, key.nulls_first)
                });
                let order: Vec<String> = order.collect();
                self.below(format_args!("order {}, first {}", order.join(", "), call.first));
            }
            Call::Search(call) => {
                self.below(format_args!("words {}", call.typed));
                self.types(call.types.as_deref());
                if let Some(filter) = &call.filter {
                    let filter = self.filter(filter, None);
                    self.below(format_args!("filter {filter}"));
                }
                self.page(&call.page);
            }
            Call::Suggest(call) => {
                self.below(format_args!("beginning {}", call.beginning));
                self.types(call.types.as_deref());
                self.below(format_args!("first {}", call.first));
            }
            Call::Timeline(call) => {
                if let Some(of) = &call.of {
                    self.below(format_args!("of {of:?}"));
                }
                if let Some(from) = call.from {
                    self.below(format_args!("from {from}"));
                }
                if let Some(until) = call.until {
                    self.below(format_args!("until {until}"));
                }
                self.page(&call.page);
            }
            Call::Conflicts(call) => {
                self.types(call.types.as_deref());
                if let Some(fields) = &call.fields {
                    self.below(format_args!("fields {}", fields.join(", ")));
                }
                self.page(&call.page);
            }
        }
        if let Some(date) = call.as_of() {
            self.below(format_args!("as of {date}"));
        }
    }

    fn types(&mut self, types: Option<&[TypeId]>) {
        if let Some(types) = types {
            let names = self.type_names(types);
            self.below(format_args!("types {names}"));
        }
    }

    fn walked(&mut self, via: Option<&[RelationId]>, way: Option<Direction>) {
        if let Some(via) = via {
            let names = self.relation_names(via);
            self.below(format_args!("via {names}"));
        }
        if let Some(way) = way {
            self.below(format_args!("direction {}", direction(way)));
        }
    }

    fn walk(&mut self, walk: &TraversalOptions) {
        self.walked(walk.via.as_deref(), walk.direction);
        if !walk.avoid.is_empty() {
            self.below(format_args!("avoid {:?}", walk.avoid));
        }
        if !walk.avoid_types.is_empty() {
            let names = self.type_names(&walk.avoid_types);
            self.below(format_args!("avoid types {names}"));
        }
    }

    fn page(&mut self, page: &Page) {
        let counts = [("first", page.first), ("last", page.last)];
        for (name, count) in counts {
            if let Some(count) = count {
                self.below(format_args!("{name} {count}"));
            }
        }
        // A cursor may hold a position, which is not part of what a query means.
        let cursors = [("after", &page.after), ("before", &page.before)];
        for (name, cursor) in cursors {
            if cursor.is_some() {
                self.below(format_args!("{name} a cursor"));
            }
        }
    }

    fn page_call(&mut self, call: &PageCall, edge: Option<EdgeTypeId>) {
        if let Some(depth) = call.depth {
            self.below(format_args!("over at most {depth} edges"));
        }
        if let Some(filter) = &call.filter {
            let filter = self.filter(filter, edge);
            self.below(format_args!("filter {filter}"));
        }
        if !call.order.is_empty() {
            let keys = call.order.iter().map(|key| self.order_key(key, edge));
            let keys: Vec<String> = keys.collect();
            self.below(format_args!("order {}", keys.join(", ")));
        }
        if let Some(collation) = &call.collation {
            self.below(format_args!("texts as in {}", collation.tag()));
        }
        self.page(&call.page);
    }

    fn order_key(&self, key: &OrderKey, edge: Option<EdgeTypeId>) -> String {
        directed(self.order_by(&key.by, edge), key.descending, key.nulls_first)
    }

    fn side_of_types(&self, of_types: &[Option<Side>]) -> String {
        let side = of_types.iter().flatten().next();
        side.map_or_else(String::new, |it| self.side(*it))
    }

    fn order_by(&self, by: &OrderBy, edge: Option<EdgeTypeId>) -> String {
        match by {
            OrderBy::Id => "id".to_owned(),
            OrderBy::Label => "label".to_owned(),
            OrderBy::Property(of_types) => self.property_of_types(of_types),
            OrderBy::Edge(no) => self.property_of_edge(*no, edge),
            OrderBy::Distance(of_types, from) => {
                format!("{} from {}", self.property_of_types(of_types), degrees(*from))
            }
            OrderBy::EdgeDistance(no, from) => {
                format!("{} from {}", self.property_of_edge(*no, edge), degrees(*from))
            }
            OrderBy::Other(is_other) => {
                let ids: Vec<TypeId> = self
                    .ontology
                    .type_ids()
                    .filter(|it| !is_other[it.index()])
                    .collect();
                format!("other types than {}", self.type_names(&ids))
            }
            OrderBy::Degree => "degree".to_owned(),
            OrderBy::Count(sides) => format!("count of {}", self.side_of_types(sides)),
            OrderBy::Over(over, last) => {
                let over = over.iter().map(|it| self.side_of_types(it) + ", ");
                format!("over {}{}", over.collect::<String>(), self.order_by(last, None))
            }
        }
    }

    fn property_of_edge(&self, no: PropertyNo, edge: Option<EdgeTypeId>) -> String {
        let members = edge.map(|it| &self.ontology.edge_types[it.index()].members);
        let name = members.map_or("", |it| it.property(no).name.as_str());
        format!("edge.{name}")
    }

    /// The automaton of a path expression: for each state, where it leads.
    fn path(&mut self, expression: &PathExpression) {
        for state in 0..expression.len() as u16 {
            let each = expression.transitions(state).iter().map(|it| match it {
                Transition::Free(to) => format!("→ {to}"),
                Transition::Step(step, to) => {
                    let step = expression.step(*step);
                    let mut sides: Vec<String> = Vec::new();
                    for id in self.ontology.type_ids() {
                        for side in step.sides(id).iter().map(|it| self.side(*it)) {
                            if !sides.contains(&side) {
                                sides.push(side);
                            }
                        }
                    }
                    format!("{} → {to}", sides.join(" | "))
                }
            });
            let end = expression.ends().contains(&state).then(|| "end".to_owned());
            let each: Vec<String> = each.chain(end).collect();
            self.below(format_args!("state {state}: {}", each.join("; ")));
        }
    }

    fn filter(&self, filter: &Filter, edge: Option<EdgeTypeId>) -> String {
        let mut entries: Vec<(Vec<TypeId>, String)> = Vec::new();
        for (id, test) in self.ontology.type_ids().zip(&filter.by_type) {
            let Some(test) = test else { continue };
            let written = self.test(test, &self.ontology.entity_type(id).members, edge);
            match entries.iter_mut().find(|it| it.1 == written) {
                Some((ids, _)) => ids.push(id),
                None => entries.push((vec![id], written)),
            }
        }
        match &entries[..] {
            [(_, only)] => only.clone(),
            several => {
                let each = several.iter();
                let each = each.map(|(ids, test)| format!("on {}: {test}", self.type_names(ids)));
                each.collect::<Vec<_>>().join("; ")
            }
        }
    }

    fn test(&self, test: &Test, members: &Members, edge: Option<EdgeTypeId>) -> String {
        let joined = |tests: &[Test], word: &str, none: &str| match tests {
            [] => none.to_owned(),
            [only] => self.test(only, members, edge),
            several => {
                let each = several.iter().map(|it| self.test(it, members, edge));
                format!("({})", each.collect::<Vec<_>>().join(word))
            }
        };
        match test {
            Test::All(tests) => joined(tests, " and ", "always"),
            Test::Any(tests) => joined(tests, " or ", "never"),
            Test::Not(test) => format!("not {}", self.test(test, members, edge)),
            Test::Id(test) => format!("id {}", self.text_test(test)),
            Test::Label(test) => format!("label {}", self.text_test(test)),
            Test::Search(no) => self.pattern(*no),
            Test::Value(no, test) => {
                let property = members.property(*no);
                format!("{} {}", property.name, self.value_test(test, property.scalar))
            }
            Test::List(no, test) => {
                let property = members.property(*no);
                let each = |tests: &[ValueTest]| {
                    let each = tests.iter().map(|it| self.value_test(it, property.scalar));
                    each.collect::<Vec<_>>().join(", ")
                };
                match test {
                    ListTest::HasAny(tests) => format!("{} has any of ({})", property.name, each(tests)),
                    ListTest::HasAll(tests) => format!("{} has all of ({})", property.name, each(tests)),
                    ListTest::IsEmpty(true) => format!("{} is empty", property.name),
                    ListTest::IsEmpty(false) => format!("{} is not empty", property.name),
                }
            }
            Test::Relation {
                relation,
                direction,
                edge: test_of_edge,
                test: relation_test,
            } => {
                let side = self.side(Side {
                    relation: *relation,
                    direction: *direction,
                });
                let led_over = self.ontology.relation(*relation).edge;
                let on_edge = test_of_edge.as_ref().map_or_else(String::new, |it| {
                    format!(" with edge ({})", self.edge_test(it, led_over))
                });
                let (word, test) = match relation_test {
                    RelationTest::Some(filter) => ("some", self.filter(filter, led_over)),
                    RelationTest::Every(filter) => ("every", self.filter(filter, led_over)),
                    RelationTest::None(filter) => ("no", self.filter(filter, led_over)),
                    RelationTest::Count(count, _) => ("count of", compared(count, ToString::to_string)),
                };
                let narrowed = match relation_test {
                    RelationTest::Count(_, Some(filter)) => {
                        format!(" where ({})", self.filter(filter, led_over))
                    }
                    _ => String::new(),
                };
                format!("{word} {side}{on_edge}{narrowed} ({test})")
            }
            Test::Edge(test) => format!("edge ({})", self.edge_test(test, edge)),
        }
    }

    fn edge_test(&self, test: &Test, edge: Option<EdgeTypeId>) -> String {
        match edge {
            Some(id) => self.test(test, &self.ontology.edge_types[id.index()].members, edge),
            None => format!("{test:?}"),
        }
    }

    fn value_test(&self, test: &ValueTest, scalar: Scalar) -> String {
        match test {
            ValueTest::IsNull(true) => "is missing".to_owned(),
            ValueTest::IsNull(false) => "is there".to_owned(),
            ValueTest::Text(test) => self.text_test(test),
            ValueTest::Int(test) => compared(test, |it| match scalar {
                Scalar::Enum(id) => {
                    let values = &self.ontology.enums[id.index()].values;
                    let value = usize::try_from(*it).ok().and_then(|it| values.get(it));
                    value.map_or_else(|| it.to_string(), |it| it.name.clone())
                }
                _ => it.to_string(),
            }),
            ValueTest::Int64(test) => compared(test, i64::to_string),
            ValueTest::Float(test) => compared(test, |it| format!("{it:?}")),
            ValueTest::Boolean(test) => compared(test, bool::to_string),
            ValueTest::Date(test) => date_test(test),
            ValueTest::Instant(test) => compared(test, |it| match jiff::Timestamp::from_microsecond(*it) {
                Ok(instant) => instant.to_string(),
                Err(_) => it.to_string(),
            }),
            ValueTest::Duration(test) => compared(test, |it| duration_of((*it).into())),
            ValueTest::Decimal(test) => compared(test, ToString::to_string),
            ValueTest::Point(test) => match test {
                PointTest::Compare(test) => compared(test, |it| format!("({})", degrees(*it))),
                PointTest::Near(centre, kilometres) => {
                    format!("within {kilometres} km of {}", degrees(*centre))
                }
                PointTest::Within(bounds) => format!(
                    "from {}, {} to {}, {}",
                    bounds.south, bounds.west, bounds.north, bounds.east
                ),
            },
            ValueTest::Json(JsonTest::Eq(value)) => format!("= {value}"),
            ValueTest::Json(JsonTest::Ne(value)) => format!("≠ {value}"),
            ValueTest::Json(JsonTest::In(values)) => format!("in {}", json_values(values)),
            ValueTest::Json(JsonTest::NotIn(values)) => format!("not in {}", json_values(values)),
        }
    }

    fn text_test(&self, test: &TextTest) -> String {
        let quoted = |it: &std::sync::Arc<str>| format!("{it:?}");
        match test {
            TextTest::Compare(test) => compared(test, quoted),
            TextTest::CompareFolded(test) => format!("{} in any case", compared(test, quoted)),
            TextTest::Contains(no) | TextTest::Matches(no) => self.pattern(*no),
            TextTest::ContainsFolded(no) => format!("{} in any case", self.pattern(*no)),
            TextTest::StartsWith(end) => format!("starts with {end:?}"),
            TextTest::StartsWithFolded(end) => format!("starts with {end:?} in any case"),
            TextTest::EndsWith(end) => format!("ends with {end:?}"),
            TextTest::EndsWithFolded(end) => format!("ends with {end:?} in any case"),
        }
    }

    fn pattern(&self, no: MatcherNo) -> String {
        let mut patterns = self.plan.patterns.iter();
        match patterns.find(|(it, _)| *it == no).map(|(_, it)| &it.pattern) {
            Some(Pattern::Contains(text)) => format!("contains {text:?}"),
            Some(Pattern::Regex { source, fold: false }) => format!("matches {source:?}"),
            Some(Pattern::Regex { source, fold: true }) => format!("matches {source:?} in any case"),
            Some(Pattern::Search { property, text }) => format!("{property} has the words {text:?}"),
            None => "a pattern of a variable".to_owned(),
        }
    }
}

/// A key of an order, and which values come first.
fn directed(by: String, descending: bool, nulls_first: bool) -> String {
    let way = if descending { "descending" } else { "ascending" };
    let nulls = if nulls_first { ", missing first" } else { "" };
    by + " " + way + nulls
}

/// Values of a set, in an order that does not change.
fn json_values(values: &HashSet<Json>) -> String {
    let mut each: Vec<String> = values.iter().map(Json::to_string).collect();
    each.sort_unstable();
    format!("({})", each.join(", "))
}

fn degrees(point: Point) -> String {
    format!("{}, {}", point.lat(), point.lon())
}

/// A comparison; `show` writes one value.
fn compared<T>(test: &Compare<T>, show: impl Fn(&T) -> String) -> String {
    let all = |values: &SortedSet<T>| {
        let each: Vec<String> = values.values().iter().map(&show).collect();
        each.join(", ")
    };
    match test {
        Compare::Eq(value) => format!("= {}", show(value)),
        Compare::Ne(value) => format!("≠ {}", show(value)),
        Compare::In(values) => format!("in ({})", all(values)),
        Compare::NotIn(values) => format!("not in ({})", all(values)),
        Compare::Lt(value) => format!("< {}", show(value)),
        Compare::Lte(value) => format!("≤ {}", show(value)),
        Compare::Gt(value) => format!("> {}", show(value)),
        Compare::Gte(value) => format!("≥ {}", show(value)),
    }
}

fn date_test(test: &DateTest) -> String {
    let all = |values: &SortedSet<(i64, i64)>| {
        let each = values.values().iter();
        let day = |it: i64| match it {
            i64::MIN | i64::MAX => "..".to_owned(),
            _ => format!(
                "{:04}-{:02}-{:02}",
                it.div_euclid(10_000),
                it.rem_euclid(10_000) / 100,
                it.rem_euclid(100)
            ),
        };
        let each = each.map(|(first, last)| format!("{}/{}", day(*first), day(*last)));
        each.collect::<Vec<_>>().join(", ")
    };
    match test {
        DateTest::Eq(date) => format!("= {date}"),
        DateTest::Ne(date) => format!("≠ {date}"),
        DateTest::In(dates) => format!("in ({})", all(dates)),
        DateTest::NotIn(dates) => format!("not in ({})", all(dates)),
        DateTest::Lt(date) => format!("< {date}"),
        DateTest::Lte(date) => format!("≤ {date}"),
        DateTest::Gt(date) => format!("> {date}"),
        DateTest::Gte(date) => format!("≥ {date}"),
        DateTest::Overlaps(date) => format!("overlaps {date}"),
        DateTest::Within(date) => format!("is within {date}"),
    }
}

/// An argument, as GraphQL writes it.
struct Given<'a>(&'a Input);

impl Display for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Input::Constant(json) => write!(f, "{json}"),
            Input::Variable(name) => write!(f, "${name}"),
            Input::Required(name) => write!(f, "${name}!"),
            Input::List(items) => {
                let items = items.iter().map(|it| Given(it).to_string());
                write!(f, "[{}]", items.collect::<Vec<_>>().join(", "))
            }
            Input::Object(fields) => {
                let fields = fields.iter().map(|(name, it)| format!("{name}: {}", Given(it)));
                write!(f, "{{{}}}", fields.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// Fields without anything below them.
macro_rules! plain {
    ($($field:ty),+ $(,)?) => {$(impl Described for $field {
        fn describe(&self, text: &mut Text) {
            text.say(camel(self));
        }
    })+};
}

plain!(
    ExampleField,
    ExternalIdField,
    HighlightField,
    MeasureField,
    PageInfoField,
    PropertyField,
    ValidityField
);

/// Fields of which some have something below them.
macro_rules! nested {
    ($field:ty, $text:ident { $($pattern:pat => $below:expr,)+ }) => {
        impl Described for $field {
            fn describe(&self, $text: &mut Text) {
                $text.say(camel(self));
                #[allow(unreachable_patterns, reason = "some types have no plain fields")]
                match self {
                    $($pattern => $below,)+
                    _ => {}
                }
            }
        }
    };
}

impl Described for RootField {
    fn describe(&self, text: &mut Text) {
        match self {
            RootField::Lookup(call, selection) => {
                text.say("one entity");
                text.call(*call);
                text.selection(selection);
            }
            RootField::Nodes(call, selection) => {
                text.say("entities by id");
                text.call(*call);
                text.selection(selection);
            }
            RootField::List(domain, call, connection) => {
                text.say(format_args!("all of {}", text.ontology.name_of(*domain)));
                text.call(*call);
                text.object(connection);
            }
            RootField::Graph(fields) => {
                text.say("graph");
                text.object(fields);
            }
            RootField::Question(call, question) => {
                text.say(camel(question));
                text.call(*call);
                match question {
                    Question::Path(fields) => text.object(fields),
                    Question::Paths(fields) => text.object(fields),
                    Question::Neighborhood(fields) => text.object(fields),
                    Question::Ranked(fields) => text.object(fields),
                    Question::Components(fields) => text.object(fields),
                    Question::Search(fields) => text.object(fields),
                    Question::Suggest(fields) => text.object(fields),
                    Question::Timeline(fields) => text.object(fields),
                    Question::Conflicts(fields) => text.object(fields),
                }
            }
            RootField::Introspection(Introspection::Schema(fields)) => {
                text.say("__schema");
                text.object(fields);
            }
            RootField::Introspection(Introspection::Type(name, fields)) => {
                text.say(format_args!("__type {}", Given(name)));
                text.object(fields);
            }
        }
    }
}

impl Described for EntityField {
    fn describe(&self, text: &mut Text) {
        let edge = |text: &Text, side: Side| text.ontology.relation(side.relation).edge;
        match self {
            EntityField::Constant(json) => text.say(String::from_utf8_lossy(json)),
            EntityField::Id => text.say("id"),
            EntityField::Label => text.say("label"),
            EntityField::EntityId => text.say("entityId"),
            EntityField::Degree => text.say("degree"),
            EntityField::Property(no, languages) => text.property(text.members, *no, *languages),
            EntityField::SameAs(_, fields) => {
                text.say("sameAs");
                text.object(fields);
            }
            EntityField::ToOne(side, selection) => {
                text.say(format_args!("one over {}", text.side(*side)));
                text.selection(selection);
            }
            EntityField::ToOneEdge(side, fields) => {
                text.say(format_args!("edge of {}", text.side(*side)));
                text.over(edge(text, *side), fields);
            }
            EntityField::Connection(side, call, connection) => {
                text.say(format_args!("many over {}", text.side(*side)));
                text.call_over(*call, edge(text, *side));
                text.over(edge(text, *side), connection);
            }
            EntityField::Follow(call, connection) => {
                text.say("follow");
                text.call(*call);
                text.object(connection);
            }
            EntityField::Statements(call, listing) => {
                text.say("statements");
                text.call(*call);
                text.object(listing);
            }
            EntityField::Links(call, listing) => {
                text.say("links");
                text.call(*call);
                text.object(listing);
            }
            EntityField::Cited(call, fields) => {
                text.say("cited");
                text.call(*call);
                text.object(fields);
            }
        }
    }
}

impl Described for EdgeField {
    fn describe(&self, text: &mut Text) {
        match self {
            EdgeField::Cursor => text.say(camel(self)),
            EdgeField::Node(selection) => {
                text.say("node");
                text.selection(selection);
            }
            EdgeField::Property(no, languages) => text.property(text.edge_members(), *no, *languages),
            EdgeField::Statement(fields, _) => {
                text.say("statement");
                text.object(fields);
            }
        }
    }
}

nested!(ConnectionField, text {
    ConnectionField::Nodes(selection) => text.selection(selection),
    ConnectionField::Edges(fields) => text.object(fields),
    ConnectionField::PageInfo(fields) => text.object(fields),
    ConnectionField::Aggregate(fields) => text.object(fields),
});

nested!(StatementField, text {
    StatementField::Target(selection) => text.selection(selection),
    StatementField::Valid(fields) => text.object(fields),
    StatementField::Citations(fields) => text.object(fields),
});

nested!(CitationField, text {
    CitationField::Source(selection) => text.selection(selection),
});

nested!(LinkField, text {
    LinkField::From(selection) => text.selection(selection),
    LinkField::To(selection) => text.selection(selection),
    LinkField::Statement(fields) => text.object(fields),
});

nested!(GraphField, text {
    GraphField::Types(fields) => text.object(fields),
    GraphField::Relations(fields) => text.object(fields),
    GraphField::Examples(fields) => text.object(fields),
    GraphField::Sources(call, connection) => {
        text.call(*call);
        text.object(connection);
    },
});

nested!(TypeField, text {
    TypeField::Properties(fields) => text.object(fields),
});

nested!(RelationField, text {
    RelationField::Properties(fields) => text.object(fields),
});

nested!(PathField, text {
    PathField::Nodes(selection) => text.selection(selection),
    PathField::Steps(fields) => text.object(fields),
});

nested!(SubgraphField, text {
    SubgraphField::Nodes(selection) => text.selection(selection),
    SubgraphField::Links(fields) => text.object(fields),
});

nested!(SuggestionField, text {
    SuggestionField::Entity(selection) => text.selection(selection),
});

nested!(RankedField, text {
    RankedField::Entity(selection) => text.selection(selection),
});

nested!(ComponentField, text {
    ComponentField::Nodes(call, connection) => {
        text.call(*call);
        text.object(connection);
    },
});

nested!(SearchField, text {
    SearchField::Nodes(selection) => text.selection(selection),
    SearchField::Edges(fields) => text.object(fields),
    SearchField::PageInfo(fields) => text.object(fields),
    SearchField::Aggregate(fields) => text.object(fields),
});

nested!(SearchEdgeField, text {
    SearchEdgeField::Node(selection) => text.selection(selection),
    SearchEdgeField::Highlights(fields) => text.object(fields),
    SearchEdgeField::Matched(fields) => text.object(fields),
});

nested!(CitedField, text {
    CitedField::Nodes(fields) => text.object(fields),
    CitedField::Edges(fields) => text.object(fields),
    CitedField::PageInfo(fields) => text.object(fields),
});

nested!(CitedEdgeField, text {
    CitedEdgeField::Node(fields) => text.object(fields),
});

nested!(CitedStatementField, text {
    CitedStatementField::Entity(selection) => text.selection(selection),
    CitedStatementField::Statement(fields) => text.object(fields),
});

nested!(TimelineField, text {
    TimelineField::Entity(selection) => text.selection(selection),
    TimelineField::Statement(fields) => text.object(fields),
});

nested!(ConflictField, text {
    ConflictField::Entity(selection) => text.selection(selection),
    ConflictField::Statements(fields) => text.object(fields),
});

nested!(GroupKeyField, text {
    GroupKeyField::Entity(selection) => text.selection(selection),
});

impl Described for AggregateField {
    fn describe(&self, text: &mut Text) {
        match self {
            AggregateField::Count => text.say(camel(self)),
            AggregateField::Property(of_types, _, fields) => {
                let name = text.property_of_types(of_types);
                text.say(format_args!("property {name}"));
                text.object(fields);
            }
            AggregateField::Edge(fields) => {
                text.say("edge");
                text.object(fields);
            }
            AggregateField::Groups(call, fields) => {
                text.say("groups");
                text.call(*call);
                text.object(fields);
            }
        }
    }
}

impl Described for EdgeMeasure {
    fn describe(&self, text: &mut Text) {
        text.property(text.edge_members(), self.property, None);
        text.object(&self.fields);
    }
}

impl Described for GroupField {
    fn describe(&self, text: &mut Text) {
        match self {
            GroupField::Key => text.say("key"),
            GroupField::Keys(fields) => {
                text.say("keys");
                text.object(fields);
            }
            GroupField::Aggregate(field) => field.describe(text),
        }
    }
}

impl<F: Described + Debug> Described for ListingField<F> {
    fn describe(&self, text: &mut Text) {
        text.say(camel(self));
        match self {
            ListingField::Nodes(fields) => text.object(fields),
            ListingField::Edges(fields) => text.object(fields),
            ListingField::PageInfo(fields) => text.object(fields),
            ListingField::TotalCount => {}
        }
    }
}

impl<F: Described + Debug> Described for ListingEdgeField<F> {
    fn describe(&self, text: &mut Text) {
        text.say(camel(self));
        match self {
            ListingEdgeField::Node(fields) => text.object(fields),
            ListingEdgeField::Cursor => {}
        }
    }
}

impl Described for MetaField {
    fn describe(&self, text: &mut Text) {
        text.say(camel(self));
        match self {
            MetaField::Args(deprecated, fields)
            | MetaField::Directives(deprecated, fields)
            | MetaField::Fields(deprecated, fields)
            | MetaField::EnumValues(deprecated, fields)
            | MetaField::InputFields(deprecated, fields) => {
                if let IncludeDeprecated(Some(input)) = deprecated {
                    text.below(format_args!("includeDeprecated {}", Given(input)));
                }
                text.object(fields);
            }
            MetaField::Types(fields)
            | MetaField::QueryType(fields)
            | MetaField::MutationType(fields)
            | MetaField::SubscriptionType(fields)
            | MetaField::Interfaces(fields)
            | MetaField::PossibleTypes(fields)
            | MetaField::OfType(fields)
            | MetaField::Type(fields) => text.object(fields),
            _ => {}
        }
    }
}
