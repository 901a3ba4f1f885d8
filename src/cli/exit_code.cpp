#include "cli/exit_code.h"

#include <array>
#include <utility>

namespace vedette::cli {

ExitCode exit_code_of(const Error& error) {
  // Read from the top: the first prefix that fits decides. What is not named here is a "no" by a
  // check or a policy, on this side or the server's.
  constexpr std::array<std::pair<std::string_view, ExitCode>, 31> kMeanings{{
      {"NET-TLS", ExitCode::refused},      {"NET-SIZE", ExitCode::failed},
      {"NET-", ExitCode::unreachable},     {"TPM-UNREACHABLE", ExitCode::unreachable},
      {"CLI-WIDENING", ExitCode::refused}, {"CLI-FAILED", ExitCode::failed},
      {"CLI-", ExitCode::usage},           {"CONFIG-", ExitCode::usage},
      {"NAME-FORMAT", ExitCode::usage},    {"HEX-SYNTAX", ExitCode::usage},
      {"NOTE-KEY", ExitCode::usage},       {"KEY-FORMAT", ExitCode::usage},
      {"KEY-PASSPHRASE", ExitCode::usage}, {"FILE-", ExitCode::failed},
      {"OMS-OPEN", ExitCode::failed},      {"OMS-READ", ExitCode::failed},
      {"OMS-CHANGED", ExitCode::failed},   {"STORE-", ExitCode::failed},
      {"HTTP-METHOD", ExitCode::failed},   {"HTTP-NOT-FOUND", ExitCode::failed},
      {"HTTP-ANSWER", ExitCode::failed},   {"LOG-RANGE", ExitCode::failed},
      {"JSON-MEMBER", ExitCode::failed},   {"SBX-SPAWN", ExitCode::failed},
      {"INTERNAL", ExitCode::failed},      {"DEMO-", ExitCode::failed},
      {"KEY-SIGN", ExitCode::failed},      {"DELTA-READ", ExitCode::failed},
      {"TUF-FOLDER", ExitCode::usage},     {"TUF-EXISTS", ExitCode::usage},
      {"TUF-LOCKED", ExitCode::failed},
  }};
  for (const auto& [prefix, code] : kMeanings)
    if (error.code.starts_with(prefix)) return code;
  return ExitCode::refused;
}

}  // namespace vedette::cli
