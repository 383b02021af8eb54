mod active;
mod clients;
mod idle;
mod report;
mod slow;
mod stage;
mod storm;
mod tally;

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use clap::Args;
use tokio::time::interval;

use crate::load::{
    active::Active,
    clients::Clients,
    idle::Idle,
    report::{Event, StageReport},
    slow::Slow,
    stage::Stage,
    storm::Storm,
    tally::Tally,
};

/// The load to put on an echo server.
#[derive(Clone, Debug, Args)]
pub(crate) struct Load {
    /// The address of the echo server.
    #[arg(long)]
    server: SocketAddr,
    /// Connections that are opened before all stages, answer pings, and echo once at the end.
    #[arg(long, default_value_t = 0)]
    idle: u32,
    /// How many of them are opened in a second.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// Connections that send a message whenever its predecessor has come back.
    #[arg(long, default_value_t = 1000)]
    active: u32,
    /// The size of their messages, in bytes.
    #[arg(long, default_value_t = 128)]
    payload: usize,
    /// How long they wait before each message.
    #[arg(long, default_value_t = 50, value_name = "MILLISECONDS")]
    think: u64,
    /// Connections that send all they can and do not keep up with reading.
    #[arg(long, default_value_t = 100)]
    slow: u32,
    /// How long those read nothing, or hardly anything, before they catch up.
    #[arg(long, default_value_t = 2000, value_name = "MILLISECONDS")]
    pause: u64,
    /// Connections of a storm that are open at once.
    #[arg(long, default_value_t = 64)]
    storm: u32,
    /// What runs on top of the idle connections, and for how many seconds: `idle=1`,
    /// `active+slow+storm=10`. Stages come one after the other.
    #[arg(long = "stage", value_name = "LOADS=SECONDS")]
    stages: Vec<Stage>,
}

impl Load {
    /// Runs all stages. What goes wrong is told in the events; an error means that there was no
    /// load at all.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        ensure!(
            self.server.ip().is_loopback(),
            "load is for a server of one's own: {} is not loopback",
            self.server
        );
        let runtime = tokio::runtime::Runtime::new()?;
        runtime.block_on(self.stages())
    }

    async fn stages(self) -> anyhow::Result<()> {
        let connections = self.idle + self.active + self.slow + self.storm;
        let clients = Arc::new(Clients::new(self.server, connections)?);
        let tally = Arc::new(Tally::new());
        let ticks = tokio::spawn(tick(tally.clone()));

        let mut idle = Idle::new(clients.clone(), tally.clone());
        if self.idle > 0 {
            let begin = self.begin("open");
            idle.open(self.idle, self.rate).await;
            end("open", begin.elapsed(), &tally);
        }
        for stage in &self.stages {
            self.begin(stage.name());
            let time = self.play(stage, &clients, &tally).await;
            end(stage.name(), time, &tally);
        }
        if self.idle > 0 {
            let begin = self.begin("close");
            idle.close().await;
            end("close", begin.elapsed(), &tally);
        }
        ticks.abort();
        Event::Errors(tally.errors()).print();
        Ok(())
    }

    fn begin(&self, stage: &str) -> Instant {
        Event::Begin { stage }.print();
        Instant::now()
    }

    /// Opens the connections of a stage, then loads the server with all of them at once.
    async fn play(&self, stage: &Stage, clients: &Arc<Clients>, tally: &Arc<Tally>) -> Duration {
        let mut active = Active::new(clients.clone(), tally.clone());
        if stage.has_active() {
            active.open(self.active).await;
        }
        let mut slow = Slow::new(clients.clone(), tally.clone());
        if stage.has_slow() {
            slow.open(self.slow).await;
        }
        let mut storm = Storm::new(clients.clone(), tally.clone());
        let begin = Instant::now();
        let stop = begin + stage.length();
        active.start(self.payload, Duration::from_millis(self.think), stop);
        slow.start(Duration::from_millis(self.pause), stop);
        if stage.has_storm() {
            storm.start(self.storm, stop);
        }
        tokio::time::sleep_until(stop.into()).await;
        let time = begin.elapsed();
        active.end().await;
        storm.end().await;
        slow.end().await;
        time
    }
}

/// Tells what is known of the whole load, until it is aborted.
async fn tick(tally: Arc<Tally>) {
    let mut interval = interval(TICK);
    loop {
        interval.tick().await;
        Event::Tick(tally.tick()).print();
    }
}

fn end(stage: &str, time: Duration, tally: &Tally) {
    let (echoes, handshakes) = tally.take_latencies();
    Event::End(StageReport {
        stage,
        millis: time.as_millis() as u64,
        echoes,
        handshakes,
    })
    .print();
}

const TICK: Duration = Duration::from_millis(250);
