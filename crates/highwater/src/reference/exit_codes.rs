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
         [the pages](errors/README.md) say more.\n\nFour commands report what they were asked to look for by how they end. \
         `highwater check` ends with 6, 5 or 2 after its gravest finding that stands in the way, with 0 when there is none; with \
         `--strict` warnings end with 2. [What it finds](checks/README.md). `highwater setup diff` ends with 2 when the org or the \
         earlier export lacks something, with 0 when nothing is needed. `highwater report merges --verify` ends with 3 when a group of \
         the earlier report is still open, has lost its Id, or has nobody left on one side, with 0 when all are merged. \
         `highwater verify` ends with 3 when somebody does not agree and nobody knew, or when it was stopped before it had looked at \
         everybody; with 0 when nobody was found; with `--strict` also with 3 when somebody waits, is asked about or is set aside.\n\n\
         `highwater link set`, `link end` and `cases resolve --now` end with 3, too, when the decision came to nothing: a record was not \
         there, or had changed.\n",
    );
    page
}
