/// Kinds of text, by how many bytes its characters have in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the benchmarks go through them all"
)]
pub enum Script {
    /// English: one byte.
    Ascii,
    /// Greek: two bytes, with spaces of one.
    Greek,
    /// Chinese, Japanese and Korean: three bytes.
    Cjk,
    /// Emoji: four bytes.
    Emoji,
    /// A chat: English for the most part, with some of everything else.
    Mixed,
}

impl Script {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ascii,
        Self::Greek,
        Self::Cjk,
        Self::Emoji,
        Self::Mixed,
    ];

    /// A name for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ascii",
            Self::Greek => "greek",
            Self::Cjk => "cjk",
            Self::Emoji => "emoji",
            Self::Mixed => "mixed",
        }
    }

    /// Text of exactly `len` bytes, the same in every run: words in random order, so that no branch
    /// predictor learns them by heart. Full stops fill up what is too short for a word.
    #[must_use]
    pub fn text(self, len: usize) -> String {
        let words: Vec<_> = self.words().split('|').collect();
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut text = String::with_capacity(len);
        loop {
            let word = words[random.usize(..words.len())];
            if text.len() + word.len() > len {
                break;
            }
            text.push_str(word);
        }
        while text.len() < len {
            text.push('.');
        }
        text
    }

    /// With the spaces that the script puts behind them, and a bar between them.
    const fn words(self) -> &'static str {
        match self {
            Self::Ascii => {
                "the |rope |holds |while |a |wind |from |north |pulls, |and |nobody |on |board |lets \
                 |go |of |it. |Then "
            }
            Self::Greek => {
                "το |σχοινί |κρατάει |όσο |ο |άνεμος |φυσάει |και |κανείς |δεν |το |αφήνει, |ούτε \
                 |τώρα |ούτε |μετά. "
            }
            Self::Cjk => {
                "綱|は|張っ|て|いる、|北|風|が|吹く。|船上|没有|人|松手，|绳子|很|结实。|밧줄|팽팽|하다"
            }
            Self::Emoji => "😀|🚀|🌊|🪢|🐙|🎣|🛶|🌬|🧭|🦀",
            Self::Mixed => {
                "the |rope |holds |while |a |wind |pulls, |and |nobody |lets |go |😀 |déjà |綱は \
                 |naïve |🌊 |κρατάει |– |it’s "
            }
        }
    }
}

/// Any number will do, as long as it stays the same.
const SEED: u64 = 6455;
