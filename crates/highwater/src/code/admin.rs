//! The admin page.

use super::Code;

/// The port is taken.
pub static NO_PORT: Code = Code {
    number: 801,
    title: "the port of the admin page cannot be had",
    happened: "Nothing can listen on the address of `admin.listen`: it is taken, or not ours to take.",
    done: "The service did not start. A page that is asked for and silently not there would be missed when it is needed.",
    remedy: "Stop whoever listens there (`ss -ltnp` names them), choose another port in `[admin]`, or take `listen` out to start without the page. Ports below 1024 need a right of their own.",
};

/// The password is unfit.
pub static PASSWORD: Code = Code {
    number: 802,
    title: "the password of the admin page cannot be used",
    happened: "The password that `[admin]` names is shorter than 15 characters, longer than 1,024 bytes, one character over and over, or holds a line break.",
    done: "The service did not start.",
    remedy: "Make one that nobody guesses, such as the output of `openssl rand -base64 24`, and keep it where `admin.password_env`, `admin.password_file` or `admin.password_command` says.",
};

/// The family.
pub static ALL: &[&Code] = &[&NO_PORT, &PASSWORD];
