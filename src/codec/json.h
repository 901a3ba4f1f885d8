// JSON as a value: strict to read, bounded, canonical enough to sign what was written.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::codec {

// A JSON value. Objects keep the order of their members, which are unique.
class Json {
 public:
  using Array = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;  // null
  Json(std::nullptr_t) {}
  Json(bool value) : value_(value) {}
  Json(std::int64_t value) : value_(value) {}
  Json(int value) : value_(std::int64_t{value}) {}
  Json(unsigned value) : value_(std::int64_t{value}) {}
  Json(std::uint64_t value);  // beyond 2^63-1 it is kept as a double
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(std::string_view value) : value_(std::string(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  // Out of line: inlined, they are long, and g++ 12 takes their variant for uninitialised.
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(value_); }
  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(value_); }

  // The value if it has that kind, else nullptr. A double is never taken for an integer.
  [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::int64_t* if_integer() const {
    return std::get_if<std::int64_t>(&value_);
  }
  [[nodiscard]] const double* if_double() const { return std::get_if<double>(&value_); }
  [[nodiscard]] const std::string* if_string() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Object* if_object() const { return std::get_if<Object>(&value_); }

  // The member of an object, or nullptr when it is absent or this is no object.
  [[nodiscard]] const Json* find(std::string_view name) const;

  // Members that must be there and of that kind; refuse JSON-MEMBER naming the member.
  [[nodiscard]] Result<std::string> string(std::string_view name) const;
  [[nodiscard]] Result<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] Result<bool> boolean(std::string_view name) const;
  [[nodiscard]] Result<const Json*> object(std::string_view name) const;  // borrowed from *this
  [[nodiscard]] Result<const Json*> array(std::string_view name) const;   // borrowed from *this

  // Refuses JSON-MEMBER when an object has a member other than these (or this is no object).
  [[nodiscard]] Result<void> only(std::initializer_list<std::string_view> names) const;

  // Sets a member of an object (null becomes an object first); replaces one of the same name.
  // Throws std::logic_error on any other kind: the caller's mistake. Linear in the number of
  // members.
  Json& set(std::string name, Json value);

  friend bool operator==(const Json&, const Json&) = default;

 private:
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Array, Object> value_;
};

struct JsonLimits {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_depth = 32;  // of arrays and objects in each other; more than 256 counts as 256
  std::size_t max_values = 100'000;
};

// Reads one JSON text (RFC 8259) and nothing after it but white space. Refuses JSON-SIZE (more
// bytes or values than allowed), JSON-DEPTH, JSON-DUPLICATE (two members of one name, compared
// after unescaping), JSON-NUMBER (an integer beyond int64, a number too large for a double) and
// JSON-SYNTAX (invalid UTF-8, a byte order mark, a lone surrogate, an octet 0 and all the rest).
// An integer is what has neither fraction nor exponent: 1.0 and 1e0 are doubles; -0 is 0.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});

// Compact text, members in their order, UTF-8 left as it is, shortest numbers that read back alike.
// The text is always valid JSON, so that hostile octets may end in a log line: what is not UTF-8
// becomes U+FFFD, what is no finite number becomes null.
[[nodiscard]] std::string to_json(const Json& value);
// The same, indented by two spaces, for people and files.
[[nodiscard]] std::string to_pretty_json(const Json& value);

}  // namespace vedette::codec
