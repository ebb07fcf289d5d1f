//! Every call against every fault: what is done about it. One test for each cell, named after both.
//!
//! The letters are those of [`Action`]; `N` is a cell that cannot be, and that too is asserted.

use crate::action::Action;
use crate::action::judge;
use crate::call::Call;
use crate::fault::Fault;

macro_rules! matrix {
    ($($row:ident $call:ident:
        $refused:ident $tls:ident $before:ident $after:ident $unauthorised:ident $limit:ident $forbidden:ident
        $not_found:ident $bad:ident $gone:ident $busy:ident $cut:ident $odd:ident $big:ident $slow:ident
        $redirect:ident;)+) => {$(
        mod $row {
            use super::*;
            macro_rules! cell {
                ($name:ident, $fault:ident, $action:ident) => {
                    #[test]
                    fn $name() {
                        judge(Call::$call, Fault::$fault, Action::$action);
                    }
                };
            }
            cell!(is_refused_a_connection, Refused, $refused);
            cell!(meets_a_wrong_certificate, Tls, $tls);
            cell!(is_lost_before_it_takes_effect, LostBefore, $before);
            cell!(takes_effect_and_its_answer_is_lost, LostAfter, $after);
            cell!(is_unauthorised, Unauthorised, $unauthorised);
            cell!(meets_the_end_of_the_allowance, Limit, $limit);
            cell!(is_forbidden, Forbidden, $forbidden);
            cell!(finds_nothing_there, NotFound, $not_found);
            cell!(is_a_bad_request, BadRequest, $bad);
            cell!(meets_a_retired_version, Gone, $gone);
            cell!(meets_a_busy_server, Busy, $busy);
            cell!(is_answered_with_a_body_that_ends_early, Cut, $cut);
            cell!(is_answered_with_something_else, NotAsDocumented, $odd);
            cell!(is_answered_with_too_much, TooBig, $big);
            cell!(is_answered_too_slowly, TooSlow, $slow);
            cell!(is_redirected, Redirect, $redirect);
        }
    )+};
}

matrix! {
    //                                 refused, tls, lost before, lost after  401 limit 403 404 400 410  5xx cut odd big slow 3xx
    token             Token:           R X R R  X R X X X X  R V V V S X;
    get_updated       GetUpdated:      R X R R  A S K K K X  R V V K V X;
    changed_page      ChangedPage:     R X R R  A S X X X X  R V V L V X;
    look_up           LookUp:          R X R R  A S X X X X  R V V L V X;
    read_by_ids       ReadByIds:       R X R R  A S X X X X  R V V L V X;
    query_job_create  QueryJobCreate:  R X R R  A S X X X X  R V V L V X;
    query_job_poll    QueryJobPoll:    R X R R  A S X S X X  R V V L V X;
    query_job_results QueryJobResults: R X R R  A S X S X X  R V V L V X;
    ingest_create     IngestCreate:    R X Q Q  A S X X X X  Q Q Q Q Q X;
    upload            Upload:          R X U U  A S X U U X  U U U N U X;
    close             Close:           R X P P  A S X Q Q X  P P P P P X;
    poll              Poll:            R X R R  A S X J S X  R V V L V X;
    results           Results:         R X R R  A S X J S X  R V V L V X;
    abort             Abort:           R X P P  A S X K Q X  P P P P P X;
    orphan_search     OrphanSearch:    R X R R  A S X X X X  R V V L V X;
    supporter_read    SupporterRead:   S X S S  X S X X X N  S S X N S N;
    supporter_write   SupporterWrite:  S X Q Q  X S X T B N  S Q X N Q N;
    state_commit      StateCommit:     N N N N  N N N N N N  X X N N N N;
}
