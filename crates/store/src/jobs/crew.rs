//! Who carries jobs out: crews of workers, none of which waits for another.

kernel::words! {
    /// Which workers carry a job out.
    pub enum Crew {
        /// For what people stand and wait for. Its handlers call nothing slow: a lamp does not wait for somebody's mail server.
        Prompt = "prompt",
        /// Speaks to relay boards, which take their time, and more of it when they are silent. Neither keeps a hall with other lamps waiting, nor
        /// waits for mail.
        Boards = "boards",
        /// For all that may take its time.
        Rest = "rest",
    }
}

impl Crew {
    /// Its place among all.
    pub(crate) const fn place(self) -> usize {
        match self {
            Self::Prompt => 0,
            Self::Boards => 1,
            Self::Rest => 2,
        }
    }
}

/// How many jobs of each crew are carried out at once.
#[derive(Debug, Clone, Copy)]
pub struct Workers {
    pub prompt: usize,
    pub boards: usize,
    pub rest: usize,
}
