// CBOR as a value: strict to read, bounded, deterministic when written (RFC 8949).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::codec {

// A key of a map: an integer within int64, or text. Ordered as its encodings are, bytewise (RFC
// 8949, 4.2.1): 0, 1, ..., -1, -2, ..., then text, shorter before longer.
class CborKey {
 public:
  CborKey(std::int64_t value) : value_(value) {}
  CborKey(int value) : value_(std::int64_t{value}) {}
  CborKey(std::string value) : value_(std::move(value)) {}
  CborKey(const char* value) : value_(std::string(value)) {}

  [[nodiscard]] const std::int64_t* if_integer() const {
    return std::get_if<std::int64_t>(&value_);
  }
  [[nodiscard]] const std::string* if_text() const { return std::get_if<std::string>(&value_); }
  // For refusals: the integer, or the text in quotes, cut at 80 octets.
  [[nodiscard]] std::string name() const;

  friend bool operator==(const CborKey&, const CborKey&) = default;
  friend std::strong_ordering operator<=>(const CborKey& left, const CborKey& right);

 private:
  std::variant<std::int64_t, std::string> value_;
};

// A CBOR data item without floating point. A map keeps its order; its keys are unique.
class Cbor {
 public:
  using Array = std::vector<Cbor>;
  using Map = std::vector<std::pair<CborKey, Cbor>>;

  Cbor() = default;  // null
  Cbor(std::nullptr_t) {}
  Cbor(bool value) : value_(value) {}
  Cbor(int value) : Cbor(std::int64_t{value}) {}
  Cbor(std::int64_t value);
  Cbor(std::uint64_t value) : value_(value) {}
  Cbor(Bytes value) : value_(std::move(value)) {}
  Cbor(ByteView value) : value_(to_bytes(value)) {}
  Cbor(std::string value) : value_(std::move(value)) {}
  Cbor(std::string_view value) : value_(std::string(value)) {}
  Cbor(const char* value) : value_(std::string(value)) {}
  Cbor(Array value) : value_(std::move(value)) {}
  Cbor(Map value) : value_(std::move(value)) {}
  [[nodiscard]] static Cbor tagged(std::uint64_t tag, Cbor content);

  // Out of line, as Json's are.
  Cbor(const Cbor&);
  Cbor(Cbor&&) noexcept;
  Cbor& operator=(const Cbor&);
  Cbor& operator=(Cbor&&) noexcept;
  ~Cbor();

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  // The value if it has that kind, else nothing.
  [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::uint64_t* if_unsigned() const {
    return std::get_if<std::uint64_t>(&value_);
  }
  [[nodiscard]] std::optional<std::int64_t> if_integer() const;  // of either sign, within int64
  [[nodiscard]] const Bytes* if_bytes() const { return std::get_if<Bytes>(&value_); }
  [[nodiscard]] const std::string* if_text() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Map* if_map() const { return std::get_if<Map>(&value_); }
  [[nodiscard]] std::optional<std::uint64_t> if_tag() const;  // the tag's number
  // What the tag `tag` encloses, or nullptr when this is not tagged with it.
  [[nodiscard]] const Cbor* content(std::uint64_t tag) const;
  // The value under a key of a map, or nullptr when it is absent or this is no map.
  [[nodiscard]] const Cbor* find(const CborKey& key) const;

  // Sets a value of a map (null becomes a map first); replaces one of the same key. Throws
  // std::logic_error on any other kind.
  Cbor& set(CborKey key, Cbor value);

  friend bool operator==(const Cbor& left, const Cbor& right);

 private:
  // A tag holds its content in a vector of one, because Cbor is incomplete here.
  struct Tag {
    std::uint64_t number;
    std::vector<Cbor> content;
  };
  // Integers below zero are int64, all others uint64.
  std::variant<std::nullptr_t, bool, std::uint64_t, std::int64_t, Bytes, std::string, Array, Map,
               Tag>
      value_;
};

struct CborOptions {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_depth = 16;  // of arrays, maps and tags in each other; more counts as 16
  std::size_t max_items = 50'000;
  bool ordered_keys = false;  // demand the order of RFC 8949, 4.2.1, which many producers ignore
};

// Reads one data item and nothing after it. Refuses CBOR-SIZE (more octets or items than allowed),
// CBOR-DEPTH, CBOR-LENGTH (an indefinite length), CBOR-SHORTEST (an integer, length or tag in more
// octets than it needs), CBOR-NUMBER (an integer below -2^63), CBOR-FLOAT,
// CBOR-SIMPLE (a simple value but false, true and null), CBOR-TEXT (invalid UTF-8), CBOR-KEY (a map
// key that is no text and no integer within int64), CBOR-DUPLICATE, CBOR-ORDER and CBOR-SYNTAX
// (truncated, reserved additional information, octets behind the item).
[[nodiscard]] Result<Cbor> parse_cbor(ByteView bytes, const CborOptions& options = {});

// The core deterministic encoding (RFC 8949, 4.2.1): shortest forms, definite lengths, sorted keys.
// Throws std::logic_error for a map with a repeated key and text that is not UTF-8: the caller's
// mistakes.
[[nodiscard]] Bytes to_cbor(const Cbor& value);

}  // namespace vedette::codec
