#include "release/member_reader.h"

#include <cmath>

namespace vedette::release {

namespace {

using codec::Json;

constexpr std::size_t kShown = 80;  // octets of a stranger's text in a refusal
constexpr std::int64_t kExactInteger = std::int64_t{1} << 53;

std::optional<double> exact_number(const Json& value) {
  const std::int64_t* whole = value.if_integer();
  if (whole != nullptr && *whole >= -kExactInteger && *whole <= kExactInteger)
    return static_cast<double>(*whole);
  const double* real = value.if_double();
  if (real != nullptr && std::isfinite(*real)) return *real;
  return std::nullopt;
}

}  // namespace

MemberReader::MemberReader(const Json& object, std::string place, const MemberOwner& owner)
    : object_(object), place_(std::move(place)), owner_(owner) {
  if (!object_.is_object())
    keep(refuse(owner_.code, "the " + std::string(owner_.noun) + "'s '" + place_ +
                                 "' is not a group of members"));
}

std::string MemberReader::path(std::string_view name) const {
  return (place_.empty() ? "" : place_ + ".") + std::string(name.substr(0, kShown));
}

std::string MemberReader::path(std::string_view name, std::size_t index) const {
  return path(name) + "[" + std::to_string(index) + "]";
}

const Json* MemberReader::find(std::string_view name) {
  asked_.emplace(name);
  return object_.find(name);
}

void MemberReader::keep(std::unexpected<Error> refusal) {
  if (first_.has_value()) first_ = std::move(refusal);
}

void MemberReader::refuse_member(std::string_view name, std::string_view wanted,
                                 std::string cause) {
  keep(refuse(
      owner_.code,
      "the " + std::string(owner_.noun) + "'s '" + path(name) + "' is not " + std::string(wanted),
      std::move(cause)));
}

std::uint64_t MemberReader::count(std::string_view name, std::uint64_t fallback,
                                  std::uint64_t least, std::uint64_t most) {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  const std::int64_t* number = value->if_integer();
  if (number != nullptr && *number >= 0 && static_cast<std::uint64_t>(*number) >= least &&
      static_cast<std::uint64_t>(*number) <= most)
    return static_cast<std::uint64_t>(*number);
  refuse_member(name,
                "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
                number == nullptr ? "" : std::to_string(*number));
  return fallback;
}

std::uint64_t MemberReader::required_count(std::string_view name, std::uint64_t least,
                                           std::uint64_t most) {
  if (!has(name)) refuse_member(name, "there");
  return count(name, least, least, most);
}

bool MemberReader::flag(std::string_view name, bool fallback) {
  const Json* value = find(name);
  if (value == nullptr) return fallback;
  if (const bool* flag = value->if_bool()) return *flag;
  refuse_member(name, "true or false");
  return fallback;
}

std::string MemberReader::text(std::string_view name, std::string_view fallback) {
  const Json* value = find(name);
  if (value == nullptr) return std::string(fallback);
  if (const std::string* text = value->if_string()) return *text;
  refuse_member(name, "text");
  return {};
}

std::string MemberReader::required_text(std::string_view name) {
  if (!has(name)) refuse_member(name, "there");
  return text(name, "");
}

std::optional<double> MemberReader::number(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto exact = exact_number(*value);
  if (!exact) refuse_member(name, "a finite number, within 2^53 if it is whole");
  return exact;
}

std::vector<double> MemberReader::numbers(std::string_view name, std::size_t most) {
  std::vector<double> result;
  for (const Json& element : list(name, most)) {
    const auto exact = exact_number(element);
    if (!exact) refuse_member(name, "a list of finite numbers, within 2^53 if they are whole");
    result.push_back(exact.value_or(0));
  }
  return result;
}

const Json::Array& MemberReader::list(std::string_view name, std::size_t most) {
  static const Json::Array kNone;
  const Json* value = find(name);
  if (value == nullptr) return kNone;
  const Json::Array* array = value->if_array();
  if (array != nullptr && array->size() <= most) return *array;
  refuse_member(name, "a list of at most " + std::to_string(most),
                array == nullptr ? "" : std::to_string(array->size()));
  return kNone;
}

std::vector<std::string> MemberReader::texts(std::string_view name, std::size_t most) {
  std::vector<std::string> result;
  for (const Json& element : list(name, most)) {
    const std::string* text = element.if_string();
    if (text == nullptr) refuse_member(name, "a list of texts");
    if (text != nullptr) result.push_back(*text);
  }
  return result;
}

std::vector<std::int64_t> MemberReader::dimensions(std::string_view name, std::size_t most) {
  std::vector<std::int64_t> result;
  for (const Json& element : list(name, most)) {
    const std::int64_t* number = element.if_integer();
    if (number == nullptr) refuse_member(name, "a list of whole numbers");
    if (number != nullptr) result.push_back(*number);
  }
  return result;
}

Result<void> MemberReader::finish() const {
  VEDETTE_CHECK(first_);
  for (const auto& [name, value] : *object_.if_object())
    if (!asked_.contains(name))
      return refuse(owner_.code,
                    "a " + std::string(owner_.noun) + " has no member '" + path(name) + "'", {},
                    "remove it, or correct its spelling");
  return {};
}

}  // namespace vedette::release
