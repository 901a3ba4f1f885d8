// Condition: when a rule applies. Comparisons with constants, joined by `and`, `or` and `not`: no
// loops, no functions, nothing that could fail to end.
//
// What is not known makes a comparison neither true nor false; `and`, `or` and `not` carry that on
// as Kleene's logic does. A permit applies only where its condition is true, and a forbid wherever
// it is not false: what the server does not know is never taken for good.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/facts.h"

namespace vedette::policy {

enum class Truth : std::uint8_t { no, unknown, yes };

enum class Comparison : std::uint8_t { equal, unequal, less, at_most, more, at_least };

[[nodiscard]] std::string_view to_string(Comparison comparison);  // `==`

// A tree of at most kMaxDepth levels; every function over it recurses no deeper.
inline constexpr std::size_t kMaxDepth = 16;

struct Condition {
  enum class Kind : std::uint8_t {
    all,       // every part holds
    any,       // some part holds
    negation,  // the only part does not hold
    flag,      // the attribute, a flag, holds
    compare,   // attribute, comparison, and the one number or name
    among,     // the attribute is one of the numbers (of a choice) or names
    role,      // the principal has role number `role`
  };

  Kind kind = Kind::all;
  Attribute attribute = Attribute::principal_name;
  Comparison comparison = Comparison::equal;
  std::size_t role = 0;
  std::vector<std::int64_t> numbers{};
  std::vector<std::string> names{};
  std::vector<Condition> parts{};

  friend bool operator==(const Condition&, const Condition&) = default;
};

[[nodiscard]] Truth truth(const Condition& condition, const Facts& facts);

// Calls `visit` for every comparison in it, from left to right.
template <class Visitor>
void each_comparison(const Condition& condition, const Visitor& visit) {
  using enum Condition::Kind;
  if (condition.kind != all && condition.kind != any && condition.kind != negation)
    visit(condition);
  for (const Condition& part : condition.parts)
    each_comparison(part, visit);
}

}  // namespace vedette::policy
