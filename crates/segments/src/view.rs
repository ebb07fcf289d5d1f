//! Looking into a log beside whoever writes to it.

use std::path::Path;
use std::sync::Arc;

use crate::cursor::Cursor;
use crate::disk::Disk;
use crate::error::Error;
use crate::folder::Folder;
use crate::header::HEADER;
use crate::log::Bounds;
use crate::open::{find_end, is_unfinished, numbers, open_file, read_header};
use crate::read::{Page, PageLimit, read_page};

/// A log as it was at one moment. Changes nothing, needs no lock; a torn tail is left alone.
pub struct View {
    disk: Arc<dyn Disk>,
    /// `None`: nothing was ever appended.
    bounds: Option<Bounds>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("bounds", &self.bounds).finish_non_exhaustive()
    }
}

impl View {
    /// Looks at what is in a directory now. A directory that is not there is an empty log. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::Io`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let disk: Arc<dyn Disk> = Arc::new(Folder::for_reading(path));
        if path.exists() { Self::open_on(disk) } else { Ok(Self { disk, bounds: None }) }
    }

    /// The same on any disk.
    ///
    /// # Errors
    /// As [`View::open`].
    pub fn open_on(disk: Arc<dyn Disk>) -> Result<Self, Error> {
        let mut numbers = numbers(disk.as_ref())?;
        if let Some(last) = numbers.last().copied()
            && is_unfinished(disk.as_ref(), last)?
        {
            numbers.pop();
        }
        let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
            return Ok(Self { disk, bounds: None });
        };
        let file = open_file(disk.as_ref(), last)?;
        let header = read_header(file.as_ref(), last)?;
        let size = file.size().map_err(|e| Error::io("measuring a segment", &e))?;
        let ending = find_end(file.as_ref(), &header, size)?;
        let end = Cursor { segment: last, offset: ending.end };
        Ok(Self { disk, bounds: Some(Bounds { first, end }) })
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    /// Before the oldest entry.
    #[must_use]
    pub fn first(&self) -> Cursor {
        self.bounds.map_or(Cursor::START, |bounds| Cursor { segment: bounds.first, offset: HEADER as u64 })
    }

    /// Behind the newest entry.
    #[must_use]
    pub fn end(&self) -> Cursor {
        self.bounds.map_or(Cursor::START, |bounds| bounds.end)
    }

    /// As [`crate::Log::read`]. Segments that were given up since are passed over, and the page says so.
    ///
    /// # Errors
    /// As [`crate::Log::read`].
    pub fn read(&self, from: Cursor, limit: PageLimit) -> Result<Page, Error> {
        let Some(bounds) = self.bounds else {
            return Ok(Page { records: Vec::new(), next: from, gap: false });
        };
        let now = || {
            let first = numbers(self.disk.as_ref()).ok().and_then(|numbers| numbers.first().copied());
            Bounds { first: first.unwrap_or(bounds.first).max(bounds.first), ..bounds }
        };
        read_page(self.disk.as_ref(), &now, from, limit)
    }
}
