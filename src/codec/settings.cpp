#include "codec/settings.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "base/fd.h"
#include "codec/toml.h"

extern char** environ;  // POSIX: the one way to list the environment

namespace vedette::codec {

namespace {

constexpr std::size_t kMaxFileBytes = 1U << 20U;

Result<Json> read_one(const std::string& path) {
  VEDETTE_TRY(const Bytes bytes, read_file(path, kMaxFileBytes));
  auto parsed = parse_toml(as_text(bytes));
  if (!parsed)
    return refuse("CONFIG-SYNTAX", "a configuration file is not valid TOML",
                  path + ": " + parsed.error().cause, "correct it, then run `config check`");
  return parsed;
}

// Sections are merged one level deep, which is as deep as settings go.
void merge(Json& into, const Json& from) {
  for (const auto& [name, value] : *from.if_object()) {
    const Json* present = into.find(name);
    if (present == nullptr || !present->is_object() || !value.is_object()) {
      into.set(name, value);
      continue;
    }
    Json section = *present;
    for (const auto& [key, inner] : *value.if_object())
      section.set(key, inner);
    into.set(name, std::move(section));
  }
}

std::vector<std::string> drop_ins(const std::string& path) {
  std::vector<std::string> files;
  std::error_code none;
  const auto folder = std::filesystem::path(path).parent_path() / "conf.d";
  for (const auto& entry : std::filesystem::directory_iterator(folder, none))
    if (entry.path().extension() == ".toml") files.push_back(entry.path().string());
  std::ranges::sort(files);
  return files;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

// An environment value is an integer, true, false, or text.
Json environment_value(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault == std::errc{} && end == text.data() + text.size()) return number;
  if (text == "true" || text == "false") return text == "true";
  return text;
}

void apply_environment(Json& settings, std::string_view prefix) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view assignment(*entry);
    const std::size_t equals = assignment.find('=');
    const std::size_t split = assignment.find("__");
    if (!assignment.starts_with(prefix) || equals == std::string_view::npos || split > equals)
      continue;
    const std::string section = lower(assignment.substr(prefix.size(), split - prefix.size()));
    const std::string key = lower(assignment.substr(split + 2, equals - split - 2));
    Json override;
    override.set(section,
                 Json(Json::Object{{key, environment_value(assignment.substr(equals + 1))}}));
    merge(settings, override);
  }
}

}  // namespace

Result<Json> load_settings(const std::string& path, std::string_view prefix) {
  VEDETTE_TRY(Json settings, read_one(path));
  if (prefix.empty()) return settings;
  for (const std::string& file : drop_ins(path)) {
    VEDETTE_TRY(const Json more, read_one(file));
    merge(settings, more);
  }
  apply_environment(settings, prefix);
  return settings;
}

const Json* SettingsReader::find(std::string_view name) {
  asked_.emplace(name);
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return settings_.find(name);
  const Json* section = settings_.find(name.substr(0, dot));
  return section == nullptr ? nullptr : section->find(name.substr(dot + 1));
}

void SettingsReader::keep(std::unexpected<Error> refusal) {
  if (first_.has_value()) first_ = std::move(refusal);
}

void SettingsReader::wrong_kind(std::string_view name, std::string_view wanted) {
  keep(refuse("CONFIG-VALUE",
              "the setting '" + std::string(name) + "' is not " + std::string(wanted)));
}

std::string SettingsReader::text(std::string_view name, std::string_view fallback) {
  const Json* value = find(name);
  if (value == nullptr) return std::string(fallback);
  if (const std::string* text = value->if_string()) return *text;
  wrong_kind(name, "text");
  return {};
}

std::int64_t SettingsReader::integer(std::string_view name, std::int64_t fallback,
                                     std::int64_t least, std::int64_t most) {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  const std::int64_t* number = value->if_integer();
  if (number != nullptr && *number >= least && *number <= most) return *number;
  wrong_kind(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return fallback;
}

bool SettingsReader::flag(std::string_view name, bool fallback) {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  if (const bool* flag = value->if_bool()) return *flag;
  wrong_kind(name, "true or false");
  return fallback;
}

std::vector<std::string> SettingsReader::texts(std::string_view name) {
  std::vector<std::string> result;
  const Json* value = find(name);
  if (value == nullptr) return result;
  if (!value->is_array()) wrong_kind(name, "a list of texts");
  if (const Json::Array* array = value->if_array())
    for (const Json& element : *array) {
      const std::string* text = element.if_string();
      if (text == nullptr) wrong_kind(name, "a list of texts");
      if (text != nullptr) result.push_back(*text);
    }
  return result;
}

std::vector<std::int64_t> SettingsReader::integers(std::string_view name, std::int64_t least,
                                                   std::int64_t most) {
  std::vector<std::int64_t> result;
  const Json* value = find(name);
  if (value == nullptr) return result;
  const std::string wanted =
      "a list of whole numbers from " + std::to_string(least) + " to " + std::to_string(most);
  if (!value->is_array()) wrong_kind(name, wanted);
  if (const Json::Array* array = value->if_array())
    for (const Json& element : *array) {
      const std::int64_t* number = element.if_integer();
      const bool good = number != nullptr && *number >= least && *number <= most;
      if (!good) wrong_kind(name, wanted);
      if (good) result.push_back(*number);
    }
  return result;
}

std::vector<Json> SettingsReader::tables(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return {};
  const Json::Array* array = value->if_array();
  if (array != nullptr && std::ranges::all_of(*array, &Json::is_object)) return *array;
  wrong_kind(name, "a list of tables");
  return {};
}

std::string SettingsReader::required_text(std::string_view name) {
  std::string value = text(name, "");
  if (value.empty())
    keep(refuse("CONFIG-MISSING", "the setting '" + std::string(name) + "' is missing or empty"));
  return value;
}

Result<void> SettingsReader::finish() const {
  VEDETTE_CHECK(first_);
  const auto unknown = [&](const std::string& name) {
    return refuse("CONFIG-UNKNOWN", "there is no setting '" + name + "'", {},
                  "remove it, or correct its spelling");
  };
  for (const auto& [name, value] : *settings_.if_object()) {
    if (!value.is_object() && !asked_.contains(name)) return unknown(name);
    if (value.is_object())
      for (const auto& [key, inner] : *value.if_object())
        if (!asked_.contains(name + "." + key)) return unknown(name + "." + key);
  }
  return {};
}

}  // namespace vedette::codec
