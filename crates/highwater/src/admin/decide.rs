//! What was decided on a case's page, handed to the command that decides.

use service::admin::{Act, Fields, Reply};

use super::case_page;
use crate::commands::cases::{self, Action, Args, Chosen, Resolve, Until, Whose};
use crate::desk::Desk;
use crate::failure::Failure;
use crate::output::Screen;
use crate::selection::{contact_id, supporter_id};

/// The longest reason for the audit trail.
const WHY: usize = 200;

/// Decides as `highwater cases` does, and shows the case again with its standing, or with what was wrong.
pub(super) async fn decide(desk: Desk, name: String, act: Act) -> Result<Reply, Failure> {
    let args = match args(&name, &act.fields) {
        Ok(args) => args,
        Err(problem) => return case_page::page(desk, name, act.token, Some(problem)).await,
    };
    let quiet = Desk { screen: Screen::of_nobody(), ..desk.clone() };
    match cases::run(&args, &quiet).await {
        Ok(_) => {
            tracing::info!("a case was decided or put off on the admin page");
            Ok(Reply::See(after(&desk, &name)?))
        }
        Err(failure @ Failure::Arguments { .. }) => {
            let problem = format!("{failure}: {}", failure.advice());
            case_page::page(desk, name, act.token, Some(problem)).await
        }
        Err(failure) => Err(failure),
    }
}

/// What is to be seen next: the case with its standing, or the list where there is no such case any more. Events are tried again or
/// given up at once, and their case is over.
fn after(desk: &Desk, name: &str) -> Result<String, Failure> {
    match cases::find(desk, name) {
        Ok(_) => Ok(format!("/cases/{name}")),
        Err(Failure::Arguments { .. }) => Ok("/cases".to_owned()),
        Err(failure) => Err(failure),
    }
}

/// The command a form stands for, or why it stands for none.
fn args(name: &str, fields: &Fields) -> Result<Args, String> {
    let case = name.to_owned();
    let mut choice = Chosen {
        link: None,
        separate: false,
        take: None,
        create: false,
        leave: false,
        retry: false,
        drop: false,
        ignore_until: None,
    };
    match fields.get("way").unwrap_or_default() {
        "link" => choice.link = Some(contact(fields)?),
        "separate" => choice.separate = true,
        "take" => choice.take = Some(side(fields)?),
        "create" => choice.create = true,
        "leave" => choice.leave = true,
        "retry" => choice.retry = true,
        "drop" if fields.get("sure") == Some("yes") => choice.drop = true,
        "drop" => return Err("tick that the events are not needed any more".to_owned()),
        "ignore" => choice.ignore_until = Some(Until::Changed),
        "undo" => return Ok(Args { action: Action::Undo { case } }),
        "snooze" => {
            let days = fields.get("days").and_then(|text| text.trim().parse().ok());
            let days =
                days.filter(|days| (1..=3_650).contains(days)).ok_or("say for how many days, 1 to 3650")?;
            return Ok(Args { action: Action::Snooze { case, days } });
        }
        _ => return Err("say what is decided".to_owned()),
    }
    let supporter = fields.get("supporter").map(supporter_id).transpose()?.filter(|_| choice.link.is_some());
    let named = fields.all("field").map(str::to_owned).collect();
    let why = fields.get("why").map(str::trim).filter(|why| !why.is_empty());
    if why.is_some_and(|why| why.chars().count() > WHY || why.chars().any(char::is_control)) {
        return Err(format!("give the reason in one line of up to {WHY} characters"));
    }
    let fields = if choice.take.is_some() { named } else { Vec::new() };
    let resolve = Resolve { case, choice, supporter, fields, why: why.map(str::to_owned), now: false };
    Ok(Args { action: Action::Resolve(Box::new(resolve)) })
}

/// The Contact that was typed, else the one that was picked.
fn contact(fields: &Fields) -> Result<model::ContactId, String> {
    let typed = fields.get("other_contact").map(str::trim).filter(|text| !text.is_empty());
    let picked = typed.or_else(|| fields.get("contact")).ok_or("say which Contact")?;
    contact_id(picked)
}

fn side(fields: &Fields) -> Result<Whose, String> {
    match fields.get("side") {
        Some("supporter") => Ok(Whose::Supporter),
        Some("salesforce") => Ok(Whose::Salesforce),
        Some(_) | None => Err("say whose value counts".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn resolve(pairs: &[(&str, &str)]) -> Resolve {
        let Action::Resolve(resolve) = args("3f9a120b77", &form(pairs)).unwrap().action else {
            panic!("{pairs:?} decides nothing")
        };
        *resolve
    }

    #[test]
    fn what_is_typed_goes_before_what_is_picked() {
        let pairs = [
            ("way", "link"),
            ("contact", "0035f0000000001AAA"),
            ("other_contact", " 0035f0000000002AAA "),
            ("supporter", "7"),
            ("why", " called her "),
        ];
        let decided = resolve(&pairs);
        assert_eq!(decided.choice.link.unwrap().to_string(), "0035f0000000002AAA");
        assert_eq!(decided.supporter.unwrap().as_str(), "7");
        assert_eq!(decided.why.as_deref(), Some("called her"));
        assert!(!decided.now);
        assert_eq!(resolve(&pairs[..2]).choice.link.unwrap().to_string(), "0035f0000000001AAA");
    }

    #[test]
    fn a_side_is_taken_for_the_fields_that_are_ticked() {
        let decided =
            resolve(&[("way", "take"), ("side", "supporter"), ("field", "Phone"), ("field", "Email")]);
        assert_eq!((decided.choice.take, decided.fields.len()), (Some(Whose::Supporter), 2));
        assert!(resolve(&[("way", "separate"), ("field", "Phone")]).fields.is_empty());
    }

    #[test]
    fn a_form_that_decides_nothing_says_what_is_missing() {
        let long = "x".repeat(201);
        for (pairs, words) in [
            (vec![], "what is decided"),
            (vec![("way", "--now")], "what is decided"),
            (vec![("way", "link")], "which Contact"),
            (vec![("way", "link"), ("contact", "--help")], ""),
            (vec![("way", "take")], "whose value"),
            (vec![("way", "snooze"), ("days", "0")], "how many days"),
            (vec![("way", "snooze"), ("days", "4000")], "how many days"),
            (vec![("way", "drop")], "not needed any more"),
            (vec![("way", "separate"), ("why", &long)], "one line"),
            (vec![("way", "separate"), ("why", "a\nb")], "one line"),
        ] {
            let problem = args("3f9a120b77", &form(&pairs)).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }
}
