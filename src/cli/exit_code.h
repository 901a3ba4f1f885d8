// Exit codes that scripts can trust.
#pragma once

#include "base/error.h"

namespace vedette::cli {

enum class ExitCode {
  done = 0,
  failed = 1,       // the machine or the program could not
  usage = 2,        // the command line or a configuration file is wrong
  refused = 3,      // a check or a policy said no
  unreachable = 4,  // nobody answered
};

[[nodiscard]] ExitCode exit_code_of(const Error& error);

}  // namespace vedette::cli
