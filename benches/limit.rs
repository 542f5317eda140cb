//! The upper limit for a server on axum: it answers each request with prepared bytes.
//!
//! `cargo bench --bench limit -- 127.0.0.1:8002 W1=answer.json W2=…` serves each file under its name, whatever the body
//! of the request contains. `benches/peers/run.mjs` compares Clew with it.

use std::env;
use std::error::Error;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::post;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).filter(|it| it != "--bench");
    let Some(address) = arguments.next() else {
        // `cargo bench` runs all benches without arguments.
        println!("limit: give an address and answers, as in 127.0.0.1:8002 W1=answer.json");
        return Ok(());
    };
    let mut router = Router::new();
    for argument in arguments {
        let (name, path) = argument.split_once('=').ok_or("an answer is name=path")?;
        let answer = Bytes::from(std::fs::read(path)?);
        // The body is read, as any server must.
        let respond = move |_: Bytes| async move {
            let content_type = "application/json; charset=utf-8";
            ([(header::CONTENT_TYPE, content_type)], answer)
        };
        router = router.route(&format!("/{name}"), post(respond));
    }
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
