//! The contract on the memory adapter.

use async_trait::async_trait;
use model::{Cell, Clock, Supporter};
use supporters::conformance::{Bench, COLUMNS, Planted, Stand, at, id};
use supporters::{Memory, Supporters};

struct MemoryBench;

struct MemoryStand(Memory);

#[async_trait]
impl Bench for MemoryBench {
    async fn with(&self, rows: &[Planted]) -> Box<dyn Stand> {
        let columns: Vec<String> = COLUMNS.iter().map(ToString::to_string).collect();
        let memory = Memory::new(&columns, "email", Clock::held(at(86_400)));
        for row in rows {
            let supporter = Supporter {
                id: id(row.id),
                modified: row.modified.unwrap_or(supporters::UNDATED),
                contact_id: Cell::from_nullable(row.contact_id.as_deref()),
                cells: row.cells.iter().map(|text| Cell::from_nullable(text.as_deref())).collect(),
            };
            match row.modified {
                Some(_) => memory.put(supporter),
                None => memory.put_undated(supporter),
            }
        }
        Box::new(MemoryStand(memory))
    }
}

#[async_trait]
impl Stand for MemoryStand {
    fn supporters(&self) -> &dyn Supporters {
        &self.0
    }

    async fn edit(&self, row: u32, column: &str, to: Option<&str>) {
        assert!(self.0.edit(&id(row), column, Cell::from_nullable(to)));
    }

    async fn edit_contact_id(&self, row: u32, to: Option<&str>) {
        assert!(self.0.edit_contact_id(&id(row), Cell::from_nullable(to)));
    }

    async fn remove(&self, row: u32) {
        assert!(self.0.remove(&id(row)));
    }
}

supporters::conformance!(MemoryBench);
