// Facts: what is known of one request.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "policy/schema.h"

namespace vedette::policy {

// Bit n: the policy's role n.
using RoleSet = std::uint64_t;

// A value, or that it is not known. Texts are borrowed: they outlive the facts.
struct Fact {
  bool known = false;
  std::int64_t number = 0;  // of a flag 0 or 1, of a choice its place, of roles the set
  std::string_view text;    // of a name and a text

  friend bool operator==(const Fact&, const Fact&) = default;
};

// Cheap to make and to copy; nothing is allocated.
class Facts {
 public:
  [[nodiscard]] const Fact& operator[](Attribute attribute) const {
    return facts_[static_cast<std::size_t>(attribute)];
  }

  void set(Attribute attribute, const Fact& fact) {
    facts_[static_cast<std::size_t>(attribute)] = fact;
  }
  void set_flag(Attribute attribute, bool value) { set(attribute, {true, value ? 1 : 0, {}}); }
  void set_number(Attribute attribute, std::int64_t value) { set(attribute, {true, value, {}}); }
  void set_name(Attribute attribute, std::string_view name) { set(attribute, {true, 0, name}); }
  // A word that is none of the attribute's choices leaves it unknown.
  void set_choice(Attribute attribute, std::string_view word);
  void set_roles(RoleSet roles) {
    set(Attribute::principal_roles, {true, static_cast<std::int64_t>(roles), {}});
  }

 private:
  std::array<Fact, kAttributes> facts_{};
};

}  // namespace vedette::policy
