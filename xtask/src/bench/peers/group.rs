//! The groups of measurements, what they take, and what the page says about them.

use std::time::Duration;

use clap::ValueEnum;

/// One run of `benches/peers`, or of what counts instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Group {
    /// Processor time of a message, over a transport that never waits.
    InMemory,
    /// The same, counted by callgrind.
    Instructions,
    /// Processor time of a server over loopback TCP.
    Loopback,
    /// Reads and writes of the same, counted by strace.
    Syscalls,
    /// Memory of connections that wait.
    IdleMemory,
    /// Opening handshakes.
    Handshake,
    /// Compressed messages.
    Deflate,
    /// One message to many connections.
    FanOut,
}

/// How often and for how long things are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// For the page: a quarter of an hour on two cores for all groups.
    Full,
    /// To see whether everything works.
    Quick,
}

impl Group {
    /// As on the command line, and in file names.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::InMemory => "in-memory",
            Self::Instructions => "instructions",
            Self::Loopback => "loopback",
            Self::Syscalls => "syscalls",
            Self::IdleMemory => "idle-memory",
            Self::Handshake => "handshake",
            Self::Deflate => "deflate",
            Self::FanOut => "fan-out",
        }
    }

    /// The heading of its section.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::InMemory => "In memory",
            Self::Instructions => "Instructions",
            Self::Loopback => "Over loopback",
            Self::Syscalls => "System calls",
            Self::IdleMemory => "Memory of a connection",
            Self::Handshake => "Opening handshakes",
            Self::Deflate => "Compression",
            Self::FanOut => "One message to many",
        }
    }

    /// What the section begins with: true of any run.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::InMemory => {
                "Echoes over a transport that never waits: what a message costs the library and nobody else. It is the
processor time of the thread, in nanoseconds a message. Where every read ends with a message, the library
wakes up for each of them; where reads fill its buffer, many small messages come at once."
            }
            Self::Instructions => {
                "The same loops, counted by callgrind: the instructions of a message, as the difference of two numbers
of messages. Copies take vector instructions here instead of one that valgrind counts once for each byte.
Valgrind knows no AVX-512, so what has kernels for it runs those for AVX2."
            }
            Self::Loopback => {
                "An echo server on tokio with one thread, in a process of its own, on the core that it shares with the load
generator. It is the processor time of the server, with the kernel's part in it, in microseconds a message.
Every connection waits for its echo before it sends again, except in *bursts*: there it sends that many
messages of the smallest size at once, and waits for all their echoes."
            }
            Self::Syscalls => {
                "The same servers under strace: reads and writes a message together. Waiting is not in it, as its number
is a matter of the load."
            }
            Self::IdleMemory => {
                "Resident memory of the server, less what it was before the first connection, by connection: after the
handshake, after a message of 16 KiB on each, and after one of 1 MiB on 200 of them. The kernel's
memory for sockets is not in it. What the allocator keeps of freed memory is: of messages of 1 MiB, some for
the whole process, in one run more of them than in the next. What a connection itself has allocated is counted
by `cargo xtask bench counts`, and grows by less than 64 bytes."
            }
            Self::Handshake => {
                "Connect, shake hands, reset: the processor time of the server, in microseconds a handshake. Most of it is
the kernel's."
            }
            Self::Deflate => {
                "Echoes of JSON, every message compressed, over loopback as above, with 10 connections. Everybody has the
same level of zlib, the same windows of 32 KiB, and zlib-rs below. Memory is that of 1,000 connections
after a message each."
            }
            Self::FanOut => {
                "The same text to every connection, and nobody answers: the processor time of the sender, in nanoseconds a
delivery. Over loopback a delivery is a system call beside, in which the kernel brings the bytes to the
other socket at once; reading them is not in it. Compressed messages go without context takeover. `prepared`
is a message of Tautline's that is framed, and compressed, once for all."
            }
        }
    }

    /// The arguments of `benches/peers`; the contestants are up to the caller.
    ///
    /// Instructions are counted by runs of their own.
    pub(super) fn arguments(self, pace: Pace) -> Vec<String> {
        let words = match self {
            Self::InMemory => "in-memory --rounds 9 --time 25",
            Self::Instructions => "",
            Self::Loopback => {
                "loopback --connections 1,200 --sizes 20,1024,16384,65536 --rounds 7 --time 150"
            }
            Self::Syscalls => {
                "loopback --syscalls --connections 10 --sizes 20,16384,65536 --messages 5000"
            }
            Self::IdleMemory => "idle-memory --connections 5000",
            Self::Handshake => "handshake --rounds 9 --count 2000",
            Self::Deflate => "deflate --levels 6,1 --sizes 1024,65536 --rounds 7 --time 200",
            Self::FanOut => "fan-out --connections 100 --sizes 64,1024,16384 --levels 3",
        };
        let mut arguments: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        if pace == Pace::Quick && !arguments.is_empty() {
            arguments.push("--quick".to_owned());
        }
        arguments
    }

    /// About how long it takes with all contestants, on two cores that have nothing else to do:
    /// cells x (contestants x rounds x time of a round + preparation), in milliseconds.
    pub(super) const fn estimate(self, pace: Pace) -> Duration {
        let milliseconds = match (self, pace) {
            (Self::InMemory, Pace::Full) => 48 * (IN_MEMORY * 9 * 25 + 700),
            (Self::InMemory, Pace::Quick) => 48 * 70,
            // Three runs of valgrind and sometimes more, two at a time.
            (Self::Instructions, Pace::Full) => 6 * IN_MEMORY * 1_900,
            (Self::Instructions, Pace::Quick) => IN_MEMORY * 1_900,
            (Self::Loopback, Pace::Full) => 9 * (OVER_TCP * 7 * 150 + 1_500),
            (Self::Loopback, Pace::Quick) => 9 * 1_900,
            (Self::Syscalls, Pace::Full) => 4 * OVER_TCP * 400,
            (Self::Syscalls, Pace::Quick) => 4 * OVER_TCP * 200,
            (Self::IdleMemory, Pace::Full) => 22 * 2_600,
            (Self::IdleMemory, Pace::Quick) => 22 * 1_200,
            (Self::Handshake, Pace::Full) => OVER_TCP * 9 * 2_000 / 25,
            (Self::Handshake, Pace::Quick) => 1_000,
            (Self::Deflate, Pace::Full) => 8 * (COMPRESSING * 7 * 200 + 6_500),
            (Self::Deflate, Pace::Quick) => 8 * 7_000,
            (Self::FanOut, Pace::Full) => 8 * (FANNING_OUT * 9 * 60 + 1_500),
            (Self::FanOut, Pace::Quick) => 8 * 700,
        };
        Duration::from_millis(milliseconds)
    }

    /// The program without which the group is left out.
    pub(super) const fn tool(self) -> Option<&'static str> {
        match self {
            Self::Instructions => Some("valgrind"),
            Self::Syscalls => Some("strace"),
            _ => None,
        }
    }
}

/// Contestants, ways counted.
const IN_MEMORY: u64 = 12;
const OVER_TCP: u64 = 18;
const COMPRESSING: u64 = 6;
const FANNING_OUT: u64 = 12;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::ValueEnum;

    use super::{Group, Pace};

    #[test]
    fn everything_takes_less_than_a_quarter_of_an_hour() {
        let total = |pace| -> Duration {
            let groups = Group::value_variants().iter();
            groups.map(|group| group.estimate(pace)).sum()
        };
        // The build is not in it.
        assert!(total(Pace::Full) < Duration::from_secs(13 * 60));
        assert!(total(Pace::Quick) < Duration::from_secs(4 * 60));
    }

    #[test]
    fn names_are_those_of_the_command_line() {
        for group in Group::value_variants() {
            let value = group.to_possible_value().unwrap();
            assert_eq!(value.get_name(), group.name());
        }
    }

    #[test]
    fn a_quick_run_says_so_to_the_program() {
        let arguments = Group::Handshake.arguments(Pace::Quick);
        assert_eq!(
            arguments,
            ["handshake", "--rounds", "9", "--count", "2000", "--quick"]
        );
        assert!(Group::Instructions.arguments(Pace::Full).is_empty());
    }
}
