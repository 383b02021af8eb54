//! The comparison as a picture: bars by runtime, a panel for each workload.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use crate::bench::canvas::{Canvas, Ink, MARGIN, Theme};
use crate::bench::figures::{capitalized, count, figure, short, size};
use crate::bench::runtimes::comparison::{Comparison, Row, Workload};
use crate::bench::runtimes::criterion::Estimate;

/// Draws the comparison as an SVG document; `caption` says where the numbers come from.
///
/// Payloads from bytes to tens of kilobytes give rates that no common axis shows, so the bars of one
/// payload share a scale of their own, and each bar has its number.
pub(super) fn svg(comparison: &Comparison, caption: &str, theme: &Theme) -> anyhow::Result<String> {
    let panels: Vec<_> = comparison.workloads.chunks(PANELS_IN_A_ROW).collect();
    let heights: Vec<i32> = panels
        .iter()
        .map(|panels| panels.iter().map(panel_height).max().unwrap_or(0))
        .collect();
    let height = HEADER + heights.iter().sum::<i32>() + FOOTER;

    Canvas::document(height, theme, |canvas| {
        let title = "Echo throughput by runtime";
        canvas.text(title, (MARGIN, 34), 20, Ink::Strong, HPos::Left)?;
        canvas.text(EXPLANATION, (MARGIN, 58), 13, Ink::Muted, HPos::Left)?;
        for (index, runtime) in comparison.runtimes.iter().enumerate() {
            let x = MARGIN + 7 + index as i32 * 120;
            canvas.dot((x, 88), 6, theme.bar(index))?;
            canvas.text(runtime, (x + 14, 88), 14, Ink::Normal, HPos::Left)?;
        }
        let chart = Chart {
            canvas,
            reach: reach(comparison),
        };
        let mut top = HEADER;
        for (panels, height) in panels.iter().zip(heights) {
            for (column, workload) in panels.iter().enumerate() {
                let left = MARGIN + column as i32 * PANEL_WIDTH;
                chart.panel(comparison, workload, (left, top))?;
            }
            top += height;
        }
        let bottom = (MARGIN, height - 22);
        canvas.text(caption, bottom, 12, Ink::Muted, HPos::Left)
    })
}

struct Chart<'a, 'd> {
    canvas: &'a Canvas<'d>,
    /// What the longest line shows, as a part of the fastest rate of its row.
    reach: f64,
}

impl Chart<'_, '_> {
    fn panel(
        &self,
        comparison: &Comparison,
        workload: &Workload,
        (left, top): (i32, i32),
    ) -> anyhow::Result<()> {
        let connections = count(workload.connections, "connection");
        let title = format!("{}, {connections}", capitalized(&workload.pattern));
        self.canvas
            .text(&title, (left, top + 14), 15, Ink::Strong, HPos::Left)?;

        let zero = left + LABELS;
        let first = top + PANEL_HEADER;
        let last = first + bars_height(workload) + 4;
        for percent in [0, 50, 100] {
            let x = zero + self.length(f64::from(percent) / 100.0);
            let ends = [(x, first - 4), (x, last)];
            self.canvas.line(ends, self.canvas.theme.grid, 1)?;
            let label = format!("{percent}%");
            self.canvas
                .text(&label, (x, last + 11), 12, Ink::Muted, HPos::Center)?;
        }

        let mut y = first;
        for row in &workload.rows {
            let begin = y;
            for (index, runtime) in comparison.runtimes.iter().enumerate() {
                if let Some(rate) = row.rates.get(runtime) {
                    self.bar(row, rate, self.canvas.theme.bar(index), (zero, y))?;
                    y += THICKNESS + GAP;
                }
            }
            let middle = (zero - 10, i32::midpoint(begin, y - GAP));
            self.canvas
                .text(&size(row.payload), middle, 14, Ink::Normal, HPos::Right)?;
            y += GROUP_GAP;
        }
        Ok(())
    }

    fn bar(
        &self,
        row: &Row,
        rate: &Estimate,
        color: RGBColor,
        (left, top): (i32, i32),
    ) -> anyhow::Result<()> {
        let x = |value: f64| left + self.length(value / row.best());
        let corners = [(left, top), (x(rate.value), top + THICKNESS)];
        self.canvas.rectangle(corners, color)?;

        let middle = top + THICKNESS / 2;
        let interval = [(x(rate.low), middle), (x(rate.high), middle)];
        // The line lies half on the bar and half beside it: the wider one below sets it off from both.
        for (color, width) in [
            (self.canvas.theme.background, 4),
            (self.canvas.theme.text, 2),
        ] {
            self.canvas.line(interval, color, width)?;
        }

        let ink = if row.is_best(rate) {
            Ink::Strong
        } else {
            Ink::Normal
        };
        let messages = format!("{}/s", short(rate.value));
        let at = (left + LENGTH + MESSAGES, middle);
        self.canvas.text(&messages, at, 13, ink, HPos::Right)?;
        let mebibytes = format!("{} MiB/s", figure(row.mebibytes(rate)));
        let at = (left + LENGTH + MESSAGES + MEBIBYTES, middle);
        self.canvas
            .text(&mebibytes, at, 13, Ink::Muted, HPos::Right)
    }

    /// The pixels of a part of the fastest rate.
    fn length(&self, part: f64) -> i32 {
        (f64::from(LENGTH) * part / self.reach).round() as i32
    }
}

/// A confidence interval ends beyond its bar, and the fastest one's beyond 100%.
fn reach(comparison: &Comparison) -> f64 {
    let rows = comparison.workloads.iter().flat_map(|w| &w.rows);
    let ends = rows.flat_map(|row| row.rates.values().map(|rate| rate.high / row.best()));
    ends.fold(1.0, f64::max)
}

fn panel_height(workload: &Workload) -> i32 {
    PANEL_HEADER + bars_height(workload) + PANEL_FOOTER
}

fn bars_height(workload: &Workload) -> i32 {
    let bars: usize = workload.rows.iter().map(|row| row.rates.len()).sum();
    let gaps = workload.rows.len().saturating_sub(1) as i32;
    bars as i32 * (THICKNESS + GAP) - GAP + gaps * GROUP_GAP
}

const EXPLANATION: &str = "Messages per second. Every payload has its own scale: 100% is its fastest \
                           runtime. Thin lines are confidence intervals.";

const PANELS_IN_A_ROW: usize = 2;

/// Lengths are pixels.
const HEADER: i32 = 122;
const FOOTER: i32 = 36;
const PANEL_WIDTH: i32 = 444;
const PANEL_HEADER: i32 = 40;
const PANEL_FOOTER: i32 = 50;
/// The payloads, left of the bars.
const LABELS: i32 = 64;
/// The longest bar with its confidence interval.
const LENGTH: i32 = 200;
/// The two columns of figures, right of the bars.
const MESSAGES: i32 = 68;
const MEBIBYTES: i32 = 86;
const THICKNESS: i32 = 17;
const GAP: i32 = 3;
const GROUP_GAP: i32 = 14;

#[cfg(test)]
mod tests {
    use super::{Theme, svg};
    use crate::bench::runtimes::comparison::Comparison;
    use crate::bench::runtimes::comparison::tests::measured;

    fn comparison() -> Comparison {
        Comparison::new(&[
            measured("ping-pong/1", "tokio", 32, 1, 20_000.0),
            measured("ping-pong/1", "smol", 32, 1, 25_000.0),
            measured("ping-pong/100", "tokio", 65536, 100, 2e6),
            measured("pipelined/1", "smol", 1024, 64, 1e6),
            measured("pipelined/1", "a<b", 1024, 64, 1e6),
        ])
        .unwrap()
    }

    #[test]
    fn every_result_has_a_bar_in_the_colour_of_its_runtime() {
        for theme in &Theme::ALL {
            let picture = svg(&comparison(), "caption", theme).unwrap();
            let bars = |index| {
                let colour = theme.bar(index);
                let fill = format!("fill=\"#{:02X}{:02X}{:02X}\"", colour.0, colour.1, colour.2);
                let rectangles = picture.lines().filter(|line| line.starts_with("<rect"));
                rectangles.filter(|line| line.contains(&fill)).count()
            };
            assert_eq!([0, 1, 2].map(bars), [2, 2, 1], "{}", theme.name);
        }
    }

    #[test]
    fn bars_are_as_long_as_their_share_of_the_fastest() {
        let picture = svg(&comparison(), "", &Theme::ALL[0]).unwrap();
        let width = |line: &str| -> Option<u32> {
            let (_, rest) = line.split_once(" width=\"")?;
            rest.split('"').next()?.parse().ok()
        };
        let mut widths: Vec<_> = picture
            .lines()
            .filter(|line| line.starts_with("<rect"))
            .filter_map(width)
            .collect();
        // The background comes first; four runtimes are the fastest or as fast, one has 80%. Their
        // confidence intervals end a ninth beyond their bars, where the longest line ends.
        assert_eq!(widths.remove(0), 920);
        widths.sort_unstable();
        assert_eq!(widths, [144, 180, 180, 180, 180]);
    }

    #[test]
    fn numbers_units_names_and_caption_are_there() {
        let picture = svg(&comparison(), "Some machine & more", &Theme::ALL[1]).unwrap();
        for text in [
            "Ping-pong, 100 connections",
            "Pipelined, 1 connection",
            "50.0k/s",
            "1.53 MiB/s",
            "64 KiB",
            "a&lt;b",
            "Some machine &amp; more",
        ] {
            assert!(picture.contains(text), "{text}");
        }
        assert!(picture.trim_end().ends_with("</svg>"));
    }
}
