//! The choice of the widest instructions that the processor has.

#![expect(
    unsafe_code,
    reason = "a function for some processors only is unsafe to call elsewhere"
)]

use std::is_x86_feature_detected;

use super::kernel::Kernel;

/// Runs a kernel with the widest instructions that are there.
///
/// The detection is one load and a test after the first time, so a cached function pointer would
/// gain nothing.
#[inline(never)]
pub(super) fn run<K: Kernel>(kernel: K) -> K::Output {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2, which is all that the function asks for.
        return unsafe { run_avx2(kernel) };
    }
    kernel.run()
}

#[target_feature(enable = "avx2")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
