use anyhow::Context;

/// The version of a package that this program was built with, out of `Cargo.lock`.
pub(crate) fn of(package: &str) -> anyhow::Result<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = LOCK.lines();
    lines
        .find(|line| *line == name)
        .and_then(|_| {
            lines
                .next()?
                .strip_prefix("version = \"")?
                .strip_suffix('"')
        })
        .map(ToOwned::to_owned)
        .with_context(|| format!("Cargo.lock has no {package}"))
}

const LOCK: &str = include_str!("../Cargo.lock");

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_version_is_that_of_the_package_and_of_no_other() {
        assert!(of("tungstenite").unwrap().starts_with("0."));
        assert_eq!(of("peers").unwrap(), env!("CARGO_PKG_VERSION"));
        assert!(of("ungstenite").is_err());
    }
}
