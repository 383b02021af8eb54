use std::sync::Arc;

use anyhow::{Context as _, ensure};
use async_lock::Semaphore;
use clap::Args;
use tautline::driver::{Connector, Pending, Runtime};

use crate::{cases::CaseNumbers, compression::Compression};

/// What the client is to do.
#[derive(Clone, Debug, Args)]
pub(crate) struct Cases {
    /// The fuzzing server, such as `ws://127.0.0.1:9001`.
    #[arg(long)]
    url: String,
    /// The name that the report is filed under.
    #[arg(long)]
    agent: String,
    /// Cases in flight at once.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Numbers of the cases to run, such as `1,2,5-9`; all if left out.
    #[arg(long)]
    cases: Option<CaseNumbers>,
    #[command(flatten)]
    compression: Compression,
}

/// Runs the cases, each in a task of its own, and asks for the report.
pub(crate) async fn client<R: Runtime>(runtime: R, cases: &Cases) -> anyhow::Result<()> {
    let Cases { url, agent, .. } = cases;
    // The test server is made to have many connections at once.
    let connector = Connector::with_runtime(runtime.clone())
        .config(cases.compression.config())
        .pending(Pending::Unlimited);
    let count = case_count(&connector, url).await?;
    let numbers = CaseNumbers::select(cases.cases.as_ref(), count);
    let total = numbers.len();
    let permits = Arc::new(Semaphore::new(cases.jobs.max(1)));
    let (sender, ends) = async_channel::bounded(1);
    for number in numbers {
        let uri = format!("{url}/runCase?case={number}&agent={agent}");
        let (connector, permits, sender) = (connector.clone(), permits.clone(), sender.clone());
        runtime.spawn(async move {
            let _permit = permits.acquire_arc().await;
            // Most cases end in an error on purpose; the test server judges it.
            let _ = echo(&connector, uri).await;
            // Nobody listens any more when the program ends.
            let _ = sender.send(()).await;
        });
    }
    // What is left are the senders of the tasks: without them, the channel ends.
    drop(sender);
    let mut done = 0;
    while ends.recv().await.is_ok() {
        done += 1;
        println!("case {done}/{total}");
    }
    ensure!(done == total, "a case panicked");
    // The test server answers with a close, or with the end of the stream.
    let _ = echo(&connector, format!("{url}/updateReports?agent={agent}")).await;
    Ok(())
}

async fn case_count<R: Runtime>(connector: &Connector<R>, url: &str) -> anyhow::Result<u32> {
    let mut ws = connector.connect(format!("{url}/getCaseCount")).await?;
    let message = ws.recv().await?.context("no case count")?;
    let count = message
        .as_text()
        .context("the case count is binary")?
        .parse()?;
    while ws.recv().await?.is_some() {}
    Ok(count)
}

async fn echo<R: Runtime>(connector: &Connector<R>, uri: String) -> anyhow::Result<()> {
    let mut ws = connector.connect(uri).await?;
    while let Some(message) = ws.recv().await? {
        ws.send(message).await?;
    }
    Ok(())
}
