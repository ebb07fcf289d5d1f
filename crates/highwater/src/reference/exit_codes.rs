//! The page of the exit codes.

use crate::exit::Exit;

pub(super) fn page() -> String {
    let mut page = "# Exit codes\n\nA promise to scripts: a number never changes its meaning.\n\n".to_owned();
    page.push_str("| code | in short | what it tells a script |\n| --- | --- | --- |\n");
    for exit in Exit::ALL {
        page.push_str(&format!("| {} | {} | {} |\n", exit.number(), exit.words(), exit.meaning()));
    }
    page.push_str(
        "\nThe message on standard error names a code such as `HW0203`; `highwater explain HW0203` and \
         [the pages](errors/README.md) say more.\n",
    );
    page
}
