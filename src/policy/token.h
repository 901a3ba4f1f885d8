// Tokens of a policy's text, and where they stand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace vedette::policy {

inline constexpr std::size_t kMaxPolicyBytes = std::size_t{64} << 10U;
inline constexpr std::size_t kMaxTextBytes = 256;  // within quotes

struct Place {
  std::uint32_t line = 1;    // from 1
  std::uint32_t column = 1;  // from 1, in octets
};

enum class TokenKind : std::uint8_t { end, word, text, number, duration, sign };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string_view text;    // of a text, what stands between the quotes
  std::int64_t number = 0;  // of a duration, its seconds
  Place place;
};

// Words are of a-z, 0-9, '_', '-' and '.', a letter first; texts are printable ASCII in double
// quotes without escapes; numbers are decimal without leading zeros, at most 9 digits, and with one
// of the letters s, m, h, d behind them a duration; `#` starts a comment. Ends with a token of kind
// `end`. Refuses POLICY-SIZE and POLICY-SYNTAX.
[[nodiscard]] Result<std::vector<Token>> tokenize(std::string_view source);

// `line 3, column 7: detail` as the cause.
[[nodiscard]] std::unexpected<Error> refuse_at(const Place& place, std::string_view code,
                                               std::string message, const std::string& detail,
                                               std::string hint = {});

// As a person would call it: `'permit'`, `the text "x"`, `the end`.
[[nodiscard]] std::string words_of(const Token& token);

// Reads tokens one by one; the last, `end`, comes again and again.
class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& next() const { return tokens_[at_]; }
  Token take();
  [[nodiscard]] bool is(std::string_view word_or_sign) const;
  bool take_if(std::string_view word_or_sign);
  [[nodiscard]] Result<void> expect(std::string_view word_or_sign);
  [[nodiscard]] Result<Token> expect(TokenKind kind, std::string_view what);
  // POLICY-SYNTAX at the next token.
  [[nodiscard]] std::unexpected<Error> expected(std::string_view what) const;

 private:
  std::vector<Token> tokens_;  // never empty
  std::size_t at_ = 0;
};

}  // namespace vedette::policy
