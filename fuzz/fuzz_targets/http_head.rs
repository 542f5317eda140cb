//! Bytes of a client on one connection. The server closes it after well-formed answers, none of which is an error of the
//! server.

#![no_main]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use clew::api::{Gate, GateLimits, Persisted};
use clew::server::{self, Bounds, Listeners, Live, Settings};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// The server, on the thread of the target.
static SERVER: LazyLock<(Runtime, SocketAddr)> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let engine = clew_fuzz::engine(clew_fuzz::library());
    let gate = Gate::new(GateLimits::default(), engine.snapshot().counts().entities);
    let live = Arc::new(Live::new(engine, gate));
    let settings = Settings {
        max_body: 64 << 10,
        persisted: Arc::new(Persisted::default()),
        allow_origins: vec!["https://app.example".to_owned()],
        allow_headers: Vec::new(),
        allow_hosts: Vec::new(),
        console: true,
        bounds: Bounds::default(),
        slow: Duration::from_mins(1),
    };
    let address = runtime.block_on(async {
        let clients = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a port is free");
        let address = clients.local_addr().expect("it has an address");
        let listeners = Listeners {
            clients,
            metrics: None,
        };
        tokio::spawn(server::serve(listeners, live, settings, std::future::pending()));
        address
    });
    (runtime, address)
});

async fn exchange(address: SocketAddr, sent: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts");
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let send = async {
        // The server may have closed the connection already.
        let _ = writer.write_all(sent).await;
        let _ = writer.shutdown().await;
    };
    tokio::join!(send, async {
        let _ = reader.read_to_end(&mut answer).await;
    });
    answer
}

fuzz_target!(init: { LazyLock::force(&SERVER); }, |sent: &[u8]| {
    let (runtime, address) = &*SERVER;
    let answer = runtime.block_on(async {
        let exchanged = tokio::time::timeout(Duration::from_secs(8), exchange(*address, sent));
        exchanged
            .await
            .expect("the server ends a connection whose client has sent all")
    });
    if answer.is_empty() {
        return;
    }
    let shown = || String::from_utf8_lossy(&answer).into_owned();
    let head = answer.windows(4).position(|it| it == b"\r\n\r\n");
    let head = head.and_then(|it| std::str::from_utf8(&answer[..it]).ok());
    let head = head.unwrap_or_else(|| panic!("no head: {}", shown()));
    let mut status = head.splitn(3, ' ');
    assert!(
        status.next().is_some_and(|it| it.starts_with("HTTP/1.")),
        "{}",
        shown()
    );
    let status = status.next().and_then(|it| it.parse::<u16>().ok());
    assert!(
        status.is_some_and(|it| (100..600).contains(&it) && it != 500),
        "{}",
        shown()
    );
});
