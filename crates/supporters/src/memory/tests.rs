//! What only the memory adapter promises: faults on demand. The contract itself is checked by the conformance suite.

use super::*;

fn memory() -> Memory {
    Memory::new(&["email".to_owned()], "email", Clock::held(Stamp::from_seconds(1_000)))
}

#[tokio::test]
async fn a_call_that_was_told_to_fail_writes_nothing_and_the_next_one_works() {
    let memory = memory();
    memory.fail_next(Error::Busy { operation: "write" });
    let create = [SupporterWrite::Create { cells: vec![Cell::Empty], contact_id: None }];
    assert_eq!(memory.apply(&create).await, Err(Error::Busy { operation: "write" }));
    assert_eq!(memory.rows().len(), 0);
    assert!(matches!(memory.apply(&create).await.unwrap()[..], [Applied::Done { .. }]));
    assert_eq!((memory.rows().len(), memory.writes_done()), (1, 1));
}

#[tokio::test]
async fn a_read_only_memory_refuses_every_write() {
    let memory = memory();
    memory.set_read_only(true);
    assert!(matches!(memory.apply(&[]).await, Err(Error::ReadOnly { .. })));
}
