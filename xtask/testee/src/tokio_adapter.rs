use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use tautline::{
    Error,
    tokio::{Connector, Corked, Pending, serve},
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

use crate::cases::CaseNumbers;

#[tokio::main]
pub(crate) async fn server(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    println!("listening on {}", listener.local_addr()?);
    serve(listener, async |mut ws: Corked| {
        while let Some(message) = ws.recv().await? {
            ws.send(message).await?;
        }
        Ok::<(), Error>(())
    })
    .await?;
    Ok(())
}

#[tokio::main]
pub(crate) async fn client(
    url: &str,
    agent: &str,
    jobs: usize,
    cases: Option<&CaseNumbers>,
) -> anyhow::Result<()> {
    // The test server is made to have many connections at once.
    let connector = Connector::new().pending(Pending::Unlimited);
    let count = case_count(&connector, url).await?;
    let numbers = CaseNumbers::select(cases, count);
    let total = numbers.len();
    let permits = Arc::new(Semaphore::new(jobs.max(1)));
    let mut tasks = JoinSet::new();
    for number in numbers {
        let uri = format!("{url}/runCase?case={number}&agent={agent}");
        let (connector, permits) = (connector.clone(), permits.clone());
        tasks.spawn(async move {
            let _permit = permits.acquire_owned().await?;
            // Most cases end in an error on purpose; the test server judges it.
            let _ = echo(&connector, uri).await;
            anyhow::Ok(())
        });
    }
    let mut done = 0;
    while let Some(result) = tasks.join_next().await {
        result.context("a case panicked")??;
        done += 1;
        println!("case {done}/{total}");
    }
    // The test server answers with a close, or with the end of the stream.
    let _ = echo(&connector, format!("{url}/updateReports?agent={agent}")).await;
    Ok(())
}

async fn case_count(connector: &Connector, url: &str) -> anyhow::Result<u32> {
    let mut ws = connector.connect(format!("{url}/getCaseCount")).await?;
    let message = ws.recv().await?.context("no case count")?;
    let count = message
        .as_text()
        .context("the case count is binary")?
        .parse()?;
    while ws.recv().await?.is_some() {}
    Ok(count)
}

async fn echo(connector: &Connector, uri: String) -> anyhow::Result<()> {
    let mut ws = connector.connect(uri).await?;
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}
