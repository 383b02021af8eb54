use std::env;

/// Something that one process does, as often as it is told to.
///
/// What it costs is the difference between two processes that do it a few and many times, so that
/// what happens once in a process cancels out.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) few: u64,
    pub(crate) many: u64,
    pub(crate) run: Box<dyn Fn(u64)>,
}

/// Does what the command line says: with a name and a number it runs that scenario so often.
/// Otherwise it lists them all, a line each: name, few, many.
#[expect(
    clippy::print_stdout,
    reason = "the list is what the program is asked for"
)]
pub(crate) fn obey(scenarios: &[Scenario]) {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        for scenario in scenarios {
            let Scenario {
                name, few, many, ..
            } = scenario;
            println!("{name}\t{few}\t{many}");
        }
        return;
    };
    let scenario = scenarios
        .iter()
        .find(|scenario| scenario.name == *name)
        .expect("the name is on the list");
    (scenario.run)(times.parse().expect("the second argument is a number"));
}
