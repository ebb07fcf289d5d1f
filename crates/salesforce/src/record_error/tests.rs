use super::*;

fn id(raw: &str) -> SalesforceId {
    SalesforceId::parse(raw).unwrap()
}

/// Checks texts seen in the field: each is split, its code known, its class as given.
fn all_are(expected: &Class, texts: &[&str]) {
    for raw in texts {
        let error = RecordError::classify(raw);
        assert_eq!(error.class(), expected, "{raw}");
        assert_eq!(error.code().as_str(), raw.split(':').next().unwrap());
    }
}

#[test]
fn a_lock_or_a_full_org_behind_another_text_is_no_fault_of_the_row() {
    let of = |text: &str| {
        RecordError::classify(&format!("FIELD_CUSTOM_VALIDATION_EXCEPTION:{text}:--")).class().clone()
    };
    for text in [
        "Failed to create Account for Contact A B. unable to obtain exclusive access to this record or 1 records: 001000000000001",
        "Record Currently Unavailable: The record you are attempting to edit, or one of its related records, is currently being modified",
    ] {
        assert_eq!(of(text), Class::TransientSmallerJob, "{text}");
    }
    assert_eq!(of("Failed to create Account for Contact A B. storage limit exceeded"), Class::OrgFull);
    assert_eq!(of("Failed to create Account for Contact A B. Name: data value too large"), Class::Permanent);
}

#[test]
fn codes_that_need_a_change_of_data_or_settings() {
    all_are(
        &Class::Permanent,
        &[
            "DUPLICATE_VALUE:duplicate value found: <unknown> duplicates value on record with id: <unknown>:--",
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Please give a reason:Reason__c --",
            "FIELD_FILTER_VALIDATION_EXCEPTION:Value does not exist or does not match filter criteria.:X__c --",
            "STRING_TOO_LONG:Last Name: data value too large: Looong (max length=80):LastName --",
            "INVALID_EMAIL_ADDRESS:Email: invalid email address: foo@bar:Email --",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST:Race: bad value for restricted picklist field: X:Race__c --",
            "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:OwnerId --",
            "INVALID_FIELD:Failed to deserialize field at col 3. Due to, 'x' is not a valid value for the type xsd:date:Birthdate --",
            "INVALID_TYPE_ON_FIELD_IN_RECORD:Birthdate: value not of required type: x:Birthdate --",
            "INVALID_FIELD_FOR_INSERT_UPDATE:Unable to create/update fields: Name. Please check the security settings of this field:Name --",
            "NUMBER_OUTSIDE_VALID_RANGE:Score: value outside of valid range on numeric field: 1.0E20:Score__c --",
            "MALFORMED_ID:malformed id 001000000000000AAA:--",
            "CANNOT_UPDATE_CONVERTED_LEAD:cannot reference converted lead:--",
            "INSUFFICIENT_ACCESS_OR_READONLY:insufficient access rights on object id:--",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY:insufficient access rights on cross-reference id:--",
            "INACTIVE_OWNER_OR_USER:operation performed with inactive user:OwnerId --",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:npsp.TDTM_Contact: execution of BeforeInsert caused by: System.NullPointerException:--",
            "MISSING_ARGUMENT:Id not specified in an update call:--",
        ],
    );
}

#[test]
fn codes_of_an_id_that_leads_nowhere() {
    all_are(
        &Class::StaleId,
        &[
            "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
            "ENTITY_IS_DELETED:entity is deleted:--",
        ],
    );
}

#[test]
fn codes_that_may_pass_in_a_smaller_job() {
    all_are(
        &Class::TransientSmallerJob,
        &[
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:MyCoolTrigger: System.LimitException: SBQQ:Too many SOQL queries: 101:--",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:T: caused by: UNABLE_TO_LOCK_ROW, unable to obtain:--",
            "CANNOT_EXECUTE_FLOW_TRIGGER:Apex CPU time limit exceeded:--",
            "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 200 records: 001RM000003oLnnYAE,00190000001pPvHAAU:--",
            "REQUEST_RUNNING_TOO_LONG:Your request was running for too long, and has been stopped.:--",
        ],
    );
}

#[test]
fn codes_that_may_pass_later() {
    all_are(
        &Class::Transient,
        &[
            "TXN_SECURITY_METERING_ERROR:policy too slow:--",
            "QUERY_TIMEOUT:Your query request was running for too long.:--",
            "UNKNOWN_EXCEPTION:An unexpected error occurred:--",
            "SERVER_UNAVAILABLE:too busy:--",
            "APEX_DATA_ACCESS_GACK:internal:--",
            "LIMIT_EXCEEDED:some limit:--",
            "ALL_OR_NONE_OPERATION_ROLLED_BACK:Record rolled back:--",
        ],
    );
}

#[test]
fn refusals_by_a_duplicate_rule() {
    all_are(
        &Class::Duplicate(DuplicateKind::Contact),
        &[
            "DUPLICATES_DETECTED:Use one of these records?:--",
            "DUPLICATES_DETECTED:Utiliser un de ces enregistrements ?:--",
            "DUPLICATES_DETECTED:You're creating a duplicate record. We recommend you use an existing record instead.:--",
        ],
    );
}

#[test]
fn duplicates_that_a_trigger_met() {
    all_are(
        &Class::Duplicate(DuplicateKind::OtherObject),
        &[
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Failed to create Account for Contact Joe Smith. Use one of these records?:--",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Failed to create Account for Contact Joe Smith. You&#39;re creating a duplicate record.:--",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:T: caused by: System.DmlException: DUPLICATES_DETECTED, Nimm einen von diesen:--",
        ],
    );
}

#[test]
fn codes_that_name_the_holder_of_a_value() {
    all_are(
        &Class::HeldBy(id("001Vr00000m4eGC")),
        &[
            "DUPLICATE_VALUE:duplicate value found: NozzleAccountId__c duplicates value on record with id: 001Vr00000m4eGC:--",
        ],
    );
    all_are(
        &Class::HeldByMany(vec![id("003RM0000068xVCYAY"), id("0031i000013x2TEAAY")]),
        &[
            "DUPLICATE_EXTERNAL_ID:EN Supporter Id: more than one record found for external id field: [003RM0000068xVCYAY, 0031i000013x2TEAAY]:--",
        ],
    );
    all_are(
        &Class::RepeatedKey,
        &["DUPLICATE_VALUE:Duplicate external id specified: 1003:EN_Supporter_Id__c --"],
    );
    all_are(&Class::OrgFull, &["STORAGE_LIMIT_EXCEEDED:storage limit exceeded:--"]);
}

/// The three texts of Engaging Networks' page on contact syncing, dashes as that page has them.
#[test]
fn the_texts_of_the_connector_we_replace_are_duplicates() {
    for (raw, kind) in [
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Failed to create Account for Contact Raya Tester. Duplicate Alert:-",
            DuplicateKind::OtherObject,
        ),
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Failed to create Account for Contact Jim Tester. Use one of these records?:--",
            DuplicateKind::OtherObject,
        ),
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:Failed to create Account for Contact Jim Tester. Use one of these records?:–",
            DuplicateKind::OtherObject,
        ),
        (
            "FIELD_CUSTOM_VALIDATION_EXCEPTION:A record with this email address already exists.:Email --",
            DuplicateKind::EmailRule,
        ),
    ] {
        assert_eq!(RecordError::classify(raw).class(), &Class::Duplicate(kind), "{raw}");
    }
    let stale =
        RecordError::classify("\u{201c}INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:–\u{201c}");
    assert_eq!(stale.code(), &ErrorCode::Unknown, "a quoted sample from a web page is not a row error");
    let stale = RecordError::classify("INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:–");
    assert_eq!(stale.class(), &Class::StaleId);
}

#[test]
fn an_orgs_own_words_can_be_configured() {
    let texts =
        AlertTexts { duplicate_alerts: vec!["Gibt es schon".into(), " ".into()], email_rules: vec![] };
    let raw = "FIELD_CUSTOM_VALIDATION_EXCEPTION:Konto: gibt es schon!:--";
    assert_eq!(texts.classify(raw).class(), &Class::Duplicate(DuplicateKind::OtherObject));
    assert_eq!(RecordError::classify(raw).class(), &Class::Permanent);
}

#[test]
fn with_several_errors_the_gravest_decides() {
    let error = RecordError::classify(
        "UNABLE_TO_LOCK_ROW:x:--DUPLICATES_DETECTED:y:--INVALID_EMAIL_ADDRESS:z:Email --",
    );
    assert_eq!(error.code(), &ErrorCode::UnableToLockRow);
    assert_eq!(error.more().len(), 2);
    assert_eq!(error.class(), &Class::Permanent);
}

#[test]
fn what_is_shown_holds_no_message() {
    let raw = "STRING_TOO_LONG:Last Name: data value too large: Canary (max length=80):LastName --X_CANARY:Canary:--";
    let error = RecordError::classify(raw);
    assert_eq!(error.to_string(), "STRING_TOO_LONG [LastName], X_CANARY");
    assert!(!format!("{error:?} {error}").contains("Canary"));
    assert!(error.message().contains("Canary"));
}

#[test]
fn every_known_code_is_spelled_back() {
    for code in ErrorCode::KNOWN {
        assert_eq!(&ErrorCode::parse(code.as_str()), code);
    }
}

proptest::proptest! {
    #[test]
    fn classification_is_total_and_bounded(raw in "(\\PC|[:\n-]|[A-Z_]{3,8}:|:--|–| --){0,80}") {
        let error = RecordError::classify(&raw);
        proptest::prop_assert!(error.message().len() <= MAX_MESSAGE);
        proptest::prop_assert!(error.more().len() < MAX_ERRORS);
        proptest::prop_assert!(error.fields().iter().all(|field| !field.contains(char::is_whitespace)));
    }

    #[test]
    fn a_well_formed_text_gives_its_parts_back(
        code in "[A-Z][A-Z0-9_]{2,20}", message in "[a-z ,.\n']{1,40}", fields in "([A-Z][A-Za-z_]{1,12}){0,1}"
    ) {
        let error = RecordError::classify(&format!("{code}:{message}:{fields} --"));
        proptest::prop_assert_eq!(error.code().as_str(), code);
        proptest::prop_assert_eq!(error.message(), message.trim());
        proptest::prop_assert_eq!(error.fields().join(","), fields);
    }
}
