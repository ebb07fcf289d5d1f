//! Each named point, the first three times it comes by.

use drill::KillPoint;
use simorg::{Fault, Op};

use crate::town::Town;

/// How often each point is tried.
const TIMES: u32 = 3;

/// What makes a cycle come by a point.
async fn lead_to(town: &mut Town, point: KillPoint) -> &'static str {
    town.lives().await;
    let org = &town.stage.org;
    match point {
        // A first load asks for everybody in a query job.
        KillPoint::K20 | KillPoint::K21 | KillPoint::K22 => "backfill",
        KillPoint::K16 => {
            for _ in 0..4 {
                let gone = r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#;
                org.fault(Op::IngestInfo, Fault::Refuse { status: 404, body: gone.to_owned(), times: 1 });
            }
            "sync"
        }
        KillPoint::K17 => {
            org.configure(|settings| settings.bulk.fail_after_rows = Some(0));
            "sync"
        }
        KillPoint::K09 => {
            org.configure(|settings| settings.bulk.stuck_inprogress_polls = 3);
            "sync"
        }
        // Another field map: everybody is marked.
        KillPoint::K29 => {
            let other = if town.stage.read("highwater.toml").contains("[[field]]\ncontact = \"Title\"") {
                ("[[field]]\ncontact = \"Title\"\ncolumn = \"title\"\n", "")
            } else {
                (
                    "[[field]]\ncontact = \"FirstName\"",
                    "[[field]]\ncontact = \"Title\"\ncolumn = \"title\"\n[[field]]\ncontact = \"FirstName\"",
                )
            };
            town.stage.reconfigure(other.0, other.1);
            "sync"
        }
        KillPoint::K01
        | KillPoint::K02
        | KillPoint::K03
        | KillPoint::K04
        | KillPoint::K05
        | KillPoint::K06
        | KillPoint::K07
        | KillPoint::K08
        | KillPoint::K10
        | KillPoint::K11
        | KillPoint::K12
        | KillPoint::K13
        | KillPoint::K14
        | KillPoint::K15
        | KillPoint::K18
        | KillPoint::K19
        | KillPoint::K23
        | KillPoint::K24
        | KillPoint::K25
        | KillPoint::K26
        | KillPoint::K27
        | KillPoint::K28
        | KillPoint::K30
        | KillPoint::K31
        | KillPoint::K32
        | KillPoint::K33
        | KillPoint::K34
        | KillPoint::K35
        | KillPoint::K36
        | KillPoint::K37
        | KillPoint::K38
        | KillPoint::K39
        | KillPoint::K40 => "sync",
    }
}

async fn story(point: KillPoint) -> u32 {
    let mut town = Town::founded().await;
    if point == KillPoint::K29 {
        town.stage.sql("ALTER TABLE supporters ADD COLUMN title TEXT").await;
    }
    let mut died = 0;
    for nth in 1..=TIMES {
        let what = format!("{}:{nth} ({})", point.name(), point.meaning());
        let line = lead_to(&mut town, point).await;
        died += u32::from(town.dies(line, point.name(), nth).await);
        town.stage.org.configure(|settings| {
            settings.bulk.fail_after_rows = None;
            settings.bulk.stuck_inprogress_polls = 0;
        });
        town.agrees(&what).await;
    }
    died
}

macro_rules! at_every_point {
    ($($name:ident $point:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                assert!(story(KillPoint::$point).await > 0, "no run came by {}", KillPoint::$point.name());
            }
        )+

        #[test]
        fn every_point_is_tried() {
            let tried = [$(KillPoint::$point),+];
            // An upgrade or an import is cut off in the tests of the state: no command of a cycle does either.
            let others: Vec<KillPoint> = KillPoint::ALL.into_iter().filter(|point| !tried.contains(point)).collect();
            assert_eq!(others, [KillPoint::K40]);
        }
    };
}

at_every_point! {
    k01 K01; k02 K02; k03 K03; k04 K04; k05 K05; k06 K06; k07 K07; k08 K08; k09 K09; k10 K10;
    k11 K11; k12 K12; k13 K13; k14 K14; k15 K15; k16 K16; k17 K17; k18 K18; k19 K19; k20 K20;
    k21 K21; k22 K22; k23 K23; k24 K24; k25 K25; k26 K26; k27 K27; k28 K28; k29 K29; k30 K30;
    k31 K31; k32 K32; k33 K33; k34 K34; k35 K35; k36 K36; k37 K37; k38 K38; k39 K39;
}
