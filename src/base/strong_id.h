// StrongId: identifiers that cannot be mixed up and cannot be malformed.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/error.h"

namespace vedette {

// The one grammar of names that devices, groups, models and operators share: 1 to 63 characters,
// lower-case letters, digits and inner `-`, `_`, `.`; safe as a path segment, a file name and in a
// URI.
[[nodiscard]] bool is_name(std::string_view text);

// A name of the kind `Tag`. Tag::kNoun says what it names, for messages.
template <class Tag>
class StrongId {
 public:
  // Refuses NAME-FORMAT.
  [[nodiscard]] static Result<StrongId> parse(std::string_view text) {
    if (!is_name(text))
      return refuse("NAME-FORMAT", std::string("not a valid name for a ") + Tag::kNoun,
                    std::string(text.substr(0, 80)),
                    "use 1 to 63 lower-case letters, digits, '-', '_' or '.'");
    return StrongId(std::string(text));
  }

  [[nodiscard]] const std::string& str() const { return text_; }
  friend auto operator<=>(const StrongId&, const StrongId&) = default;

 private:
  explicit StrongId(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

struct DeviceTag {
  static constexpr const char* kNoun = "device";
};
struct GroupTag {
  static constexpr const char* kNoun = "device group";
};
// A hardware model, as operators tell them apart; never the device's own word.
struct SkuTag {
  static constexpr const char* kNoun = "SKU";
};
struct ModelTag {
  static constexpr const char* kNoun = "model";
};
struct OperatorTag {
  static constexpr const char* kNoun = "operator";
};

using DeviceId = StrongId<DeviceTag>;
using GroupId = StrongId<GroupTag>;
using SkuId = StrongId<SkuTag>;
using ModelName = StrongId<ModelTag>;
using OperatorId = StrongId<OperatorTag>;

// Counts how often trust in a device was withdrawn. What was issued under a lower epoch is void.
struct Epoch {
  std::uint64_t value = 0;
  friend auto operator<=>(const Epoch&, const Epoch&) = default;
};

}  // namespace vedette
