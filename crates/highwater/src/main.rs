//! The highwater binary: arguments, configuration, wiring, output, exit codes.
//!
//! The only crate that prints: data to standard output, everything else to standard error.

#![allow(unreachable_pub, reason = "a binary exports nothing; `pub` marks what other modules use")]

mod admin;
mod bench;
mod check;
mod cli;
mod code;
mod commands;
mod config;
mod cycle_text;
mod demo;
mod desk;
mod exit;
mod failure;
mod forward;
mod init;
mod job;
mod log;
mod output;
mod plan_text;
mod private_file;
mod progress;
#[cfg(test)]
mod reference;
mod run;
mod selection;
mod wire;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

/// SQLite's memory comes from here, too. How it behaves is said in `.cargo/config.toml`, and why in decision 0029.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    run::run(&Cli::parse()).into()
}
