#include "cli/console.h"

#include <cstdlib>
#include <iostream>

#include <unistd.h>

namespace vedette::cli {

Console system_console() {
  const char* no_colour = std::getenv("NO_COLOR");
  const bool colour = no_colour == nullptr || *no_colour == '\0';
  return {.out = &std::cout,
          .err = &std::cerr,
          .out_is_terminal = colour && ::isatty(STDOUT_FILENO) == 1,
          .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
          .asks = ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1};
}

}  // namespace vedette::cli
