//! A verb beside a running service: the service holds the state, so it does the work and we show what it prints.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use service::control::{Client, Request, Stream};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Decoding, Format};

/// Whether a service answers on this state directory.
pub async fn service_on(state_dir: &Path) -> bool {
    matches!(Client::connect(state_dir).await, Ok(Some(_)))
}

/// Sends the command to the service on this state directory; `None`: there is no service, somebody else holds the state.
///
/// # Errors
/// [`Failure::Control`] when the service is there and does not serve us.
pub async fn forward(
    state_dir: &Path,
    argv: Vec<String>,
    format: Format,
    width: Option<u16>,
    file: Option<File>,
) -> Result<Option<Exit>, Failure> {
    let Some(client) = Client::connect(state_dir).await? else { return Ok(None) };
    let request = Request { format: Some(format.word().to_owned()), width, ..Request::new(argv) };
    let mut data: Box<dyn Write + Send> = match file {
        Some(file) => Box::new(file),
        None => Box::new(io::stdout()),
    };
    if format == Format::Xlsx {
        data = Box::new(Decoding::new(data));
    }
    let code = client
        .call(&request, &mut |stream, text| match stream {
            Stream::Stdout => data.write_all(text.as_bytes()).and_then(|()| data.flush()),
            Stream::Stderr => io::stderr().write_all(text.as_bytes()),
        })
        .await?;
    Ok(Some(Exit::from_number(code)))
}
