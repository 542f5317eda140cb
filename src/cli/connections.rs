use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;

use crate::server::{AllowedHost, Bounds};

/// Limits of connections: allowed hosts and addresses, timeouts. The defaults are those of [`Bounds`].
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connections")]
pub(super) struct ConnectionOptions {
    /// Also serve requests to this host; loopback names and the server's own address are always served. * allows all
    /// hosts. May be repeated
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<AllowedHost>,
    /// Allow --listen and --metrics-listen to use addresses that other machines can reach
    #[arg(long, requires = "allow_host")]
    pub public: bool,
    /// Maximum number of connections; for one more, the connection that has been idle the longest is closed
    #[arg(long, value_name = "N", default_value_t = Bounds::default().connections, value_parser = count)]
    max_connections: usize,
    /// Seconds to receive the head of a request, or `connection_init` on a WebSocket
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    header_timeout: Duration,
    /// Seconds to receive the body of a request, at a rate of at least 1 kB per second, or a message on a WebSocket
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    body_timeout: Duration,
    /// Seconds that a connection may be idle between two requests
    #[arg(long, value_name = "SECONDS", default_value = "75", value_parser = seconds)]
    idle_timeout: Duration,
    /// Seconds that a client may leave an answer unread, or a ping on a WebSocket unanswered
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    write_timeout: Duration,
    /// Seconds to finish running requests after SIGTERM; then their connections are aborted
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds_or_none)]
    grace: Duration,
}

impl From<&ConnectionOptions> for Bounds {
    fn from(options: &ConnectionOptions) -> Self {
        Self {
            connections: options.max_connections,
            header: options.header_timeout,
            body: options.body_timeout,
            idle: options.idle_timeout,
            write: options.write_timeout,
            grace: options.grace,
        }
    }
}

impl ConnectionOptions {
    /// Checks that the server may listen on the addresses.
    ///
    /// # Errors
    /// If other machines can reach an address and `--public` was not given. The message says how to fix it.
    pub fn check(&self, flag: &str, addresses: &[SocketAddr]) -> Result<(), String> {
        let reachable = addresses.iter().find(|it| !it.ip().to_canonical().is_loopback());
        match reachable {
            Some(address) if !self.public => Err(format!(
                "{flag} {address} can be reached from other machines: choose a loopback address such as 127.0.0.1:8000, or \
                 add --public and --allow-host with the names that the server is known by"
            )),
            _ => Ok(()),
        }
    }
}

fn count(given: &str) -> Result<usize, String> {
    match given.parse() {
        Ok(0) | Err(_) => Err("give a whole number of at least 1".to_owned()),
        Ok(count) => Ok(count),
    }
}

/// A time in seconds, optionally with a fraction.
pub(super) fn seconds(given: &str) -> Result<Duration, String> {
    match seconds_or_none(given)? {
        Duration::ZERO => Err("give at least 0.001 seconds".to_owned()),
        time => Ok(time),
    }
}

/// A time in seconds; zero is allowed.
fn seconds_or_none(given: &str) -> Result<Duration, String> {
    let seconds: f64 = given
        .parse()
        .map_err(|_| "give a number of seconds, such as 10 or 0.5".to_owned())?;
    if !(0.0..=86_400.0).contains(&seconds) {
        return Err("give a number of seconds between 0 and 86400".to_owned());
    }
    let time = Duration::from_secs_f64(seconds);
    // The clock has a resolution of one millisecond, so a shorter time counts as zero.
    Ok(Duration::from_millis(time.as_millis() as u64))
}
