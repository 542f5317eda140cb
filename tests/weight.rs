//! Compares the reported weight of plans, arguments and matchers with the bytes that they allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use apollo_compiler::{ExecutableDocument, Schema};
use clew::api::Api;
use clew::budget::{Clock, Stop};
use clew::exec::Matchers;
use clew::ontology::{self, Ontology};
use clew::plan::{self, CompileLimits, Names, Plan, Unbound, Variables};
use clew::report::SourceText;
use serde_json::json;

/// Counts the bytes that are allocated and not freed.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all calls are forwarded unchanged to the system's allocator.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The number of bytes that a call allocated and did not free.
fn allocated<T>(build: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.load(Ordering::Relaxed);
    let made = build();
    (made, LIVE.load(Ordering::Relaxed) - before)
}

fn is_near(said: usize, allocated: usize, what: &str) {
    let share = said as f64 / allocated as f64;
    assert!(
        (0.7..=1.3).contains(&share),
        "{what}: it says {said} bytes, and {allocated} are allocated"
    );
}

struct Shop {
    ontology: Ontology,
    schema: apollo_compiler::validation::Valid<Schema>,
    started: OnceLock<std::time::Instant>,
}

impl Shop {
    fn new() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/queries/graph/schema");
        let mut files: Vec<PathBuf> = std::fs::read_dir(root)
            .unwrap()
            .map(|it| it.unwrap().path())
            .collect();
        files.sort();
        let texts = files
            .iter()
            .map(|it| SourceText::whole("s.graphql", std::fs::read_to_string(it).unwrap()));
        let ontology = ontology::compile(&texts.collect::<Vec<_>>()).unwrap();
        let sdl = Api::new(&ontology).unwrap().sdl().to_owned();
        let schema = Schema::parse_and_validate(sdl, "schema.graphql").unwrap();
        let started = OnceLock::new();
        Self {
            ontology,
            schema,
            started,
        }
    }

    fn clock(&self) -> Clock<'_> {
        Clock {
            started: &self.started,
            time: Duration::from_hours(1),
            cancelled: None,
        }
    }

    fn effort(&self, bytes: usize) -> CompileLimits<'_> {
        CompileLimits {
            clock: self.clock(),
            bytes,
        }
    }

    fn plan(&self, text: &str, bytes: usize) -> (Result<Plan, Unbound>, usize) {
        let document = ExecutableDocument::parse_and_validate(&self.schema, text, "q.graphql").unwrap();
        let operation = document.operations.get(None).unwrap();
        let conditions = Variables::new();
        let compile = || {
            let names = (&self.ontology, Names::Told);
            plan::compile(
                names,
                &self.schema,
                &document,
                operation,
                &conditions,
                self.effort(bytes),
            )
        };
        // Values that all plans share do not count.
        drop(compile());
        allocated(compile)
    }
}

fn aliases(count: usize, field: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, no| {
        let _ = writeln!(all, "field{no}: {}", field(no));
        all
    })
}

/// A single test, because the counter is global to the process.
#[test]
fn reported_weights_are_close_to_the_allocated_bytes() {
    let shop = Shop::new();
    let big = 64 << 20;
    let filter = |no: usize| {
        format!(
            r#"societies(filter: {{or: [{{name: {{contains: "x{no}"}}}}, {{name: {{in: ["a{no}", "b", "c"]}}}}]}}) {{ totalCount }}"#
        )
    };
    for (what, text) in [
        ("fields", format!("{{ {} }}", aliases(300, |_| "societies { nodes { id name } }".to_owned()))),
        ("types", "{ entities { nodes { id label degree statements { nodes { field value rank } } ... on Society { name } } } }".to_owned()),
        ("filters", format!("{{ {} }}", aliases(200, filter))),
        ("paths", format!("{{ entities {{ nodes {{ {} }} }} }}", aliases(8, |no| format!(r#"follow(path: "partners{{{}}}") {{ totalCount }}"#, 900 + no)))),
        ("searches", format!("{{ {} }}", aliases(200, |no| format!(r#"search(query: "word{no} and \"another phrase\"") {{ totalCount ignored }}"#)))),
        ("lookups", format!("{{ {} }}", aliases(300, |no| format!(r#"node(id: "an-id-{no}") {{ id }}"#)))),
        ("schema", "{ __schema { types { name description fields { name args { name type { name } } } } } }".to_owned()),
        (
            "variables",
            format!("query($x: String) {{ {} }}", aliases(200, |no| format!(r#"societies(filter: {{name: {{eq: $x, ne: "y{no}"}}}}) {{ totalCount }}"#))),
        ),
    ] {
        let (plan, bytes) = shop.plan(&text, big);
        let plan = plan.unwrap();
        // The plan itself is not on the heap.
        is_near(plan.bytes() - size_of::<Plan>(), bytes, what);
        let half = plan.bytes() / 2;
        assert!(matches!(shop.plan(&text, half).0, Err(Unbound::Stop(Stop::Bytes))), "{what}");
    }

    // Memory that a thousand fields share for one large variable is counted once.
    let large = "x".repeat(900_000);
    let ids: Vec<String> = (0..20_000).map(|no| format!("id-{no:010}")).collect();
    for (what, text, variables, most) in [
        (
            "a long text",
            format!(
                "query($x: ID!) {{ {} }}",
                aliases(900, |_| "path(from: $x, to: $x) { length }".to_owned())
            ),
            json!({"x": large}),
            2_000_000,
        ),
        (
            "a long list",
            format!(
                "query($x: [ID!]) {{ {} }}",
                aliases(300, |_| "entities(filter: {id: {in: $x}}) { totalCount }"
                    .to_owned())
            ),
            json!({"x": ids}),
            4_000_000,
        ),
        (
            "a filter",
            format!(
                "query($x: EntityFilter) {{ {} }}",
                aliases(300, |_| "entities(filter: $x) { totalCount }".to_owned())
            ),
            json!({"x": {"id": {"in": ids}}}),
            4_000_000,
        ),
        (
            "ids",
            format!(
                "query($x: [ID!]!) {{ {} }}",
                aliases(300, |_| "neighborhood(of: $x) { totalCount }".to_owned())
            ),
            json!({"x": ids}),
            2_000_000,
        ),
    ] {
        let plan = shop.plan(&text, big).0.unwrap();
        let variables: Variables = variables.as_object().unwrap().clone();
        let bind = |bytes| plan.bind(&shop.ontology, &variables, shop.effort(bytes));
        let (arguments, bytes) = allocated(|| bind(big));
        let arguments = arguments.unwrap();
        is_near(arguments.bytes, bytes, what);
        assert!(bytes < most, "{what}: {bytes} bytes");
        assert!(
            matches!(bind(arguments.bytes / 2), Err(Unbound::Stop(Stop::Bytes))),
            "{what}"
        );
    }

    // A filter is compiled once for each address and domain, however deeply it is nested, not once for each path to it.
    let nested = (0..40).fold(r#"{id: {eq: "x"}}"#.to_owned(), |inner, _| {
        format!("{{partners: {{some: {inner}}}}}")
    });
    let (plan, bytes) = shop.plan(
        &format!("{{ societies(filter: {nested}) {{ totalCount }} }}"),
        big,
    );
    plan.unwrap();
    assert!(bytes < 2_000_000, "{bytes} bytes");

    let text = format!(
        "{{ {} }}",
        aliases(20, |no| format!(
            r#"societies(filter: {{name: {{matches: "^(\\w+ ){{{no}}}"}}}}) {{ totalCount }}"#
        ))
    );
    let plan = shop.plan(&text, big).0.unwrap();
    let prepare = || Matchers::prepare(plan.patterns(), &Matchers::default(), &shop.clock(), 8 << 20);
    drop(prepare());
    let (matchers, bytes) = allocated(|| prepare().unwrap());
    is_near(matchers.bytes(), bytes, "matchers");
}
