//! The promises of the log, on real directories and on a disk whose power is cut.

mod damage;
mod forget;
mod full;
mod overwrite;
mod power;
mod reading;
mod support;
