//! The page of the command line: the help of every verb.

use clap::CommandFactory;

use crate::cli::Cli;

pub(super) fn page() -> String {
    let mut command = Cli::command().term_width(100);
    command.build();
    let mut page = "# Command line\n\n".to_owned();
    section(&mut page, &mut command, "highwater");
    page
}

fn section(page: &mut String, command: &mut clap::Command, name: &str) {
    let help = command.clone().hide_possible_values(false).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    page.push_str(&format!("## {name}\n\n```text\n{}\n```\n\n", lines.join("\n").trim_end()));
    for verb in command.get_subcommands_mut().filter(|verb| verb.get_name() != "help") {
        let name = format!("{name} {}", verb.get_name());
        section(page, verb, &name);
    }
}
