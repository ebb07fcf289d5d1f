//! Bulk API CSV: rows written to a file, and result files read back. The only module that names `csv_async`, which reads.
//!
//! Bulk guide v66, "Prepare CSV Files": UTF-8 without byte order mark, first row API names, a value with delimiter,
//! quote or line break in quotes, inner quotes doubled, no trimming. An empty cell leaves a field alone, `#N/A` clears it.

mod read;
mod scan;
mod write;

pub(crate) use read::Record;
pub use read::RowReader;
pub use scan::{BadCsv, CsvLimits, CsvScan};
pub use write::{Cell, RowError, RowWriter, Written};

/// Buffer of both directions. The library's default is several times slower, and each filling of it is a turn of another thread.
const BUFFER: usize = 256 * 1024;
