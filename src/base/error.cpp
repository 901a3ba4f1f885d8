#include "base/error.h"

namespace vedette {

std::unexpected<Error> refuse(std::string_view code, std::string message, std::string cause,
                              std::string hint) {
  return std::unexpected(
      Error{std::string(code), std::move(message), std::move(cause), std::move(hint)});
}

std::string describe(const Error& error) {
  std::string line = error.code + ": " + error.message;
  if (!error.cause.empty()) line += " (" + error.cause + ")";
  if (!error.hint.empty()) line += "; " + error.hint;
  return line;
}

}  // namespace vedette
