#include "policy/condition.h"

#include <algorithm>
#include <array>

namespace vedette::policy {

namespace {

Truth truth_of(bool holds) {
  return holds ? Truth::yes : Truth::no;
}

Truth opposite(Truth value) {
  if (value == Truth::unknown) return value;
  return truth_of(value == Truth::no);
}

bool compares(std::int64_t value, Comparison comparison, std::int64_t constant) {
  switch (comparison) {
    case Comparison::equal:
      return value == constant;
    case Comparison::unequal:
      return value != constant;
    case Comparison::less:
      return value < constant;
    case Comparison::at_most:
      return value <= constant;
    case Comparison::more:
      return value > constant;
    case Comparison::at_least:
      return value >= constant;
  }
  return false;
}

Truth all_of(const Condition& condition, const Facts& facts) {
  Truth result = Truth::yes;
  for (const Condition& part : condition.parts) {
    result = std::min(result, truth(part, facts));
    if (result == Truth::no) break;
  }
  return result;
}

Truth any_of(const Condition& condition, const Facts& facts) {
  Truth result = Truth::no;
  for (const Condition& part : condition.parts) {
    result = std::max(result, truth(part, facts));
    if (result == Truth::yes) break;
  }
  return result;
}

bool is_among(const Condition& condition, const Fact& fact) {
  if (!condition.names.empty())
    return std::ranges::find(condition.names, fact.text) != condition.names.end();
  return std::ranges::find(condition.numbers, fact.number) != condition.numbers.end();
}

bool compares(const Condition& condition, const Fact& fact) {
  if (condition.names.empty())
    return compares(fact.number, condition.comparison, condition.numbers.front());
  const bool is_equal = fact.text == condition.names.front();
  return condition.comparison == Comparison::equal ? is_equal : !is_equal;
}

}  // namespace

std::string_view to_string(Comparison comparison) {
  constexpr std::array<std::string_view, 6> kSigns = {"==", "!=", "<", "<=", ">", ">="};
  return kSigns.at(static_cast<std::size_t>(comparison));
}

Truth truth(const Condition& condition, const Facts& facts) {
  using enum Condition::Kind;
  if (condition.kind == all) return all_of(condition, facts);
  if (condition.kind == any) return any_of(condition, facts);
  if (condition.kind == negation) return opposite(truth(condition.parts.front(), facts));
  const Fact& fact = facts[condition.attribute];
  if (!fact.known) return Truth::unknown;
  if (condition.kind == flag) return truth_of(fact.number != 0);
  if (condition.kind == compare) return truth_of(compares(condition, fact));
  if (condition.kind == among) return truth_of(is_among(condition, fact));
  return truth_of(((static_cast<RoleSet>(fact.number) >> condition.role) & 1U) != 0);
}

void Facts::set_choice(Attribute attribute, std::string_view word) {
  const auto choices = schema_of(attribute).choices;
  const auto found = std::ranges::find(choices, word);
  if (found != choices.end()) set_number(attribute, found - choices.begin());
}

}  // namespace vedette::policy
