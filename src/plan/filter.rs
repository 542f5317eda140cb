//! Filters, resolved: every property and relation is a position, every value is of its kind.
//!
//! A missing value meets no operator but `isNull: true` and `eq: null`; `not` turns any filter round, so
//! `not: {x: {eq: 1}}` also lets through what has no `x`.
//!
//! A condition that says nothing is refused: a null, an object without operators, a variable that was not given. Left out,
//! it would let everything through.

use std::sync::Arc;

use super::Unbound;
use super::bind::{ARC_BYTES, Binder, Result};
use super::input::{Given, InputError, Names};
use super::operators::{Operators, all_given, check_operators, is_empty, no_condition, no_null, within};
use super::pattern::Pattern;
use super::scalars::whole;
use super::value_tests::{asks_for_missing, compares, list_tests, text_tests, value_tests};
use crate::condition::{Compare, Filter, MatcherNo, RelationTest, Test};
use crate::ontology::{Domain, EdgeTypeId, InterfaceId, Member, Members, RelationField, Scalar, TypeId};
use crate::report::quoted_list;
use crate::search;
use crate::surface::inputs::{
    Connective, CountedEdges, CountedEnds, EdgeCondition, EntityTypes, Missing, Number, OtherEnds,
    OwnCondition, Quantifier, TypeEquality, Words,
};

/// The scope of a filter.
#[derive(Clone, Copy)]
struct Scope<'b> {
    members: &'b Members,
    type_id: Option<TypeId>,
    /// The edge type of the relation that led here, where its filter may be asked.
    edge: Option<EdgeTypeId>,
}

/// Compiles a filter on a domain's entities, reached over a relation or not. A filter is compiled once for each address
/// and domain: nested filters would otherwise be compiled for each type of each enclosing filter.
pub(super) fn compile<'b>(
    binder: &mut Binder<'b>,
    domain: Domain,
    edge: Option<EdgeTypeId>,
    given: Given<'b>,
) -> Result<Option<Arc<Filter>>> {
    let key = (given.place(), domain, edge);
    if let Some(known) = binder.filters.get(&key) {
        let known = known.clone();
        binder
            .matchers
            .extend(known.iter().flat_map(|it| it.matchers.iter().copied()));
        return Ok(known);
    }
    all_given(given)?;
    let filter = if is_empty(given) {
        None
    } else {
        Some(new(binder, domain, edge, given)?)
    };
    binder.filters.insert(key, filter.clone());
    Ok(filter)
}

/// Compiles a filter that has a field for each type and interface, one of which must match. Compiled once for each address.
pub(super) fn compile_any<'b>(binder: &mut Binder<'b>, given: Given<'b>) -> Result<Option<Arc<Filter>>> {
    all_given(given)?;
    if is_empty(given) {
        return Ok(None);
    }
    let key = given.place();
    if let Some(known) = binder.any_filters.get(&key) {
        let known = known.clone();
        binder.matchers.extend_from_slice(&known.matchers);
        return Ok(Some(known));
    }
    let ontology = binder.ontology;
    let around = std::mem::take(&mut binder.matchers);
    binder.hold(ARC_BYTES + size_of::<Filter>() + ontology.types.len() * size_of::<Option<Test>>())?;
    let mut by_type: Vec<Vec<Test>> = ontology.types.iter().map(|_| Vec::new()).collect();
    for (name, value) in given.fields().into_iter().flatten() {
        if value.is_null() {
            return Err(no_null(name).into());
        }
        let Some(domain) = any_domain(binder, name)? else {
            continue;
        };
        for id in ontology.types_of(domain) {
            let scope = Scope {
                members: &ontology.entity_type(*id).members,
                type_id: Some(*id),
                edge: None,
            };
            binder.hold(size_of::<Test>())?;
            let test = within(name, scope.object(binder, value))?;
            by_type[id.index()].push(test);
        }
    }
    let by_type = by_type.into_iter().map(|tests| {
        let has_any = !tests.is_empty();
        has_any.then_some(Test::Any(tests))
    });
    let by_type = by_type.collect();
    let matchers = collected(binder, around)?;
    let filter = Arc::new(Filter { by_type, matchers });
    binder.any_filters.insert(key, filter.clone());
    Ok(Some(filter))
}

/// The type or interface of a field of `AnyFilter` and `AnyOrder`.
pub(super) fn any_domain(binder: &mut Binder, name: &str) -> Result<Option<Domain>> {
    let ontology = binder.ontology;
    binder.work((ontology.types.len() + ontology.interfaces.len()) / 16)?;
    let of_type = ontology.types.iter().position(|it| it.root.one == name);
    let of_interface = || ontology.interfaces.iter().position(|it| it.root.one == name);
    Ok(match of_type {
        Some(at) => Some(Domain::Type(TypeId::at(at))),
        None => of_interface().map(|at| Domain::Interface(InterfaceId(at as u16))),
    })
}

fn new<'b>(
    binder: &mut Binder<'b>,
    domain: Domain,
    edge: Option<EdgeTypeId>,
    given: Given<'b>,
) -> Result<Arc<Filter>> {
    let ontology = binder.ontology;
    let around = std::mem::take(&mut binder.matchers);
    binder.hold(ARC_BYTES + size_of::<Filter>() + ontology.types.len() * size_of::<Option<Test>>())?;
    let mut by_type: Vec<Option<Test>> = ontology.types.iter().map(|_| None).collect();
    for id in ontology.types_of(domain) {
        let scope = Scope {
            members: &ontology.entity_type(*id).members,
            type_id: Some(*id),
            edge,
        };
        by_type[id.index()] = Some(scope.object(binder, given)?);
    }
    let matchers = collected(binder, around)?;
    Ok(Arc::new(Filter {
        by_type: by_type.into(),
        matchers,
    }))
}

/// The patterns of what has been compiled since `around` was put aside.
fn collected(binder: &mut Binder, around: Vec<MatcherNo>) -> Result<Box<[MatcherNo]>> {
    let mut matchers = std::mem::replace(&mut binder.matchers, around);
    matchers.sort_unstable();
    matchers.dedup();
    binder.matchers.extend_from_slice(&matchers);
    binder.hold(size_of_val(&*matchers))?;
    Ok(matchers.into())
}

/// Compiles a filter on the edges of a type.
fn compile_edge<'b>(binder: &mut Binder<'b>, id: EdgeTypeId, given: Given<'b>) -> Result<Option<Arc<Test>>> {
    if given.fields().is_none() {
        return Ok(None);
    }
    let key = (given.place(), id);
    if let Some((known, matchers)) = binder.edges.get(&key) {
        let (known, matchers) = (known.clone(), matchers.clone());
        binder.matchers.extend_from_slice(&matchers);
        return Ok(Some(known));
    }
    let around = std::mem::take(&mut binder.matchers);
    let scope = Scope {
        members: &binder.ontology.edge_types[id.index()].members,
        type_id: None,
        edge: None,
    };
    binder.hold(ARC_BYTES + size_of::<Test>())?;
    let test = Arc::new(scope.object(binder, given)?);
    let matchers = collected(binder, around)?;
    binder.edges.insert(key, (test.clone(), matchers.into()));
    Ok(Some(test))
}

/// A condition that is true for every subject.
fn always() -> Test {
    Test::All(Vec::new())
}

/// A condition that is false for every subject.
fn never() -> Test {
    Test::Any(Vec::new())
}

impl<'b> Scope<'b> {
    fn object(self, binder: &mut Binder<'b>, given: Given<'b>) -> Result<Test> {
        all_given(given)?;
        let mut tests = Vec::new();
        for (name, value) in given.fields().into_iter().flatten() {
            binder.work(1)?;
            if value.is_null() {
                return Err(no_null(name).into());
            }
            match Connective::named(name) {
                Some(Connective::And) => tests.extend(self.items(binder, name, value)?),
                Some(Connective::Or) => tests.push(Test::Any(self.items(binder, name, value)?)),
                Some(Connective::Not) => {
                    binder.hold(size_of::<Test>())?;
                    let inner = within(name, self.object(binder, value))?;
                    if is_empty(value) {
                        return Err(no_condition(name).into());
                    }
                    tests.push(Test::Not(Box::new(inner)));
                }
                None => match (EdgeCondition::named(name), self.edge) {
                    (Some(EdgeCondition::Edge), Some(id)) if self.members.get(name).is_none() => {
                        if let Some(test) = within(name, compile_edge(binder, id, value))? {
                            tests.push(Test::Edge(test));
                        }
                    }
                    _ => self.field(binder, name, value, &mut tests)?,
                },
            }
        }
        tests.shrink_to_fit();
        binder.hold(tests.len() * size_of::<Test>())?;
        Ok(Test::All(tests))
    }

    fn items(self, binder: &mut Binder<'b>, name: &str, list: Given<'b>) -> Result<Vec<Test>> {
        let mut tests = Vec::new();
        for (at, item) in list.items().into_iter().flatten().enumerate() {
            binder.hold(size_of::<Test>())?;
            let test = self.object(binder, item);
            // The place is only written where something is wrong.
            tests.push(match test {
                Err(Unbound::Input(error)) => return Err(error.within(format_args!("{name}[{at}]")).into()),
                other => other?,
            });
        }
        Ok(tests)
    }

    fn field(
        self,
        binder: &mut Binder<'b>,
        name: &str,
        given: Given<'b>,
        tests: &mut Vec<Test>,
    ) -> Result<()> {
        if given.fields().is_none() {
            return Ok(());
        }
        let operators = Operators::Object(given);
        match self.members.get(name) {
            Some(Member::Property(no)) => {
                check_operators(name, given)?;
                let property = self.members.property(no);
                if let Some(text) = operators.get(Words::Search.name()).and_then(Given::as_str) {
                    let is_label = self.label(binder).is_some_and(|it| it == name);
                    if !(property.search || is_label) {
                        return Err(self.not_searched(binder.names, name).into());
                    }
                    tests.push(searched(binder, name, name, text)?);
                }
                if property.list {
                    for test in list_tests(binder, property.scalar, name, operators)? {
                        tests.push(Test::List(no, test));
                    }
                } else {
                    for test in value_tests(binder, property.scalar, name, operators)? {
                        tests.push(Test::Value(no, test));
                    }
                }
            }
            Some(Member::Relation(no)) => {
                if is_empty(given) && given.absent().is_none() {
                    return Err(no_condition(name).into());
                }
                within(name, relation(binder, self.members.field(no), given, tests))?;
            }
            None => match OwnCondition::named(name) {
                Some(own) => {
                    check_operators(name, given)?;
                    self.own(binder, own, operators, tests)?;
                }
                // An interface's field that this type lacks cannot be: a type has all fields of its interfaces.
                None => tests.push(never()),
            },
        }
        Ok(())
    }

    /// Compiles the operators of what every entity has beside its members.
    fn own(
        self,
        binder: &mut Binder<'b>,
        own: OwnCondition,
        operators: Operators<'b>,
        tests: &mut Vec<Test>,
    ) -> Result<()> {
        let name = own.name();
        match own {
            OwnCondition::EntityType => tests.push(self.entity_type(binder, operators)?),
            // These are never missing.
            OwnCondition::Id | OwnCondition::Label if asks_for_missing(operators) => tests.push(never()),
            OwnCondition::Id | OwnCondition::Label if self.type_id.is_none() => tests.push(never()),
            OwnCondition::Id => {
                tests.extend(text_tests(binder, name, operators)?.into_iter().map(Test::Id));
            }
            OwnCondition::Label => {
                if let Some(text) = operators.get(Words::Search.name()).and_then(Given::as_str) {
                    tests.push(match self.label(binder) {
                        Some(property) => searched(binder, name, property, text)?,
                        None => never(),
                    });
                }
                tests.extend(text_tests(binder, name, operators)?.into_iter().map(Test::Label));
            }
        }
        Ok(())
    }

    /// The property that serves as label.
    fn label(self, binder: &Binder<'b>) -> Option<&'b str> {
        let entity_type = binder.ontology.entity_type(self.type_id?);
        let no = entity_type.label?;
        Some(&entity_type.members.property(no).name)
    }

    fn not_searched(self, names: Names, name: &str) -> InputError {
        let searched = self.members.declared().filter(|it| it.search);
        let searched: Vec<&str> = searched.map(|it| it.name.as_str()).collect();
        let instead = match searched.as_slice() {
            all if all.is_empty() || names == Names::Hidden => "use `contains` or `matches`".to_owned(),
            all => {
                let are = if all.len() == 1 { "is" } else { "are" };
                format!(
                    "{} {are}; or use `contains` or `matches`",
                    quoted_list(all, "and")
                )
            }
        };
        InputError::field(format!(
            "`search` on \"{name}\", which is not in the text index (the schema does not say @search): {instead}"
        ))
    }

    /// The type is known when the filter is compiled, so the test is a constant.
    fn entity_type(self, binder: &mut Binder<'b>, operators: Operators<'b>) -> Result<Test> {
        let name = self
            .type_id
            .map(|id| binder.ontology.entity_type(id).name.as_str());
        let is = |given: Given<'b>| given.as_str() == name;
        for meant in operators.meant(OwnCondition::EntityType.name()) {
            let (EntityTypes::TypeEquality(operator), value) = meant?;
            let mut among = || -> Result<bool> {
                binder.work(value.items().map_or(0, |it| it.len()))?;
                Ok(value.items().is_some_and(|mut it| it.any(is)))
            };
            // A type is never missing.
            let holds = match operator {
                TypeEquality::Eq => !value.is_null() && is(value),
                TypeEquality::Ne => value.is_null() || !is(value),
                TypeEquality::In => value.is_null() || among()?,
                TypeEquality::NotIn => value.is_null() || !among()?,
            };
            if !holds {
                return Ok(never());
            }
        }
        Ok(always())
    }
}

/// Compiles the operators of a relation.
fn relation<'b>(
    binder: &mut Binder<'b>,
    field: &RelationField,
    operators: Given<'b>,
    tests: &mut Vec<Test>,
) -> Result<()> {
    all_given(operators)?;
    let null = operators
        .fields()
        .and_then(|mut it| it.find(|(_, value)| value.is_null()));
    if let Some((operator, _)) = null {
        return Err(no_null(operator).into());
    }
    let edge = CountedEdges::Edge.name();
    let edge = match operators.get(edge) {
        None => None,
        Some(given) => Some(match binder.ontology.relation(field.relation).edge {
            Some(id) => within(edge, compile_edge(binder, id, given))?,
            None => None,
        }),
    };
    let test = |test: RelationTest| Test::Relation {
        relation: field.relation,
        direction: field.direction,
        edge: edge.clone().flatten(),
        test,
    };
    let counted = match operators.get(CountedEnds::Where.name()) {
        None => None,
        Some(given) => narrowed(binder, field, operators, given)?,
    };
    let mut quantified = false;
    for meant in Operators::Object(operators).meant(&field.name) {
        let (operator, value) = meant?;
        let which = match operator {
            OtherEnds::CountedEdges(CountedEdges::Edge) | OtherEnds::CountedEnds(CountedEnds::Where) => {
                continue;
            }
            OtherEnds::Quantifier(it) => it,
            OtherEnds::Missing(Missing::IsNull) => {
                quantified = true;
                let count = match value.as_bool() {
                    Some(false) => Compare::Gt(0),
                    Some(true) | None => Compare::Eq(0),
                };
                tests.push(test(RelationTest::Count(count, None)));
                continue;
            }
            OtherEnds::Number(Number::Count) => {
                quantified = true;
                check_operators(Number::Count.name(), value)?;
                // A number of edges is never missing.
                if asks_for_missing(Operators::Object(value)) {
                    tests.push(never());
                }
                let counts = compares(
                    binder,
                    Operators::Object(value),
                    &field.name,
                    (Scalar::Int, false),
                    whole,
                )?;
                let count = |it| test(RelationTest::Count(it, counted.clone()));
                tests.extend(counts.into_iter().map(count));
                continue;
            }
        };
        quantified = true;
        let of_filter = match which {
            Quantifier::Some => RelationTest::Some,
            Quantifier::Every => RelationTest::Every,
            Quantifier::None => RelationTest::None,
        };
        let filter = match within(which.name(), compile(binder, field.seen, None, value))? {
            Some(filter) => filter,
            None => everything(binder)?,
        };
        tests.push(test(of_filter(filter)));
    }
    if !quantified && edge.is_some() {
        tests.push(test(RelationTest::Some(everything(binder)?)));
    }
    Ok(())
}

/// The filter of the other ends that are counted; `None` where all are.
fn narrowed<'b>(
    binder: &mut Binder<'b>,
    field: &RelationField,
    operators: Given<'b>,
    given: Given<'b>,
) -> Result<Option<Arc<Filter>>> {
    let name = CountedEnds::Where.name();
    let count = Number::Count.name();
    if operators.get(count).is_none() {
        let message = format!(
            "is given without `{count}`, and narrows only what `{count}` counts: give `{count}` too, or use `some`"
        );
        return Err(InputError::placed(name, message).into());
    }
    within(name, compile(binder, field.seen, None, given))
}

fn everything(binder: &mut Binder) -> Result<Arc<Filter>> {
    if let Some(known) = &binder.everything {
        return Ok(known.clone());
    }
    let types = &binder.ontology.types;
    let filter = Arc::new(Filter {
        by_type: types.iter().map(|_| Some(always())).collect(),
        matchers: Box::default(),
    });
    binder.hold(ARC_BYTES + size_of::<Filter>() + size_of_val(&*filter.by_type))?;
    Ok(binder.everything.insert(filter).clone())
}

/// A test whether the words of a text are found.
fn searched(binder: &mut Binder, name: &str, property: &str, text: &str) -> Result<Test> {
    if let Some(limit) = search::over_limits(text) {
        return Err(InputError::field(format!(
            "`search` on \"{name}\" has {limit}: search for fewer words, or use the root field `search`, which ignores the rest"
        ))
        .into());
    }
    let pattern = Pattern::Search {
        property: property.into(),
        text: text.into(),
    };
    binder.pattern(pattern, name).map(Test::Search)
}
