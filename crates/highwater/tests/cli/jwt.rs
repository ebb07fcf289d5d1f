//! The JWT bearer login, end to end.

use crate::stage::{Stage, err, out};

async fn signed() -> Stage {
    let stage = Stage::set().await;
    let key = stage.org.jwt_private_key_pem();
    stage.write("server.key", &key);
    private(&stage);
    let user = stage.org.usernames()[0].clone();
    stage.reconfigure(
        "client_secret_env = \"HIGHWATER_SF_SECRET\"",
        &format!("grant = \"jwt_bearer\"\nusername = \"{user}\"\nprivate_key_file = \"server.key\""),
    );
    stage
}

fn private(stage: &Stage) {
    #[cfg(unix)]
    std::fs::set_permissions(stage.path("server.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_assertion_opens_the_org() {
    let stage = signed().await;
    let checked = stage.run("check").await;
    assert_eq!(checked.status.code(), Some(0), "{}{}", out(&checked), err(&checked));
    let loaded = stage.run("backfill -vv").await;
    assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
    assert_eq!(stage.org.records("Contact").len(), 2);
    let all = out(&loaded) + &err(&loaded);
    assert!(!all.contains("PRIVATE KEY") && !all.contains("eyJ"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_not_approved_and_a_key_that_is_none_are_refused() {
    let stage = signed().await;
    stage.org.configure(|settings| settings.users.iter_mut().for_each(|user| user.approved = false));
    stage.refuses("sync", 6, "HW0203").await;
    stage.write("server.key", "canary, no key");
    let said = stage.refuses("sync", 2, "HW0200").await;
    assert!(said.contains("RSA key") && !said.contains("canary"), "{said}");
    #[cfg(unix)]
    {
        std::fs::set_permissions(
            stage.path("server.key"),
            std::os::unix::fs::PermissionsExt::from_mode(0o644),
        )
        .unwrap();
        assert!(stage.refuses("sync", 2, "HW0106").await.contains("chmod 600"));
    }
}
