//! What all pictures are drawn with: colours of a theme, letters of a few kinds, bars and lines.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, RGBColor, ShapeStyle, TextStyle};

/// Colours for one kind of page.
pub(super) struct Theme {
    /// Part of the file's name.
    pub(super) name: &'static str,
    pub(super) background: RGBColor,
    pub(super) text: RGBColor,
    pub(super) muted: RGBColor,
    pub(super) grid: RGBColor,
    /// For series in their order; pictures are readable with the common colour blindnesses.
    bars: [RGBColor; 6],
}

impl Theme {
    pub(super) const ALL: [Self; 2] = [
        Self {
            name: "light",
            background: RGBColor(0xff, 0xff, 0xff),
            text: RGBColor(0x1f, 0x23, 0x28),
            muted: RGBColor(0x59, 0x63, 0x6e),
            grid: RGBColor(0xe2, 0xe6, 0xea),
            bars: [
                RGBColor(0x3a, 0x6f, 0xd8),
                RGBColor(0xea, 0xa2, 0x21),
                RGBColor(0x17, 0x9e, 0x86),
                RGBColor(0x8e, 0x5b, 0xd0),
                RGBColor(0xd6, 0x4f, 0x7a),
                RGBColor(0x7a, 0x86, 0x9a),
            ],
        },
        Self {
            name: "dark",
            background: RGBColor(0x0d, 0x11, 0x17),
            text: RGBColor(0xe6, 0xed, 0xf3),
            muted: RGBColor(0x9a, 0xa4, 0xae),
            grid: RGBColor(0x2b, 0x32, 0x3b),
            bars: [
                RGBColor(0x6c, 0x9c, 0xf8),
                RGBColor(0xf0, 0xb6, 0x49),
                RGBColor(0x3c, 0xc4, 0xab),
                RGBColor(0xb8, 0x92, 0xf0),
                RGBColor(0xf0, 0x7f, 0x9f),
                RGBColor(0x9a, 0xa7, 0xbb),
            ],
        },
    ];

    pub(super) fn bar(&self, index: usize) -> RGBColor {
        self.bars[index % self.bars.len()]
    }
}

/// An SVG document while it is drawn. Lengths are pixels.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    pub(super) theme: &'a Theme,
}

/// How letters look.
#[derive(Clone, Copy)]
pub(super) enum Ink {
    Strong,
    Normal,
    Muted,
}

impl Canvas<'_> {
    /// The picture that `draw` draws, [`WIDTH`] wide, as a document.
    pub(super) fn document(
        height: i32,
        theme: &Theme,
        draw: impl FnOnce(&Canvas<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<String> {
        let mut document = String::new();
        let area = SVGBackend::with_string(&mut document, (WIDTH as u32, height as u32));
        let canvas = Canvas {
            area: area.into_drawing_area(),
            theme,
        };
        canvas.area.fill(&theme.background)?;
        draw(&canvas)?;
        canvas.area.present()?;
        drop(canvas);
        Ok(document)
    }

    /// The position is the middle of the letters' height.
    pub(super) fn text(
        &self,
        text: &str,
        position: (i32, i32),
        pixels: i32,
        ink: Ink,
        horizontal: HPos,
    ) -> anyhow::Result<()> {
        let color = match ink {
            Ink::Strong | Ink::Normal => &self.theme.text,
            Ink::Muted => &self.theme.muted,
        };
        let style = match ink {
            Ink::Strong => FontStyle::Bold,
            Ink::Normal | Ink::Muted => FontStyle::Normal,
        };
        let style = TextStyle::from(("sans-serif", f64::from(pixels) * SVG_FONT_SCALE, style))
            .color(color)
            .pos(Pos::new(horizontal, VPos::Center));
        self.area.draw(&Text::new(text, position, style))?;
        Ok(())
    }

    pub(super) fn rectangle(
        &self,
        corners: [(i32, i32); 2],
        color: RGBColor,
    ) -> anyhow::Result<()> {
        Ok(self.area.draw(&Rectangle::new(corners, color.filled()))?)
    }

    pub(super) fn line(
        &self,
        ends: [(i32, i32); 2],
        color: RGBColor,
        width: u32,
    ) -> anyhow::Result<()> {
        let style = ShapeStyle::from(color).stroke_width(width);
        Ok(self.area.draw(&PathElement::new(ends, style))?)
    }

    pub(super) fn dot(
        &self,
        center: (i32, i32),
        radius: i32,
        color: RGBColor,
    ) -> anyhow::Result<()> {
        let dot = Circle::new(center, radius, color.filled());
        Ok(self.area.draw(&dot)?)
    }
}

/// About that of the text column where READMEs are shown.
pub(super) const WIDTH: i32 = 920;
pub(super) const MARGIN: i32 = 28;

/// Plotters makes fonts in SVG smaller by this factor.
const SVG_FONT_SCALE: f64 = 1.24;
