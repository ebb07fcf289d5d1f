//! The sign-in page, and why somebody is not let through.

use askama::Template;
use service::admin::{Refused, SignInForm};

use super::frame::{Frame, filters, render};
use super::said;

#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct SignIn {
    frame: Frame,
    token: String,
    again: Option<String>,
}

pub(super) fn page(form: &SignInForm, banner: Option<String>) -> String {
    let mut frame = Frame::bare("Sign in");
    frame.banner = banner;
    render(&SignIn { frame, token: form.token.clone(), again: form.again.map(words) })
}

pub(super) fn refused(why: Refused) -> String {
    let title = match why {
        Refused::NoSuchPage => "There is no such page",
        Refused::SignedOut => "Nobody is signed in",
        Refused::TooLong => "This takes longer than a page can wait",
        Refused::Defect => "Something is broken",
        Refused::WrongPassword
        | Refused::TooFast { .. }
        | Refused::OldPage
        | Refused::OtherSite
        | Refused::OtherHost
        | Refused::Method
        | Refused::Form => "This was refused",
    };
    said::page(Frame::bare(title), vec![words(why)], ("/", "To the overview"))
}

fn words(why: Refused) -> String {
    match why {
        Refused::WrongPassword => "That is not the password.".to_owned(),
        Refused::TooFast { again_after } => format!(
            "Too many wrong passwords were given, by whomever. This one was not looked at. Try again in {again_after} s."
        ),
        Refused::OldPage => "The page you came from is too old, or of another session. Nothing was done: go back, load it \
                             again, and repeat what you wanted."
            .to_owned(),
        Refused::OtherSite => "The form did not come from a page of highwater's. Nothing was done. Behind a proxy this also \
                               happens when the Host header is not passed on as it came, or admin.public_url is another \
                               address than the one in the browser."
            .to_owned(),
        Refused::OtherHost => "highwater is not called by this address. Open it by the address in admin.listen on its own \
                               machine, or by admin.public_url."
            .to_owned(),
        Refused::SignedOut => "Sign in first. A session ends after half an hour without use, after twelve hours, and when \
                               the service is started anew. Nothing was done."
            .to_owned(),
        Refused::NoSuchPage => "What you followed leads nowhere, or to a case that is over.".to_owned(),
        Refused::Method => "This page is not used like that.".to_owned(),
        Refused::Form => "The form was too large, came too slowly, or could not be read. Nothing was done.".to_owned(),
        Refused::TooLong => "What was begun goes on. The overview shows what came of it.".to_owned(),
        Refused::Defect => "The service's log says more.".to_owned(),
    }
}
