#include "codec/cbor.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace vedette::codec {

std::string CborKey::name() const {
  if (const auto* integer = if_integer(); integer != nullptr) return std::to_string(*integer);
  return "'" + if_text()->substr(0, 80) + "'";
}

std::strong_ordering operator<=>(const CborKey& left, const CborKey& right) {
  const std::int64_t* const a = left.if_integer();
  const std::int64_t* const b = right.if_integer();
  if (a != nullptr && b != nullptr) {
    if ((*a < 0) != (*b < 0))
      return *b < 0 ? std::strong_ordering::less : std::strong_ordering::greater;
    return *a < 0 ? *b <=> *a : *a <=> *b;
  }
  if (a != nullptr) return std::strong_ordering::less;
  if (b != nullptr) return std::strong_ordering::greater;
  const std::string& x = *left.if_text();
  const std::string& y = *right.if_text();
  return x.size() != y.size() ? x.size() <=> y.size() : x <=> y;
}

Cbor::Cbor(const Cbor&) = default;
Cbor::Cbor(Cbor&&) noexcept = default;
Cbor& Cbor::operator=(const Cbor&) = default;
Cbor& Cbor::operator=(Cbor&&) noexcept = default;
Cbor::~Cbor() = default;

Cbor::Cbor(std::int64_t value) {
  if (value < 0)
    value_ = value;
  else
    value_ = static_cast<std::uint64_t>(value);
}

Cbor Cbor::tagged(std::uint64_t tag, Cbor content) {
  Tag made{.number = tag, .content = {}};
  made.content.push_back(std::move(content));
  Cbor result;
  result.value_ = std::move(made);
  return result;
}

std::optional<std::int64_t> Cbor::if_integer() const {
  if (const auto* negative = std::get_if<std::int64_t>(&value_); negative != nullptr)
    return *negative;
  const std::uint64_t* const value = if_unsigned();
  if (value == nullptr || *value > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<std::uint64_t> Cbor::if_tag() const {
  const Tag* const tag = std::get_if<Tag>(&value_);
  if (tag == nullptr) return std::nullopt;
  return tag->number;
}

const Cbor* Cbor::content(std::uint64_t tag) const {
  const Tag* const own = std::get_if<Tag>(&value_);
  return own == nullptr || own->number != tag ? nullptr : &own->content.front();
}

const Cbor* Cbor::find(const CborKey& key) const {
  const Map* const members = if_map();
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, key, &Map::value_type::first);
  return found == members->end() ? nullptr : &found->second;
}

Cbor& Cbor::set(CborKey key, Cbor value) {
  if (is_null()) value_ = Map();
  Map* const members = std::get_if<Map>(&value_);
  if (members == nullptr) throw std::logic_error("Cbor::set on a value that is no map");
  const auto found = std::ranges::find(*members, key, &Map::value_type::first);
  if (found != members->end())
    found->second = std::move(value);
  else
    members->emplace_back(std::move(key), std::move(value));
  return *this;
}

bool operator==(const Cbor& left, const Cbor& right) {
  if (const auto* tag = std::get_if<Cbor::Tag>(&left.value_); tag != nullptr) {
    const auto* other = std::get_if<Cbor::Tag>(&right.value_);
    return other != nullptr && tag->number == other->number && tag->content == other->content;
  }
  if (left.value_.index() != right.value_.index()) return false;
  if (const auto* array = left.if_array(); array != nullptr) return *array == *right.if_array();
  if (const auto* map = left.if_map(); map != nullptr) return *map == *right.if_map();
  if (const auto* text = left.if_text(); text != nullptr) return *text == *right.if_text();
  if (const auto* bytes = left.if_bytes(); bytes != nullptr) return *bytes == *right.if_bytes();
  if (const auto* flag = left.if_bool(); flag != nullptr) return *flag == *right.if_bool();
  if (const auto* value = left.if_unsigned(); value != nullptr)
    return *value == *right.if_unsigned();
  return left.if_integer() == right.if_integer();
}

}  // namespace vedette::codec
