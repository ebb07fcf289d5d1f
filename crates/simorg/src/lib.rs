//! A simulated Salesforce org over real HTTP, with scripted faults; knows no other crate of highwater.
