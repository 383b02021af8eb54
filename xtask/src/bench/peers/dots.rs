//! A picture of dots on an axis of powers: a line for each contestant, a dot for each cell.

use plotters::style::text_anchor::HPos;

use crate::bench::canvas::{Canvas, Ink, MARGIN, Theme};
use crate::bench::figures::size;
use crate::bench::peers::record::Side;

/// Bytes of contestants in several cells; everything about the picture but its colours.
pub(super) struct Dots {
    pub(super) title: &'static str,
    pub(super) explanation: &'static str,
    /// What the dots of a line are of.
    pub(super) series: Vec<String>,
    pub(super) lines: Vec<Line>,
}

/// One contestant.
pub(super) struct Line {
    pub(super) label: String,
    pub(super) side: Side,
    /// As many as there are series.
    pub(super) bytes: Vec<f64>,
}

impl Dots {
    /// Draws the picture as an SVG document; `caption` says where the numbers come from.
    pub(super) fn svg(&self, caption: &str, theme: &Theme) -> anyhow::Result<String> {
        let height = HEADER + self.lines.len() as i32 * SPACING + FOOTER;
        let bytes = || self.lines.iter().flat_map(|line| &line.bytes);
        let axis = Axis::new(bytes().copied());
        Canvas::document(height, theme, |canvas| {
            canvas.text(self.title, (MARGIN, 34), 20, Ink::Strong, HPos::Left)?;
            canvas.text(self.explanation, (MARGIN, 60), 13, Ink::Muted, HPos::Left)?;
            for (index, name) in self.series.iter().enumerate() {
                let x = MARGIN + 7 + index as i32 * 190;
                canvas.dot((x, 90), RADIUS, theme.bar(index))?;
                canvas.text(name, (x + 14, 90), 14, Ink::Normal, HPos::Left)?;
            }
            let bottom = height - FOOTER;
            for power in (axis.first..=axis.last).step_by(2) {
                let x = axis.x(f64::from(power).exp2());
                canvas.line([(x, HEADER - 8), (x, bottom)], theme.grid, 1)?;
                let label = size(1 << power);
                canvas.text(&label, (x, bottom + 14), 12, Ink::Muted, HPos::Center)?;
            }
            for (index, line) in self.lines.iter().enumerate() {
                let y = HEADER + index as i32 * SPACING + SPACING / 2;
                line.draw(canvas, &axis, y)?;
            }
            let bottom = (MARGIN, height - 18);
            canvas.text(caption, bottom, 12, Ink::Muted, HPos::Left)
        })
    }
}

impl Line {
    fn draw(&self, canvas: &Canvas<'_>, axis: &Axis, y: i32) -> anyhow::Result<()> {
        let ink = match self.side {
            Side::Ours => Ink::Strong,
            Side::Rival | Side::Floor => Ink::Normal,
        };
        let end = MARGIN + LABELS - 14;
        canvas.text(&self.label, (end, y), 13, ink, HPos::Right)?;
        let xs: Vec<i32> = self.bytes.iter().map(|&bytes| axis.x(bytes)).collect();
        if let (Some(&first), Some(&last)) = (xs.iter().min(), xs.iter().max()) {
            canvas.line([(first, y), (last, y)], canvas.theme.muted, 1)?;
        }
        // The first is drawn last: where dots lie on each other, it is the one that is seen, smaller
        // than those below it.
        for (index, &x) in xs.iter().enumerate().rev() {
            let radius = RADIUS + index as i32;
            canvas.dot((x, y), radius, canvas.theme.bar(index))?;
        }
        Ok(())
    }
}

/// From one power of two to another.
struct Axis {
    first: u32,
    last: u32,
}

impl Axis {
    fn new(bytes: impl Iterator<Item = f64>) -> Self {
        let (mut least, mut most) = (f64::INFINITY, 1.0_f64);
        for bytes in bytes {
            least = least.min(bytes.max(1.0));
            most = most.max(bytes);
        }
        let first = least.min(most).log2().floor() as u32;
        Self {
            // Even ones have a label.
            first: first - first % 2,
            last: most.log2().ceil() as u32,
        }
    }

    fn x(&self, bytes: f64) -> i32 {
        let span = f64::from((self.last - self.first).max(1));
        let part = (bytes.max(1.0).log2() - f64::from(self.first)) / span;
        MARGIN + LABELS + (f64::from(LENGTH) * part).round() as i32
    }
}

/// Lengths are pixels.
const HEADER: i32 = 124;
const FOOTER: i32 = 58;
const SPACING: i32 = 24;
/// The names, left of the axis.
const LABELS: i32 = 190;
const LENGTH: i32 = 640;
const RADIUS: i32 = 5;

#[cfg(test)]
mod tests {
    use super::{Axis, Dots, Line};
    use crate::bench::canvas::Theme;
    use crate::bench::peers::record::Side;

    #[test]
    fn the_axis_goes_from_power_to_power_and_a_doubling_is_always_as_long() {
        let axis = Axis::new([1500.0, 2_000_000.0].into_iter());
        assert_eq!((axis.first, axis.last), (10, 21));
        let doubling = |bytes: f64| axis.x(bytes * 2.0) - axis.x(bytes);
        assert!((doubling(2048.0) - doubling(1_048_576.0)).abs() <= 1);
        // Nothing at all has a place, too.
        let empty = Axis::new(std::iter::empty());
        assert!(empty.x(0.0) >= 0);
    }

    #[test]
    fn every_figure_is_a_dot() {
        let dots = Dots {
            title: "Memory",
            explanation: "",
            series: ["idle", "later"].map(str::to_owned).to_vec(),
            lines: vec![Line {
                label: "yawc".to_owned(),
                side: Side::Rival,
                bytes: vec![2048.0, 9000.0],
            }],
        };
        let picture = dots.svg("caption", &Theme::ALL[1]).unwrap();
        // Two in the legend.
        assert_eq!(picture.matches("<circle").count(), 4);
        for text in ["Memory", "idle", "later", "yawc", "4 KiB", "caption"] {
            assert!(picture.contains(text), "{text}");
        }
    }
}
