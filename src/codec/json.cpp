#include "codec/json.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace vedette::codec {
namespace {

std::unexpected<Error> refuse_member(std::string_view name, std::string_view kind) {
  return refuse("JSON-MEMBER", "a member of a JSON object is missing or of another kind",
                "'" + std::string(name) + "' must be " + std::string(kind));
}

}  // namespace

Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json::Json(std::uint64_t value) {
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    value_ = static_cast<std::int64_t>(value);
  else
    value_ = static_cast<double>(value);
}

const Json* Json::find(std::string_view name) const {
  const Object* members = if_object();
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, name, &Object::value_type::first);
  return found == members->end() ? nullptr : &found->second;
}

Result<std::string> Json::string(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr || member->if_string() == nullptr) return refuse_member(name, "a string");
  return *member->if_string();
}

Result<std::int64_t> Json::integer(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr || member->if_integer() == nullptr)
    return refuse_member(name, "an integer");
  return *member->if_integer();
}

Result<bool> Json::boolean(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr || member->if_bool() == nullptr)
    return refuse_member(name, "true or false");
  return *member->if_bool();
}

Result<const Json*> Json::object(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr || !member->is_object()) return refuse_member(name, "an object");
  return member;
}

Result<const Json*> Json::array(std::string_view name) const {
  const Json* member = find(name);
  if (member == nullptr || !member->is_array()) return refuse_member(name, "an array");
  return member;
}

Result<void> Json::only(std::initializer_list<std::string_view> names) const {
  const Object* members = if_object();
  if (members == nullptr) return refuse("JSON-MEMBER", "a JSON object was expected");
  for (const auto& [name, value] : *members) {
    if (std::ranges::find(names, name) == names.end())
      return refuse("JSON-MEMBER", "a JSON object has a member that is not known here",
                    "'" + name.substr(0, 80) + "'", "check the spelling, or leave it out");
  }
  return {};
}

Json& Json::set(std::string name, Json value) {
  if (is_null()) value_ = Object();
  Object* members = std::get_if<Object>(&value_);
  if (members == nullptr) throw std::logic_error("Json::set on a value that is no object");
  const auto found = std::ranges::find(*members, name, &Object::value_type::first);
  if (found != members->end())
    found->second = std::move(value);
  else
    members->emplace_back(std::move(name), std::move(value));
  return *this;
}

}  // namespace vedette::codec
