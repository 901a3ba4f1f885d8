#include "agent/local_callers.h"

#include <array>
#include <charconv>
#include <limits>

#include <grp.h>
#include <pwd.h>

#include "base/strong_id.h"
#include "codec/settings.h"

namespace vedette::agent {

namespace {

using codec::Json;
using codec::SettingsReader;

constexpr std::int64_t kMaxId =
    std::numeric_limits<std::uint32_t>::max() - 1;  // the last is "none"
constexpr std::size_t kDatabaseBuffer = 65'536;
constexpr std::size_t kMaxNames = 256;

std::unexpected<Error> refuse_value(std::string message, std::string cause = {}) {
  return refuse("CONFIG-VALUE", std::move(message), std::move(cause));
}

Result<std::uint32_t> gid_of(const std::string& group) {
  std::vector<char> buffer(kDatabaseBuffer);
  struct group entry{};
  struct group* found = nullptr;
  const int error = ::getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0 || found == nullptr) return refuse_value("there is no such group here", group);
  return entry.gr_gid;
}

struct Id {
  std::optional<std::uint32_t> number;
  std::string words;  // e.g. `user camera`
};

// A user or group, by a name or by a number but not by both.
Result<Id> read_id(const Json& table, SettingsReader& reader, std::string_view by_name,
                   std::string_view by_number,
                   Result<std::uint32_t> (*look_up)(const std::string&)) {
  const std::string name = reader.text(by_name, "");
  const std::int64_t number = reader.integer(by_number, 0, 0, kMaxId);
  const bool has_name = table.find(by_name) != nullptr;
  const bool has_number = table.find(by_number) != nullptr;
  if (has_name && has_number)
    return refuse_value("'" + std::string(by_name) + "' and '" + std::string(by_number) +
                        "' are both set");
  if (has_name) {
    VEDETTE_TRY(const std::uint32_t found, look_up(name));
    return Id{found, std::string(by_name) + " " + name};
  }
  if (!has_number) return Id{};
  return Id{static_cast<std::uint32_t>(number),
            std::string(by_number) + " " + std::to_string(number)};
}

Result<void> read_who(const Json& table, SettingsReader& reader, policy::CallerRule& rule) {
  VEDETTE_TRY(const Id user, read_id(table, reader, "user", "uid", uid_of));
  VEDETTE_TRY(const Id group, read_id(table, reader, "group", "gid", gid_of));
  const bool any = reader.flag("any", false);
  if (any == (user.number || group.number))
    return refuse_value("a rule needs either a user, a group, or 'any = true'");
  rule.uid = user.number;
  rule.gid = group.number;
  rule.id = any ? "any" : user.words + (user.number && group.number ? " " : "") + group.words;
  return {};
}

Result<void> check_models(const std::vector<std::string>& models) {
  if (models.empty() || models.size() > kMaxNames)
    return refuse_value("a rule needs 'models', by name, or \"*\" for all of them");
  for (const std::string& model : models)
    if (model != policy::kEveryModel && !is_name(model))
      return refuse_value("this is no name of a model", model);
  return {};
}

Result<policy::CallerRule> read_rule(const Json& table) {
  SettingsReader reader(table);
  policy::CallerRule rule;
  const Result<void> who = read_who(table, reader, rule);
  rule.models = reader.texts("models");
  rule.may_infer = reader.flag("infer", true);
  rule.may_see_metadata = reader.flag("metadata", true);
  auto outputs = reader.texts("outputs");
  if (table.find("outputs") != nullptr) rule.outputs = std::move(outputs);
  // A refusal leaves read_who() before it has asked for every key.
  VEDETTE_CHECK(who);
  VEDETTE_CHECK(reader.finish());
  VEDETTE_CHECK(check_models(rule.models));
  return rule;
}

}  // namespace

Result<std::uint32_t> uid_of(const std::string& user) {
  std::vector<char> buffer(kDatabaseBuffer);
  passwd entry{};
  passwd* found = nullptr;
  const int error = ::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (error != 0 || found == nullptr) return refuse_value("there is no such user here", user);
  return entry.pw_uid;
}

Result<std::vector<policy::CallerRule>> read_caller_rules(const std::vector<Json>& tables) {
  if (tables.size() > kMaxCallerRules)
    return refuse_value("there are too many [[api.callers]]", std::to_string(tables.size()));
  std::vector<policy::CallerRule> rules;
  for (const Json& table : tables) {
    auto rule = read_rule(table);
    if (!rule)
      return refuse(rule.error().code, rule.error().message,
                    "[[api.callers]] number " + std::to_string(rules.size() + 1) +
                        (rule.error().cause.empty() ? "" : ": " + rule.error().cause),
                    rule.error().hint);
    rules.push_back(*std::move(rule));
  }
  return rules;
}

Result<unsigned> read_mode(std::string_view text) {
  constexpr unsigned kMost = 0777;
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() < 3 || mode > kMost)
    return refuse_value("the setting 'api.unix_mode' is no permission in octal, like \"0660\"",
                        std::string(text.substr(0, 40)));
  return mode;
}

}  // namespace vedette::agent
