#include <vector>

#include "cli/output.h"
#include "cli/views.h"

namespace vedette::cli {

using codec::Json;

namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kMaxShown = 3;
constexpr std::size_t kMaxShortValue = 24;  // octets; digests and command lines are longer

std::string count(std::size_t number, const char* what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

// `on`, `published`; the rest is counted.
bool is_short(const Json::Array& values) {
  if (values.empty() || values.size() > kMaxShown) return false;
  for (const Json& value : values)
    if (value.if_string() == nullptr || value.if_string()->size() > kMaxShortValue) return false;
  return true;
}

std::string values_cell(const Json& object, const std::string& name) {
  const Json::Array* const values = object.find(name)->if_array();
  if (values == nullptr) return cell_of(object, name);
  if (values->empty()) return "none: nothing is accepted";
  if (!is_short(*values)) return count(values->size(), "value");
  if (values->size() == 1 && *values->front().if_string() == "*") return "any";
  return cell_of(object, name);
}

void add_registers(const Json& registers, Rows& rows) {
  if (registers.if_object() == nullptr) return;
  for (const auto& [number, values] : *registers.if_object()) {
    const Json::Array* const array = values.if_array();
    if (array == nullptr || array->empty()) {
      rows.push_back({"register", number, values_cell(registers, number)});
      continue;
    }
    for (const Json& value : *array)
      rows.push_back({"register", number, cell_of(Json::Object{{"value", value}}, "value")});
  }
}

void add_categories(const char* part, const Json& accepted, Rows& rows) {
  if (accepted.if_object() == nullptr) return;
  for (const auto& [category, values] : *accepted.if_object())
    rows.push_back({part, category, values_cell(accepted, category)});
}

void add_ima(const Json& ima, Rows& rows) {
  if (ima.if_object() == nullptr) return;
  for (const auto& [name, content] : *ima.if_object()) {
    if (const auto* named = content.if_object())
      rows.push_back({"ima", name, count(named->size(), name == "files" ? "file" : "buffer")});
    else if (name == "keys" && content.if_array() != nullptr)
      rows.push_back({"ima", name, count(content.if_array()->size(), "key")});
    else
      rows.push_back({"ima", name, cell_of(ima, name)});
  }
}

}  // namespace

std::string reference_view(const Json& answer) {
  Rows rows{{"PART", "OF", "ACCEPTED"}};
  if (const Json* registers = answer.find("registers")) add_registers(*registers, rows);
  if (const Json* boot = answer.find("boot")) add_categories("boot", *boot, rows);
  if (const Json* ima = answer.find("ima")) add_ima(*ima, rows);
  if (const Json* runtime = answer.find("runtime")) add_categories("runtime", *runtime, rows);
  if (rows.size() > 1) return table(rows);
  return "no reference values; 'vedette reference learn' takes them from a device\n";
}

}  // namespace vedette::cli
