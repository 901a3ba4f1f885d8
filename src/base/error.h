// Error and Result: how a refusal travels.
//
// Anything that hostile, stale or mistaken input can cause is a value of type Result<T>. Exceptions
// are left to programming errors and exhausted machines; nothing in Vedette catches them to go on.
//
//   Result<Quote> parse_quote(ByteView bytes) {
//     VEDETTE_TRY(const auto header, parse_header(bytes));
//     if (header.magic != kMagic) return refuse("ATT-MAGIC", "the quote was not made by a TPM");
//     ...
//   }
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vedette {

// What went wrong, for a program (code), a person (message, hint) and an investigator (cause).
struct Error {
  std::string code;     // stable, upper case, `AREA-REASON`; scripts and tests may rely on it
  std::string message;  // one sentence without a full stop, in words a newcomer understands
  std::string cause;  // detail: the values that disagreed, the library's own message; may be empty
  std::string hint;   // what to do next; may be empty

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = std::expected<T, Error>;

// The refusal to return from a function whose type is any Result<T>.
[[nodiscard]] std::unexpected<Error> refuse(std::string_view code, std::string message,
                                            std::string cause = {}, std::string hint = {});

// `CODE: message (cause); hint` on one line, for logs and terminals without colour.
[[nodiscard]] std::string describe(const Error& error);

}  // namespace vedette

#define VEDETTE_CONCAT_INNER(a, b) a##b
#define VEDETTE_CONCAT(a, b) VEDETTE_CONCAT_INNER(a, b)

// Evaluates `expression` (a Result<T>); returns its error to the caller, or binds its value. The
// counter keeps names apart where a lambda within the expression uses these macros too.
#define VEDETTE_TRY(declaration, expression) \
  VEDETTE_TRY_INNER(VEDETTE_CONCAT(vedette_try_, __COUNTER__), declaration, expression)
#define VEDETTE_TRY_INNER(temporary, declaration, expression)                       \
  auto temporary = (expression);                                                    \
  if (!temporary.has_value()) return std::unexpected(std::move(temporary).error()); \
  declaration = *std::move(temporary)

// The same for a Result<void>.
#define VEDETTE_CHECK(expression) \
  VEDETTE_CHECK_INNER(VEDETTE_CONCAT(vedette_check_, __COUNTER__), expression)
#define VEDETTE_CHECK_INNER(temporary, expression)             \
  do {                                                         \
    if (auto temporary = (expression); !temporary.has_value()) \
      return std::unexpected(std::move(temporary).error());    \
  } while (false)
