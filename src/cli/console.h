// Console: the streams of a program, and whether a person sits behind them.
#pragma once

#include <iosfwd>

namespace vedette::cli {

struct Console {
  std::ostream* out = nullptr;   // null: standard output
  std::ostream* err = nullptr;   // null: standard error
  bool out_is_terminal = false;  // allows colour there
  bool err_is_terminal = false;  // allows progress there
  bool asks = false;             // a passphrase may be asked for on the terminal
};

// The program's own streams, as the operating system describes them. NO_COLOR (no-color.org) counts
// as no terminal on standard output.
[[nodiscard]] Console system_console();

}  // namespace vedette::cli
