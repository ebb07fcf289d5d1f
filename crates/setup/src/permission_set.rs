//! The permission set of the integration user: no more than the map needs.

use crate::element::Element;
use crate::needs::Needs;

/// The file.
pub(crate) fn file(needs: &Needs) -> String {
    let mut set = Element::new("PermissionSet").text(
        "description",
        "For the user that highwater signs in as, and for nobody else. Lists the Contact fields its configuration names; Edit only where highwater writes.",
    );
    for (name, edit) in &needs.permissions {
        let permission = Element::new("fieldPermissions")
            .flag("editable", *edit)
            .text("field", format!("Contact.{name}"))
            .flag("readable", true);
        set = set.with(permission);
    }
    set = set.flag("hasActivationRequired", false).text("label", "Highwater Integration");
    for (object, rights) in &needs.objects {
        let permission = Element::new("objectPermissions")
            .flag("allowCreate", rights.create)
            .flag("allowDelete", rights.delete)
            .flag("allowEdit", rights.edit)
            .flag("allowRead", rights.read)
            .flag("modifyAllRecords", rights.modify_all)
            .text("object", object)
            .flag("viewAllRecords", rights.view_all);
        set = set.with(permission);
    }
    for name in &needs.system {
        set = set.with(Element::new("userPermissions").flag("enabled", true).text("name", name));
    }
    set.file()
}
