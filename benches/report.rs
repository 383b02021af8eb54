use std::time::Duration;

use criterion::{Criterion, PlottingBackend};

/// The settings of the benchmarks that take far less than a millisecond an iteration.
///
/// Such short work settles quickly, and there are many sizes to go through. Plots are drawn by
/// Plotters wherever this runs: reports then look the same with and without gnuplot. With the
/// 100 000 resamples that are Criterion's default, drawing would take longer than measuring.
#[must_use]
pub fn criterion() -> Criterion {
    Criterion::default()
        .plotting_backend(PlottingBackend::Plotters)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(50)
        .nresamples(10_000)
}
