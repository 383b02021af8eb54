use std::{num::ParseIntError, ops::RangeInclusive, str::FromStr};

/// Numbers of cases, as `1,2,5-9`.
#[derive(Clone, Debug)]
pub(crate) struct CaseNumbers(Vec<RangeInclusive<u32>>);

impl CaseNumbers {
    /// The numbers from 1 to `count` that were asked for.
    pub(crate) fn select(chosen: Option<&Self>, count: u32) -> Vec<u32> {
        (1..=count)
            .filter(|number| chosen.is_none_or(|chosen| chosen.contains(*number)))
            .collect()
    }

    fn contains(&self, number: u32) -> bool {
        self.0.iter().any(|range| range.contains(&number))
    }
}

impl FromStr for CaseNumbers {
    type Err = ParseIntError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        list.split(',')
            .map(|item| {
                let (from, to) = item.split_once('-').unwrap_or((item, item));
                Ok(from.trim().parse()?..=to.trim().parse()?)
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::CaseNumbers;

    #[test]
    fn lists_and_ranges_select_what_they_name() {
        let chosen: CaseNumbers = "1,3,5-7".parse().unwrap();
        assert_eq!(CaseNumbers::select(Some(&chosen), 6), [1, 3, 5, 6]);
        assert_eq!(CaseNumbers::select(None, 3), [1, 2, 3]);
        assert!("1,x".parse::<CaseNumbers>().is_err());
    }
}
