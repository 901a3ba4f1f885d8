#include <array>
#include <utility>

#include "policy/policy.h"

namespace vedette::policy {

namespace {

std::string quoted(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string constant(const Condition& condition, std::size_t place) {
  const AttributeSchema& schema = schema_of(condition.attribute);
  if (schema.type == Type::name || schema.type == Type::text) return quoted(condition.names[place]);
  const std::int64_t number = condition.numbers[place];
  if (schema.type == Type::choice) return quoted(schema.choices[static_cast<std::size_t>(number)]);
  return schema.type == Type::duration ? write_duration(number) : std::to_string(number);
}

std::string list(const Condition& condition) {
  std::string text;
  const std::size_t count = condition.names.size() + condition.numbers.size();
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : ", ") + constant(condition, i);
  return '[' + text + ']';
}

std::string joined(const Condition& condition, const std::vector<Role>& roles) {
  std::string text;
  for (const Condition& part : condition.parts) {
    const bool is_joined = part.kind == Condition::Kind::all || part.kind == Condition::Kind::any;
    if (!text.empty()) text += condition.kind == Condition::Kind::all ? " and " : " or ";
    text += is_joined ? '(' + write_condition(part, roles) + ')' : write_condition(part, roles);
  }
  return text;
}

std::string negated(const Condition& part, const std::vector<Role>& roles) {
  const bool is_joined = part.kind == Condition::Kind::all || part.kind == Condition::Kind::any;
  const std::string text = write_condition(part, roles);
  return is_joined ? "not (" + text + ')' : "not " + text;
}

template <class T>
std::string written(Mask mask, std::span<const T> all) {
  std::string text;
  for (const T member : all)
    if (holds(mask, member)) text += (text.empty() ? "" : ", ") + std::string(to_string(member));
  return text;
}

std::string write_role(const Role& role) {
  std::string members;
  for (const std::string& member : role.members)
    members += (members.empty() ? "" : ", ") + quoted("operator/" + member);
  return "role " + role.name + " = " +
         (role.is_of_every_operator ? "any operator" : '[' + members + ']') + ";\n";
}

std::string write_rule(const Rule& rule, const std::vector<Role>& roles) {
  std::string text = "rule " + rule.id + "\n  " + std::string(to_string(rule.effect)) + ' ' +
                     write_principals(rule.principals) + " to " + write_actions(rule.actions);
  if (rule.condition) {
    const bool is_unless = rule.condition->kind == Condition::Kind::negation;
    text += is_unless ? "\n  unless " + write_condition(rule.condition->parts.front(), roles)
                      : "\n  when " + write_condition(*rule.condition, roles);
  }
  text += "\n  because " + quoted(rule.reason);
  if (!rule.hint.empty()) text += "\n  hint " + quoted(rule.hint);
  return text + ";\n";
}

}  // namespace

std::string write_duration(std::int64_t seconds) {
  constexpr std::array<std::pair<std::int64_t, char>, 3> kUnits = {
      {{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}}};
  for (const auto& [unit, letter] : kUnits)
    if (seconds != 0 && seconds % unit == 0) return std::to_string(seconds / unit) + letter;
  return std::to_string(seconds) + 's';
}

std::string write_condition(const Condition& condition, const std::vector<Role>& roles) {
  std::string path(schema_of(condition.attribute).path);
  switch (condition.kind) {
    case Condition::Kind::all:
    case Condition::Kind::any:
      return joined(condition, roles);
    case Condition::Kind::negation:
      return negated(condition.parts.front(), roles);
    case Condition::Kind::flag:
      return path;
    case Condition::Kind::compare:
      return path + ' ' + std::string(to_string(condition.comparison)) + ' ' +
             constant(condition, 0);
    case Condition::Kind::among:
      return path + " in " + list(condition);
    case Condition::Kind::role:
      return "principal has role " + roles.at(condition.role).name;
  }
  return {};
}

std::string write_principals(Mask principals) {
  return principals == every_principal() ? "anyone" : written(principals, all_principals());
}

std::string write_actions(Mask actions) {
  return actions == every_action() ? "any" : written(actions, all_actions());
}

std::string write_policy(const Policy& policy) {
  std::string text;
  for (const Role& role : policy.roles())
    text += write_role(role);
  for (const Rule& rule : policy.rules())
    text += (text.empty() ? "" : "\n") + write_rule(rule, policy.roles());
  return text;
}

}  // namespace vedette::policy
