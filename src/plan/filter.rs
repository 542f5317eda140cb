//! Filters, resolved: every property and relation is a position, every value is of its kind.
//!
//! A missing value meets no operator but `isNull: true` and `eq: null`; `not` turns any filter round, so
//! `not: {x: {eq: 1}}` also lets through what has no `x`.
//!
//! A condition that says nothing is refused: a null, an object without operators, a variable that was not given. Left out,
//! it would let everything through.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bigdecimal::BigDecimal;
use serde_json::Value as Json;

use super::Unbound;
use super::bind::{ARC_BYTES, Binder, Result};
use super::dated_id::plain_id;
use super::input::{Given, InputError, MOST_EXACT, Names};
use super::pattern::{LONGEST, Pattern};
use super::point::{bounds, first_wrong, near, point};
use crate::condition::{
    Compare, DateTest, Filter, JsonTest, ListTest, MatcherNo, PointTest, RelationTest, Test, TextTest,
    ValueTest, folded,
};
use crate::ontology::{
    self, Date, Domain, EdgeTypeId, EnumId, Instant, Int64Error, InterfaceId, LARGEST_EXPONENT,
    LONGEST_DECIMAL, Member, Members, RelationField, Scalar, TypeId,
};
use crate::report::{quoted_list, shown, shown_as};
use crate::search;
use crate::surface::Inputs;
use crate::surface::inputs::{
    Connective, CountedEdges, CountedEnds, DateOrder, DateSpan, Dates, EdgeCondition, Emptiness, EntityTypes,
    Equality, Membership, Missing, Number, Order, Ordered, OtherEnds, OwnCondition, Pattern as TextPattern,
    Points, Quantifier, SearchedTexts, Surroundings, TypeEquality, Unordered, Values, Words,
};

/// Bytes that a JSON value takes in a set beside what it holds: its place, a byte of its hash, and room to grow.
const HASHED_BYTES: usize = 2 * size_of::<Json>();

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

/// Puts a step before the place of what is wrong.
pub(super) fn within<T>(step: &str, result: Result<T>) -> Result<T> {
    result.map_err(|error| match error {
        Unbound::Input(error) => error.within(step).into(),
        Unbound::Stop(reason) => Unbound::Stop(reason),
    })
}

fn is_empty(given: Given) -> bool {
    given.fields().is_none_or(|mut it| it.next().is_none())
}

/// Refuses a condition whose variable was not given: left out, it would let everything through.
pub(super) fn all_given(given: Given) -> Result<()> {
    match given.absent() {
        None => Ok(()),
        Some((field, variable)) => {
            let message = format!(
                "is the variable `${variable}`, which was not given: give it a value, or leave the condition out"
            );
            Err(InputError::placed(field, message).into())
        }
    }
}

fn no_null(field: &str) -> InputError {
    InputError::placed(
        field,
        "is null, which is no condition: leave it out, or ask with `isNull`",
    )
}

fn no_condition(field: &str) -> InputError {
    InputError::placed(
        field,
        "is empty, which is no condition: leave it out, or say what must hold",
    )
}

fn compares_with_null(operator: &str) -> bool {
    match Equality::named(operator) {
        Some(Equality::Eq | Equality::Ne) => true,
        Some(Equality::In | Equality::NotIn) | None => false,
    }
}

/// Refuses null and an object without fields.
pub(super) fn check_not_empty(field: &str, given: Given) -> Result<()> {
    if given.is_null() {
        return Err(no_null(field).into());
    }
    within(field, all_given(given))?;
    if is_empty(given) {
        return Err(no_condition(field).into());
    }
    Ok(())
}

/// The tests of an aggregate of a kind other than texts.
pub(super) fn measure_tests<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &'b str,
    operators: Given<'b>,
) -> Result<Vec<ValueTest>> {
    if operators.is_null() {
        return Err(no_null(name).into());
    }
    check_operators(name, operators)?;
    value_tests(binder, scalar, name, Operators::Object(operators))
}

/// Refuses operators that are missing or null; `eq` and `ne` compare with null too.
fn check_operators(field: &str, operators: Given) -> Result<()> {
    let checked = || {
        all_given(operators)?;
        let mut fields = operators.fields().into_iter().flatten();
        let null = fields.find(|(operator, value)| value.is_null() && !compares_with_null(operator));
        match null {
            Some((operator, _)) => Err(no_null(operator).into()),
            None => Ok(()),
        }
    };
    if is_empty(operators) {
        all_given(operators).map_or_else(
            |error| within(field, Err(error)),
            |()| Err(no_condition(field).into()),
        )
    } else {
        within(field, checked())
    }
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

/// The operators of a field: those of an object, or a single one.
#[derive(Clone, Copy)]
enum Operators<'v> {
    Object(Given<'v>),
    One(&'static str, Given<'v>),
}

impl<'v> Operators<'v> {
    fn iter(self) -> impl Iterator<Item = (&'v str, Given<'v>)> {
        let (object, one) = match self {
            Operators::Object(given) => (given.fields(), None),
            Operators::One(operator, given) => (None, Some((operator, given))),
        };
        object.into_iter().flatten().chain(one)
    }

    /// Each operator with what it means to a kind of values. One that the kind does not have is refused: left out, it would
    /// let everything through.
    fn meant<T: Inputs>(self, property: &str) -> impl Iterator<Item = Result<(T, Given<'v>)>> {
        self.iter().map(move |(name, given)| match T::named(name) {
            Some(operator) => Ok((operator, given)),
            None => Err(InputError::field(format!("\"{property}\" has no operator `{name}`")).into()),
        })
    }

    fn get(self, wanted: &str) -> Option<Given<'v>> {
        match self {
            Operators::Object(given) => given.get(wanted),
            Operators::One(operator, given) => (operator == wanted).then_some(given),
        }
    }
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

/// The comparisons of an object of operators; `kind` identifies the type of the values, because a list may be read as several types.
fn compares<'b, T: PartialOrd + Clone + 'static>(
    binder: &mut Binder<'b>,
    operators: Operators<'b>,
    name: &str,
    kind: (Scalar, bool),
    parse: impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
) -> Result<Vec<Compare<T>>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        tests.extend(match operator {
            Ordered::Equality(it) => equality(binder, it, value, (name, kind), &parse)?,
            Ordered::Order(it) => order(binder, it, value, name, &parse)?,
            // As `null_tests` has it.
            Ordered::Missing(Missing::IsNull) => None,
        });
    }
    Ok(tests)
}

/// Whether a value is one that is given; `None` where that is null, as `null_tests` has it.
fn equality<'b, T: PartialOrd + Clone + 'static>(
    binder: &mut Binder<'b>,
    operator: Equality,
    given: Given<'b>,
    (name, kind): (&str, (Scalar, bool)),
    parse: &impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
) -> Result<Option<Compare<T>>> {
    if given.is_null() {
        return Ok(None);
    }
    let among = |binder: &mut Binder<'b>| binder.among(given, kind, |it, value| parse(it, name, value));
    Ok(Some(match operator {
        Equality::Eq => Compare::Eq(parse(binder, name, given)?),
        Equality::Ne => Compare::Ne(parse(binder, name, given)?),
        Equality::In => Compare::In(among(binder)?),
        Equality::NotIn => Compare::NotIn(among(binder)?),
    }))
}

fn order<'b, T>(
    binder: &mut Binder<'b>,
    operator: Order,
    given: Given<'b>,
    name: &str,
    parse: &impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
) -> Result<Option<Compare<T>>> {
    if given.is_null() {
        return Ok(None);
    }
    let compare = match operator {
        Order::Lt => Compare::Lt,
        Order::Lte => Compare::Lte,
        Order::Gt => Compare::Gt,
        Order::Gte => Compare::Gte,
    };
    Ok(Some(compare(parse(binder, name, given)?)))
}

/// `isNull`, and `eq` and `ne` with null, which ask the same.
fn null_tests(operators: Operators) -> Vec<ValueTest> {
    let test = |(operator, value): (&str, Given)| {
        let is_null = match Unordered::named(operator)? {
            Unordered::Missing(Missing::IsNull) => value.as_bool()?,
            Unordered::Equality(Equality::Eq) if value.is_null() => true,
            Unordered::Equality(Equality::Ne) if value.is_null() => false,
            Unordered::Equality(_) => return None,
        };
        Some(ValueTest::IsNull(is_null))
    };
    operators.iter().filter_map(test).collect()
}

/// Whether only a missing value would do.
fn asks_for_missing(operators: Operators) -> bool {
    null_tests(operators)
        .iter()
        .any(|it| matches!(it, ValueTest::IsNull(true)))
}

fn value_tests<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ValueTest>> {
    fn tests<'b, T: PartialOrd + Clone + 'static>(
        binder: &mut Binder<'b>,
        (operators, name): (Operators<'b>, &str),
        scalar: Scalar,
        parse: impl Fn(&mut Binder<'b>, &str, Given<'b>) -> Result<T>,
        wrap: impl Fn(Compare<T>) -> ValueTest,
    ) -> Result<Vec<ValueTest>> {
        let compares = compares(binder, operators, name, (scalar, false), parse)?;
        Ok(compares.into_iter().map(wrap).collect())
    }
    let mut all = null_tests(operators);
    let given = (operators, name);
    all.extend(match scalar {
        Scalar::Id | Scalar::String | Scalar::Url | Scalar::Text => text_tests(binder, name, operators)?
            .into_iter()
            .map(ValueTest::Text)
            .collect(),
        Scalar::Int => tests(binder, given, scalar, whole, ValueTest::Int)?,
        Scalar::Int64 => tests(binder, given, scalar, int64, ValueTest::Int64)?,
        Scalar::Float => tests(binder, given, scalar, float, ValueTest::Float)?,
        Scalar::Boolean => tests(binder, given, scalar, boolean, ValueTest::Boolean)?,
        Scalar::Date => date_tests(binder, name, operators)?,
        Scalar::DateTime => tests(binder, given, scalar, instant, ValueTest::Instant)?,
        Scalar::Duration => tests(binder, given, scalar, duration, ValueTest::Duration)?,
        Scalar::Decimal => tests(binder, given, scalar, decimal, ValueTest::Decimal)?,
        Scalar::Enum(id) => tests(
            binder,
            given,
            scalar,
            |binder, name, value| enum_value(binder, id, name, value),
            ValueTest::Int,
        )?,
        Scalar::Point => point_tests(binder, name, operators)?,
        Scalar::Json | Scalar::Custom(_) => json_tests(binder, name, operators)?,
    });
    Ok(all)
}

/// Values of the schema's own scalars; values of `JSON` can only be missing.
fn json_tests<'b>(binder: &mut Binder<'b>, name: &str, operators: Operators<'b>) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        if value.is_null() {
            continue;
        }
        tests.push(ValueTest::Json(match operator {
            Unordered::Equality(Equality::Eq) => JsonTest::Eq(json(binder, value)?),
            Unordered::Equality(Equality::Ne) => JsonTest::Ne(json(binder, value)?),
            Unordered::Equality(Equality::In) => JsonTest::In(jsons(binder, value)?),
            Unordered::Equality(Equality::NotIn) => JsonTest::NotIn(jsons(binder, value)?),
            Unordered::Missing(Missing::IsNull) => continue,
        }));
    }
    Ok(tests)
}

/// The values of a list, each once.
fn jsons<'b>(binder: &mut Binder<'b>, list: Given<'b>) -> Result<Arc<HashSet<Json>>> {
    let Some(items) = list.items() else {
        return Ok(Arc::default());
    };
    binder.shared((list.place(), Scalar::Json, false), items.len(), |it| {
        it.hold(ARC_BYTES)?;
        let mut values = HashSet::new();
        for item in items.clone().filter(|it| !it.is_null()) {
            it.hold(HASHED_BYTES)?;
            values.insert(json(it, item)?);
        }
        Ok(Arc::new(values))
    })
}

fn json<'b>(binder: &mut Binder<'b>, given: Given<'b>) -> Result<Json> {
    let bytes = given.bytes();
    binder.work(1 + bytes / 64)?;
    binder.hold(bytes)?;
    Ok(given.to_json())
}

fn list_tests<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    operators: Operators<'b>,
) -> Result<Vec<ListTest>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        if value.is_null() {
            continue;
        }
        tests.push(match operator {
            Values::Membership(Membership::Has) => ListTest::HasAny(equal(binder, scalar, name, value)?),
            // One test for all of them: an element is looked for among the values.
            Values::Membership(Membership::HasAny) => ListTest::HasAny(one_of(binder, scalar, name, value)?),
            Values::Membership(Membership::HasAll) => {
                let mut all = Vec::new();
                for item in value.items().into_iter().flatten() {
                    binder.work(1)?;
                    binder.hold(size_of::<ValueTest>())?;
                    all.extend(equal(binder, scalar, name, item)?);
                }
                ListTest::HasAll(all)
            }
            Values::Emptiness(Emptiness::IsEmpty) => match value.as_bool() {
                Some(it) => ListTest::IsEmpty(it),
                None => continue,
            },
        });
    }
    Ok(tests)
}

/// Whether a value is the same as another.
fn equal<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    value: Given<'b>,
) -> Result<Vec<ValueTest>> {
    value_tests(binder, scalar, name, Operators::One(Equality::Eq.name(), value))
}

/// Whether a value is one of several.
fn one_of<'b>(
    binder: &mut Binder<'b>,
    scalar: Scalar,
    name: &str,
    list: Given<'b>,
) -> Result<Vec<ValueTest>> {
    let mut tests = value_tests(binder, scalar, name, Operators::One(Equality::In.name(), list))?;
    if list.items().is_some_and(|mut it| it.any(Given::is_null)) {
        tests.push(ValueTest::IsNull(true));
    }
    Ok(tests)
}

fn text_tests<'b>(binder: &mut Binder<'b>, name: &str, operators: Operators<'b>) -> Result<Vec<TextTest>> {
    let fold = operators
        .get(TextPattern::CaseInsensitive.name())
        .and_then(Given::as_bool)
        .unwrap_or(false);
    let parse = |binder: &mut Binder<'b>, name: &str, given: Given<'b>| {
        let mut text = text(name, given)?;
        // No property is called so: it is the entity's id, which may have a date.
        if name == OwnCondition::Id.name() {
            text = match text {
                Cow::Borrowed(id) => Cow::Borrowed(plain_id(id)),
                Cow::Owned(id) => Cow::Owned(plain_id(&id).to_owned()),
            };
        }
        match text {
            _ if fold => binder.new_text(&folded(&text)),
            Cow::Borrowed(text) => binder.text(text),
            Cow::Owned(text) => binder.new_text(&text),
        }
    };
    let wrap = if fold {
        TextTest::CompareFolded
    } else {
        TextTest::Compare
    };
    let mut tests: Vec<TextTest> = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        tests.extend(match operator {
            // All kinds of texts are read alike.
            SearchedTexts::Equality(it) => {
                equality(binder, it, value, (name, (Scalar::String, fold)), &parse)?.map(wrap)
            }
            SearchedTexts::Order(it) => order(binder, it, value, name, &parse)?.map(wrap),
            SearchedTexts::Pattern(it) => text_pattern(binder, it, name, value, fold)?,
            // As `null_tests` has it, and a test of the entity.
            SearchedTexts::Missing(Missing::IsNull) | SearchedTexts::Words(Words::Search) => None,
        });
    }
    Ok(tests)
}

fn text_pattern<'b>(
    binder: &mut Binder<'b>,
    operator: TextPattern,
    name: &str,
    given: Given<'b>,
    fold: bool,
) -> Result<Option<TextTest>> {
    let Some(text) = given.as_str() else {
        return Ok(None);
    };
    let is_pattern = fold || matches!(operator, TextPattern::Contains | TextPattern::Matches);
    if is_pattern && text.len() > LONGEST {
        return Err(InputError::field(format!(
            "`{}` of \"{name}\" has {} bytes, and {LONGEST} are allowed: \"{}\"",
            operator.name(),
            text.len(),
            shown(text)
        ))
        .into());
    }
    Ok(Some(match operator {
        TextPattern::Contains if fold => {
            let pattern = Pattern::Contains(folded(text).into());
            TextTest::ContainsFolded(binder.pattern(pattern, name)?)
        }
        TextPattern::Contains => TextTest::Contains(binder.pattern(Pattern::Contains(text.into()), name)?),
        TextPattern::StartsWith if fold => TextTest::StartsWithFolded(binder.new_text(&folded(text))?),
        TextPattern::StartsWith => TextTest::StartsWith(binder.text(text)?),
        TextPattern::EndsWith if fold => TextTest::EndsWithFolded(binder.new_text(&folded(text))?),
        TextPattern::EndsWith => TextTest::EndsWith(binder.text(text)?),
        TextPattern::Matches => regex(binder, name, text, fold)?,
        // A boolean, which has been read.
        TextPattern::CaseInsensitive => return Ok(None),
    }))
}

fn regex(binder: &mut Binder, name: &str, source: &str, fold: bool) -> Result<TextTest> {
    let pattern = Pattern::Regex {
        source: source.into(),
        fold,
    };
    binder.pattern(pattern, name).map(TextTest::Matches)
}

fn date_tests<'b>(binder: &mut Binder<'b>, name: &str, operators: Operators<'b>) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for meant in operators.meant(name) {
        let (operator, value) = meant?;
        if value.is_null() {
            continue;
        }
        let one = || date(name, value);
        let mut many = || binder.among(value, (Scalar::Date, false), |_, it| Ok(date(name, it)?.span()));
        tests.push(ValueTest::Date(match operator {
            Dates::Equality(Equality::Eq) => DateTest::Eq(one()?),
            Dates::Equality(Equality::Ne) => DateTest::Ne(one()?),
            Dates::Equality(Equality::In) => DateTest::In(many()?),
            Dates::Equality(Equality::NotIn) => DateTest::NotIn(many()?),
            Dates::DateOrder(DateOrder::Lt) => DateTest::Lt(one()?),
            Dates::DateOrder(DateOrder::Lte) => DateTest::Lte(one()?),
            Dates::DateOrder(DateOrder::Gt) => DateTest::Gt(one()?),
            Dates::DateOrder(DateOrder::Gte) => DateTest::Gte(one()?),
            Dates::DateSpan(DateSpan::Overlaps) => DateTest::Overlaps(one()?),
            Dates::DateSpan(DateSpan::Within) => DateTest::Within(one()?),
            Dates::Missing(Missing::IsNull) => continue,
        }));
    }
    Ok(tests)
}

fn point_tests<'b>(binder: &mut Binder<'b>, name: &str, operators: Operators<'b>) -> Result<Vec<ValueTest>> {
    let mut tests = Vec::new();
    for ((step, value), meant) in operators.iter().zip(operators.meant(name)) {
        let (operator, _) = meant?;
        if value.is_null() {
            continue;
        }
        let test = point_test(binder, operator, value).map_err(|error| match (error, operators) {
            (Unbound::Input(error), Operators::Object(_)) => error.at(step).within(name).into(),
            (Unbound::Input(error), Operators::One(..)) => error.at(name).into(),
            (error, _) => error,
        });
        tests.extend(test?.map(ValueTest::Point));
    }
    Ok(tests)
}

fn point_test<'b>(binder: &mut Binder<'b>, operator: Points, given: Given<'b>) -> Result<Option<PointTest>> {
    let mut many = || {
        let among = binder.among(given, (Scalar::Point, false), |_, it| Ok(point(it)?));
        // The position is looked for only where something is wrong.
        among.map_err(|error| match (error, first_wrong(given)) {
            (Unbound::Input(error), Some(at)) => error.at(format_args!("[{at}]")).into(),
            (error, _) => error,
        })
    };
    Ok(Some(match operator {
        Points::Equality(Equality::Eq) => PointTest::Compare(Compare::Eq(point(given)?)),
        Points::Equality(Equality::Ne) => PointTest::Compare(Compare::Ne(point(given)?)),
        Points::Equality(Equality::In) => PointTest::Compare(Compare::In(many()?)),
        Points::Equality(Equality::NotIn) => PointTest::Compare(Compare::NotIn(many()?)),
        Points::Surroundings(Surroundings::Near) => {
            let (from, kilometres) = near(given)?;
            PointTest::Near(from, kilometres)
        }
        Points::Surroundings(Surroundings::Within) => PointTest::Within(bounds(given)?),
        Points::Missing(Missing::IsNull) => return Ok(None),
    }))
}

fn wrong<T>(name: &str, given: Given, expected: &str) -> Result<T> {
    let given = match given.as_str() {
        Some(text) => format!("\"{}\"", shown(text)),
        None => shown_as(given),
    };
    Err(InputError::request(format!(
        "\"{name}\" is compared with {given}, which is not {expected}"
    ))
    .into())
}

/// A text, or the digits of a number.
fn text<'v>(name: &str, given: Given<'v>) -> Result<Cow<'v, str>> {
    match given {
        Given::Json(Json::String(text)) => Ok(text.as_str().into()),
        Given::Json(Json::Number(number)) => Ok(number.to_string().into()),
        _ => wrong(name, given, "a text"),
    }
}

fn whole<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    given
        .as_i64()
        .map_or_else(|| wrong(name, given, "a whole number"), Ok)
}

/// A number, or its digits as a text. A number with a fraction or an exponent is exact up to 53 bits.
pub(super) fn int64<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    if let Some(text) = given.as_str() {
        return ontology::int64(text).or_else(|error| {
            let expected = match error {
                Int64Error::Other(number) => {
                    format!("the form of a whole number of 64 bits: write \"{number}\"")
                }
                Int64Error::Form | Int64Error::Range => "a whole number of 64 bits".to_owned(),
            };
            wrong(name, given, &expected)
        });
    }
    let is_exact = |it: &f64| it.fract() == 0.0 && it.abs() <= MOST_EXACT;
    let of_float = || given.as_f64().filter(is_exact).map(|it| it as i64);
    let whole = given.as_i64().or_else(of_float);
    whole.map_or_else(|| wrong(name, given, "a whole number of 64 bits"), Ok)
}

fn float<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<f64> {
    given.as_f64().map_or_else(|| wrong(name, given, "a number"), Ok)
}

fn boolean<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<bool> {
    given
        .as_bool()
        .map_or_else(|| wrong(name, given, "true or false"), Ok)
}

fn date(name: &str, given: Given) -> Result<Date> {
    let text = text(name, given)?;
    let parsed = Date::parse(&text).map_err(|error| {
        InputError::request(format!(
            "\"{name}\" is compared with \"{}\", which is not a date: {error}",
            shown(&text)
        ))
    });
    Ok(parsed?)
}

fn instant<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    let text = text(name, given)?;
    match Instant::parse(&text) {
        Ok(instant) => Ok(instant.microseconds()),
        Err(error) => {
            let expected = format!("a point in time such as 1996-08-27T10:00:00Z: {error}");
            wrong(name, given, &expected)
        }
    }
}

fn duration<'b>(_: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<i64> {
    ontology::duration(&text(name, given)?).or_else(|error| {
        let expected = format!("a duration such as P1DT2H30M: {error}");
        wrong(name, given, &expected)
    })
}

fn decimal<'b>(binder: &mut Binder<'b>, name: &str, given: Given<'b>) -> Result<BigDecimal> {
    let text = text(name, given)?;
    if let Ok(number) = ontology::decimal(&text) {
        binder.hold(text.len() / 2)?;
        return Ok(number);
    }
    let expected = format!(
        "a decimal number of at most {LONGEST_DECIMAL} characters and an exponent of at most {LARGEST_EXPONENT}"
    );
    wrong(name, given, &expected)
}

/// The position of an enum's value: values compare in the order of the schema.
fn enum_value<'b>(binder: &mut Binder<'b>, id: EnumId, name: &str, given: Given<'b>) -> Result<i64> {
    let values = &binder.ontology.enums[id.index()].values;
    binder.work(values.len() / 16)?;
    let at = values
        .iter()
        .position(|it| Some(it.name.as_str()) == given.as_str());
    at.map_or_else(|| wrong(name, given, "a value of its enum"), |at| Ok(at as i64))
}
