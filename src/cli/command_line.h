// What the files that define commands share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/cli.h"
#include "cli/output.h"

namespace vedette::cli {

// A noun that wants exactly one of its verbs.
CLI::App& add_noun(CLI::App& app, const std::string& name, const std::string& description);
// Makes `verb`, when it is on the line, choose `command`.
void on_call(CLI::App& verb, Choice& choice, Command command);

// The format that the line asks for, told before it is parsed: a line that does not parse is
// refused in it too.
[[nodiscard]] Format format_asked(const std::vector<std::string>& arguments);

}  // namespace vedette::cli
