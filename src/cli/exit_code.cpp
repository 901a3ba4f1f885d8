#include "cli/exit_code.h"

#include <array>
#include <utility>

namespace vedette::cli {

ExitCode exit_code_of(const Error& error) {
  constexpr std::array<std::pair<std::string_view, ExitCode>, 10> kMeanings{{
      {"NET-TLS", ExitCode::refused},
      {"NET-", ExitCode::unreachable},
      {"TPM-UNREACHABLE", ExitCode::unreachable},
      {"CLI-", ExitCode::usage},
      {"CONFIG-", ExitCode::usage},
      {"NAME-FORMAT", ExitCode::usage},
      {"FILE-", ExitCode::failed},
      {"STORE-", ExitCode::failed},
      {"INTERNAL", ExitCode::failed},
      {"DEMO-", ExitCode::failed},
  }};
  for (const auto& [prefix, code] : kMeanings)
    if (error.code.starts_with(prefix)) return code;
  return ExitCode::refused;
}

}  // namespace vedette::cli
