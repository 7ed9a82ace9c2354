//! Reads JSON, and says what is wrong with it in the words of Go's `encoding/json`, which an API
//! server passes on (recorded, `api-1.36.2.json`: `unexpected end of JSON input`).

use super::MAX_DEPTH;
use super::node::Node;

/// Reads one value and nothing after it.
///
/// # Errors
/// The server's words.
pub(super) fn read(text: &[u8]) -> Result<Node, String> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip_space();
    let node = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(byte) => Err(unexpected(byte, "after top-level value")),
    }
}

struct Reader<'text> {
    text: &'text [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn here(&self) -> Result<u8, String> {
        self.peek().ok_or_else(|| "unexpected end of JSON input".to_owned())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Node, String> {
        match self.here()? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::list),
            b'"' => self.text().map(Node::Text),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true", Node::Bool(true)),
            b'f' => self.literal("false", Node::Bool(false)),
            b'n' => self.literal("null", Node::Null),
            byte => Err(unexpected(byte, "looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<Node, String>,
    ) -> Result<Node, String> {
        if self.depth == MAX_DEPTH {
            return Err("exceeded max depth".to_owned());
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn object(&mut self) -> Result<Node, String> {
        let mut fields = Vec::new();
        if self.here()? == b'}' {
            self.at += 1;
            return Ok(Node::Object(fields));
        }
        loop {
            match self.here()? {
                b'"' => {}
                byte => return Err(unexpected(byte, "looking for beginning of object key string")),
            }
            let name = self.text()?;
            self.skip_space();
            match self.here()? {
                b':' => self.at += 1,
                byte => return Err(unexpected(byte, "after object key")),
            }
            self.skip_space();
            fields.push((name, self.value()?));
            if self.ends(b'}', "after object key:value pair")? {
                return Ok(Node::Object(fields));
            }
        }
    }

    fn list(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        if self.here()? == b']' {
            self.at += 1;
            return Ok(Node::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.ends(b']', "after array element")? {
                return Ok(Node::List(items));
            }
        }
    }

    /// Whether the list or object ends here; else a comma leads to what comes next.
    fn ends(&mut self, close: u8, place: &str) -> Result<bool, String> {
        self.skip_space();
        let byte = self.here()?;
        if byte != close && byte != b',' {
            return Err(unexpected(byte, place));
        }
        self.at += 1;
        self.skip_space();
        Ok(byte == close)
    }

    fn literal(&mut self, word: &str, node: Node) -> Result<Node, String> {
        for expected in word.bytes() {
            let byte = self.here()?;
            if byte != expected {
                let expected = char::from(expected);
                let place = format!("in literal {word} (expecting '{expected}')");
                return Err(unexpected(byte, &place));
            }
            self.at += 1;
        }
        Ok(node)
    }

    fn number(&mut self) -> Result<Node, String> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.here()? == b'0' {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let digits = self.text[start..self.at].iter().copied().map(char::from);
        Ok(Node::Number(digits.collect()))
    }

    /// At least one digit, and all that follow.
    fn digits(&mut self, place: &str) -> Result<(), String> {
        match self.here()? {
            b'0'..=b'9' => {}
            byte => return Err(unexpected(byte, place)),
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    /// A string; what is not UTF-8 becomes U+FFFD, as in Go.
    fn text(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while !matches!(self.here()?, b'"' | b'\\' | 0..=0x1f) {
                self.at += 1;
            }
            text.push_str(&String::from_utf8_lossy(&self.text[start..self.at]));
            let byte = self.here()?;
            self.at += 1;
            match byte {
                b'"' => return Ok(text),
                b'\\' => text.push(self.escape()?),
                byte => return Err(unexpected(byte, "in string literal")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let byte = self.here()?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hexadecimal()?;
                self.paired(first)
            }
            byte => return Err(unexpected(byte, "in string escape code")),
        })
    }

    /// The character of `\uXXXX`, with the second half of a surrogate pair if one follows.
    fn paired(&mut self, first: u16) -> char {
        let before = self.at;
        if (0xd800..0xdc00).contains(&first) && self.text[before..].starts_with(b"\\u") {
            self.at += 2;
            if let Ok(second) = self.hexadecimal()
                && let Some(Ok(pair)) = char::decode_utf16([first, second]).next()
            {
                return pair;
            }
            self.at = before;
        }
        char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn hexadecimal(&mut self) -> Result<u16, String> {
        let mut value = 0;
        for _ in 0..4 {
            let byte = self.here()?;
            let digit = char::from(byte).to_digit(16).and_then(|digit| u16::try_from(digit).ok());
            let Some(digit) = digit else {
                return Err(unexpected(byte, "in \\u hexadecimal character escape"));
            };
            value = value * 16 + digit;
            self.at += 1;
        }
        Ok(value)
    }
}

fn unexpected(byte: u8, place: &str) -> String {
    let shown = match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        0x20..=0x7e | 0xa1..=0xac | 0xae..=0xff => format!("'{}'", char::from(byte)),
        0x7f => "'\\x7f'".to_owned(),
        0x80.. => format!("'\\u{byte:04x}'"),
        _ => format!("'\\x{byte:02x}'"),
    };
    format!("invalid character {shown} {place}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn words(text: &str) -> String {
        read(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn syntax_errors_are_told_in_the_words_of_go() {
        for (text, expected) in [
            ("", "unexpected end of JSON input"),
            ("{\"apiVersion\":\"v1\",", "unexpected end of JSON input"),
            ("x", "invalid character 'x' looking for beginning of value"),
            ("{a: 1}", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("[1 2]", "invalid character '2' after array element"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("trux", "invalid character 'x' in literal true (expecting 'e')"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' after decimal point in numeric literal"),
            ("1ex", "invalid character 'x' in exponent of numeric literal"),
            ("01", "invalid character '1' after top-level value"),
            ("\"a\nb\"", "invalid character '\\n' in string literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            ("\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        assert_eq!(words(&"[".repeat(100_000)), "exceeded max depth");
        assert!(read(format!("{}{}", "[".repeat(100), "]".repeat(100)).as_bytes()).is_ok());
    }

    #[test]
    fn strings_are_read_as_go_reads_them() {
        let text = b"[\"a\\u00e4\\ud834\\udd1e\\ud834x\\/\", \"\xff\"]";
        let read = read(text).map(Node::into_json);
        assert_eq!(read, Ok(json!(["aä𝄞\u{fffd}x/", "\u{fffd}"])));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn what_serde_writes_is_read_back(text in "\\PC{0,20}", number in proptest::num::i64::ANY) {
            let value = json!({"text": text, "list": [number, null, true, {}]});
            let back = read(value.to_string().as_bytes()).map(Node::into_json);
            proptest::prop_assert_eq!(back, Ok::<Json, String>(value));
        }
    }
}
