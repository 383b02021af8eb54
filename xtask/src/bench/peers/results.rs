//! What was measured, as it is kept from run to run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::bench::peers::group::Group;
use crate::bench::peers::record::Record;
use crate::bench::run::Run;

/// One group, with the run that it is from.
#[derive(Serialize, Deserialize)]
pub(super) struct Results {
    pub(super) run: Run,
    /// What was run, as a person types it in `benches/peers`.
    pub(super) command: String,
    /// The program that would have been needed; there are no records then.
    pub(super) missing: Option<String>,
    pub(super) records: Vec<Record>,
}

/// Where the results of the groups are, each in a file of its own: a group can be measured again
/// without the others.
pub(super) struct Store {
    directory: PathBuf,
}

impl Store {
    pub(super) fn new(directory: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&directory)
            .with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(Self { directory })
    }

    /// The groups that were measured, in the order of the page.
    pub(super) fn read(&self) -> anyhow::Result<Vec<(Group, Results)>> {
        let mut all = Vec::new();
        for &group in Group::value_variants() {
            let path = self.path(group);
            if path.exists() {
                let read = || anyhow::Ok(serde_json::from_str(&fs::read_to_string(&path)?)?);
                let results = read().with_context(|| format!("cannot use {}", path.display()))?;
                all.push((group, results));
            }
        }
        Ok(all)
    }

    pub(super) fn write(&self, group: Group, results: &Results) -> anyhow::Result<()> {
        let path = self.path(group);
        fs::write(&path, serde_json::to_string_pretty(results)?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Everything that the program of a group prints.
    pub(super) fn log(&self, group: Group) -> PathBuf {
        self.directory.join(format!("{}.log", group.name()))
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, group: Group) -> PathBuf {
        self.directory.join(format!("{}.json", group.name()))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::{Results, Store};
    use crate::bench::peers::group::Group;
    use crate::bench::peers::record::Record;
    use crate::bench::peers::record::tests::record;
    use crate::bench::run::tests::run;

    pub(in crate::bench::peers) fn results(records: Vec<Record>) -> Results {
        Results {
            run: run(),
            command: "peers something --quick".to_owned(),
            missing: None,
            records,
        }
    }

    #[test]
    fn groups_are_kept_one_by_one_and_read_in_the_order_of_the_page() {
        let name = format!("tautline-xtask-{}-peers", std::process::id());
        let directory = std::env::temp_dir().join(name);
        let store = Store::new(directory.clone()).unwrap();
        assert!(store.read().unwrap().is_empty());
        let records = vec![record("yawc", &json!({ "message": 16 }), &[("cpu", 1.5)])];
        store.write(Group::Handshake, &results(records)).unwrap();
        store.write(Group::InMemory, &results(Vec::new())).unwrap();
        let read = store.read().unwrap();
        let groups: Vec<Group> = read.iter().map(|(group, _)| *group).collect();
        assert_eq!(groups, [Group::InMemory, Group::Handshake]);
        assert_eq!(read[1].1.records[0].contestant.library, "yawc");
        std::fs::remove_dir_all(directory).unwrap();
    }
}
