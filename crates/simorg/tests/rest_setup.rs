//! What an administrator's check reads: objects, permissions, the org about itself.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use simorg::settings::ObjectPermission;
use support::{Caller, map, plain, split};

fn names(records: &[Value], field: &str) -> Vec<String> {
    records.iter().filter_map(|record| record[field].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_global_list_and_every_describe_agree() {
    let org = Caller::start(plain()).await;
    let (_, global) = org.get("/sobjects").await;
    let listed = names(global["sobjects"].as_array().expect("a list"), "name");
    for wanted in [
        "Contact",
        "Lead",
        "Account",
        "Opportunity",
        "Case",
        "Campaign",
        "User",
        "Organization",
        "Donation__c",
        "Profile",
        "PermissionSet",
        "PermissionSetAssignment",
        "FieldPermissions",
        "ObjectPermissions",
        "EntityParticle",
    ] {
        assert!(listed.contains(&wanted.to_owned()), "{wanted}");
    }
    let mut prefixes = Vec::new();
    for name in &listed {
        let (status, about) = org.get(&format!("/sobjects/{name}/describe")).await;
        assert_eq!((status, &about["name"]), (200, &json!(name)));
        let fields = about["fields"].as_array().expect("fields");
        assert!(fields.iter().any(|field| field["name"] == "Id" && field["type"] == "id"), "{name}");
        prefixes.push(about["keyPrefix"].as_str().expect("a prefix").to_owned());
    }
    prefixes.sort();
    let count = prefixes.len();
    prefixes.dedup();
    assert_eq!(prefixes.len(), count, "no prefix is shared");
}

#[tokio::test]
async fn a_custom_object_takes_records_that_count_up_and_lead_to_their_contact() {
    let org = Caller::start(plain()).await;
    let contact = org.seed("Contact", json!({"LastName": "Brown", "EN_Supporter_Id__c": "7"}));
    let body = json!({"Contact__r": {"EN_Supporter_Id__c": "7"}, "Amount__c": 12.5, "Donation_Date__c": "2026-10-05"});
    let (status, made) = org.send(Method::POST, "/sobjects/Donation__c", &body).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["id"].as_str().expect("an id").starts_with("a00"));
    let found = org.records("SELECT Name, Contact__c, Contact__r.LastName, Amount__c FROM Donation__c").await;
    assert_eq!(found[0]["Name"], "D-000001");
    assert_eq!(
        (&found[0]["Contact__c"], &found[0]["Contact__r"]["LastName"]),
        (&json!(contact), &json!("Brown"))
    );
    let (_, about) = org.get("/sobjects/Donation__c/describe").await;
    assert_eq!((&about["custom"], &about["keyPrefix"]), (&json!(true), &json!("a00")));
    let name = about["fields"].as_array().expect("fields").iter().find(|f| f["name"] == "Name").cloned();
    assert_eq!(
        name.map(|f| (f["autoNumber"].clone(), f["createable"].clone())),
        Some((json!(true), json!(false)))
    );
}

#[tokio::test]
async fn stage_and_status_close_an_opportunity_and_a_case() {
    let org = Caller::start(plain()).await;
    let body = json!({"Name": "Gift", "StageName": "Closed Won", "CloseDate": "2026-10-05"});
    let (status, made) = org.send(Method::POST, "/sobjects/Opportunity", &body).await;
    assert_eq!(status, 201, "{made}");
    let found = org.records("SELECT IsClosed, IsWon FROM Opportunity").await;
    assert_eq!((&found[0]["IsClosed"], &found[0]["IsWon"]), (&json!(true), &json!(true)));
    let (_, error) = org.send(Method::POST, "/sobjects/Opportunity", &json!({"Name": "Gift"})).await;
    assert_eq!(error[0]["message"], "Required fields are missing: [StageName, CloseDate]");
    assert_eq!(org.send(Method::POST, "/sobjects/Case", &json!({"Subject": "Address"})).await.0, 201);
    let found = org.records("SELECT CaseNumber, Status, IsClosed FROM Case").await;
    assert_eq!((&found[0]["CaseNumber"], &found[0]["Status"]), (&json!("00000001"), &json!("New")));
    assert_eq!(found[0]["IsClosed"], false);
}

#[tokio::test]
async fn the_organization_tells_whether_it_is_a_sandbox() {
    let mut settings = plain();
    settings.organization.sandbox = true;
    settings.organization.namespace = "acme".into();
    let org = Caller::start(settings).await;
    let soql =
        "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName, NamespacePrefix FROM Organization";
    let found = org.records(soql).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["Id"], json!(org.org.org_id()));
    assert_eq!(
        (&found[0]["IsSandbox"], &found[0]["OrganizationType"]),
        (&json!(true), &json!("Enterprise Edition"))
    );
    assert_eq!((&found[0]["InstanceName"], &found[0]["NamespacePrefix"]), (&json!("SIM1"), &json!("acme")));
    let (status, error) = org.send(Method::POST, "/sobjects/Organization", &json!({"Name": "x"})).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")));
}

#[tokio::test]
async fn users_have_profiles_and_the_integration_user_its_permission_set() {
    let mut settings = plain();
    settings.permissions.modify_all_data = true;
    let org = Caller::start(settings).await;
    let me = org.org.user_id("integration@example.org").expect("the user");
    let soql = format!(
        "SELECT IsActive, UserType, Profile.Name, UserPermissionsMarketingUser FROM User WHERE Id = '{me}'"
    );
    let found = org.records(&soql).await;
    assert_eq!(found[0]["Profile"]["Name"], "Minimum Access - API Only Integrations");
    assert_eq!(
        (&found[0]["IsActive"], &found[0]["UserPermissionsMarketingUser"]),
        (&json!(true), &json!(false))
    );
    let soql = format!(
        "SELECT PermissionSet.Name, PermissionSet.PermissionsModifyAllData, PermissionSet.PermissionsApiUserOnly, \
         PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment WHERE AssigneeId = '{me}'"
    );
    let found = org.records(&soql).await;
    assert_eq!(found.len(), 2, "the set behind the profile and the user's own");
    let (profile, own) = (&found[0]["PermissionSet"], &found[1]["PermissionSet"]);
    assert_eq!(
        (&profile["IsOwnedByProfile"], &profile["PermissionsApiUserOnly"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&own["Name"], &own["PermissionsModifyAllData"]),
        (&json!("Integration_Access"), &json!(true))
    );
    org.org.configure(|settings| settings.permissions.modify_all_data = false);
    let found = org.records(&soql).await;
    assert_eq!(found[1]["PermissionSet"]["PermissionsModifyAllData"], false);
}

#[tokio::test]
async fn a_field_without_edit_is_told_by_describe_and_refused_on_every_door() {
    let mut settings = plain();
    settings.permissions.read_only_fields = vec!["Contact.Title".into(), "Department".into()];
    let org = Caller::start(settings).await;
    let (_, about) = org.get("/sobjects/Contact/describe").await;
    let title = about["fields"].as_array().expect("fields").iter().find(|f| f["name"] == "Title").cloned();
    let title = title.expect("the field is visible");
    assert_eq!((&title["createable"], &title["updateable"]), (&json!(false), &json!(false)));
    let soql = "SELECT PermissionsRead, PermissionsEdit FROM FieldPermissions WHERE Field = 'Contact.Title'";
    let found = org.records(soql).await;
    assert_eq!((&found[0]["PermissionsRead"], &found[0]["PermissionsEdit"]), (&json!(true), &json!(false)));

    let body = json!({"LastName": "Brown", "Title": "Dr", "Department": "x"});
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_FIELD_FOR_INSERT_UPDATE")));
    let text = error[0]["message"].as_str().expect("a text");
    assert!(
        text.starts_with("Unable to create/update fields: Department, Title. Please check the security"),
        "{text}"
    );
    assert_eq!(error[0]["fields"], json!(["Department", "Title"]));
    assert!(org.org.records("Contact").is_empty());
    // A person may: field-level security is per user.
    let id = org.seed("Contact", json!({"LastName": "Brown"}));
    org.org.edit_as(&org.org.person(), "Contact", &id, &json!({"Title": "Dr"})).expect("a person may");
}

#[tokio::test]
async fn a_hidden_field_is_absent_everywhere() {
    let org = Caller::start(plain()).await;
    org.org.configure(|settings| settings.hidden_fields = vec!["Contact.Title".into()]);
    let (_, about) = org.get("/sobjects/Contact/describe").await;
    assert!(about["fields"].as_array().expect("fields").iter().all(|f| f["name"] != "Title"));
    for soql in [
        "SELECT Id FROM FieldPermissions WHERE Field = 'Contact.Title'",
        "SELECT DurableId FROM EntityParticle WHERE DurableId = 'Contact.Title'",
    ] {
        assert!(org.records(soql).await.is_empty(), "{soql}");
    }
    let query = org.call(Method::GET, "/query").query(&[("q", "SELECT Title FROM Contact")]);
    let (status, error) = split(query.send().await.expect("an answer")).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
}

#[tokio::test]
async fn entity_particles_tell_what_keys_an_upsert() {
    let org = Caller::start(plain()).await;
    let soql = "SELECT QualifiedApiName, IsUnique, IsIdLookup, IsCaseSensitive, EntityDefinition.Label FROM EntityParticle \
                WHERE EntityDefinition.QualifiedApiName = 'Contact' AND IsIdLookup = true ORDER BY QualifiedApiName";
    let found = org.records(soql).await;
    assert_eq!(names(&found, "QualifiedApiName"), ["Email", "EN_Supporter_Id__c", "Id"]);
    assert_eq!((&found[1]["IsUnique"], &found[1]["IsCaseSensitive"]), (&json!(true), &json!(false)));
    assert_eq!(found[1]["EntityDefinition"]["Label"], "Contact");
    let by_id = "SELECT QualifiedApiName FROM EntityParticle WHERE EntityDefinitionId = 'Contact' AND IsUnique = true";
    assert_eq!(names(&org.records(by_id).await, "QualifiedApiName"), ["EN_Supporter_Id__c"]);
}

#[tokio::test]
async fn rights_on_an_object_bind_the_api_and_not_people() {
    let org = Caller::start(plain()).await;
    let id = org.seed("Contact", json!({"LastName": "Brown"}));
    let access: simorg::schema::Access =
        serde_json::from_value(json!({"create": false, "edit": false, "delete": false})).expect("rights");
    org.org
        .configure(|s| s.permissions.objects = vec![ObjectPermission { object: "Contact".into(), access }]);
    let path = format!("/sobjects/Contact/{id}");
    let new = json!({"LastName": "Green"});
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &new).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")));
    for method in [Method::PATCH, Method::DELETE] {
        let (status, error) = org.send(method, &path, &new).await;
        assert_eq!((status, &error[0]["errorCode"]), (403, &json!("INSUFFICIENT_ACCESS_OR_READONLY")));
    }
    assert_eq!(org.org.records("Contact")[0]["LastName"], "Brown");
    org.org.edit_as(&org.org.person(), "Contact", &id, &new).expect("a person may");
    let (_, about) = org.get("/sobjects/Contact/describe").await;
    assert_eq!(
        (&about["createable"], &about["updateable"], &about["deletable"]),
        (&json!(false), &json!(false), &json!(false))
    );
    let soql =
        "SELECT PermissionsCreate, PermissionsRead FROM ObjectPermissions WHERE SobjectType = 'Contact'";
    let found = org.records(soql).await;
    assert_eq!((&found[0]["PermissionsCreate"], &found[0]["PermissionsRead"]), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn an_object_nobody_may_read_does_not_exist() {
    let org = Caller::start(plain()).await;
    org.seed("Account", json!({"Name": "Acme"}));
    let access = simorg::schema::Access { read: false, create: false, edit: false, delete: false };
    org.org
        .configure(|s| s.permissions.objects = vec![ObjectPermission { object: "Account".into(), access }]);
    assert_eq!(org.get("/sobjects/Account/describe").await.0, 404);
    for (soql, code) in
        [("SELECT Id FROM Account", "INVALID_TYPE"), ("SELECT Account.Name FROM Contact", "INVALID_FIELD")]
    {
        let query = org.call(Method::GET, "/query").query(&[("q", soql)]);
        let (status, error) = split(query.send().await.expect("an answer")).await;
        assert_eq!((status, &error[0]["errorCode"]), (400, &json!(code)), "{soql}");
    }
    let job = json!({"object": "Account", "operation": "insert"});
    let (status, error) = org.send(Method::POST, "/jobs/ingest", &job).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALIDENTITY")));
}

#[tokio::test]
async fn an_object_added_while_the_org_runs_is_there() {
    let org = Caller::start(plain()).await;
    org.org.configure(|settings| {
        let object = simorg::schema::CustomObject { name: "Pledge__c".into(), ..Default::default() };
        settings.custom_objects.push(object);
    });
    org.org.seed("Pledge__c", vec![map(json!({"Name": "P"}))]).expect("a good row");
    assert_eq!(org.records("SELECT Name FROM Pledge__c").await[0]["Name"], "P");
}
