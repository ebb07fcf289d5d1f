//! A client for one Salesforce org: auth, REST, Bulk API 2.0, limits, error texts.
