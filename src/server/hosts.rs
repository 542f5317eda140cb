//! Which hosts a request may name. Any host name can be made to resolve to this machine (DNS rebinding). A page from
//! such a host then has the same origin as the server, so only the host name distinguishes it from the server's own
//! pages.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// A name given by `--allow-host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHost {
    /// Every name.
    Any,
    /// One name, in lower case and without a port.
    Name(String),
    /// One address.
    Address(IpAddr),
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        if given == "*" {
            return Ok(Self::Any);
        }
        // An IPv6 address may be given without the brackets that a URL needs.
        if let Ok(address) = given.parse::<Ipv6Addr>() {
            return Ok(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        match host(given.as_bytes()) {
            Some(Host::Address(address)) => Ok(Self::Address(address)),
            Some(Host::Name(name)) => Ok(Self::Name(name.to_ascii_lowercase())),
            None => Err(format!(
                "\"{given}\" is not a host name: give a name such as graph.example.org, an IP address, or * for all"
            )),
        }
    }
}

/// The part of an authority before the port.
#[derive(Debug, PartialEq, Eq)]
enum Host<'a> {
    Name(&'a str),
    Address(IpAddr),
}

/// The host of an authority such as `example.org:8000` or `[::1]`; `None` if it is not valid.
fn host(authority: &[u8]) -> Option<Host<'_>> {
    let authority = std::str::from_utf8(authority).ok()?;
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (address, rest) = rest.split_once(']')?;
        let address = IpAddr::V6(address.parse().ok()?).to_canonical();
        (
            Host::Address(address),
            rest.strip_prefix(':').or(rest.is_empty().then_some(""))?,
        )
    } else {
        let (name, port) = authority.split_once(':').unwrap_or((authority, ""));
        let host = match name.parse::<std::net::Ipv4Addr>() {
            Ok(address) => Host::Address(address.into()),
            Err(_) => Host::Name(bare_name(name)?),
        };
        (host, port)
    };
    port.bytes().all(|it| it.is_ascii_digit()).then_some(host)
}

/// A name without its optional final dot, if it has only characters that host names may have.
fn bare_name(name: &str) -> Option<&str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_name = !name.is_empty()
        && name.len() <= 253
        && name
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.' | b'_'));
    is_name.then_some(name)
}

/// Why a request's host is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is malformed.
    Malformed,
    /// The server does not serve it.
    Foreign,
}

/// Whether a request that names an authority may be served on a connection to a local address.
pub(super) fn check(authority: &[u8], allowed: &[AllowedHost], local: Option<IpAddr>) -> Result<(), Refusal> {
    let is_listed = |host: &Host| {
        allowed.iter().any(|it| match (it, host) {
            (AllowedHost::Any, _) => true,
            (AllowedHost::Name(name), Host::Name(host)) => name.eq_ignore_ascii_case(host),
            (AllowedHost::Address(address), Host::Address(host)) => address == host,
            _ => false,
        })
    };
    let host = host(authority).ok_or(Refusal::Malformed)?;
    let is_ours = match &host {
        Host::Address(address) => {
            address.is_loopback() || local.is_some_and(|it| it.to_canonical() == *address)
        }
        Host::Name(name) => is_localhost(name),
    };
    if is_ours || is_listed(&host) {
        Ok(())
    } else {
        Err(Refusal::Foreign)
    }
}

/// `localhost` and its subdomains, which always resolve to the machine itself.
fn is_localhost(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(authority: &str, allowed: &[&str], local: &str) -> Result<(), Refusal> {
        let allowed: Vec<AllowedHost> = allowed.iter().map(|it| it.parse().unwrap()).collect();
        check(authority.as_bytes(), &allowed, Some(local.parse().unwrap()))
    }

    #[test]
    fn loopback_names_the_own_address_and_what_is_listed_are_served() {
        for good in [
            "localhost",
            "LocalHost:8000",
            "localhost.",
            "a.localhost:1",
            "127.0.0.1",
            "127.9.8.7:80",
            "[::1]",
            "[::1]:8000",
            "[::ffff:127.0.0.1]:1",
            "localhost:",
        ] {
            assert_eq!(verdict(good, &[], "10.0.0.1"), Ok(()), "{good}");
        }
        assert_eq!(verdict("10.0.0.1:8000", &[], "10.0.0.1"), Ok(()));
        assert_eq!(verdict("10.0.0.1", &[], "::ffff:10.0.0.1"), Ok(()));
        assert_eq!(verdict("[2001:DB8::1]:1", &[], "2001:db8::1"), Ok(()));
        assert_eq!(
            verdict("Graph.Example.org:1", &["graph.example.ORG:8000"], "10.0.0.1"),
            Ok(())
        );
        assert_eq!(verdict("10.0.0.2", &["10.0.0.2"], "10.0.0.1"), Ok(()));
        assert_eq!(verdict("[2001:db8::2]", &["2001:db8::2"], "10.0.0.1"), Ok(()));
        assert_eq!(verdict("anything.example", &["*"], "10.0.0.1"), Ok(()));
    }

    #[test]
    fn others_are_foreign_and_nonsense_is_malformed() {
        for foreign in [
            "evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "10.0.0.2",
            "0.0.0.0",
            "[2001:db8::1]",
            "2130706433",
            "0x7f.1",
            "graph.example.org.evil.example",
        ] {
            assert_eq!(
                verdict(foreign, &["graph.example.org"], "10.0.0.1"),
                Err(Refusal::Foreign),
                "{foreign}"
            );
        }
        for nonsense in [
            "",
            " ",
            ":80",
            "a b",
            "a@localhost",
            "localhost:8o",
            "[::1",
            "[::1]x",
            "::1",
            "localhost/x",
            "localhost:1:2",
            "é.localhost",
            "localhost,evil",
            "*",
            "[127.0.0.1]",
            "localhost\\@evil",
        ] {
            assert_eq!(
                verdict(nonsense, &["*"], "10.0.0.1"),
                Err(Refusal::Malformed),
                "{nonsense}"
            );
        }
    }

    #[test]
    fn what_is_listed_is_a_host() {
        for wrong in ["https://example.org", "", "*.example.org", "a b", "example.org/x"] {
            assert!(wrong.parse::<AllowedHost>().is_err(), "{wrong}");
        }
    }
}
