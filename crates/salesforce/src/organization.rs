//! What the org says of itself.

use model::OrgId;

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::org::Org;
use crate::soql::Soql;

/// The org's own record (Object reference, "Organization").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Organization {
    /// The org.
    pub id: OrgId,
    /// Whether it is a sandbox: a copy, never production. Scratch orgs count as such.
    pub is_sandbox: bool,
}

impl Org {
    /// Asks what kind of org this is; `None`: it does not show that to our user.
    ///
    /// # Errors
    /// Any kind of a call that reads.
    pub async fn organization(&self) -> Result<Option<Organization>, Error> {
        let soql = Soql::select("Organization", ["Id", "IsSandbox"]).map_err(crate::org::name_error)?;
        let rows = match self.query(&soql)?.collect(1).await {
            Ok(rows) => rows,
            // INVALID_TYPE, INVALID_FIELD: hidden from this user.
            Err(error) if matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Forbidden) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Some(row) = rows.first() else { return Ok(None) };
        let id = row.get("Id").and_then(|id| OrgId::parse(id).ok());
        match (id, row.get("IsSandbox")) {
            (Some(id), Some("true")) => Ok(Some(Organization { id, is_sandbox: true })),
            (Some(id), Some("false")) => Ok(Some(Organization { id, is_sandbox: false })),
            _ => {
                Err(Error::new(ErrorKind::Contract, "an Organization without id or kind").during(Call::Query))
            }
        }
    }
}
