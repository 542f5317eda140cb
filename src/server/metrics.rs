//! The metrics of the server, in the text format of Prometheus.
//!
//! Events are counted where they happen, with a few stores; a scrape adds up the counters.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::connections::Connections;
use super::current::Live;
use crate::api::{BUSY, Persisted};

/// State that a scrape reads.
pub(super) struct Exported {
    pub connections: Arc<Connections>,
    pub live: Arc<Live>,
    pub persisted: Arc<Persisted>,
    pub start: Instant,
}

/// The routes of the metrics address.
pub(super) fn routes(exported: Exported) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(Arc::new(exported))
}

async fn metrics(State(exported): State<Arc<Exported>>) -> Response {
    let mut text = String::new();
    match prometheus_text::encode(&mut text, &exported.registry()) {
        Ok(()) => {
            let headers = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (headers, text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// A gauge or a counter with one label.
type LabelledMetric<T> = Family<[(&'static str, String); 1], T>;

impl Exported {
    /// The current values of all metrics.
    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("clew");
        let gauge = |registry: &mut Registry, name: &str, help: &str, value: u64| {
            let gauge = Gauge::<i64>::default();
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            registry.register(name, help, gauge);
        };
        let seconds = |registry: &mut Registry, name: &str, help: &str, value: f64| {
            let gauge = Gauge::<f64, AtomicU64>::default();
            gauge.set(value);
            registry.register(name, help, gauge);
        };
        let counter = |registry: &mut Registry, name: &str, help: &str, value: u64| {
            let counter = Counter::<u64>::default();
            counter.inc_by(value);
            registry.register(name, help, counter);
        };
        let engine = self.live.engine();
        let revision = format!("{:016x}", engine.snapshot().revision());
        let labels = vec![
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("revision", revision),
        ];
        registry.register(
            "graph",
            "The version of Clew and the revision of the graph",
            Info::new(labels),
        );
        let size = engine.snapshot().counts();
        gauge(
            &mut registry,
            "entities",
            "Entities of the graph",
            size.entities as u64,
        );
        gauge(&mut registry, "edges", "Edges of the graph", size.edges as u64);
        seconds(
            &mut registry,
            "uptime_seconds",
            "Seconds since the server began to listen",
            self.start.elapsed().as_secs_f64(),
        );
        counter(
            &mut registry,
            "reloads",
            "Graphs that replaced the one before",
            self.live.reloads(),
        );
        counter(
            &mut registry,
            "reload_failures",
            "Reloads that failed: the graph from before is still served",
            self.live.failed_reloads(),
        );
        let counts = self.connections.counts();
        gauge(
            &mut registry,
            "connections",
            "Connections that are open",
            counts.open as u64,
        );
        counter(
            &mut registry,
            "connections_accepted",
            "Connections that were accepted",
            counts.accepted,
        );
        counter(
            &mut registry,
            "sent_bytes",
            "Bytes that were sent, heads included",
            counts.sent,
        );
        let answers = LabelledMetric::<Counter>::default();
        for (class, count) in (1..).zip(counts.answers) {
            answers
                .get_or_create(&[("status", format!("{class}xx"))])
                .inc_by(count);
        }
        registry.register("answers", "Answers by the class of their status", answers);
        let codes = LabelledMetric::<Counter>::default();
        let seen = self.connections.record.counters.codes();
        for (code, count) in &seen {
            codes
                .get_or_create(&[("code", (*code).to_owned())])
                .inc_by(*count);
        }
        registry.register(
            "errors",
            "Requests that were refused or failed, by the code of their first error",
            codes,
        );
        let runs = self.live.gate().stats();
        gauge(
            &mut registry,
            "runs",
            "Long runs that take place",
            runs.running as u64,
        );
        gauge(
            &mut registry,
            "queue",
            "Requests that wait for a long run",
            runs.waiting as u64,
        );
        counter(&mut registry, "runs_begun", "Long runs that began", runs.begun);
        counter(
            &mut registry,
            "busy",
            "Requests that were refused, or that ended early, because too much was running",
            seen.get(BUSY).copied().unwrap_or_default(),
        );
        gauge(
            &mut registry,
            "reserved_bytes",
            "Bytes that requests hold together",
            runs.reserved as u64,
        );
        gauge(
            &mut registry,
            "reserved_bytes_limit",
            "Bytes that requests may hold together",
            runs.memory as u64,
        );
        gauge(
            &mut registry,
            "reserved_bytes_max",
            "Most bytes that requests held together",
            runs.most_reserved as u64,
        );
        let compiled = engine.compiled();
        counter(
            &mut registry,
            "schemas_generated",
            "Public schemas that were generated",
            compiled.apis,
        );
        counter(
            &mut registry,
            "documents_prepared",
            "Documents that were parsed and validated",
            compiled.documents,
        );
        counter(
            &mut registry,
            "plans_compiled",
            "Plans that were compiled",
            compiled.plans,
        );
        let caches = LabelledMetric::<Gauge>::default();
        let weights = engine.cache_weights();
        for (cache, bytes) in [
            ("documents", weights.documents),
            ("bodies", weights.bodies),
            ("introspection", weights.introspection),
            ("persisted", self.persisted.automatic_bytes()),
        ] {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            caches.get_or_create(&[("cache", cache.to_owned())]).set(bytes);
        }
        registry.register("cache_bytes", "Bytes that a cache holds", caches);
        if let Some(bytes) = resident() {
            gauge(
                &mut registry,
                "resident_memory_bytes",
                "Memory that the process holds",
                bytes,
            );
        }
        #[cfg(feature = "probes")]
        {
            let nanoseconds = self.connections.record.counters.longest_poll();
            seconds(
                &mut registry,
                "poll_cpu_seconds_max",
                "Longest poll of a connection, in seconds of processor time",
                nanoseconds as f64 / 1e9,
            );
            seconds(
                &mut registry,
                "overrun_cpu_seconds_max",
                "Most processor time that a run took after its deadline or after its client had gone",
                runs.overrun.as_secs_f64(),
            );
        }
        registry
    }
}

/// The memory that the process holds, if the system reports it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}
