//! The supporter database, as it answers and as `check` finds it.

use super::Code;

/// The supporter database cannot be reached.
pub static UNREACHABLE: Code = Code {
    number: 401,
    title: "the supporter database cannot be reached",
    happened: "The file cannot be opened or read, or the server does not answer or broke the connection.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "SQLite: check that the file is there, and that the user that runs highwater may read and write it and its folder; SQLite writes beside the file. PostgreSQL: check host and port, that the server runs, and that it accepts connections from here.",
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
    remedy: "Let the user write the file, name a table instead of a view, or set `sync.pull = false`: changes then go to Salesforce as always, and Contact Ids are not written back; links are kept in the state alone. With `supporters.read_only = true` it is wanted: `check` and `plan` work, and whatever would write is refused.",
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

/// The server refuses the login.
pub static LOGIN: Code = Code {
    number: 415,
    title: "the supporter database server does not let us in",
    happened: "The server refused the user, the password or the database name.",
    done: "Nothing was read or written.",
    remedy: "Check user and database in `supporters.url`, the password where `password_env`, `password_file` or `password_command` says it is (or in PGPASSWORD or ~/.pgpass), and the server's pg_hba.conf.",
};

/// The server cannot show that it is the right one.
pub static CERTIFICATE: Code = Code {
    number: 416,
    title: "the supporter database server cannot be trusted",
    happened: "The server has no certificate, or one that is of an unknown authority, expired, or of another host.",
    done: "The connection was closed before the password was sent.",
    remedy: "Name the authority's certificate with `sslrootcert=FILE` in `supporters.url`, and the host as the certificate names it.",
};

/// The server was not to be verified.
pub static UNVERIFIED: Code = Code {
    number: 417,
    title: "a server on another machine was not to be verified",
    happened: "`sslmode` in `supporters.url` is weaker than verify-ca, and the server is on another machine. Whoever stands between could read and change every supporter, and learn the password.",
    done: "No connection was made.",
    remedy: "Leave `sslmode` out: verify-full is the default. Where the network itself is protected, say `allow_unverified_server = \"yes_the_network_is_trusted\"`.",
};

/// The address is none.
pub static ADDRESS: Code = Code {
    number: 418,
    title: "the address of the supporter database cannot be used",
    happened: "`supporters.url` is no address of a PostgreSQL server, or names a certificate file that cannot be used.",
    done: "No connection was made.",
    remedy: "Write `postgres://user@host:5432/database`, with `sslrootcert`, `sslcert` and `sslkey` as paths. A password does not belong into it.",
};

/// A statement took too long.
pub static TIMED_OUT: Code = Code {
    number: 419,
    title: "the supporter database took too long",
    happened: "A statement ran into `supporters.statement_timeout_seconds`, or an administrator cancelled it.",
    done: "Everything committed so far stands. Who was not done yet stays marked and is done by the next cycle.",
    remedy: "Look whether the columns that are searched have an index (`highwater check`), and who holds locks; or allow more time.",
};

/// Nobody stamps changed rows.
pub static NO_TRIGGER: Code = Code {
    number: 420,
    title: "no trigger stamps changed rows",
    happened: "No trigger on updates names the modified column. Programs may stamp what they change themselves; whoever forgets it is not heard of.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Add a trigger that stamps each changed row. The guide about PostgreSQL shows one.",
};

/// Stamps without an offset.
pub static NO_OFFSET: Code = Code {
    number: 421,
    title: "stamps without an offset",
    happened: "The times of the modified column carry no offset. They are read in `supporters.time_zone` where the database is PostgreSQL, or else at `utc_offset`; if that is wrong, changes are found late or not at all. A fixed offset does not follow clocks that change.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Set `supporters.time_zone` to the zone the times are written in, or make the column a timestamptz. In SQLite write UTC, as `CURRENT_TIMESTAMP` does, or an offset. If it must be local time where clocks change, give winter's offset as `supporters.utc_offset`: no change is lost then.",
};

/// Ids that nothing keeps unique.
pub static ID_NOT_UNIQUE: Code = Code {
    number: 422,
    title: "nothing keeps the ids unique",
    happened: "The id column has no unique index. All ids differ today; if two rows come to share one, neither is written any more.",
    done: "Reported it. `check` never writes anything.",
    remedy: "Add a unique index on the column.",
};

/// Others' transactions are not shown.
pub static WRITERS_UNSEEN: Code = Code {
    number: 423,
    title: "others' transactions cannot be seen",
    happened: "A row that is stamped when its transaction begins, and committed later than `sync.overlap_seconds` after that, can be overlooked. Where highwater may see since when others' transactions are open, it waits for them; this user may not.",
    done: "Reported it. `check` never writes anything.",
    remedy: "GRANT pg_read_all_stats to the user, or keep `sync.overlap_seconds` above the longest transaction.",
};

/// A column that may not be changed.
pub static NO_RIGHT: Code = Code {
    number: 424,
    title: "a column that this user may not change",
    happened: "The user has no right to update the column. A change that has to go there stops the cycle.",
    done: "Reported it. `check` never writes anything.",
    remedy: "GRANT UPDATE on the column, or set `direction = \"push\"` for its field.",
};

/// There is none.
pub static NONE: Code = Code {
    number: 425,
    title: "there is no supporter database",
    happened: "`supporters.kind` is `\"none\"`: events are taken in and become records of the org, and there is nobody to keep in step with Contacts. A command that needs supporters was called; `check` only says how it is.",
    done: "Nothing was read or written.",
    remedy: "For events alone the command is not needed: `highwater serve` takes them in and delivers them. To keep supporters and Contacts in step as well, set `supporters.kind` to `\"sqlite\"` or `\"postgres\"`, name the table, and map its columns in `[[field]]`; `highwater init` proposes all of it.",
};

/// SQLite gives numbers out again.
pub static IDS_GIVEN_AGAIN: Code = Code {
    number: 426,
    title: "ids are given out again",
    happened: "The id column is SQLite's row number and is declared without `AUTOINCREMENT`: when the row with the highest id is removed, the next new row gets that id. Whoever signs up next would then stand under the id of somebody else, who may be linked to a Contact.",
    done: "Reported it. `check` never writes anything. A row that comes back under a linked id without its Contact Id, and under another person's name, is asked about in a case `id_and_email_disagree`; without a `contact_id_column` that is seen only when the removal was.",
    remedy: "Declare the column `INTEGER PRIMARY KEY AUTOINCREMENT`: make such a table, copy the rows, and rename it. Name a `supporters.contact_id_column`.",
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
    &LOGIN,
    &CERTIFICATE,
    &UNVERIFIED,
    &ADDRESS,
    &TIMED_OUT,
    &NO_TRIGGER,
    &NO_OFFSET,
    &ID_NOT_UNIQUE,
    &WRITERS_UNSEEN,
    &NO_RIGHT,
    &NONE,
    &IDS_GIVEN_AGAIN,
];
