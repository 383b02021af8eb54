//! A scenario with its numbers: what both processes are started with.

use std::fmt;
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use crate::load::scenario::Scenario;
use crate::load::summary::grouped;

/// How much and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    pub(super) seconds: u32,
    pub(super) idle: u32,
    pub(super) active: u32,
    /// In bytes.
    pub(super) payload: u32,
    /// In milliseconds.
    pub(super) think: u32,
    pub(super) slow: u32,
    pub(super) storm: u32,
}

/// What is going to happen.
#[derive(Debug)]
pub(super) struct Plan {
    scenario: Scenario,
    /// With nothing in them that the scenario does not have.
    pub(super) amounts: Amounts,
}

impl Plan {
    pub(super) fn new(scenario: Scenario, mut amounts: Amounts) -> Self {
        let has = |load: &str| {
            let stages = scenario.stages().iter();
            stages
                .flat_map(|(name, _)| name.split('+'))
                .any(|name| name == load)
        };
        for (amount, is_there) in [
            (&mut amounts.idle, scenario.has_idle()),
            (&mut amounts.active, has("active")),
            (&mut amounts.slow, has("slow")),
            (&mut amounts.storm, has("storm")),
        ] {
            if !is_there {
                *amount = 0;
            }
        }
        Self { scenario, amounts }
    }

    /// How many there can be at once.
    pub(super) fn connections(&self) -> u32 {
        let Amounts {
            idle,
            active,
            slow,
            storm,
            ..
        } = self.amounts;
        idle + active + slow + storm
    }

    /// The interval of the server's pings, and the time that a peer has to answer one: short enough
    /// to come several times while connections are held, and long enough for a busy machine.
    pub(super) fn keepalive(&self) -> Duration {
        Duration::from_secs(u64::from(self.amounts.seconds / 6).clamp(4, 20))
    }

    /// How long slow readers read nothing. A ping and its answer wait behind what is queued in both
    /// directions, for a pause each, and the server must not give those up who do answer.
    pub(super) fn pause(&self) -> Duration {
        self.keepalive() / 8
    }

    /// Adds the load on a server to a command of the program that makes it.
    pub(super) fn add_to(&self, command: &mut Command, server: SocketAddr) {
        self.add_amounts(command, server, RATE);
        for (name, length) in self.stages() {
            command.arg(format!("--stage={name}={length:.2}"));
        }
    }

    /// Adds the same load, all of it at once for a few seconds.
    pub(super) fn add_again(&self, command: &mut Command, server: SocketAddr) {
        self.add_amounts(command, server, 2 * RATE);
        if let Some((name, _)) = self.scenario.stages().last() {
            command.arg(format!("--stage={name}={AGAIN:.2}"));
        }
    }

    fn add_amounts(&self, command: &mut Command, server: SocketAddr, rate: u32) {
        let Amounts {
            idle,
            active,
            payload,
            think,
            slow,
            storm,
            ..
        } = self.amounts;
        command.arg("load").arg(format!("--server={server}"));
        command.arg(format!("--idle={idle}"));
        command.arg(format!("--rate={rate}"));
        command.arg(format!("--active={active}"));
        command.arg(format!("--payload={payload}"));
        command.arg(format!("--think={think}"));
        command.arg(format!("--slow={slow}"));
        command.arg(format!("--pause={}", self.pause().as_millis()));
        command.arg(format!("--storm={storm}"));
    }

    /// A few connections that make a new process read its code and get its first memory, which is
    /// none that a connection takes.
    pub(super) fn warm_up(command: &mut Command, server: SocketAddr) {
        command.arg("load").arg(format!("--server={server}"));
        command.args(["--storm=8", "--stage=storm=0.5"]);
    }

    /// The stages with their lengths in seconds.
    fn stages(&self) -> impl Iterator<Item = (&'static str, f64)> {
        // They are opened, closed faster than that, and all of it comes again in half the time.
        let around = f64::from(self.amounts.idle) / f64::from(RATE) * 2.0 + AGAIN;
        let rest = (f64::from(self.amounts.seconds) - around).max(LEAST);
        let stages = self.scenario.stages().iter();
        stages.map(move |(name, share)| (*name, share * rest))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Amounts {
            seconds,
            idle,
            active,
            payload,
            think,
            slow,
            storm,
        } = self.amounts;
        let mut parts = Vec::new();
        if idle > 0 {
            parts.push(format!("{} idle connections", grouped(idle.into())));
        }
        if active > 0 {
            let active = grouped(active.into());
            parts.push(format!(
                "{active} active ones with {} bytes and {think} ms between messages",
                grouped(payload.into())
            ));
        }
        if slow > 0 {
            parts.push(format!("{} slow readers", grouped(slow.into())));
        }
        if storm > 0 {
            parts.push(format!("a storm of {} at once", grouped(storm.into())));
        }
        write!(
            f,
            "{}; a ping every {} s; about {seconds} s",
            parts.join(", "),
            self.keepalive().as_secs()
        )
    }
}

/// Idle connections that are opened in a second.
const RATE: u32 = 2_000;

/// How long, in seconds, the load lasts when it comes again.
const AGAIN: f64 = 3.0;

/// The seconds that stages have together, however long opening takes.
const LEAST: f64 = 4.0;

#[cfg(test)]
pub(super) mod tests {
    use std::process::Command;

    use super::{Amounts, Plan};
    use crate::load::scenario::Scenario;

    pub(in crate::load) const AMOUNTS: Amounts = Amounts {
        seconds: 60,
        idle: 10_000,
        active: 1_000,
        payload: 128,
        think: 50,
        slow: 100,
        storm: 64,
    };

    #[test]
    fn a_plan_has_only_what_its_scenario_has() {
        let plan = Plan::new(Scenario::Slow, AMOUNTS);
        assert_eq!(plan.connections(), 1_100);
        assert_eq!(
            plan.to_string(),
            "1,000 active ones with 128 bytes and 50 ms between messages, 100 slow readers; \
             a ping every 10 s; about 60 s"
        );
        assert_eq!(Plan::new(Scenario::Mixed, AMOUNTS).connections(), 11_164);
    }

    #[test]
    fn opening_and_closing_are_part_of_the_time() {
        let lengths = |seconds| -> f64 {
            let plan = Plan::new(Scenario::Mixed, Amounts { seconds, ..AMOUNTS });
            plan.stages().map(|(_, length)| length).sum()
        };
        assert!((lengths(60) - 47.0).abs() < 0.01);
        assert!((lengths(5) - 4.0).abs() < 0.01);
    }

    #[test]
    fn slow_readers_catch_up_before_they_are_given_up() {
        for seconds in [5, 60, 3600] {
            let plan = Plan::new(Scenario::Mixed, Amounts { seconds, ..AMOUNTS });
            assert!(plan.pause() * 6 < plan.keepalive());
        }
    }

    #[test]
    fn the_program_is_told_everything() {
        let mut command = Command::new("x");
        let plan = Plan::new(Scenario::Active, AMOUNTS);
        plan.add_to(&mut command, "127.0.0.1:9".parse().unwrap());
        let arguments = |command: &Command| {
            let arguments = command.get_args().map(|arg| arg.to_str().unwrap());
            arguments.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            arguments(&command),
            "load --server=127.0.0.1:9 --idle=0 --rate=2000 --active=1000 --payload=128 --think=50 \
             --slow=0 --pause=1250 --storm=0 --stage=active=57.00"
        );
        let mut command = Command::new("x");
        let plan = Plan::new(Scenario::Mixed, AMOUNTS);
        plan.add_again(&mut command, "127.0.0.1:9".parse().unwrap());
        let arguments = arguments(&command);
        assert!(
            arguments.contains("--idle=10000 --rate=4000"),
            "{arguments}"
        );
        assert!(
            arguments.ends_with("--stage=active+slow+storm=3.00"),
            "{arguments}"
        );
    }
}
