//! The relations: which fields are two sides of one, what is generated for the other side, and the rules.

use std::collections::{BTreeSet, HashMap};

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::parser::SourceSpan;

use super::context::{Compiler, Kind, OF_A_FIELD, argument, deprecated, flag, is_name};
use super::names::screaming;
use super::prelude::{entity_field, reserved_fields, source_field};
use super::{
    Direction, Domain, ENTITY, EdgeTypeId, FieldNo, InterfaceId, Member, Ontology, Relation, RelationField,
    RelationId, TypeId,
};
use crate::report::{Code, Report, did_you_mean};

/// A field that ends in entities, as it was declared.
struct Declaration {
    owner: Domain,
    owner_name: String,
    field: Node<FieldDefinition>,
    /// Its own `@relation`, or that of the interface which it repeats.
    directive: Option<Node<Directive>>,
    target: Domain,
    /// Its relation and the side of it that the field is, once known.
    side: Option<(RelationId, Direction)>,
}

impl Declaration {
    fn at(&self) -> Option<SourceSpan> {
        self.field.name.location()
    }

    fn shown(&self) -> String {
        format!("{}.{}", self.owner_name, self.field.name)
    }

    fn relation_name(&self) -> Option<String> {
        let directive = self.directive.as_ref()?;
        Some(argument(directive, "name").unwrap_or_else(|| screaming(&self.field.name)))
    }
}

/// The combined declarations of a relation.
struct Draft {
    relation: Relation,
    first: usize,
    sources: BTreeSet<TypeId>,
    targets: BTreeSet<TypeId>,
    target_domains: Vec<Domain>,
}

/// Finds the relations of all declared fields and gives types and interfaces their relation fields. If there is not
/// enough memory, the result is incomplete.
pub(super) fn link(compiler: &mut Compiler, ontology: &mut Ontology) {
    let mut declarations = declarations(compiler, ontology);
    let mut drafts: Vec<Draft> = Vec::new();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    for at in 0..declarations.len() {
        if !compiler.meter.takes(of_a_draft(ontology, &declarations[at])) {
            return;
        }
        if let Some(name) = declarations[at].relation_name() {
            directed(
                compiler,
                ontology,
                &mut declarations,
                at,
                &name,
                &mut drafts,
                &mut by_name,
            );
        }
    }
    for declaration in &mut declarations {
        if declaration.side.is_none() && declaration.directive.is_none() {
            claimed(compiler, ontology, declaration, &drafts);
        }
    }
    for draft in &drafts {
        check(compiler, draft, &declarations[draft.first]);
    }
    declared_fields(compiler, ontology, &declarations, &mut drafts);
    inverse_fields(compiler, ontology, &declarations, &mut drafts);
    own(compiler, ontology);
    ontology.relations = drafts.into_iter().map(|draft| draft.relation).collect();
}

/// About as many bytes as the relation of a field takes: a place for each type, twice, and the types at its ends.
fn of_a_draft(ontology: &Ontology, declaration: &Declaration) -> usize {
    let ends = [declaration.owner, declaration.target].map(|it| ontology.types_of(it).len());
    let places = ontology.types.len() * 2 * size_of::<Option<FieldNo>>();
    OF_A_FIELD + places + ends.iter().sum::<usize>() * 2 * size_of::<TypeId>()
}

/// Every field that ends in entities, in the order of the schema.
fn declarations(compiler: &Compiler, ontology: &Ontology) -> Vec<Declaration> {
    let schema = &compiler.sdl.schema;
    let mut found = Vec::new();
    for (name, definition) in &schema.types {
        let Some(Kind::Entities(owner)) = compiler.kind(name) else {
            continue;
        };
        if owner == Domain::Interface(ENTITY) {
            continue;
        }
        let (fields, interfaces) = if let Some(it) = definition.as_object() {
            (&it.fields, &it.implements_interfaces)
        } else if let Some(it) = definition.as_interface() {
            (&it.fields, &it.implements_interfaces)
        } else {
            continue;
        };
        for field in fields.values() {
            let Some(Kind::Entities(target)) = compiler.kind(field.ty.inner_named_type()) else {
                continue;
            };
            if ontology
                .members_of(owner)
                .is_some_and(|it| it.get(&field.name).is_some())
            {
                continue;
            }
            let inherited = || {
                let mut interfaces = interfaces.iter();
                interfaces.find_map(|interface| {
                    let interface = schema.get_interface(interface)?;
                    interface.fields.get(&field.name)?.directives.get("relation")
                })
            };
            let directive = field.directives.get("relation").or_else(inherited);
            found.push(Declaration {
                owner,
                owner_name: name.to_string(),
                field: field.clone(),
                directive: directive.cloned(),
                target,
                side: None,
            });
        }
    }
    found
}

/// A field with `@relation`: the start of a relation, one more start of it, or its declared inverse.
fn directed(
    compiler: &mut Compiler,
    ontology: &Ontology,
    declarations: &mut [Declaration],
    at: usize,
    name: &str,
    drafts: &mut Vec<Draft>,
    by_name: &mut HashMap<String, usize>,
) {
    let declaration = &declarations[at];
    let Some(directive) = declaration.directive.clone() else {
        return;
    };
    let owners = ontology.types_of(declaration.owner);
    let targets = ontology.types_of(declaration.target);
    let inverse = argument(&directive, "inverse");
    let Some(&no) = by_name.get(name) else {
        let no = drafts.len();
        let draft = draft(compiler, ontology, declaration, at, name, &directive);
        drafts.push(draft);
        by_name.insert(name.to_owned(), no);
        declarations[at].side = Some((RelationId::at(no), direction(&drafts[no])));
        return;
    };
    let draft = &mut drafts[no];
    let forward = &declarations[draft.first].field.name;
    let is_inverse = draft.relation.inverse.as_deref() == Some(declaration.field.name.as_str())
        && inverse.as_deref().is_none_or(|it| it == forward.as_str())
        && owners.iter().any(|it| draft.targets.contains(it))
        && targets.iter().any(|it| draft.sources.contains(it));
    let edge = argument(&directive, "edge");
    if is_inverse && !draft.relation.symmetric {
        let said = draft
            .relation
            .edge
            .map(|id| ontology.edge_types[id.index()].name.clone());
        if edge.is_some() && edge != said {
            differs(compiler, name, "edge", declaration, &declarations[draft.first]);
        }
        declarations[at].side = Some((RelationId::at(no), Direction::In));
        return;
    }
    let said = draft
        .relation
        .edge
        .map(|id| &ontology.edge_types[id.index()].name);
    let agreements = [
        (
            "inverse",
            inverse == draft.relation.inverse || draft.relation.symmetric,
        ),
        (
            "symmetric",
            flag(&directive, "symmetric") == draft.relation.symmetric,
        ),
        (
            "transitive",
            flag(&directive, "transitive") == draft.relation.transitive,
        ),
        (
            "edge",
            edge.as_ref() == said || edge.as_ref().is_some_and(|it| compiler.kind(it).is_none()),
        ),
    ];
    if let Some((what, _)) = agreements.iter().find(|(_, agrees)| !agrees) {
        differs(compiler, name, what, declaration, &declarations[draft.first]);
    }
    draft.sources.extend(owners);
    draft.targets.extend(targets);
    if !draft.target_domains.contains(&declaration.target) {
        draft.target_domains.push(declaration.target);
    }
    declarations[at].side = Some((RelationId::at(no), direction(&drafts[no])));
}

fn direction(draft: &Draft) -> Direction {
    if draft.relation.symmetric {
        Direction::Both
    } else {
        Direction::Out
    }
}

fn draft(
    compiler: &mut Compiler,
    ontology: &Ontology,
    declaration: &Declaration,
    first: usize,
    name: &str,
    directive: &Node<Directive>,
) -> Draft {
    if !is_name(name) || matches!(name, "true" | "false" | "null") {
        let report = Report::new(
            Code::RELATION_NAME,
            format!("the relation's name \"{name}\" is not a GraphQL name"),
        )
        .hint("clients name relations in an enum: use letters, digits and underscores, as in FOUNDED_BY");
        compiler.report(report, directive.location(), "not a name");
    }
    let edge = argument(directive, "edge").and_then(|edge| edge_type(compiler, ontology, &edge, directive));
    let symmetric = flag(directive, "symmetric");
    let mut inverse = argument(directive, "inverse");
    let own_name = declaration.field.name.as_str();
    if symmetric && inverse.as_deref().is_some_and(|it| it != own_name) {
        let report = Report::new(
            Code::SYMMETRIC,
            format!(
                "\"{}\" is symmetric and names the inverse \"{}\"",
                declaration.shown(),
                inverse.as_deref().unwrap_or_default()
            ),
        )
        .hint("a symmetric relation is its own inverse; leave one of the two out");
        compiler.report(report, directive.location(), "both cannot be");
    }
    if symmetric {
        inverse = None;
    } else if inverse.as_deref() == Some(own_name) && declaration.owner == declaration.target {
        let report = Report::new(
            Code::SYMMETRIC,
            format!("\"{}\" is its own inverse but not symmetric", declaration.shown()),
        )
        .hint("say symmetric: true, or give the inverse another name");
        compiler.report(report, directive.location(), "its own inverse");
        inverse = None;
    } else if let Some(bad) = inverse.as_deref().filter(|it| !is_name(it)) {
        let report = Report::new(
            Code::INVERSE_MISMATCH,
            format!(
                "the inverse \"{bad}\" of \"{}\" is not a field's name",
                declaration.shown()
            ),
        )
        .hint("use letters, digits and underscores, beginning with a letter");
        compiler.report(report, directive.location(), "not a name");
        inverse = None;
    }
    if let Some(name) = inverse.as_deref() {
        let shown = format!("the inverse \"{name}\" of \"{}\"", declaration.shown());
        if entity_field(name).is_some() {
            let message = format!("{shown} has the name of a field that every entity has");
            let report = Report::new(Code::GENERATED_FIELD, message).hint(format!(
                "give the inverse another name; reserved are {}",
                reserved_fields()
            ));
            compiler.report(report, directive.location(), "its inverse is taken");
            inverse = None;
        } else if source_field(name).is_some() && leads_to_sources(ontology, declaration.target) {
            let message = format!("{shown} has the name of a field that every source has");
            let report = Report::new(Code::GENERATED_FIELD, message).hint("give the inverse another name");
            compiler.report(report, directive.location(), "its inverse is taken");
            inverse = None;
        } else if !compiler.check_field_name(&shown, name, directive.location()) {
            inverse = None;
        }
    }
    let class = compiler.class(&declaration.field.directives, "relation");
    Draft {
        relation: Relation {
            name: name.to_owned(),
            inverse,
            symmetric,
            transitive: flag(directive, "transitive"),
            edge,
            class,
            out_field: vec![None; ontology.types.len()],
            in_field: vec![None; ontology.types.len()],
        },
        first,
        sources: ontology.types_of(declaration.owner).iter().copied().collect(),
        targets: ontology.types_of(declaration.target).iter().copied().collect(),
        target_domains: vec![declaration.target],
    }
}

/// Whether sources are among what a domain has.
fn leads_to_sources(ontology: &Ontology, target: Domain) -> bool {
    let types = ontology.types_of(target);
    types.iter().any(|id| ontology.entity_type(*id).name == "Source")
}

fn edge_type(
    compiler: &mut Compiler,
    ontology: &Ontology,
    name: &str,
    directive: &Node<Directive>,
) -> Option<EdgeTypeId> {
    match compiler.kind(name) {
        Some(Kind::Edge(id)) => Some(id),
        other => {
            let edges = ontology.edge_types.iter().map(|it| it.name.as_str());
            let hint = match other {
                Some(Kind::Entities(_)) => format!("add @edge to \"{name}\" if it holds properties of edges"),
                _ => did_you_mean(name, edges, || format!("define it: `type {name} @edge {{ … }}`")),
            };
            let report =
                Report::new(Code::UNKNOWN_EDGE_TYPE, format!("\"{name}\" is not an edge type")).hint(hint);
            compiler.report(report, directive.location(), "names the edge type");
            None
        }
    }
}

fn differs(compiler: &mut Compiler, name: &str, what: &str, one: &Declaration, other: &Declaration) {
    let report = Report::new(
        Code::RELATION_DIFFERS,
        format!(
            "the relation \"{name}\" has another `{what}` on \"{}\" than on \"{}\"",
            one.shown(),
            other.shown()
        ),
    )
    .also(compiler.sdl.place(other.at()), "declared here first")
    .hint("declare it alike everywhere, or give the two relations different names");
    compiler.report(report, one.at(), "differs");
}

/// A field without `@relation`: the inverse that some relation names, or a mistake.
fn claimed(compiler: &mut Compiler, ontology: &Ontology, declaration: &mut Declaration, drafts: &[Draft]) {
    let owners = ontology.types_of(declaration.owner);
    let name = declaration.field.name.as_str();
    let claims = drafts.iter().position(|draft| {
        draft.relation.inverse.as_deref() == Some(name) && owners.iter().any(|it| draft.targets.contains(it))
    });
    if let Some(no) = claims {
        let leads_back = ontology
            .types_of(declaration.target)
            .iter()
            .any(|it| drafts[no].sources.contains(it));
        if !leads_back {
            let report = Report::new(
                Code::INVERSE_MISMATCH,
                format!(
                    "\"{}\" is named as the inverse of \"{}\" but ends in \"{}\"",
                    declaration.shown(),
                    drafts[no].relation.name,
                    ontology.name_of(declaration.target)
                ),
            )
            .hint("an inverse ends where its relation begins");
            compiler.report(report, declaration.at(), "does not lead back");
        }
        declaration.side = Some((RelationId::at(no), Direction::In));
        return;
    }
    let report = Report::new(
        Code::NOT_A_RELATION,
        format!(
            "\"{}\" ends in \"{}\" but is not a relation",
            declaration.shown(),
            ontology.name_of(declaration.target)
        ),
    )
    .hint(format!(
        "add @relation(name: \"{}\"), or name it as the inverse of a relation of \"{}\"",
        screaming(name),
        ontology.name_of(declaration.target)
    ));
    compiler.report(report, declaration.at(), "needs @relation");
}

/// The rules that a relation's ends must keep.
fn check(compiler: &mut Compiler, draft: &Draft, first: &Declaration) {
    let name = &draft.relation.name;
    if draft.relation.symmetric && draft.sources != draft.targets {
        let report = Report::new(Code::SYMMETRIC, format!("the symmetric relation \"{name}\" begins and ends in different types"))
            .hint("an edge of it holds both ways, so every type that it ends in must have the field: declare it on an interface");
        compiler.report(report, first.at(), "its ends differ");
    }
    if draft.relation.transitive && draft.sources.is_disjoint(&draft.targets) {
        let report = Report::new(
            Code::TRANSITIVE,
            format!("the transitive relation \"{name}\" ends in types that it does not begin in"),
        )
        .hint("to follow it over several edges, it must be able to end where it begins");
        compiler.report(report, first.at(), "cannot go on from its end");
    }
}

fn field_of(declaration: &Declaration, relation: RelationId, direction: Direction) -> RelationField {
    let field = &declaration.field;
    RelationField {
        name: field.name.to_string(),
        description: field.description.as_ref().map(|it| it.as_str().to_owned()),
        deprecated: deprecated(&field.directives),
        relation,
        direction,
        target: declaration.target,
        seen: declaration.target,
        many: field.ty.is_list(),
        required: field.ty.is_non_null(),
        owner: declaration.owner_name.clone(),
        declared: true,
    }
}

fn declared_fields(
    compiler: &mut Compiler,
    ontology: &mut Ontology,
    declarations: &[Declaration],
    drafts: &mut [Draft],
) {
    for declaration in declarations {
        if !compiler.meter.takes(OF_A_FIELD) {
            return;
        }
        let Some((relation, direction)) = declaration.side else {
            continue;
        };
        let field = field_of(declaration, relation, direction);
        match declaration.owner {
            Domain::Type(id) => {
                let draft = &mut drafts[relation.index()];
                if let Err(other) = push(ontology, draft, id, field) {
                    let report = Report::new(
                        Code::RELATION_TWICE,
                        format!(
                            "\"{}\" and \"{}.{other}\" are the same side of the relation \"{}\"",
                            declaration.shown(),
                            declaration.owner_name,
                            draft.relation.name
                        ),
                    )
                    .hint("give one of them another relation name");
                    compiler.report(report, declaration.at(), "the same relation");
                }
            }
            Domain::Interface(id) => ontology.interfaces[id.index()].members.push_field(field),
            Domain::Union(_) => {}
        }
    }
}

/// Gives a type a relation field; the name of the field that is in its place, if there is one.
fn push(ontology: &mut Ontology, draft: &mut Draft, id: TypeId, field: RelationField) -> Result<(), String> {
    let members = &mut ontology.types[id.index()].members;
    let no = FieldNo::at(members.fields.len());
    let (out, back) = (
        &mut draft.relation.out_field[id.index()],
        &mut draft.relation.in_field[id.index()],
    );
    let taken = match field.direction {
        Direction::Out | Direction::Both => *out,
        Direction::In => *back,
    };
    if let Some(taken) = taken {
        return Err(members.fields[taken.index()].name.clone());
    }
    match field.direction {
        Direction::Out => *out = Some(no),
        Direction::In => *back = Some(no),
        Direction::Both => {
            *out = Some(no);
            *back = Some(no);
        }
    }
    members.push_field(field);
    Ok(())
}

/// Gives the other side of every relation the field that the relation names for it.
fn inverse_fields(
    compiler: &mut Compiler,
    ontology: &mut Ontology,
    declarations: &[Declaration],
    drafts: &mut [Draft],
) {
    let mut claims: HashMap<(Domain, String), usize> = HashMap::new();
    for no in 0..drafts.len() {
        let Some(name) = drafts[no].relation.inverse.clone() else {
            continue;
        };
        let target = cover(ontology, &drafts[no].sources);
        let first = &declarations[drafts[no].first];
        let field = RelationField {
            name: name.clone(),
            description: None,
            deprecated: None,
            relation: RelationId::at(no),
            direction: Direction::In,
            target,
            seen: target,
            many: true,
            required: false,
            owner: String::new(),
            declared: false,
        };
        for domain in takers(ontology, &drafts[no].target_domains) {
            if !compiler.meter.takes(OF_A_FIELD) {
                return;
            }
            if let Some(other) = claims.insert((domain, name.clone()), no)
                && other != no
            {
                let other = &drafts[other];
                let report = Report::new(
                    Code::INVERSE_CLAIMED_TWICE,
                    format!(
                        "the relations \"{}\" and \"{}\" both claim the inverse \"{}.{name}\"",
                        other.relation.name,
                        drafts[no].relation.name,
                        ontology.name_of(domain)
                    ),
                )
                .also(
                    compiler.sdl.place(declarations[other.first].at()),
                    "claims it first",
                )
                .hint("name another inverse for one of them");
                compiler.report(report, first.at(), "claims it too");
                continue;
            }
            match ontology.members_of(domain).and_then(|it| it.get(&name)) {
                None => {
                    let mut field = field.clone();
                    ontology.name_of(domain).clone_into(&mut field.owner);
                    add_inverse(ontology, &mut drafts[no], domain, field);
                }
                Some(member) => existing_inverse(compiler, ontology, domain, member, no, &drafts[no], first),
            }
        }
    }
}

fn add_inverse(ontology: &mut Ontology, draft: &mut Draft, domain: Domain, field: RelationField) {
    match domain {
        Domain::Type(id) => {
            let name = field.name.clone();
            let pushed = push(ontology, draft, id, field);
            debug_assert!(
                pushed.is_ok(),
                "{name} stands once on a type, since its name was free"
            );
        }
        Domain::Interface(id) => ontology.interfaces[id.index()].members.push_field(field),
        Domain::Union(_) => {}
    }
}

/// A field with the inverse's name is there already: it must be this relation's.
fn existing_inverse(
    compiler: &mut Compiler,
    ontology: &Ontology,
    domain: Domain,
    member: Member,
    no: usize,
    draft: &Draft,
    first: &Declaration,
) {
    let fits = match (member, ontology.members_of(domain)) {
        (Member::Relation(field), Some(members)) => {
            let field = members.field(field);
            field.relation.index() == no && field.direction == Direction::In
        }
        _ => false,
    };
    if fits {
        return;
    }
    let owner = ontology.name_of(domain);
    let inverse = draft.relation.inverse.as_deref().unwrap_or_default();
    let report = Report::new(
        Code::INVERSE_MISMATCH,
        format!(
            "the inverse \"{inverse}\" of \"{}\" is another field of \"{owner}\"",
            first.shown()
        ),
    )
    .hint(format!(
        "name another inverse, or make \"{owner}.{inverse}\" lead back to \"{}\"",
        first.owner_name
    ));
    compiler.report(report, first.at(), "its inverse is taken");
}

/// All types and interfaces that get the inverse of a relation that ends in these domains.
fn takers(ontology: &Ontology, targets: &[Domain]) -> BTreeSet<Domain> {
    let mut takers = BTreeSet::new();
    for target in targets {
        takers.extend(ontology.types_of(*target).iter().map(|id| Domain::Type(*id)));
        let Domain::Interface(id) = target else {
            continue;
        };
        takers.insert(*target);
        for (at, interface) in ontology.interfaces.iter().enumerate() {
            if *id == ENTITY || interface.interfaces.contains(id) {
                takers.insert(Domain::Interface(InterfaceId::at(at)));
            }
        }
    }
    takers
}

/// The narrowest domain that has all of some types.
fn cover(ontology: &Ontology, types: &BTreeSet<TypeId>) -> Domain {
    if let (Some(only), 1) = (types.first(), types.len()) {
        return Domain::Type(*only);
    }
    let interfaces = (1..ontology.interfaces.len()).map(|at| Domain::Interface(InterfaceId::at(at)));
    let unions = (0..ontology.unions.len()).map(|at| Domain::Union(super::UnionId::at(at)));
    let covers = |domain: &Domain| types.iter().all(|id| ontology.contains(*domain, *id));
    interfaces
        .chain(unions)
        .filter(covers)
        .min_by_key(|domain| ontology.types_of(*domain).len())
        .unwrap_or(Domain::Interface(ENTITY))
}

/// Finds for every field the topmost interface that has it: its generated types are named after that,
/// so that a type's field fits its interface's.
fn own(compiler: &mut Compiler, ontology: &mut Ontology) {
    let domains = (1..ontology.interfaces.len())
        .map(|at| Domain::Interface(InterfaceId::at(at)))
        .chain(ontology.type_ids().map(Domain::Type))
        .collect::<Vec<_>>();
    for domain in domains {
        let Some(members) = ontology.members_of(domain) else {
            continue;
        };
        let mut owned = Vec::new();
        for field in &members.fields {
            owned.push(topmost(ontology, domain, &field.name));
        }
        let name = ontology.name_of(domain).to_owned();
        for (at, owners) in owned.into_iter().enumerate() {
            let Some(&topmost) = owners.first() else {
                continue;
            };
            let field = members_mut(ontology, domain)[at].clone();
            let interface = &ontology.interfaces[topmost.index()];
            let Some(Member::Relation(no)) = interface.members.get(&field.name) else {
                continue;
            };
            let said = interface.members.field(no).clone();
            let same = said.relation == field.relation && said.direction == field.direction;
            let location = compiler
                .sdl
                .schema
                .types
                .get(name.as_str())
                .map(|it| it.name().location());
            if let Some(other) = owners.get(1) {
                let report = Report::new(
                    Code::GENERATED_CLASH,
                    format!(
                        "\"{name}.{}\" is a relation of two interfaces, \"{}\" and \"{}\"",
                        field.name,
                        interface.name,
                        ontology.interfaces[other.index()].name
                    ),
                )
                .hint("let both interfaces implement a third one that has the relation");
                compiler.report(report, location.flatten(), "has it from both");
            } else if !same {
                let report = Report::new(
                    Code::RELATION_DIFFERS,
                    format!("\"{name}.{}\" is another relation than \"{}.{}\"", field.name, interface.name, field.name),
                )
                .hint("a type repeats the relation of its interface: leave @relation out on the type, or make both alike");
                compiler.report(report, location.flatten(), "differs");
            }
            let owner_name = ontology.interfaces[topmost.index()].name.clone();
            let field = &mut members_mut(ontology, domain)[at];
            field.owner = owner_name;
            field.seen = said.seen;
            if field.description.is_none() {
                field.description = said.description;
            }
        }
    }
}

fn members_mut(ontology: &mut Ontology, domain: Domain) -> &mut Vec<RelationField> {
    match domain {
        Domain::Type(id) => &mut ontology.types[id.index()].members.fields,
        Domain::Interface(id) => &mut ontology.interfaces[id.index()].members.fields,
        Domain::Union(_) => unreachable!("unions have no members"),
    }
}

/// The interfaces above a domain that have a relation of a name and whose own interfaces have it not.
fn topmost(ontology: &Ontology, domain: Domain, field: &str) -> Vec<InterfaceId> {
    let has = |id: &InterfaceId| {
        let member = ontology.interfaces[id.index()].members.get(field);
        matches!(member, Some(Member::Relation(_)))
    };
    if has(&ENTITY) {
        return vec![ENTITY];
    }
    let above = match domain {
        Domain::Type(id) => &ontology.types[id.index()].interfaces,
        Domain::Interface(id) => &ontology.interfaces[id.index()].interfaces,
        Domain::Union(_) => return Vec::new(),
    };
    let having: Vec<InterfaceId> = above
        .iter()
        .copied()
        .filter(|id| *id != ENTITY)
        .filter(has)
        .collect();
    let is_top = |id: &InterfaceId| !ontology.interfaces[id.index()].interfaces.iter().any(has);
    having.iter().copied().filter(is_top).collect()
}
