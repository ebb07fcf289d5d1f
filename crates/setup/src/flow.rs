//! The two Flows. The first stamps a Contact when somebody other than highwater creates it or changes a mapped field; the
//! second unticks the checkbox by which highwater says "this save is mine".
//!
//! Both run before the save and in a fixed order. The first reads the checkbox while it is still ticked, the second unticks
//! it, and nothing is saved a second time. Should the checkbox come to be unticked in a save of its own, the first does not
//! take that for an edit.

use crate::blueprint::{Blueprint, label, stem};
use crate::element::Element;

/// Most characters of a formula in a Flow (Salesforce help: "Flow Formula Considerations").
const LONGEST_FORMULA: usize = 3_900;

/// Flows with a lower number run first (Metadata API: "Flow.triggerOrder", 1 to 2,000). The highest belongs to the Flow that
/// unticks; those before it to the ones that stamp.
const LAST: usize = 1_000;

/// A Flow with its API name.
pub(crate) struct Flow {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// All Flows of a blueprint.
pub(crate) fn flows(wish: &Blueprint) -> Vec<Flow> {
    let formulas = formulas(wish);
    let first = LAST - formulas.len();
    let mut all: Vec<Flow> =
        formulas.iter().enumerate().map(|(at, formula)| stamping(wish, formula, at, first + at)).collect();
    all.push(resetting(wish));
    all
}

fn stamping(wish: &Blueprint, formula: &str, at: usize, order: usize) -> Flow {
    let technical = wish.technical();
    let marker = &technical.push_marker;
    let part = if at == 0 { String::new() } else { format!(" {}", at + 1) };
    let title = format!("{} False{part}", label(marker));
    let name = format!("{}_False{}", stem(marker), part.replace(' ', "_"));
    let now = Element::new("value").text("elementReference", "$Flow.CurrentDateTime");
    let assignment = assign("Stamp", "Stamp", &technical.last_modified, now);
    let purpose = format!(
        "Stamps {} when a Contact is created or a field that highwater maps is changed, unless highwater itself saves.",
        label(&technical.last_modified)
    );
    let start = start("Stamp").text("filterFormula", formula);
    Flow { name, text: flow(wish, &title, &purpose, assignment, start, order) }
}

fn resetting(wish: &Blueprint) -> Flow {
    let marker = &wish.technical().push_marker;
    let no = Element::new("value").flag("booleanValue", false);
    let purpose = format!("Unticks {} again in the save in which highwater ticked it.", label(marker));
    let ticked = Element::new("filters")
        .text("field", marker)
        .text("operator", "EqualTo")
        .with(Element::new("value").flag("booleanValue", true));
    let start = start("Untick").text("filterLogic", "and").with(ticked);
    let assignment = assign("Untick", "Untick", marker, no);
    let title = format!("{} True", label(marker));
    Flow {
        name: format!("{}_True", stem(marker)),
        text: flow(wish, &title, &purpose, assignment, start, LAST),
    }
}

/// Elements in the order in which an org gives them back.
fn flow(
    wish: &Blueprint,
    title: &str,
    purpose: &str,
    assignment: Element,
    start: Element,
    order: usize,
) -> String {
    let root = Element::new("Flow")
        .text("apiVersion", wish.api_version())
        .with(assignment)
        .text("description", purpose)
        .text("environments", "Default")
        .text("interviewLabel", format!("{title} {{!$Flow.CurrentDateTime}}"))
        .text("label", title)
        .with(builder("BuilderType", "LightningFlowBuilder"))
        .with(builder("CanvasMode", "AUTO_LAYOUT_CANVAS"))
        .with(builder("OriginBuilderType", "LightningFlowBuilder"))
        .text("processType", "AutoLaunchedFlow")
        .with(
            start
                .text("object", "Contact")
                .text("recordTriggerType", "CreateAndUpdate")
                .text("triggerType", "RecordBeforeSave"),
        )
        .text("status", "Active")
        .number("triggerOrder", order);
    root.file()
}

fn builder(name: &str, value: &str) -> Element {
    Element::new("processMetadataValues")
        .text("name", name)
        .with(Element::new("value").text("stringValue", value))
}

fn start(target: &str) -> Element {
    Element::new("start")
        .number("locationX", 50)
        .number("locationY", 0)
        .with(Element::new("connector").text("targetReference", target))
}

fn assign(name: &str, title: &str, field: &str, value: Element) -> Element {
    let item = Element::new("assignmentItems")
        .text("assignToReference", format!("$Record.{field}"))
        .text("operator", "Assign")
        .with(value);
    Element::new("assignments")
        .text("name", name)
        .text("label", title)
        .number("locationX", 176)
        .number("locationY", 287)
        .with(item)
}

/// One formula, or several where one would be too long. New Contacts are for the first.
fn formulas(wish: &Blueprint) -> Vec<String> {
    let marker = &wish.technical().push_marker;
    let mut all: Vec<String> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for field in wish.fields() {
        names.push(&field.name);
        if names.len() > 1 && formula(marker, &names, all.is_empty()).len() > LONGEST_FORMULA {
            names.pop();
            all.push(formula(marker, &names, all.is_empty()));
            names = vec![&field.name];
        }
    }
    all.push(formula(marker, &names, all.is_empty()));
    all
}

/// `ISCHANGED` is false for every field of a new record (Salesforce help: "ISCHANGED").
fn formula(marker: &str, names: &[&str], first: bool) -> String {
    let changed: Vec<String> = names.iter().map(|name| format!("ISCHANGED({{!$Record.{name}}})")).collect();
    let new = if first { "ISNEW()" } else { "FALSE" };
    format!(
        "AND(\n  NOT({{!$Record.{marker}}}),\n  OR(\n    {new},\n    AND(\n      NOT(ISCHANGED({{!$Record.{marker}}})),\n      \
         OR(\n        {}\n      )\n    )\n  )\n)",
        changed.join(",\n        ")
    )
}
