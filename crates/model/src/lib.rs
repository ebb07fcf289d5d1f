//! The nouns of highwater: ids, values, field map, links, reconcile; no I/O.
