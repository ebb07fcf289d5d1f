//! A name field as words ready to be compared: what depends on one side only is worked out here, once.

use std::sync::OnceLock;

use smallvec::SmallVec;

use crate::fold::{Letters, Words};
use crate::particle::is_particle;
use crate::skeleton::skeleton;
use crate::sound::Sound;

/// One folded word with its skeleton and its sound. Both are worked out when they are first asked for: most people who are compared are
/// spelled alike, and then neither is.
#[derive(Clone)]
pub(crate) struct Word {
    pub(crate) text: Letters,
    skeleton: OnceLock<Letters>,
    sound: OnceLock<Sound>,
}

impl Word {
    pub(crate) fn new(text: &[u8]) -> Self {
        Self { text: Letters::from_slice(text), skeleton: OnceLock::new(), sound: OnceLock::new() }
    }

    pub(crate) fn skeleton(&self) -> &Letters {
        self.skeleton.get_or_init(|| skeleton(&self.text))
    }

    pub(crate) fn sound(&self) -> &Sound {
        self.sound.get_or_init(|| Sound::of(&self.text))
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn is_letter(&self) -> bool {
        self.text.len() == 1
    }

    pub(crate) fn first_letter(&self) -> Option<u8> {
        self.text.first().copied()
    }
}

/// The words of one field under one folding, and their run-together forms.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pub(crate) words: SmallVec<[Word; 2]>,
    /// All words run together; absent when there is one word or none.
    joined: Option<Box<Word>>,
    /// Positions of the words that are not particles; all positions when every word is one.
    content: SmallVec<[u8; 8]>,
    /// Content words run together; absent when that is one word or all of them.
    content_joined: Option<Box<Word>>,
}

impl Form {
    fn new(words: &[Letters]) -> Self {
        let run_together = |chosen: &mut dyn Iterator<Item = &Letters>| {
            let text: Letters = chosen.flatten().copied().collect();
            Some(Box::new(Word::new(&text)))
        };
        let is_content = |word: &&Letters| !is_particle(word);
        let count = words.iter().filter(is_content).count();
        let kept = |word: &Letters| count == 0 || is_content(&word);
        let content: SmallVec<[u8; 8]> =
            (0_u8..).zip(words).filter(|(_, word)| kept(word)).map(|(at, _)| at).collect();
        let joined = if words.len() > 1 { run_together(&mut words.iter()) } else { None };
        let content_joined = if content.len() > 1 && content.len() < words.len() {
            run_together(&mut words.iter().filter(is_content))
        } else {
            None
        };
        Self { words: words.iter().map(|w| Word::new(w)).collect(), joined, content, content_joined }
    }

    /// All words run together. `None` for a blank name.
    pub(crate) fn joined(&self) -> Option<&Word> {
        self.joined.as_deref().or_else(|| self.words.first())
    }

    /// The words that are not particles.
    pub(crate) fn content(&self) -> impl ExactSizeIterator<Item = &Word> + Clone {
        self.content.iter().map(|at| &self.words[usize::from(*at)])
    }

    /// Content words run together. `None` for a blank name.
    pub(crate) fn content_joined(&self) -> Option<&Word> {
        match self.content.as_slice() {
            [only] => self.words.get(usize::from(*only)),
            all if all.len() == self.words.len() => self.joined(),
            _ => self.content_joined.as_deref(),
        }
    }

    /// Whether both are the same letters once run together.
    pub(crate) fn same_letters(&self, other: &Self) -> bool {
        matches!((self.joined(), other.joined()), (Some(a), Some(b)) if a.text == b.text)
    }
}

/// One name field under both foldings.
#[derive(Clone, Default)]
pub(crate) struct Name {
    pub(crate) plain: Form,
    /// With umlauts spelled out, where that makes a difference.
    pub(crate) spelled_out: Option<Box<Form>>,
}

impl Name {
    pub(crate) fn new(plain: &[Letters], spelled_out: Option<&[Letters]>) -> Self {
        Self { plain: Form::new(plain), spelled_out: spelled_out.map(|words| Box::new(Form::new(words))) }
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.plain.words.is_empty()
    }

    /// Every way to read the two against each other that involves the second folding once.
    pub(crate) fn other_readings<'a>(
        &'a self,
        other: &'a Self,
    ) -> impl Iterator<Item = (&'a Form, &'a Form)> {
        let left = self.spelled_out.as_deref().map(|form| (form, &other.plain));
        let right = other.spelled_out.as_deref().map(|form| (&self.plain, form));
        left.into_iter().chain(right)
    }
}

/// Cuts a surname repeated at the end of the first name, or a first name repeated at the start of the last.
pub(crate) fn cut_repeats(first: &mut Words, last: &mut Words) {
    if first.is_empty() || last.is_empty() {
        return;
    }
    if first.len() > last.len() && first.ends_with(last) {
        first.truncate(first.len() - last.len());
    }
    let letters: usize = first.iter().map(|word| word.len()).sum();
    if letters > 1 && last.len() > first.len() && last.starts_with(first) {
        last.drain(..first.len());
    }
}
