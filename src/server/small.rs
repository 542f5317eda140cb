//! Pages for people, made by the server: they replace the console if the build had no npm. They have no scripts.
//!
//! Each page asks one question through the API, as any client would, and shows the answer. Templates escape all texts,
//! and each text of the graph is isolated (`<bdi>`), so that no text changes the direction of what is around it.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Shared;
use super::graphql::{Caller, answer_json};
use super::log::{Document, LogData};
use super::near::{Name, near};
use crate::api::{BUSY, BUSY_MESSAGE, DatedEntity, own_request};
use crate::forms::path_segment;

const HOME: &str = "query Home {
  graph {
    title
    description
    licence
    entityCount
    statementCount
    sourceCount
    types { name description count }
    examples { title query }
  }
}
";
const SEARCH: &str = "query Search($query: String!, $types: [EntityType!], $after: String) {
  search(query: $query, types: $types, first: 20, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges { node { __typename entityId label } highlights { field fragments } }
  }
}
";
const BROWSE: &str = "query Browse($types: [EntityType!]!, $after: String) {
  entities(filter: { entityType: { in: $types } }, orderBy: [{ label: ASC }], first: 50, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { __typename entityId label }
  }
}
";
const ENTITY: &str = "query Entity($id: ID!, $asOf: Date, $after: String) {
  entity(id: $id, asOf: $asOf) {
    __typename
    entityId
    label
    description
    statements(first: 200, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        field
        value
        target { __typename entityId label }
        edge
        rank
        valid { from until }
        citations { locator note source { __typename entityId label } }
      }
    }
  }
}
";
const SOURCE: &str = "query Source($id: ID!, $after: String) {
  source(id: $id) {
    __typename
    entityId
    label
    description
    cited(first: 100, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      edges {
        locator
        note
        node {
          entity { __typename entityId label }
          statement { field value target { __typename entityId label } edge rank valid { from until } citations { locator note source { __typename entityId label } } }
        }
      }
    }
  }
}
";

/// A longer answer is not shown as a page: its tree of values and its markup take many times the memory.
const LONGEST: usize = 1 << 20;

const STYLE: &str = "body{margin:0 auto;max-width:60em;padding:1em;font:16px/1.5 system-ui,sans-serif;color-scheme:light dark}\
    input,select,button,textarea{font:inherit;padding:.3em .6em}\
    textarea{box-sizing:border-box;width:100%;font-family:ui-monospace,monospace}\
    dt{font-weight:600;margin-top:1em}dd{margin:.2em 0 .2em 1em;overflow-wrap:anywhere}\
    small,.note{opacity:.8}.citations{margin:0;padding-left:1.2em;font-size:.9em}nav{margin-bottom:1em}";

/// The parameters of all pages.
#[derive(Default)]
struct Parameters {
    query: Option<String>,
    types: Vec<String>,
    as_of: Option<String>,
    after: Option<String>,
    document: Option<String>,
    variables: Option<String>,
}

impl Parameters {
    fn of(uri: &Uri) -> Result<Self, Page> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(uri.query().unwrap_or_default())
            .map_err(|error| {
                problem(
                    StatusCode::BAD_REQUEST,
                    &format!("the query string cannot be read: {error}"),
                )
            })?;
        let mut all = Self::default();
        for (name, value) in pairs.into_iter().filter(|it| !it.1.is_empty()) {
            match &*name {
                "q" => all.query = Some(value),
                "type" => all.types.push(value),
                "asOf" => all.as_of = Some(value),
                "after" => all.after = Some(value),
                "query" => all.document = Some(value),
                "variables" => all.variables = Some(value),
                _ => {}
            }
        }
        Ok(all)
    }
}

#[derive(Deserialize)]
struct Home {
    graph: Graph,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Graph {
    title: Option<String>,
    description: Option<String>,
    licence: Option<String>,
    entity_count: u64,
    statement_count: u64,
    source_count: u64,
    types: Vec<Kind>,
    examples: Vec<Example>,
}

#[derive(Deserialize)]
struct Kind {
    name: String,
    description: Option<String>,
    count: u64,
}

#[derive(Deserialize)]
struct Example {
    title: String,
    query: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Searched {
    search: Option<Results>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Results {
    total_count: u64,
    page_info: PageInfo,
    edges: Vec<ResultEdge>,
}

#[derive(Deserialize)]
struct ResultEdge {
    node: Name,
    highlights: Vec<Highlight>,
}

#[derive(Deserialize)]
struct Highlight {
    field: String,
    fragments: Vec<String>,
}

#[derive(Deserialize)]
struct Browsed {
    entities: Option<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    total_count: u64,
    page_info: PageInfo,
    nodes: Vec<Name>,
}

#[derive(Deserialize)]
struct Found {
    entity: Option<Entity>,
}

#[derive(Deserialize)]
struct Entity {
    #[serde(flatten)]
    name: Name,
    description: Option<String>,
    statements: Statements,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statements {
    total_count: u64,
    page_info: PageInfo,
    nodes: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    field: String,
    value: Value,
    target: Option<Name>,
    edge: Option<Map<String, Value>>,
    rank: String,
    valid: Option<Validity>,
    citations: Vec<Citation>,
}

#[derive(Deserialize)]
struct Validity {
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
struct Citation {
    locator: Option<String>,
    note: Option<String>,
    source: Name,
}

#[derive(Deserialize)]
struct FoundSource {
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(flatten)]
    name: Name,
    description: Option<String>,
    cited: Cited,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cited {
    total_count: u64,
    page_info: PageInfo,
    edges: Vec<CitedEdge>,
}

#[derive(Deserialize)]
struct CitedEdge {
    locator: Option<String>,
    note: Option<String>,
    node: CitedStatement,
}

#[derive(Deserialize)]
struct CitedStatement {
    entity: Name,
    statement: Statement,
}

/// A page that is ready to be sent.
struct Page {
    status: StatusCode,
    /// Data for the log, if the page is about an error.
    log: Option<LogData>,
    title: String,
    body: Markup,
}

impl Page {
    fn new(title: impl Into<String>, body: Markup) -> Self {
        Self {
            status: StatusCode::OK,
            log: None,
            title: title.into(),
            body,
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    link rel="icon" href="data:,";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    nav {
                        a href="/" { "Home" } " · "
                        a href="/graphiql" { "Query" } " · "
                        a href="/schema.graphql" { "Schema" }
                    }
                    main { (self.body) }
                    footer {
                        p.note {
                            small {
                                "These are the small pages. For all pages and GraphiQL, install Node 20 or newer with npm and \
                                build Clew again."
                            }
                        }
                    }
                }
            }
        };
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        let mut response = (self.status, headers, markup.into_string()).into_response();
        if let Some(log) = self.log {
            response.extensions_mut().insert(log);
        }
        response
    }
}

/// A page about an error.
fn problem(status: StatusCode, message: &str) -> Page {
    Page {
        status,
        ..Page::new(
            "Error",
            html! { h1 { "This did not work" } p { bdi { (message) } } },
        )
    }
}

/// The data of an answer, or a page about its errors.
async fn ask<T: DeserializeOwned>(
    shared: &Shared,
    caller: &Caller,
    query: &str,
    variables: &[(&str, Value)],
) -> Result<T, Page> {
    #[derive(Deserialize)]
    struct Response<T> {
        data: T,
    }
    #[derive(Deserialize)]
    struct Failed {
        errors: Vec<Message>,
    }
    #[derive(Deserialize)]
    struct Message {
        message: String,
    }
    let asked = own_request(query, variables);
    let answer = answer_json(shared, &asked, caller).await;
    if let Some(code) = answer.code {
        let failed = serde_json::from_slice::<Failed>(&answer.body);
        let errors = failed.map(|it| it.errors).unwrap_or_default();
        let message = errors.into_iter().next().map(|it| it.message);
        let page = if code == BUSY {
            problem(StatusCode::SERVICE_UNAVAILABLE, BUSY_MESSAGE)
        } else {
            let message = message.unwrap_or_else(|| "the answer has errors".to_owned());
            problem(StatusCode::UNPROCESSABLE_ENTITY, &message)
        };
        return Err(Page {
            log: Some(LogData {
                code: Some(code),
                document: Some(Document::new(asked, shared.settings.persisted.clone())),
            }),
            ..page
        });
    }
    if answer.body.len() > LONGEST {
        let message = format!(
            "the page would have more than {LONGEST} bytes: ask for the entity as application/json or text/turtle, or \
             ask for a part of it at /graphql"
        );
        return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, &message));
    }
    serde_json::from_slice::<Response<T>>(&answer.body)
        .map(|it| it.data)
        .map_err(|error| {
            problem(
                StatusCode::INTERNAL_SERVER_ERROR,
                &format!("the answer cannot be read: {error}"),
            )
        })
}

/// `GET` of any page but that of an entity.
pub(super) async fn page(shared: &Shared, uri: &Uri, caller: &Caller) -> Response {
    let parameters = match Parameters::of(uri) {
        Ok(parameters) => parameters,
        Err(page) => return page.into_response(),
    };
    let made = match uri.path() {
        "/" => home(shared, caller).await,
        "/search" => search(shared, &parameters, caller).await,
        "/graphiql" | "/answer" => Ok(query(&parameters)),
        "/schema" => return Redirect::temporary("/schema.graphql").into_response(),
        path => match path.strip_prefix("/source/") {
            Some(encoded) => source(shared, encoded, &parameters, caller).await,
            None => Err(problem(StatusCode::NOT_FOUND, "there is nothing here")),
        },
    };
    made.unwrap_or_else(|page| page).into_response()
}

/// The page of an entity, or of an id that no entity has.
pub(super) async fn entity(
    shared: &Shared,
    entity: &DatedEntity,
    is_known: bool,
    uri: &Uri,
    caller: &Caller,
) -> Response {
    let made = if is_known {
        match Parameters::of(uri) {
            Ok(parameters) => known(shared, entity, &parameters, caller).await,
            Err(page) => Err(page),
        }
    } else {
        unknown(shared, entity, caller).await
    };
    made.unwrap_or_else(|page| page).into_response()
}

async fn home(shared: &Shared, caller: &Caller) -> Result<Page, Page> {
    let Home { graph } = ask(shared, caller, HOME, &[]).await?;
    let title = graph.title.unwrap_or_else(|| "Clew".to_owned());
    let body = html! {
        h1 { bdi { (title) } }
        @if let Some(description) = &graph.description { p { bdi { (description) } } }
        (search_form(""))
        p.note {
            (graph.entity_count) " entities, " (graph.statement_count) " statements, " (graph.source_count) " sources"
            @if let Some(licence) = &graph.licence { " · " bdi { (licence) } }
        }
        h2 { "Types" }
        ul {
            @for kind in graph.types.iter().filter(|it| it.count > 0) {
                li {
                    a href={ "/search?type=" (path_segment(&kind.name)) } { (kind.name) }
                    " (" (kind.count) ")"
                    @if let Some(description) = &kind.description { " " small { bdi { (description) } } }
                }
            }
        }
        @if !graph.examples.is_empty() {
            h2 { "Example questions" }
            ul {
                @for example in &graph.examples {
                    li { a href={ "/graphiql?query=" (path_segment(&example.query)) } { bdi { (example.title) } } }
                }
            }
        }
    };
    Ok(Page::new(title, body))
}

async fn search(shared: &Shared, parameters: &Parameters, caller: &Caller) -> Result<Page, Page> {
    let types = Value::from(parameters.types.clone());
    let after = ("after", optional(parameters.after.as_deref()));
    let next = |page: &PageInfo| {
        let mut address = format!(
            "/search?q={}",
            path_segment(parameters.query.as_deref().unwrap_or_default())
        );
        for kind in &parameters.types {
            address.push_str("&type=");
            address.push_str(&path_segment(kind));
        }
        more(&address, page)
    };
    let Some(text) = &parameters.query else {
        if parameters.types.is_empty() {
            return Ok(Page::new("Search", html! { h1 { "Search" } (search_form("")) }));
        }
        let browsed: Browsed = ask(shared, caller, BROWSE, &[("types", types), after]).await?;
        let Some(listed) = browsed.entities else {
            return Err(problem(StatusCode::UNPROCESSABLE_ENTITY, "there is no such list"));
        };
        let title = parameters.types.join(", ");
        let body = html! {
            h1 { bdi { (title) } " (" (listed.total_count) ")" }
            (search_form(""))
            ul { @for name in &listed.nodes { li { (link(name)) } } }
            (next(&listed.page_info))
        };
        return Ok(Page::new(title, body));
    };
    let given = if parameters.types.is_empty() {
        Value::Null
    } else {
        types
    };
    let variables = [("query", Value::from(text.as_str())), ("types", given), after];
    let searched: Searched = ask(shared, caller, SEARCH, &variables).await?;
    let Some(results) = searched.search else {
        return Err(problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            "this cannot be searched",
        ));
    };
    let near = if results.total_count == 0 {
        let entity = DatedEntity {
            id: text.clone(),
            as_of: None,
        };
        near(shared, &entity, caller).await.unwrap_or_default()
    } else {
        Vec::new()
    };
    let body = html! {
        h1 { "Search: " bdi { (text) } }
        (search_form(text))
        p { (results.total_count) " found" }
        ol {
            @for found in &results.edges {
                li {
                    (link(&found.node))
                    @for highlight in &found.highlights {
                        @for fragment in &highlight.fragments {
                            br;
                            // Fragments are HTML in which everything but the marks is escaped.
                            small { (highlight.field) ": " bdi { (PreEscaped(fragment)) } }
                        }
                    }
                }
            }
        }
        (similar(&near))
        (next(&results.page_info))
    };
    Ok(Page::new(format!("Search: {text}"), body))
}

async fn known(
    shared: &Shared,
    entity: &DatedEntity,
    parameters: &Parameters,
    caller: &Caller,
) -> Result<Page, Page> {
    let variables = [
        ("id", Value::from(entity.id.as_str())),
        ("asOf", optional(entity.as_of.as_deref())),
        ("after", optional(parameters.after.as_deref())),
    ];
    let Found { entity: Some(found) } = ask(shared, caller, ENTITY, &variables).await? else {
        return unknown(shared, entity, caller).await;
    };
    let mut address = format!("/entity/{}", path_segment(&entity.id));
    if let Some(date) = &entity.as_of {
        address.push_str("?asOf=");
        address.push_str(&path_segment(date));
    }
    let statements = &found.statements;
    let body = html! {
        h1 { bdi { (found.name.label) } }
        p.note {
            (found.name.kind) " · " code { bdi { (found.name.entity_id) } }
            @if let Some(date) = &entity.as_of { " · as of " (date) }
            @if found.name.kind == "Source" {
                " · " a href={ "/source/" (path_segment(&entity.id)) } { "statements that cite it" }
            }
        }
        @if let Some(description) = &found.description { p { bdi { (description) } } }
        form action={ "/entity/" (path_segment(&entity.id)) } {
            label { "As of " input name="asOf" value=(entity.as_of.as_deref().unwrap_or_default()) size="12" placeholder="2011-05"; }
            " " button { "Show" }
        }
        p.note { (statements.total_count) " statements" }
        dl {
            @for group in statements.nodes.chunk_by(|a, b| a.field == b.field) {
                dt { (group[0].field) }
                @for statement in group { dd { (fact(statement)) (citations(&statement.citations)) } }
            }
        }
        (more(&address, &statements.page_info))
    };
    Ok(Page::new(found.name.label.clone(), body))
}

async fn unknown(shared: &Shared, entity: &DatedEntity, caller: &Caller) -> Result<Page, Page> {
    let near = near(shared, entity, caller).await.unwrap_or_default();
    let body = html! {
        h1 { "There is no entity " bdi { (entity.id) } }
        (search_form(""))
        (similar(&near))
    };
    Ok(Page {
        status: StatusCode::NOT_FOUND,
        log: Some(LogData {
            code: Some("NOT_FOUND"),
            document: None,
        }),
        ..Page::new("Unknown entity", body)
    })
}

async fn source(
    shared: &Shared,
    encoded: &str,
    parameters: &Parameters,
    caller: &Caller,
) -> Result<Page, Page> {
    let id = percent_encoding::percent_decode_str(encoded).decode_utf8_lossy();
    let variables = [
        ("id", Value::from(&*id)),
        ("after", optional(parameters.after.as_deref())),
    ];
    let FoundSource { source: Some(found) } = ask(shared, caller, SOURCE, &variables).await? else {
        let entity = DatedEntity {
            id: id.into_owned(),
            as_of: None,
        };
        return unknown(shared, &entity, caller).await;
    };
    let cited = &found.cited;
    let body = html! {
        h1 { bdi { (found.name.label) } }
        p.note { "Source · " (link(&found.name)) }
        @if let Some(description) = &found.description { p { bdi { (description) } } }
        p.note { (cited.total_count) " citations" }
        ol {
            @for edge in &cited.edges {
                li {
                    @if let Some(locator) = &edge.locator { code { bdi { (locator) } } " " }
                    (link(&edge.node.entity)) " · " (edge.node.statement.field) ": " (fact(&edge.node.statement))
                    @if let Some(note) = &edge.note { " " small { bdi { (note) } } }
                }
            }
        }
        (more(&format!("/source/{}", path_segment(&id)), &cited.page_info))
    };
    Ok(Page::new(found.name.label.clone(), body))
}

/// A form that sends a query to the API.
fn query(parameters: &Parameters) -> Page {
    let document = parameters.document.as_deref().unwrap_or(HOME);
    let body = html! {
        h1 { "Query" }
        form action="/graphql" {
            p {
                label for="query" { "GraphQL" }
                textarea id="query" name="query" rows="18" spellcheck="false" { (document) }
            }
            p {
                label for="variables" { "Variables (a JSON object)" }
                textarea id="variables" name="variables" rows="4" spellcheck="false" {
                    (parameters.variables.as_deref().unwrap_or_default())
                }
            }
            button { "Run" }
        }
    };
    Page::new("Query", body)
}

fn optional(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}

fn search_form(text: &str) -> Markup {
    html! {
        form action="/search" role="search" {
            input type="search" name="q" value=(text) aria-label="Search" required;
            " " button { "Search" }
        }
    }
}

fn link(name: &Name) -> Markup {
    html! {
        a href={ "/entity/" (path_segment(&name.entity_id)) } { bdi { (name.label) } }
        " " small { (name.kind) }
    }
}

fn similar(near: &[Name]) -> Markup {
    html! {
        @if !near.is_empty() {
            p { "Similar names:" }
            ul { @for name in near { li { (link(name)) } } }
        }
    }
}

/// A link to the next page of an address, if there is one.
fn more(address: &str, page: &PageInfo) -> Markup {
    let sign = if address.contains('?') { '&' } else { '?' };
    html! {
        @if let (true, Some(cursor)) = (page.has_next_page, &page.end_cursor) {
            p { a rel="next" href={ (address) (sign) "after=" (path_segment(cursor)) } { "Next page" } }
        }
    }
}

/// The fact of a statement, without its sources.
fn fact(statement: &Statement) -> Markup {
    html! {
        @match &statement.target {
            Some(target) => (link(target)),
            None => (value(&statement.value)),
        }
        @if let Some(edge) = &statement.edge {
            @for (name, of_edge) in edge.iter().filter(|it| !it.1.is_null()) { " · " (name) ": " (value(of_edge)) }
        }
        @if let Some(valid) = &statement.valid {
            " · " small {
                "valid"
                @if let Some(from) = &valid.from { " from " (from) }
                @if let Some(until) = &valid.until { " until " (until) }
            }
        }
        @if statement.rank != "NORMAL" { " · " small { (statement.rank.to_lowercase()) } }
    }
}

fn citations(all: &[Citation]) -> Markup {
    html! {
        @if !all.is_empty() {
            ul.citations {
                @for citation in all {
                    li {
                        a href={ "/source/" (path_segment(&citation.source.entity_id)) } { bdi { (citation.source.label) } }
                        @if let Some(locator) = &citation.locator { " " code { bdi { (locator) } } }
                        @if let Some(note) = &citation.note { " " bdi { (note) } }
                    }
                }
            }
        }
    }
}

fn value(value: &Value) -> Markup {
    let is_web = |text: &str| text.starts_with("https://") || text.starts_with("http://");
    html! {
        @match value {
            Value::String(text) if is_web(text) => a href=(text) rel="nofollow noreferrer" { bdi { (text) } },
            Value::String(text) => bdi { (text) },
            other => bdi { (other.to_string()) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "\"><script>alert('1')</script>\u{202e}&amp;";

    fn name() -> Name {
        Name {
            kind: "Thing".to_owned(),
            entity_id: "a/b?\"<".to_owned(),
            label: HOSTILE.to_owned(),
        }
    }

    #[test]
    fn texts_are_escaped_and_isolated() {
        let statement = Statement {
            field: "name".to_owned(),
            value: Value::from(HOSTILE),
            target: None,
            edge: Some(Map::from_iter([("role".to_owned(), Value::from(HOSTILE))])),
            rank: "DEPRECATED".to_owned(),
            valid: None,
            citations: Vec::new(),
        };
        let citation = Citation {
            locator: Some(HOSTILE.to_owned()),
            note: Some(HOSTILE.to_owned()),
            source: name(),
        };
        let page = PageInfo {
            has_next_page: true,
            end_cursor: Some(HOSTILE.to_owned()),
        };
        for markup in [
            fact(&statement),
            citations(&[citation]),
            link(&name()),
            similar(&[name()]),
            search_form(HOSTILE),
            more("/search?q=a", &page),
            value(&Value::from(format!("https://example.org/{HOSTILE}"))),
            value(&serde_json::json!([HOSTILE])),
            problem(StatusCode::BAD_REQUEST, HOSTILE).body,
        ] {
            let text = markup.into_string();
            assert!(!text.contains("<script") && !text.contains("\"\"><"), "{text}");
            let parts = text.split('\u{202e}').count() - 1;
            assert!(
                parts <= text.matches("<bdi>").count() + text.matches("=\"").count(),
                "{text}"
            );
        }
        let link = link(&name()).into_string();
        assert!(link.contains("href=\"/entity/a%2Fb%3F%22%3C\""), "{link}");
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        for (text, is_link) in [
            ("https://example.org/", true),
            ("http://example.org/", true),
            ("javascript:alert(1)", false),
            ("mailto:a@example.org", false),
        ] {
            let markup = value(&Value::from(text)).into_string();
            assert_eq!(markup.contains("<a "), is_link, "{text}");
        }
    }
}
