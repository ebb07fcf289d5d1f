//! The supporter database, as it answers and as `check` finds it.

use super::Code;

/// The supporter database cannot be reached.
pub static UNREACHABLE: Code = Code {
    number: 401,
    title: "the supporter database cannot be reached",
    happened: "The file cannot be opened or read.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Check that the file is there, and that the user that runs highwater may read and write it and its folder. SQLite writes beside the file.",
};

/// The table is missing.
pub static TABLE_MISSING: Code = Code {
    number: 402,
    title: "the table is missing",
    happened: "The database has no table or view of that name. The message lists those it has.",
    done: "Nothing was written.",
    remedy: "Correct `supporters.table`.",
};

/// A column is missing.
pub static COLUMN_MISSING: Code = Code {
    number: 403,
    title: "a column is missing",
    happened: "The table has no column of that name. The message lists those it has.",
    done: "Nothing was written.",
    remedy: "Correct the column in `[supporters]` or in the `[[field]]` that is named.",
};

/// The table cannot serve.
pub static UNSUITABLE: Code = Code {
    number: 404,
    title: "the table cannot serve",
    happened: "The table is there, and something about it stands in the way, for instance an id column that is not unique.",
    done: "Nothing was written.",
    remedy: "Do what the message advises.",
};

/// The supporter database is locked.
pub static LOCKED: Code = Code {
    number: 405,
    title: "the supporter database is locked",
    happened: "Another program kept the database locked for longer than we wait.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Find out who holds long transactions. The next cycle tries again.",
};

/// The supporter database cannot be written.
pub static READ_ONLY: Code = Code {
    number: 406,
    title: "the supporter database cannot be written",
    happened: "Changes are to be pulled, and the table is a view, the file is read-only, or `supporters.read_only` is set.",
    done: "Nothing was written.",
    remedy: "Let the user write the file, name a table instead of a view, or set `sync.pull = false`. Contact Ids can then not be written back either.",
};

/// The supporter database failed.
pub static FAILED: Code = Code {
    number: 407,
    title: "the supporter database failed",
    happened: "The database answered with an error that is not about one row: it may be damaged or its disk full.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Run an integrity check on the database and look at free space.",
};

/// Rows without a usable stamp.
pub static UNDATED: Code = Code {
    number: 408,
    title: "rows without a usable stamp",
    happened: "The modified column is empty or unreadable in some rows. They are compared in every cycle, which is safe and slow.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Fill the column, correct `modified_format`, or set `undated_rows = \"never\"`.",
};

/// Rows stamped in the future.
pub static AHEAD: Code = Code {
    number: 409,
    title: "rows stamped in the future",
    happened: "Some rows are stamped later than the database's own clock. Most likely the stamps carry no offset and `utc_offset` is wrong.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Correct `supporters.utc_offset`.",
};

/// Rows that cannot be named.
pub static NO_ID: Code = Code {
    number: 410,
    title: "rows that cannot be named",
    happened: "Some rows have no id, or one that is no text or number. They cannot be kept in step.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Give them an id.",
};

/// A column without an index.
pub static NO_INDEX: Code = Code {
    number: 411,
    title: "a column without an index",
    happened: "Without an index each cycle reads the whole table.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Create the index that the message shows. For some thousand rows it does not matter.",
};

/// No column takes the Contact Id.
pub static NO_CONTACT_COLUMN: Code = Code {
    number: 412,
    title: "no column takes the Contact Id",
    happened: "Links are kept in the state and on the Contacts only. If the state is lost, they are rebuilt from the Contacts alone.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Add a text column and name it in `supporters.contact_id_column`.",
};

/// The table as it stands.
pub static TABLE: Code = Code {
    number: 413,
    title: "the table as it stands",
    happened: "How many rows it has, and how its stamps are written.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Nothing needs to be done.",
};

/// A column of another kind.
pub static TYPE_UNFIT: Code = Code {
    number: 414,
    title: "a column of another kind",
    happened: "A column holds numbers where the Contact field takes text that may begin with a zero, or the other way round.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Look at the values; a telephone number or a postcode belongs in a text column.",
};

/// The family.
pub static ALL: &[&Code] = &[
    &UNREACHABLE,
    &TABLE_MISSING,
    &COLUMN_MISSING,
    &UNSUITABLE,
    &LOCKED,
    &READ_ONLY,
    &FAILED,
    &UNDATED,
    &AHEAD,
    &NO_ID,
    &NO_INDEX,
    &NO_CONTACT_COLUMN,
    &TABLE,
    &TYPE_UNFIT,
];
