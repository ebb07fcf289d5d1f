//! Supporters to Contacts: select, encode, deliver, settle, resolve duplicates.
