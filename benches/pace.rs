//! Clients that send requests at a given rate, at the exact times, without the resolution of a millisecond timer.
//!
//! `cargo bench --bench pace -- 127.0.0.1:8000 --rate 20000 --seconds 8 15xW1.json 1xW4.json` starts 15 clients that
//! post the body of one file to `/graphql`, and one that posts another file. All send at the same average rate, at
//! random times (a Poisson process). If a client still waits for an answer when its next request is due, the latency of
//! the next answer includes the delay, so that slow answers are not hidden. Otherwise it begins when the request is
//! sent, so that a pause of this program does not count as latency of the server. For each file, prints the requests
//! per second and the quantiles of the latencies in microseconds. `benches/limits/tail.mjs` uses it.

#![allow(clippy::cast_sign_loss, reason = "a share of a count is never negative")]

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Sends a request repeatedly on its own connection.
struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    /// The index of its file.
    file: usize,
    /// The time when the next request is due.
    due: Instant,
    /// The start of the latency of the pending request, if there is one.
    since: Option<Instant>,
    /// The time of the last answer.
    free: Instant,
    /// The answer so far: its bytes, and its expected length when the head was received.
    read: usize,
    length: Option<usize>,
}

impl Client {
    fn new(address: &str, body: &str, file: usize, due: Instant) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let request = format!(
            "POST /graphql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Ok(Self {
            stream,
            request: request.into_bytes(),
            file,
            due,
            since: None,
            free: due,
            read: 0,
            length: None,
        })
    }

    /// Reads the available bytes. Returns whether the answer is complete.
    fn read(&mut self, buffer: &mut [u8]) -> Result<bool> {
        let count = match self.stream.read(buffer) {
            Ok(0) => return Err("the server closed the connection".into()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if self.length.is_none() {
            // The head of an answer always arrives in one piece.
            self.length = Some(length(&buffer[..count])?);
        }
        self.read += count;
        Ok(self.length == Some(self.read))
    }
}

/// The length of an answer, according to its head.
fn length(begin: &[u8]) -> Result<usize> {
    let end = begin.windows(4).position(|it| it == b"\r\n\r\n");
    let end = end.ok_or("an answer without a head")? + 4;
    let head = std::str::from_utf8(&begin[..end])?.to_ascii_lowercase();
    if !head.starts_with("http/1.1 200 ") {
        return Err(format!("an answer that is not good: {head}").into());
    }
    let body = head.lines().find_map(|it| it.strip_prefix("content-length:"));
    Ok(end
        + body
            .ok_or("an answer without a length")?
            .trim()
            .parse::<usize>()?)
}

/// Random intervals between events, the same in each run.
struct Waits {
    state: u64,
    mean: Duration,
}

impl Waits {
    fn next(&mut self) -> Duration {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let share = (self.state >> 11) as f64 / (1_u64 << 53) as f64;
        self.mean.mul_f64(-(1.0 - share).ln())
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    let Some(address) = arguments.next() else {
        // `cargo bench` runs all benches without arguments.
        println!(
            "pace: give an address, --rate, --seconds and clients, as in 127.0.0.1:8000 --rate 20000 15xW1.json"
        );
        return Ok(());
    };
    let (mut rate, mut seconds) = (1000.0, 4.0);
    let mut files = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a number"));
        match argument.as_str() {
            "--rate" => rate = value()?.parse::<f64>()?,
            "--seconds" => seconds = value()?.parse::<f64>()?,
            clients => {
                let (count, path) = clients.split_once('x').ok_or("clients are COUNTxFILE")?;
                files.push((count.parse::<usize>()?, path.to_owned()));
            }
        }
    }
    let count: usize = files.iter().map(|it| it.0).sum();
    let mut waits = Waits {
        state: 7,
        mean: Duration::from_secs_f64(count as f64 / rate),
    };
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(seconds);
    let mut clients = Vec::new();
    for (file, (count, path)) in files.iter().enumerate() {
        let body = std::fs::read_to_string(path)?;
        for _ in 0..*count {
            clients.push(Client::new(&address, &body, file, start + waits.next())?);
        }
    }
    let mut latencies: Vec<Vec<Duration>> = vec![Vec::new(); files.len()];
    let mut buffer = vec![0; 1 << 20];
    loop {
        let now = Instant::now();
        if now > end {
            break;
        }
        for client in &mut clients {
            if client.since.is_none() && client.due <= now {
                let waited = client.free > client.due;
                client.since = Some(if waited { client.due } else { Instant::now() });
                client.stream.write_all(&client.request)?;
                client.due += waits.next();
            }
            if let Some(since) = client.since
                && client.read(&mut buffer)?
            {
                latencies[client.file].push(since.elapsed());
                client.free = Instant::now();
                (client.since, client.read, client.length) = (None, 0, None);
            }
        }
    }
    for ((_, path), all) in files.iter().zip(&mut latencies) {
        all.sort_unstable();
        let quantile = |share: f64| {
            let at = (all.len() as f64 * share) as usize;
            all.get(at).map_or(0.0, |it| it.as_secs_f64() * 1e6)
        };
        println!(
            "{path} {:.0} {:.0} {:.0} {:.0}",
            all.len() as f64 / seconds,
            quantile(0.5),
            quantile(0.9),
            quantile(0.99)
        );
    }
    Ok(())
}
