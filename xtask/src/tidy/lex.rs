//! Just enough of Rust's lexical rules to tell code, comments and string literals apart.

/// A source file taken apart.
pub struct Source {
    /// The text with comments and the insides of literals blanked out; lines stay where they are.
    pub code: String,
    pub strings: Vec<Literal>,
}

pub struct Literal {
    /// Of its first character, from 1.
    pub line: usize,
    pub text: String,
}

impl Source {
    /// Numbers, from 1, and code of the lines.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines())
    }
}

pub fn lex(text: &str) -> Source {
    let mut lexer = Lexer { rest: text, line: 1, code: String::with_capacity(text.len()), strings: Vec::new() };
    while !lexer.rest.is_empty() {
        lexer.token();
    }
    Source { code: lexer.code, strings: lexer.strings }
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    code: String,
    strings: Vec<Literal>,
}

impl<'a> Lexer<'a> {
    fn token(&mut self) {
        let rest = self.rest;
        if rest.starts_with("//") {
            self.blank(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.blank(block_comment(rest));
        } else if let Some(hashes) = self.raw_string() {
            self.keep(rest.find('"').map_or(rest.len(), |at| at + 1));
            let end = format!("\"{}", "#".repeat(hashes));
            let length = self.rest.find(&end).unwrap_or(self.rest.len());
            self.literal(length);
            self.keep(end.len());
        } else if rest.starts_with('"') {
            self.keep(1);
            self.literal(until_quote(self.rest, '"'));
            self.keep(1);
        } else if let Some(length) = character(rest) {
            self.blank(length);
        } else {
            self.keep(rest.chars().next().map_or(0, char::len_utf8));
        }
    }

    /// How many `#` a raw string that begins here has. `r` at the end of a name begins none.
    fn raw_string(&self) -> Option<usize> {
        if self.code.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
            return None;
        }
        let after = ["br", "cr", "r"].iter().find_map(|prefix| self.rest.strip_prefix(prefix))?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        after[hashes..].starts_with('"').then_some(hashes)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        self.line += taken.matches('\n').count();
        taken
    }

    fn keep(&mut self, length: usize) {
        let taken = self.take(length);
        self.code.push_str(taken);
    }

    fn blank(&mut self, length: usize) {
        let taken = self.take(length);
        self.code.extend(taken.chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
    }

    fn literal(&mut self, length: usize) {
        let line = self.line;
        let text = self.rest[..length.min(self.rest.len())].to_owned();
        self.blank(length);
        self.strings.push(Literal { line, text });
    }
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_u32;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of what stands before the closing quote.
fn until_quote(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at,
            _ => {}
        }
    }
    text.len()
}

/// Length of a character literal that begins here; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let is_literal = first == '\\' || inside[first.len_utf8()..].starts_with('\'');
    is_literal.then(|| 1 + until_quote(inside, '\'') + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_told_from_code() {
        let text = r###"
let a = "one \" // two"; // three
/* four /* five */ six */ let b = r#"seven " eight"#;
let c = 'x'; let d = '"'; let e: &'static str = "nine
ten";
let f = '\''; br"eleven"; for"twelve";
"###;
        let source = lex(text);
        let strings: Vec<(usize, &str)> = source.strings.iter().map(|literal| (literal.line, literal.text.as_str())).collect();
        assert_eq!(strings, [(2, "one \\\" // two"), (3, "seven \" eight"), (4, "nine\nten"), (6, "eleven"), (6, "twelve")]);
        assert_eq!(source.code.lines().count(), text.lines().count());
        assert!(!source.code.contains("three") && !source.code.contains("six") && !source.code.contains("two"));
        assert!(source.code.contains("let b = r#\"") && source.code.contains("&'static str"));
    }

    #[test]
    fn what_never_ends_is_no_reason_to_fail() {
        for text in ["\"open", "r#\"open", "/* open", "'", "'\\", "é'é"] {
            lex(text);
        }
    }
}
