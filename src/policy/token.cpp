#include "policy/token.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/visible_text.h"

namespace vedette::policy {

namespace {

constexpr std::size_t kMaxDigits = 9;
constexpr std::string_view kSigns[] = {"==", "!=", "<=", ">=", "=", "<", ">",
                                       ";",  ",",  "(",  ")",  "[", "]"};

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_of_word(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.';
}

bool is_of_text(char c) {
  return c == ' ' || is_visible(c);
}

std::optional<std::int64_t> seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3'600;
    case 'd':
      return 86'400;
    default:
      return std::nullopt;
  }
}

class Tokenizer {
 public:
  explicit Tokenizer(std::string_view source) : rest_(source) {}

  Result<Token> next() {
    VEDETTE_CHECK(skip());
    if (rest_.empty()) return Token{.kind = TokenKind::end, .text = {}, .place = place_};
    const char c = rest_.front();
    if (is_letter(c)) return cut(TokenKind::word, length_while(is_of_word, 0));
    if (is_digit(c)) return number();
    if (c == '"') return text();
    for (const std::string_view sign : kSigns)
      if (rest_.starts_with(sign)) return cut(TokenKind::sign, sign.size());
    return refuse_at(place_, "POLICY-SYNTAX", "a policy has no such character", shown(c));
  }

 private:
  static std::string shown(char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    if (c > ' ' && c <= '~') return std::string("'") + c + "'";
    const auto octet = static_cast<unsigned char>(c);
    return std::string("octet 0x") + kDigits[octet >> 4U] + kDigits[octet & 15U];
  }

  template <class Predicate>
  [[nodiscard]] std::size_t length_while(Predicate is_part, std::size_t from) const {
    const auto* const end = std::find_if_not(rest_.begin() + from, rest_.end(), is_part);
    return static_cast<std::size_t>(end - rest_.begin());
  }

  void advance(std::size_t count) {
    rest_.remove_prefix(count);
    place_.column += static_cast<std::uint32_t>(count);
  }

  Token cut(TokenKind kind, std::size_t length) {
    const Token token{.kind = kind, .text = rest_.substr(0, length), .place = place_};
    advance(length);
    return token;
  }

  // Blanks, line feeds and comments. A comment may say anything printable, in whatever language.
  Result<void> skip() {
    while (!rest_.empty()) {
      if (rest_.front() == '\n') {
        rest_.remove_prefix(1);
        place_ = {.line = place_.line + 1, .column = 1};
      } else if (rest_.front() == ' ') {
        advance(1);
      } else if (rest_.front() == '#') {
        const std::size_t length = std::min(rest_.find('\n'), rest_.size());
        const auto comment = rest_.substr(0, length);
        const auto* const bad = std::ranges::find_if(
            comment, [](char c) { return static_cast<unsigned char>(c) < 0x20U || c == 0x7f; });
        if (bad != comment.end()) {
          advance(static_cast<std::size_t>(bad - comment.begin()));
          return refuse_at(place_, "POLICY-SYNTAX", "a policy has no such character", shown(*bad));
        }
        advance(length);
      } else {
        return {};
      }
    }
    return {};
  }

  Result<Token> number() {
    const Place at = place_;
    const std::size_t digits = length_while(is_digit, 0);
    if (digits > kMaxDigits || (digits > 1 && rest_.front() == '0'))
      return refuse_at(at, "POLICY-SYNTAX", "a number is malformed",
                       std::string(rest_.substr(0, 20)),
                       "write at most 9 digits without leading zeros");
    Token token = cut(TokenKind::number, digits);
    for (const char digit : token.text)
      token.number = token.number * 10 + (digit - '0');
    const std::size_t letters = length_while(is_of_word, 0);
    if (letters == 0) return token;
    const auto unit = seconds_of(rest_.front());
    if (letters > 1 || !unit)
      return refuse_at(
          at, "POLICY-SYNTAX", "a duration is malformed",
          std::string(token.text) + std::string(rest_.substr(0, letters)).substr(0, 20),
          "write a number and s, m, h or d: 90s, 5m");
    advance(1);
    token.kind = TokenKind::duration;
    token.number *= *unit;
    return token;
  }

  Result<Token> text() {
    const Place at = place_;
    const std::size_t end = length_while(is_of_text, 1);
    if (end == rest_.size() || rest_[end] != '"')
      return refuse_at(at, "POLICY-SYNTAX", "a text does not end on its line",
                       end == rest_.size() ? "the policy ends" : shown(rest_[end]),
                       "texts are printable ASCII between double quotes");
    if (end - 1 > kMaxTextBytes)
      return refuse_at(at, "POLICY-SIZE", "a text is too long", std::to_string(end - 1),
                       "at most " + std::to_string(kMaxTextBytes) + " characters");
    Token token = cut(TokenKind::text, end + 1);
    token.text = token.text.substr(1, end - 1);
    return token;
  }

  std::string_view rest_;
  Place place_;
};

}  // namespace

std::unexpected<Error> refuse_at(const Place& place, std::string_view code, std::string message,
                                 const std::string& detail, std::string hint) {
  return refuse(code, std::move(message),
                "line " + std::to_string(place.line) + ", column " + std::to_string(place.column) +
                    (detail.empty() ? "" : ": " + detail),
                std::move(hint));
}

std::string words_of(const Token& token) {
  const std::string text(token.text);
  if (token.kind == TokenKind::end) return "the end";
  if (token.kind == TokenKind::text) return "the text \"" + text + '"';
  if (token.kind == TokenKind::duration)
    return "a duration of " + std::to_string(token.number) + " s";
  return "'" + text + "'";
}

Result<std::vector<Token>> tokenize(std::string_view source) {
  if (source.size() > kMaxPolicyBytes)
    return refuse("POLICY-SIZE", "the policy is too long",
                  std::to_string(source.size()) + " octets",
                  "at most " + std::to_string(kMaxPolicyBytes));
  std::vector<Token> tokens;
  Tokenizer tokenizer(source);
  for (;;) {
    VEDETTE_TRY(const Token token, tokenizer.next());
    tokens.push_back(token);
    if (token.kind == TokenKind::end) return tokens;
  }
}

Token TokenStream::take() {
  const Token token = tokens_[at_];
  if (token.kind != TokenKind::end) ++at_;
  return token;
}

bool TokenStream::is(std::string_view word_or_sign) const {
  const bool can_be = next().kind == TokenKind::word || next().kind == TokenKind::sign;
  return can_be && next().text == word_or_sign;
}

bool TokenStream::take_if(std::string_view word_or_sign) {
  if (!is(word_or_sign)) return false;
  take();
  return true;
}

Result<void> TokenStream::expect(std::string_view word_or_sign) {
  if (take_if(word_or_sign)) return {};
  return expected("'" + std::string(word_or_sign) + "'");
}

Result<Token> TokenStream::expect(TokenKind kind, std::string_view what) {
  if (next().kind == kind) return take();
  return expected(what);
}

std::unexpected<Error> TokenStream::expected(std::string_view what) const {
  return refuse_at(next().place, "POLICY-SYNTAX", "the policy is not understood",
                   "expected " + std::string(what) + ", found " + words_of(next()));
}

}  // namespace vedette::policy
