//! How cost grows with the number of people, as a picture.

use std::fmt::Write as _;

use super::figures::Figures;
use super::page::{Measure, Size};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 60.0;
const BOTTOM: f64 = 40.0;

/// One line of a chart: its name, its colour, and from a size its value.
struct Line {
    name: &'static str,
    colour: &'static str,
    points: Vec<(f64, f64)>,
}

/// A picture with two charts: processor time and largest memory over the number of people.
#[must_use]
pub fn picture(sizes: &[Size]) -> String {
    let seconds = |figures: &Figures| figures.cpu_ms as f64 / 1_000.0;
    let megabytes = |figures: &Figures| figures.peak_mb() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{}\" viewBox=\"0 0 {WIDTH} {}\" \
         font-family=\"sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        2.0 * HEIGHT,
        2.0 * HEIGHT
    );
    chart(&mut svg, 0.0, "processor time, s", &lines(sizes, seconds));
    chart(&mut svg, HEIGHT, "largest memory, MB", &lines(sizes, megabytes));
    svg.push_str("</svg>\n");
    svg
}

fn lines(sizes: &[Size], value: impl Fn(&Figures) -> f64) -> Vec<Line> {
    let own = |name: &'static str| move |size: &Size| size.measure(name).map(|m| m.figures.clone());
    let other = |name: &'static str, which: fn(&Measure) -> Option<&Figures>| {
        move |size: &Size| size.measure(name).and_then(|measure| which(measure).cloned())
    };
    let line = |name, colour, of: &dyn Fn(&Size) -> Option<Figures>| Line {
        name,
        colour,
        points: sizes.iter().filter_map(|size| Some((size.rows as f64, value(&of(size)?)))).collect(),
    };
    let all = vec![
        line("push", "#1b6ca8", &own("push")),
        line("pull", "#c0392b", &own("pull")),
        line("1,000 changes", "#2e7d32", &own("hourly")),
        line("plain push", "#90b8d8", &other("push", |m| m.beside.plain.as_ref())),
        line("plain pull", "#e3a7a0", &other("pull", |m| m.beside.plain.as_ref())),
        line("simple-salesforce push", "#8e7cc3", &other("push", |m| m.beside.python.as_ref())),
    ];
    all.into_iter().filter(|line| !line.points.is_empty()).collect()
}

/// Both axes in powers of ten: a straight line that rises as steeply as the frame's diagonal grows in proportion.
fn chart(svg: &mut String, top: f64, title: &str, lines: &[Line]) {
    let all = || lines.iter().flat_map(|line| &line.points);
    let reach = |of: fn(&(f64, f64)) -> f64| {
        let logs = || all().map(|point| of(point).max(0.01).log10());
        let (low, high) = (logs().fold(f64::MAX, f64::min).floor(), logs().fold(f64::MIN, f64::max).ceil());
        (low, if high > low { high } else { low + 1.0 })
    };
    if all().next().is_none() {
        return;
    }
    let (across, up) = (reach(|point| point.0), reach(|point| point.1));
    let x = |n: f64| LEFT + (n.log10() - across.0) / (across.1 - across.0) * (WIDTH - LEFT - 190.0);
    let y = |n: f64| {
        let share = (n.max(0.01).log10() - up.0) / (up.1 - up.0);
        top + HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - 40.0)
    };
    // Writing to a String does not fail.
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\" font-weight=\"bold\">{title}</text>", top + 20.0);
    for power in powers(across) {
        let at = x(power);
        let _ = writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{power}</text>",
            top + HEIGHT - 18.0
        );
    }
    for power in powers(up) {
        let at = y(power);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{power}</text>",
            WIDTH - 190.0,
            LEFT - 6.0,
            at + 4.0
        );
    }
    for (at, line) in lines.iter().enumerate() {
        let points: Vec<String> =
            line.points.iter().map(|(n, v)| format!("{:.1},{:.1}", x(*n), y(*v))).collect();
        let below = top + 44.0 + 18.0 * at as f64;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{below}\" fill=\"{}\">{}</text>",
            points.join(" "),
            line.colour,
            WIDTH - 180.0,
            line.colour,
            line.name
        );
        for (n, v) in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{}\"/>",
                x(*n),
                y(*v),
                line.colour
            );
        }
    }
}

/// The powers of ten from one to another, given as their logarithms.
fn powers((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    (low as i32..=high as i32).map(|power| 10_f64.powi(power))
}

#[cfg(test)]
mod tests {
    use super::super::page::Beside;
    use super::*;

    #[test]
    fn a_size_is_a_point_on_each_line_and_what_was_not_measured_is_no_line() {
        let size = |rows: usize, cpu_ms| Size {
            rows,
            measures: vec![Measure {
                name: "push",
                figures: Figures { cpu_ms, peak_kib: 40_000, ..Figures::default() },
                beside: Beside::default(),
            }],
        };
        let svg = picture(&[size(10_000, 100), size(100_000, 0), size(1_000_000, 9_000)]);
        assert_eq!(svg.matches("<circle").count(), 6, "three sizes in two charts");
        assert_eq!((svg.matches(">push<").count(), svg.matches(">pull<").count()), (2, 0));
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        assert!(!picture(&[]).contains("polyline"));
    }
}
