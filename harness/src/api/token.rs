//! The token without which the server answers nothing.

use std::fmt;

use rustls::crypto::CryptoProvider;
use subtle::ConstantTimeEq;

use super::ServeError;

/// Random bytes in a token: 256 bits.
const BYTES: usize = 32;

/// A bearer token. It shows itself only to whoever asks for its text.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new token from the system's randomness.
    ///
    /// # Errors
    /// [`ServeError::Random`].
    pub(super) fn random(provider: &CryptoProvider) -> Result<Self, ServeError> {
        let mut bytes = [0; BYTES];
        provider.secure_random.fill(&mut bytes).map_err(|_| ServeError::Random)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// The token's text, in hexadecimal digits.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether an `Authorization` header carries this token; takes the same time for every wrong
    /// one of the right length.
    pub(super) fn is_in(&self, authorization: Option<&str>) -> bool {
        let Some((scheme, given)) = authorization.and_then(|header| header.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer") && self.is(given.trim())
    }

    fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_opens_the_server() {
        let token = Token::random(&rustls::crypto::ring::default_provider()).expect("randomness");
        assert_eq!(token.text().len(), 64);
        assert!(token.is_in(Some(&format!("Bearer {}", token.text()))));
        assert!(token.is_in(Some(&format!("bearer  {}", token.text()))));
        for header in [None, Some(""), Some("Bearer"), Some("Bearer "), Some("Bearer x")] {
            assert!(!token.is_in(header), "{header:?}");
        }
        assert!(!token.is_in(Some(&format!("Basic {}", token.text()))));
        assert!(!format!("{token:?}").contains(token.text()));
    }
}
