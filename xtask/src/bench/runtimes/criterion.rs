//! Reading what criterion has measured.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One benchmark: its identity, and the time of one iteration.
#[derive(Debug, PartialEq)]
pub(super) struct Measurement {
    pub(super) group: String,
    pub(super) function: String,
    pub(super) value: String,
    /// What one iteration handles.
    pub(super) throughput: Throughput,
    pub(super) nanoseconds: Estimate,
}

/// As criterion writes it; the benchmarks of this project use this variant where they are compared.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(super) enum Throughput {
    ElementsAndBytes { elements: u64, bytes: u64 },
}

/// A value with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The measurements below `home` whose group begins with `prefix`, and that are not older than
/// `since`: results stay where they are when their benchmark is gone.
pub(super) fn read(
    home: &Path,
    prefix: &str,
    since: SystemTime,
) -> anyhow::Result<Vec<Measurement>> {
    let mut measurements = Vec::new();
    visit(home, prefix, since, &mut measurements)?;
    Ok(measurements)
}

fn visit(
    directory: &Path,
    prefix: &str,
    since: SystemTime,
    measurements: &mut Vec<Measurement>,
) -> anyhow::Result<()> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))?;
    for entry in entries {
        let path = entry?.path();
        let identity = path.join("benchmark.json");
        // `base` and named baselines are earlier runs.
        if path.ends_with("new") && identity.exists() {
            let identity: Identity = json(&identity)?;
            let estimates = path.join("estimates.json");
            let time = fs::metadata(&estimates)?.modified()?;
            if identity.group_id.starts_with(prefix) && time >= since {
                measurements.push(measurement(identity, &json(&estimates)?, &path)?);
            }
        } else if path.is_dir() {
            visit(&path, prefix, since, measurements)?;
        }
    }
    Ok(())
}

fn measurement(
    identity: Identity,
    estimates: &Estimates,
    path: &Path,
) -> anyhow::Result<Measurement> {
    let unusable = || format!("{} is no comparison of runtimes", path.display());
    let throughput = identity.throughput.with_context(unusable)?;
    // What criterion prints: the slope, or the mean where every sample has as many iterations.
    let typical = estimates.slope.as_ref().unwrap_or(&estimates.mean);
    Ok(Measurement {
        group: identity.group_id,
        function: identity.function_id.with_context(unusable)?,
        value: identity.value_str.with_context(unusable)?,
        throughput: serde_json::from_value(throughput).with_context(unusable)?,
        nanoseconds: Estimate {
            value: typical.point_estimate,
            low: typical.confidence_interval.lower_bound,
            high: typical.confidence_interval.upper_bound,
        },
    })
}

fn json<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let read = || anyhow::Ok(serde_json::from_str(&fs::read_to_string(path)?)?);
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// `benchmark.json`. Other benchmarks than the wanted ones may lack any of it.
#[derive(Deserialize)]
struct Identity {
    group_id: String,
    function_id: Option<String>,
    value_str: Option<String>,
    throughput: Option<serde_json::Value>,
}

/// `estimates.json`, in nanoseconds for an iteration.
#[derive(Deserialize)]
struct Estimates {
    mean: Statistic,
    slope: Option<Statistic>,
}

#[derive(Deserialize)]
struct Statistic {
    point_estimate: f64,
    confidence_interval: ConfidenceInterval,
}

#[derive(Deserialize)]
struct ConfidenceInterval {
    lower_bound: f64,
    upper_bound: f64,
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::time::{Duration, SystemTime};

    use serde_json::{Value, json};

    use super::{Estimate, Measurement, Throughput, read};

    /// A directory as criterion leaves it, gone with the value.
    struct Home(PathBuf);

    impl Home {
        fn new(name: &str) -> Self {
            let name = format!("tautline-xtask-{}-{name}", std::process::id());
            let home = Self(std::env::temp_dir().join(name));
            fs::create_dir_all(&home.0).unwrap();
            home
        }

        fn add(&self, path: &str, identity: &Value, estimates: &Value) {
            let directory = self.0.join(path);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("benchmark.json"), identity.to_string()).unwrap();
            fs::write(directory.join("estimates.json"), estimates.to_string()).unwrap();
        }
    }

    impl Drop for Home {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn identity(group: &str, throughput: &Value) -> Value {
        json!({
            "group_id": group, "function_id": "smol", "value_str": "32", "throughput": throughput,
            "full_id": "", "directory_name": "", "title": "",
        })
    }

    fn statistic(value: f64) -> Value {
        json!({
            "confidence_interval": {
                "confidence_level": 0.95, "lower_bound": value - 1.0, "upper_bound": value + 2.0,
            },
            "point_estimate": value, "standard_error": 0.5,
        })
    }

    fn read_all(home: &Path) -> anyhow::Result<Vec<Measurement>> {
        read(home, "runtimes/", SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn results_of_the_wanted_groups_are_read() {
        let home = Home::new("wanted");
        let both = json!({ "ElementsAndBytes": { "elements": 100, "bytes": 3200 } });
        let flat = json!({ "mean": statistic(50.0), "median": statistic(49.0), "slope": null });
        let wanted = identity("runtimes/ping-pong/1", &both);
        home.add("runtimes_ping-pong_1/smol/32/new", &wanted, &flat);
        home.add("runtimes_ping-pong_1/smol/32/base", &wanted, &flat);
        let other = identity("masking", &json!({ "Bytes": 3200 }));
        home.add("masking/smol/32/new", &other, &flat);
        fs::create_dir_all(home.0.join("report")).unwrap();
        let expected = Measurement {
            group: "runtimes/ping-pong/1".to_owned(),
            function: "smol".to_owned(),
            value: "32".to_owned(),
            throughput: Throughput::ElementsAndBytes {
                elements: 100,
                bytes: 3200,
            },
            nanoseconds: Estimate {
                value: 50.0,
                low: 49.0,
                high: 52.0,
            },
        };
        assert_eq!(read_all(&home.0).unwrap(), [expected]);

        let future = SystemTime::now() + Duration::from_secs(3600);
        assert!(read(&home.0, "runtimes/", future).unwrap().is_empty());
    }

    #[test]
    fn the_slope_is_what_criterion_prints_if_there_is_one() {
        let home = Home::new("slope");
        let both = json!({ "ElementsAndBytes": { "elements": 1, "bytes": 32 } });
        let linear = json!({ "mean": statistic(50.0), "slope": statistic(40.0) });
        home.add("a/new", &identity("runtimes/pipelined/1", &both), &linear);
        let read = read_all(&home.0).unwrap();
        assert_eq!(read[0].nanoseconds.value, 40.0);
    }

    #[test]
    fn a_result_that_counts_no_messages_is_refused() {
        let home = Home::new("refused");
        let estimates = json!({ "mean": statistic(50.0), "slope": null });
        let bytes = identity("runtimes/pipelined/1", &json!({ "Bytes": 32 }));
        home.add("a/new", &bytes, &estimates);
        let error = read_all(&home.0).unwrap_err();
        assert!(error.to_string().contains("is no comparison of runtimes"));
        assert!(read_all(&home.0.join("missing")).is_err());
    }
}
