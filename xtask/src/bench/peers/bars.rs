//! A picture of bars: a panel for each cell, a bar for each contestant.

use plotters::style::RGBColor;
use plotters::style::text_anchor::HPos;

use crate::bench::canvas::{Canvas, Ink, MARGIN, Theme};
use crate::bench::peers::record::Side;

/// Everything about the picture but its colours.
pub(super) struct Bars {
    pub(super) title: &'static str,
    pub(super) explanation: &'static str,
    pub(super) panels: Vec<Panel>,
}

/// The contestants of one cell.
pub(super) struct Panel {
    pub(super) title: String,
    /// By rising value.
    pub(super) bars: Vec<Bar>,
}

/// One contestant.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: f64,
    /// The value with its unit.
    pub(super) text: String,
    pub(super) side: Side,
}

impl Bars {
    /// Draws the picture as an SVG document; `caption` says where the numbers come from.
    pub(super) fn svg(&self, caption: &str, theme: &Theme) -> anyhow::Result<String> {
        let heights = self.panels.chunks(PANELS_IN_A_ROW).map(row_height);
        let height = HEADER + heights.sum::<i32>() + FOOTER;
        Canvas::document(height, theme, |canvas| {
            canvas.text(self.title, (MARGIN, 34), 20, Ink::Strong, HPos::Left)?;
            canvas.text(self.explanation, (MARGIN, 60), 13, Ink::Muted, HPos::Left)?;
            let mut top = HEADER;
            for panels in self.panels.chunks(PANELS_IN_A_ROW) {
                for (column, panel) in panels.iter().enumerate() {
                    let left = MARGIN + column as i32 * PANEL_WIDTH;
                    panel.draw(canvas, (left, top))?;
                }
                top += row_height(panels);
            }
            let bottom = (MARGIN, height - 20);
            canvas.text(caption, bottom, 12, Ink::Muted, HPos::Left)
        })
    }
}

impl Panel {
    fn draw(&self, canvas: &Canvas<'_>, (left, top): (i32, i32)) -> anyhow::Result<()> {
        canvas.text(&self.title, (left, top + 12), 15, Ink::Strong, HPos::Left)?;
        let end = self.end();
        let zero = left + LABELS;
        for (index, bar) in self.bars.iter().enumerate() {
            let y = top + PANEL_HEADER + index as i32 * (THICKNESS + GAP);
            let middle = y + THICKNESS / 2;
            let ink = match bar.side {
                Side::Ours => Ink::Strong,
                Side::Rival | Side::Floor => Ink::Normal,
            };
            canvas.text(&bar.label, (zero - 8, middle), 13, ink, HPos::Right)?;
            let part = (bar.value / end).clamp(0.0, 1.0);
            let length = (f64::from(LENGTH) * part).round().max(1.0) as i32;
            let corners = [(zero, y), (zero + length, y + THICKNESS)];
            canvas.rectangle(corners, color(bar.side, canvas.theme))?;
            if bar.value > end {
                for x in [zero + LENGTH - 22, zero + LENGTH - 14] {
                    let ends = [(x, y + THICKNESS + 2), (x + 6, y - 2)];
                    canvas.line(ends, canvas.theme.background, 3)?;
                }
            }
            let at = (zero + length + 6, middle);
            canvas.text(&bar.text, at, 12, ink, HPos::Left)?;
        }
        Ok(())
    }

    /// The value of the longest bar that is not cut.
    ///
    /// One that is many times as long as most others would leave nothing of these.
    fn end(&self) -> f64 {
        let mut values: Vec<f64> = self.bars.iter().map(|bar| bar.value).collect();
        values.sort_by(f64::total_cmp);
        let longest = values.last().copied().unwrap_or(1.0);
        let middle = values.get(values.len() / 2).copied().unwrap_or(1.0);
        longest.min(middle * MEDIANS)
    }
}

/// The colour of a side.
pub(super) fn color(side: Side, theme: &Theme) -> RGBColor {
    match side {
        Side::Ours => theme.bar(0),
        Side::Rival => theme.bar(5),
        Side::Floor => theme.grid,
    }
}

fn row_height(panels: &[Panel]) -> i32 {
    let bars = panels.iter().map(|panel| panel.bars.len()).max();
    PANEL_HEADER + bars.unwrap_or(0) as i32 * (THICKNESS + GAP) + PANEL_FOOTER
}

const PANELS_IN_A_ROW: usize = 2;
/// No bar is longer than so many of the one in the middle.
const MEDIANS: f64 = 2.5;

/// Lengths are pixels.
const HEADER: i32 = 86;
const FOOTER: i32 = 40;
const PANEL_WIDTH: i32 = 440;
const PANEL_HEADER: i32 = 34;
const PANEL_FOOTER: i32 = 22;
/// The names, left of the bars.
const LABELS: i32 = 164;
/// The longest bar; right of it is room for a number.
const LENGTH: i32 = 190;
const THICKNESS: i32 = 15;
const GAP: i32 = 5;

#[cfg(test)]
mod tests {
    use super::{Bar, Bars, Panel, color};
    use crate::bench::canvas::Theme;
    use crate::bench::peers::record::Side;

    fn bars() -> Bars {
        let bar = |label: &str, value: f64, side| Bar {
            label: label.to_owned(),
            value,
            text: format!("{value:.0} ns"),
            side,
        };
        Bars {
            title: "Title",
            explanation: "Explanation",
            panels: vec![Panel {
                title: "16 B".to_owned(),
                bars: vec![
                    bar("tautline send", 50.0, Side::Ours),
                    bar("a<b", 100.0, Side::Rival),
                    bar("slow", 1000.0, Side::Rival),
                ],
            }],
        }
    }

    #[test]
    fn bars_have_the_colour_of_their_side_and_long_ones_are_cut() {
        for theme in &Theme::ALL {
            let picture = bars().svg("caption", theme).unwrap();
            let widths = |side| -> Vec<u32> {
                let wanted = color(side, theme);
                let fill = format!("fill=\"#{:02X}{:02X}{:02X}\"", wanted.0, wanted.1, wanted.2);
                let rectangles = picture.lines().filter(|line| line.starts_with("<rect"));
                let width = |line: &str| {
                    line.split_once(" width=\"")?
                        .1
                        .split('"')
                        .next()?
                        .parse()
                        .ok()
                };
                rectangles
                    .filter(|line| line.contains(&fill))
                    .map(|line| width(line).unwrap())
                    .collect()
            };
            // 250 ns is the end: two and a half times what is in the middle.
            assert_eq!(widths(Side::Ours), [38]);
            assert_eq!(widths(Side::Rival), [76, 190]);
        }
    }

    #[test]
    fn names_numbers_and_caption_are_there() {
        let picture = bars().svg("Machine & more", &Theme::ALL[0]).unwrap();
        for text in [
            "16 B",
            "tautline send",
            "a&lt;b",
            "1000 ns",
            "Machine &amp; more",
        ] {
            assert!(picture.contains(text), "{text}");
        }
    }
}
