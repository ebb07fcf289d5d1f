//! Name variants: which first names are forms of the same name. The real engine's dictionary is not public; this
//! one holds common English forms and the pairs of Salesforce's article on fuzzy first names.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Each line is one name with its forms; a form may stand in several lines (Pat).
const FORMS: &str = "\
alexander alex al sandy xander
alexandra alex sandra sandy alexa
abigail abby gail
albert al bert
andrew andy drew
anthony tony
antonia toni
barbara barb barbie babs
benjamin ben benny benji
bernard bernie
beverly bev
calvin cal
cameron cam
carolyn carol carrie
catherine katherine kathryn cathy kathy kate katie kat cat kitty
charles charlie chuck chas
christina christine chris chrissy tina kristina kris
christopher chris kit topher kris
cynthia cindy
daniel dan danny
danielle dani
david dave davey
deborah debra deb debbie
dennis denny
donald don donnie
dorothy dot dottie
douglas doug
edward ed eddie ted ned
eleanor ellie nora nell
elizabeth liz lizzie beth betsy betty eliza lisa
emily em
eugene gene
frances fran frannie
francis frank fran
franklin frank
frederick fred freddie
gabriel gabe
gerald gerry jerry
gregory greg
gwendolyn gwen
harold harry hal
henry hank harry
isabella bella izzy
jacob jake
jacqueline jackie
james jim jimmy jamie
janet jan
jeffrey jeff geoffrey geoff
jennifer jen jenny
jessica jess jessie
joan joanie
john jack johnny jon
jonathan jon jonny johnny john nathan
joseph joe joey
joshua josh
judith judy
julia julie
kenneth ken kenny
kimberly kim
laurence lawrence larry laurie
leonard leo len lenny
lillian lil lily
linda lin lindy
louis lou louie
lucille lucy
margaret maggie meg peggy marge margie rita
maria mary marie
martha marty
martin marty
matthew matt
megan meg
melissa mel missy
michael mike mick mickey
michelle shelly
mitchell mitch
nancy nan
nathaniel nathan nate nat
nicholas nick nicky
nicole nikki
olivia liv
pamela pam
patricia pat patty tricia trish
patrick pat paddy
peter pete
philip phillip phil
rachel rach
raymond ray
rebecca becca becky
richard rich rick ricky dick
robert rob robbie bob bobby
roberta bobbie
ronald ron ronnie
rosemary rose rosie
russell russ
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
stanley stan
stephanie steph
stephen steven steve
susan sue suzy susie suzanne
teresa theresa terry tess
terrence terry
theodore ted teddy theo
thomas tom tommy
timothy tim timmy
valerie val
veronica ronnie
victoria vicky tori
vincent vince vinny
virginia ginny
walter walt wally
wilfred will fred
william will bill billy willy liam
zachary zach zack
";

/// Whether two folded first names are forms of one name.
pub(crate) fn are_variants(a: &str, b: &str) -> bool {
    static LINES: OnceLock<HashMap<&'static str, Vec<usize>>> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let mut lines: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (number, line) in FORMS.lines().enumerate() {
            for name in line.split(' ') {
                lines.entry(name).or_default().push(number);
            }
        }
        lines
    });
    match (lines.get(a), lines.get(b)) {
        (Some(of_a), Some(of_b)) => of_a.iter().any(|line| of_b.contains(line)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_detected_pairs_of_the_article_are_variants_and_the_others_are_not() {
        for (a, b) in
            [("jon", "jonathan"), ("sam", "samuel"), ("dan", "daniel"), ("bob", "robert"), ("pat", "patrick")]
        {
            assert!(are_variants(a, b) && are_variants(b, a), "{a} {b}");
        }
        for (a, b) in [("raj", "rajesh"), ("jay", "jayson"), ("sal", "salima"), ("patrick", "patricia")] {
            assert!(!are_variants(a, b), "{a} {b}");
        }
    }
}
