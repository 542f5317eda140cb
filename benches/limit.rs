//! The upper limit for a server on axum: it answers each request with prepared bytes.
//!
//! `cargo bench --bench limit -- 127.0.0.1:8002 W1=answer.json W2=…` serves each file under its name, whatever the body
//! of the request contains. A name with several files gets their answers in turns. At least 64 copies of the bytes are
//! sent in turns, since a server that always sends the same memory keeps it in the CPU's caches.
//! `benches/peers/run.mjs` compares Clew with it.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::post;

/// Minimum number of copies of an answer.
const COPIES: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).filter(|it| it != "--bench");
    let Some(address) = arguments.next() else {
        // `cargo bench` runs all benches without arguments.
        println!("limit: give an address and answers, as in 127.0.0.1:8002 W1=answer.json");
        return Ok(());
    };
    let mut files: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    for argument in arguments {
        let (name, path) = argument.split_once('=').ok_or("an answer is name=path")?;
        files
            .entry(name.to_owned())
            .or_default()
            .push(std::fs::read(path)?);
    }
    let mut router = Router::new();
    for (name, answers) in files {
        let copies = answers.iter().cycle().take(answers.len().max(COPIES));
        let copies: Arc<[Bytes]> = copies.map(|it| Bytes::from(it.clone())).collect();
        let next = Arc::new(AtomicUsize::new(0));
        // The body is read, as any server must.
        let respond = move |_: Bytes| async move {
            let no = next.fetch_add(1, Ordering::Relaxed) % copies.len();
            let content_type = "application/json; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], copies[no].clone())
        };
        router = router.route(&format!("/{name}"), post(respond));
    }
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
