//! Starts the real binary for tests, and sends requests to it.

#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod socket;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Maximum time for any step of a test. A debug build on a busy machine takes many times longer than a release build.
pub const PATIENCE: Duration = Duration::from_mins(5);

/// The folder of this repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of the library, a small graph of books and readers.
pub fn library() -> PathBuf {
    root().join("tests/queries/graph")
}

/// The command line `clew ARGUMENTS` in a folder.
pub fn clew(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clew"));
    command.args(arguments).current_dir(folder);
    command
}

/// Runs `clew ARGUMENTS` in a folder until it ends.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    clew(folder, arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes a file and creates the folders that it needs.
pub fn write(folder: &Path, name: &str, content: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

/// Replaces a file by a rename, as editors do.
pub fn replace(folder: &Path, name: &str, content: &str) {
    write(folder, ".new", content);
    std::fs::rename(folder.join(".new"), folder.join(name)).unwrap();
}

/// A folder with the schema `schema/s.graphql` and the data `data/d.yaml`.
pub fn graph(schema: &str, data: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "schema/s.graphql", schema);
    write(folder.path(), "data/d.yaml", data);
    folder
}

/// A graph of 150 things with descriptions of 60 bytes, each the partner of the next one. A page of all has 15 kB.
pub fn long_texts() -> tempfile::TempDir {
    let sdl = "type Thing @entity(label: \"name\") {
      name: String!
      description: String
      partners: [Thing!]! @relation(name: \"PARTNER\", symmetric: true)
    }";
    let things = (0..150).map(|no| {
        let next = (no + 1) % 150;
        format!("  t{no}: {{name: T{no}, description: {no:060}x, partners: t{next}}}\n")
    });
    graph(sdl, &format!("Thing:\n{}", things.collect::<String>()))
}

/// A graph whose rankings by betweenness take seconds each.
pub fn slow_graph() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sdl = "type Thing { name: String next: [Thing!]! @relation(name: \"NEXT\") }";
    write(folder.path(), "schema/s.graphql", sdl);
    let count = 5000;
    let lines = (0..count).map(|no| {
        let edge = |to: usize| format!(r#"{{"type":"edge","from":"t{no}","to":"t{to}","labels":["NEXT"]}}"#);
        let node = format!(r#"{{"type":"node","id":"t{no}","labels":["Thing"],"properties":{{}}}}"#);
        let edges: Vec<String> = (1..6).map(|it| edge((no * it + 7 * it) % count)).collect();
        format!("{node}\n{}\n", edges.join("\n"))
    });
    write(folder.path(), "data/d.jsonl", &lines.collect::<String>());
    folder
}

/// A query that takes minutes on [`slow_graph`].
pub fn slow_query() -> String {
    let rankings: Vec<String> = (0..200)
        .map(|no| format!("r{no}: ranking(by: BETWEENNESS, first: 1) {{ score }}"))
        .collect();
    format!("{{ {} }}", rankings.join(" "))
}

/// The lines of a stream, collected as they arrive.
#[derive(Clone, Default)]
pub struct Lines(Arc<(Mutex<Gathered>, Condvar)>);

#[derive(Default)]
struct Gathered {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    pub fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let gathered = lines.clone();
        std::thread::spawn(move || {
            let (to, changed) = &*gathered.0;
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                to.lock().unwrap().lines.push(line);
                changed.notify_all();
            }
            to.lock().unwrap().ended = true;
            changed.notify_all();
        });
        lines
    }

    fn wait(&self, wished: impl Fn(&[String], bool) -> bool) -> Vec<String> {
        let (gathered, changed) = &*self.0;
        let waited = changed.wait_timeout_while(gathered.lock().unwrap(), PATIENCE, |it| {
            !wished(&it.lines, it.ended)
        });
        let (gathered, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "the lines stay {:#?}", gathered.lines);
        gathered.lines.clone()
    }

    /// Waits until the lines meet a condition, and returns them.
    pub fn until(&self, wished: impl Fn(&[String]) -> bool) -> Vec<String> {
        self.wait(|lines, _| wished(lines))
    }

    /// Waits for a line that contains a text, and returns it.
    pub fn line(&self, with: &str) -> String {
        let lines = self.until(|lines| lines.iter().any(|it| it.contains(with)));
        lines.into_iter().find(|it| it.contains(with)).unwrap()
    }

    /// The lines so far.
    pub fn all(&self) -> Vec<String> {
        self.0.0.lock().unwrap().lines.clone()
    }

    /// All lines, when the stream has ended.
    pub fn to_end(&self) -> Vec<String> {
        self.wait(|_, ended| ended)
    }
}

/// A server on a free port, stopped when it is dropped.
pub struct Server {
    pub child: Child,
    /// `HOST:PORT`
    pub address: String,
    /// Standard error.
    pub log: Lines,
}

impl Server {
    /// Serves the library, a small graph of books and readers.
    pub fn start(arguments: &[&str]) -> Self {
        Self::of(&library(), arguments)
    }

    /// Serves the graph in the folders `schema` and `data` of a folder, or a compiled graph in it.
    pub fn of(folder: &Path, arguments: &[&str]) -> Self {
        let all = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        Self::spawn(&mut clew(folder, &all))
    }

    pub fn spawn(command: &mut Command) -> Self {
        Self::try_spawn(command).unwrap_or_else(|said| panic!("the server does not start: {said}"))
    }

    /// The server, or its output on standard error if it does not start.
    pub fn try_spawn(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Lines::of(child.stderr.take().unwrap());
        let out = Lines::of(child.stdout.take().unwrap());
        let line = out.wait(|lines, ended| ended || !lines.is_empty());
        let address = line
            .first()
            .and_then(|it| it.strip_prefix("listening on http://"));
        let server = Self {
            address: address.unwrap_or_default().to_owned(),
            child,
            log,
        };
        if server.address.is_empty() {
            let said = server.log.to_end();
            return Err(said.into_iter().map(|line| line + "\n").collect());
        }
        Ok(server)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Posts a body to `/graphql`, as JSON unless the headers say otherwise.
    pub fn post(&self, body: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = agent().post(self.url("/graphql"));
        if !headers.iter().any(|it| it.0 == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        response(request.send(body).unwrap())
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = agent().get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        response(request.call().unwrap())
    }

    pub fn ask(&self, query: &str) -> Value {
        self.ask_with(query, "{}")
    }

    /// Sends a query with variables as raw JSON.
    pub fn ask_with(&self, query: &str, variables: &str) -> Value {
        let body = format!("{{\"query\":{},\"variables\":{variables}}}", json!(query));
        self.post(&body, &[]).json()
    }

    /// A metric of a server that was started with `--metrics-listen 127.0.0.1:0`.
    pub fn metric(&self, name: &str) -> u64 {
        let line = self.log.line("metrics at http://");
        let address = line.split('/').nth(2).unwrap();
        let url = format!("http://{address}/metrics");
        let metrics = response(agent().get(url).call().unwrap()).body;
        let value = metrics
            .lines()
            .find_map(|it| it.strip_prefix(&format!("{name} ")));
        let value = value.unwrap_or_else(|| panic!("there is no {name}: {metrics}"));
        value.parse().unwrap()
    }

    /// Waits until a metric meets a condition.
    pub fn until_metric(&self, name: &str, wished: impl Fn(u64) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let value = self.metric(name);
            if wished(value) {
                return;
            }
            assert!(Instant::now() < deadline, "{name} stays {value}");
            std::thread::yield_now();
        }
    }

    pub fn health(&self) -> Value {
        self.get("/health", &[]).json()
    }

    /// Waits until the health meets a condition.
    pub fn until(&self, wished: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = self.health();
            if wished(&health) {
                return health;
            }
            assert!(Instant::now() < deadline, "the health stays {health}");
            std::thread::yield_now();
        }
    }

    /// The current and the peak memory of the process, in bytes.
    #[cfg(target_os = "linux")]
    fn memory(&self) -> (usize, usize) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let read = |name: &str| {
            let line = status.lines().find(|it| it.starts_with(name)).unwrap();
            let number: String = line.chars().filter(char::is_ascii_digit).collect();
            number.parse::<usize>().unwrap() << 10
        };
        (read("VmRSS:"), read("VmHWM:"))
    }

    /// Calls a function. Returns its result, and the maximum growth of the process meanwhile, in bytes.
    #[cfg(target_os = "linux")]
    pub fn growth<T>(&self, act: impl FnOnce() -> T) -> (T, usize) {
        let peak = format!("/proc/{}/clear_refs", self.child.id());
        std::fs::write(peak, "5").expect("the peak of the server's memory can be measured again");
        let (before, _) = self.memory();
        let done = act();
        (done, self.memory().1.saturating_sub(before))
    }

    /// CPU time of the process so far, in steps of 10 ms.
    #[cfg(target_os = "linux")]
    pub fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name of the program may contain any characters; the last bracket ends it.
        let fields = stat.rsplit(')').next().unwrap().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).map(|it| it.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Sends a signal. On some systems, the program `kill` does not know the names of signals in some locales.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the server has ended.
    pub fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server goes on");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that does not treat any status as an error.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        // The environment may configure a proxy.
        .proxy(None)
        .timeout_global(Some(PATIENCE))
        .build()
        .into()
}

pub struct Response {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

fn response(response: ureq::http::Response<ureq::Body>) -> Response {
    let header = response.headers().get("content-type");
    let (status, content_type) = (
        response.status().as_u16(),
        header.map_or_else(String::new, |it| it.to_str().unwrap().to_owned()),
    );
    let body = response.into_body().into_with_config().limit(1 << 30);
    Response {
        status,
        content_type,
        body: body.read_to_string().unwrap(),
    }
}
