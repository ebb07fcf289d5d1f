//! Mistakes that can be planted in the engine to prove that its tests would notice them.

macro_rules! mistakes {
    ($($name:ident $number:literal $meaning:literal)*) => {
        /// A mistake that was, or might have been, made in an engine like this one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mistake {
            $(#[doc = $meaning] $name,)*
        }

        impl Mistake {
            /// All of them, in order.
            pub const ALL: [Self; 18] = [$(Self::$name),*];

            /// 1 to 18.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$name => $number),* }
            }

            /// What the mistake is.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

mistakes! {
    WatermarkBeforeMarks 1 "the watermark is stored before the marks"
    WatermarkFromLargestStamp 2 "the watermark becomes the largest stamp seen plus a second"
    AcknowledgedBeforeEffect 3 "a mark is removed before what it asks for is done"
    NoLookBack 4 "windows neither look back nor ask what is committed"
    PagedByStampAlone 5 "pages go on after a stamp, whoever else has it"
    UpsertLinked 6 "linked people are upserted by external id"
    UnsettledJobForgotten 7 "a job that is not settled is forgotten"
    BaseAtPlanTime 8 "what is planned counts as agreed"
    IntentsDropped 9 "what is on its way is not remembered"
    JoinedByOrder 10 "result rows are joined by their order"
    TruncatedFileAccepted 11 "a result file that breaks off is taken as whole"
    MissingKeyIsSuccess 12 "a row that stands in no result set counts as saved"
    LocalClock 13 "windows end at this machine's time"
    ConflictNotLogged 14 "an overwritten value is not logged"
    BlockNotLifted 15 "a block stays when its record changes"
    NoSync 16 "commits are flushed and not synced"
    EndlessSignIn 17 "a refused session is renewed again and again"
    AbortWithoutResults 18 "an aborted job's results are not read"
}

/// Whether this mistake is to be made.
#[cfg(feature = "sabotage")]
#[must_use]
pub fn planted(mistake: Mistake) -> bool {
    chosen::planted(mistake)
}

/// Whether this mistake is to be made: never.
#[cfg(not(feature = "sabotage"))]
#[inline(always)]
#[must_use]
pub const fn planted(_: Mistake) -> bool {
    false
}

#[cfg(feature = "sabotage")]
pub use chosen::{ENVIRONMENT, plant};

#[cfg(feature = "sabotage")]
mod chosen {
    use std::cell::Cell;
    use std::sync::OnceLock;

    use super::Mistake;

    /// The variable that names the number of a mistake for a whole process.
    pub const ENVIRONMENT: &str = "HIGHWATER_MISTAKE";

    thread_local! {
        static HERE: Cell<Option<Mistake>> = const { Cell::new(None) };
    }

    fn everywhere() -> Option<Mistake> {
        static EVERYWHERE: OnceLock<Option<Mistake>> = OnceLock::new();
        *EVERYWHERE.get_or_init(|| {
            let number: u8 = std::env::var(ENVIRONMENT).ok()?.parse().ok()?;
            Mistake::ALL.into_iter().find(|mistake| mistake.number() == number)
        })
    }

    /// Plants a mistake on this thread, or takes it out again.
    pub fn plant(mistake: Option<Mistake>) {
        HERE.set(mistake);
    }

    pub(super) fn planted(mistake: Mistake) -> bool {
        HERE.get() == Some(mistake) || everywhere() == Some(mistake)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_one_to_eighteen() {
        let numbers: Vec<u8> = Mistake::ALL.into_iter().map(Mistake::number).collect();
        assert_eq!(numbers, (1..=18).collect::<Vec<u8>>());
    }

    #[cfg(not(feature = "sabotage"))]
    #[test]
    fn without_the_feature_nothing_can_be_planted() {
        const { assert!(!planted(Mistake::NoSync)) }
    }

    #[cfg(feature = "sabotage")]
    #[test]
    fn a_mistake_is_planted_on_one_thread() {
        plant(Some(Mistake::LocalClock));
        assert!(planted(Mistake::LocalClock));
        assert!(!planted(Mistake::NoLookBack));
        assert!(!std::thread::spawn(|| planted(Mistake::LocalClock)).join().expect("it does not panic"));
        plant(None);
        assert!(!planted(Mistake::LocalClock));
    }
}
