//! The maximum cost of a plan, computed before it runs: with its variables, and without reading the data.

use std::collections::HashMap;

use super::{
    AggregateField, Bound, Call, CallNo, CitationField, CitedEdgeField, CitedField, CitedStatementField,
    ComponentField, ConflictField, Connection, ConnectionField, EdgeField, EntityField, GraphField,
    GroupField, GroupKeyField, LinkField, Listing, ListingEdgeField, ListingField, Object, Page, PathField,
    Plan, Question, RankedField, RootField, SearchEdgeField, SearchField, Selection, StatementField,
    SubgraphField, SuggestionField, TimelineField,
};
use crate::ontology::Domain;

/// Entries that all pages of the answer could have together, and candidates that filters and orders look at.
/// `entities` says how many a domain has. Saturates.
pub(super) fn estimate(plan: &Plan, bound: &[Bound], entities: &dyn Fn(Domain) -> u64) -> u64 {
    let mut estimator = Estimator {
        bound,
        known: HashMap::new(),
    };
    let mut total = 0u64;
    for slot in plan.root.fields() {
        total = total.saturating_add(match &slot.field {
            RootField::Introspection(_) => 1,
            RootField::Lookup(_, selection) => estimator.selection(selection),
            RootField::Nodes(call, selection) => {
                let ids = match &*bound[call.0] {
                    Ok(Call::Nodes(call)) => call.ids.len() as u64,
                    _ => 0,
                };
                ids.saturating_mul(estimator.selection(selection))
            }
            RootField::List(domain, call, connection) => {
                let scanned = if estimator.scans(*call) {
                    entities(*domain)
                } else {
                    0
                };
                estimator.connection(*call, connection).saturating_add(scanned)
            }
            RootField::Question(call, question) => estimator.question(*call, question),
            RootField::Graph(fields) => estimator.sum(fields, |it, field| match field {
                GraphField::Sources(call, connection) => it.connection(*call, connection),
                _ => 1,
            }),
        });
    }
    total
}

/// The largest page that a call asks for; `None` for one that asks for no page.
pub(super) fn page_size(bound: &Bound) -> Option<usize> {
    let size = |page: &Page| page.first.into_iter().chain(page.last).min();
    match &**bound {
        Ok(Call::Page(call) | Call::Follow(_, call)) => size(&call.page),
        Ok(Call::Statements(call)) => size(&call.page),
        Ok(Call::Links(call)) => size(&call.page),
        Ok(Call::Cited(call)) => size(&call.page),
        Ok(Call::Nodes(call)) => Some(call.ids.len()),
        Ok(Call::Path(call)) => size(&call.page),
        Ok(Call::Neighborhood(call)) => Some(call.first),
        Ok(Call::Ranking(call)) => Some(call.first),
        Ok(Call::Similar(call)) => Some(call.first),
        Ok(Call::Components(call)) => Some(call.first),
        Ok(Call::Groups(call)) => Some(call.first),
        Ok(Call::Timeline(call)) => size(&call.page),
        Ok(Call::Search(call)) => size(&call.page),
        Ok(Call::Suggest(call)) => Some(call.first),
        Ok(Call::Conflicts(call)) => size(&call.page),
        Ok(Call::Entity(_) | Call::Languages(_)) | Err(_) => None,
    }
}

struct Estimator<'a> {
    bound: &'a [Bound],
    /// Costs of selections that were visited before; equal selections are shared.
    known: HashMap<usize, u64>,
}

impl Estimator<'_> {
    fn page(&self, call: CallNo) -> u64 {
        page_size(&self.bound[call.0]).unwrap_or(0) as u64
    }

    fn scans(&self, call: CallNo) -> bool {
        match &*self.bound[call.0] {
            Ok(Call::Page(call)) => call.filter.is_some() || !call.order.is_empty(),
            _ => false,
        }
    }

    fn sum<F>(&mut self, fields: &Object<F>, mut cost: impl FnMut(&mut Self, &F) -> u64) -> u64 {
        let fields = fields.fields().iter();
        fields.fold(1u64, |sum, slot| sum.saturating_add(cost(self, &slot.field)))
    }

    fn selection(&mut self, selection: &Selection) -> u64 {
        let key = std::ptr::from_ref(selection) as usize;
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let cost = match selection {
            Selection::One(_, fields) => self.entity(fields),
            Selection::ByType(by_type) => by_type
                .iter()
                .flatten()
                .map(|fields| self.entity(fields))
                .max()
                .unwrap_or(1),
        };
        self.known.insert(key, cost);
        cost
    }

    fn entity(&mut self, fields: &Object<EntityField>) -> u64 {
        self.sum(fields, |it, field| match field {
            EntityField::ToOne(_, selection) => it.selection(selection),
            EntityField::ToOneEdge(_, fields) => it.edge(fields),
            EntityField::Connection(_, call, connection) | EntityField::Follow(call, connection) => {
                it.connection(*call, connection)
            }
            EntityField::Statements(call, listing) => it.listing(*call, listing, Self::statement),
            EntityField::Links(call, listing) => it.listing(*call, listing, Self::link),
            EntityField::Cited(call, fields) => it.cited(*call, fields),
            _ => 0,
        })
    }

    fn question(&mut self, call: CallNo, question: &Question) -> u64 {
        match question {
            Question::Path(fields) => self.path(call, fields),
            Question::Paths(listing) => self.listing(call, listing, |it, fields| it.path(call, fields)),
            Question::Neighborhood(fields) => {
                let page = self.page(call);
                self.sum(fields, |it, field| match field {
                    SubgraphField::Nodes(selection) => page.saturating_mul(it.selection(selection)),
                    SubgraphField::Links(fields) => page.saturating_mul(it.link(fields)),
                    _ => 0,
                })
            }
            Question::Ranked(fields) => {
                let one = self.sum(fields, |it, field| match field {
                    RankedField::Entity(selection) => it.selection(selection),
                    _ => 0,
                });
                self.page(call).saturating_mul(one)
            }
            Question::Search(fields) => {
                let page = self.page(call);
                self.sum(fields, |it, field| match field {
                    SearchField::Nodes(selection) => page.saturating_mul(it.selection(selection)),
                    SearchField::Edges(fields) => {
                        let one = it.sum(fields, |it, field| match field {
                            SearchEdgeField::Node(selection) => it.selection(selection),
                            SearchEdgeField::Matched(fields) => it.statement(fields),
                            _ => 0,
                        });
                        page.saturating_mul(one)
                    }
                    SearchField::Aggregate(fields) => it.sum(fields, Self::aggregate),
                    _ => 0,
                })
            }
            Question::Suggest(fields) => {
                let one = self.sum(fields, |it, field| match field {
                    SuggestionField::Entity(selection) => it.selection(selection),
                    _ => 0,
                });
                self.page(call).saturating_mul(one)
            }
            Question::Timeline(listing) => self.listing(call, listing, |it, fields| {
                it.sum(fields, |it, field| match field {
                    TimelineField::Entity(selection) => it.selection(selection),
                    TimelineField::Statement(fields) => it.statement(fields),
                    TimelineField::Date => 0,
                })
            }),
            Question::Conflicts(listing) => self.listing(call, listing, |it, fields| {
                it.sum(fields, |it, field| match field {
                    ConflictField::Entity(selection) => it.selection(selection),
                    ConflictField::Statements(fields) => it.statement(fields),
                    ConflictField::Field => 0,
                })
            }),
            Question::Components(fields) => {
                let one = self.sum(fields, |it, field| match field {
                    ComponentField::Nodes(call, connection) => it.connection(*call, connection),
                    ComponentField::Size => 0,
                });
                self.page(call).saturating_mul(one)
            }
        }
    }

    fn path(&mut self, call: CallNo, fields: &Object<PathField>) -> u64 {
        let longest = match &*self.bound[call.0] {
            Ok(Call::Path(call)) => call.most as u64,
            _ => 0,
        };
        self.sum(fields, |it, field| match field {
            PathField::Nodes(selection) => longest.saturating_mul(it.selection(selection)),
            PathField::Steps(fields) => longest.saturating_mul(it.link(fields)),
            _ => 0,
        })
    }

    fn connection(&mut self, call: CallNo, connection: &Connection) -> u64 {
        let page = self.page(call);
        self.sum(connection, |it, field| match field {
            ConnectionField::Nodes(selection) => page.saturating_mul(it.selection(selection)),
            ConnectionField::Edges(fields) => page.saturating_mul(it.edge(fields)),
            ConnectionField::Aggregate(fields) => it.sum(fields, Self::aggregate),
            _ => 0,
        })
    }

    fn aggregate(&mut self, field: &AggregateField) -> u64 {
        let (call, group) = match field {
            AggregateField::Count | AggregateField::Property(..) => return 0,
            AggregateField::Edge(fields) => return fields.len() as u64,
            AggregateField::Groups(call, group) => (call, group),
        };
        let one = self.sum(group, |it, field| match field {
            GroupField::Key => 0,
            GroupField::Keys(fields) => it.sum(fields, |it, field| match field {
                GroupKeyField::Entity(selection) => it.selection(selection),
                _ => 0,
            }),
            GroupField::Aggregate(field) => it.aggregate(field),
        });
        self.page(*call).saturating_mul(one)
    }

    fn edge(&mut self, fields: &Object<EdgeField>) -> u64 {
        self.sum(fields, |it, field| match field {
            EdgeField::Node(selection) => it.selection(selection),
            EdgeField::Statement(fields, _) => it.statement(fields),
            _ => 0,
        })
    }

    fn listing<F>(
        &mut self,
        call: CallNo,
        listing: &Listing<F>,
        cost: impl Fn(&mut Self, &Object<F>) -> u64,
    ) -> u64 {
        let page = self.page(call);
        self.sum(listing, |it, field| match field {
            ListingField::Nodes(fields) => page.saturating_mul(cost(it, fields)),
            ListingField::Edges(fields) => {
                let edge = it.sum(fields, |it, field| match field {
                    ListingEdgeField::Node(fields) => cost(it, fields),
                    ListingEdgeField::Cursor => 0,
                });
                page.saturating_mul(edge)
            }
            _ => 0,
        })
    }

    fn statement(&mut self, fields: &Object<StatementField>) -> u64 {
        self.sum(fields, |it, field| match field {
            StatementField::Target(selection) => it.selection(selection),
            StatementField::Citations(fields) => it.sum(fields, |it, field| match field {
                CitationField::Source(selection) => it.selection(selection),
                _ => 0,
            }),
            _ => 0,
        })
    }

    fn cited(&mut self, call: CallNo, fields: &Object<CitedField>) -> u64 {
        let page = self.page(call);
        self.sum(fields, |it, field| match field {
            CitedField::Nodes(fields) => page.saturating_mul(it.cited_statement(fields)),
            CitedField::Edges(fields) => {
                let edge = it.sum(fields, |it, field| match field {
                    CitedEdgeField::Node(fields) => it.cited_statement(fields),
                    CitedEdgeField::Cursor | CitedEdgeField::Locator | CitedEdgeField::Note => 0,
                });
                page.saturating_mul(edge)
            }
            CitedField::PageInfo(_) | CitedField::TotalCount => 0,
        })
    }

    fn cited_statement(&mut self, fields: &Object<CitedStatementField>) -> u64 {
        self.sum(fields, |it, field| match field {
            CitedStatementField::Entity(selection) => it.selection(selection),
            CitedStatementField::Statement(fields) => it.statement(fields),
        })
    }

    fn link(&mut self, fields: &Object<LinkField>) -> u64 {
        self.sum(fields, |it, field| match field {
            LinkField::From(selection) | LinkField::To(selection) => it.selection(selection),
            LinkField::Statement(fields) => it.statement(fields),
            _ => 0,
        })
    }
}
