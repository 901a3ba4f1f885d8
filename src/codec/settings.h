// Settings: a program's configuration, merged from its file, drop-ins and the environment.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::codec {

// Reads `path` (TOML, at most 1 MiB), then the `*.toml` files of the folder `conf.d` beside it in
// the order of their names, then environment variables `<prefix><SECTION>__<KEY>`; later ones win,
// setting by setting. `prefix` is the program's, e.g. `VEDETTE_AGENT_`; an empty one leaves
// drop-ins and environment out. Refuses CONFIG-SYNTAX naming the file.
[[nodiscard]] Result<Json> load_settings(const std::string& path, std::string_view prefix);

// Reads typed values out of merged settings, remembers which were asked for, and keeps the *first*
// refusal; finish() tells it. A setting is named `section.key`; top-level ones have no dot.
class SettingsReader {
 public:
  explicit SettingsReader(const Json& settings) : settings_(settings) {}

  // The value, or `fallback` when it is absent. A value of another kind is CONFIG-VALUE.
  [[nodiscard]] std::string text(std::string_view name, std::string_view fallback);
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t fallback,
                                     std::int64_t least, std::int64_t most);
  [[nodiscard]] bool flag(std::string_view name, bool fallback);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name, std::int64_t least,
                                                   std::int64_t most);
  // A list of tables (`[[section.key]]`), each to be read by a reader of its own.
  [[nodiscard]] std::vector<Json> tables(std::string_view name);
  // The value, which must be there and not be empty: CONFIG-MISSING.
  [[nodiscard]] std::string required_text(std::string_view name);

  // The first refusal; or CONFIG-UNKNOWN when the settings hold a name that nothing asked for.
  [[nodiscard]] Result<void> finish() const;

 private:
  const Json* find(std::string_view name);
  void wrong_kind(std::string_view name, std::string_view wanted);
  void keep(std::unexpected<Error> refusal);

  const Json& settings_;
  std::set<std::string, std::less<>> asked_;
  Result<void> first_;
};

}  // namespace vedette::codec
