#include "policy/explanation.h"

#include "base/strong_id.h"
#include "base/visible_text.h"

namespace vedette::policy {

namespace {

bool is_joined(const Condition& condition) {
  return condition.kind == Condition::Kind::all || condition.kind == Condition::Kind::any;
}

std::string sentence(const Policy& policy, const Condition& one, const Facts& facts, Truth value) {
  const Fact& fact = facts[one.attribute];
  const std::string path(schema_of(one.attribute).path);
  std::string words = write_condition(one, policy.roles());
  if (value == Truth::unknown) return words + " cannot be told: " + path + " is not known";
  words += value == Truth::yes ? " is true" : " is false";
  if (one.kind == Condition::Kind::flag) return words;
  return words + ": " + path + " is " + write_fact(policy, one.attribute, fact);
}

// The parts that the whole's value comes from: of an `and` that is not true those that are not, of
// an `or` that is not false those that are not, and else all of them.
void collect(const Policy& policy, const Condition& condition, const Facts& facts,
             std::vector<std::string>& to) {
  const Truth whole = truth(condition, facts);
  if (!is_joined(condition) && condition.kind != Condition::Kind::negation) {
    to.push_back(sentence(policy, condition, facts, whole));
    return;
  }
  for (const Condition& part : condition.parts)
    if (condition.kind == Condition::Kind::negation || truth(part, facts) == whole)
      collect(policy, part, facts, to);
}

std::unexpected<Error> cannot_be(const AttributeSchema& schema, std::string_view text) {
  std::string choices;
  for (const std::string_view choice : schema.choices)
    choices += (choices.empty() ? "one of " : ", ") + std::string(choice);
  return refuse("POLICY-TYPE", "this attribute cannot have that value",
                std::string(schema.path) + " is " + std::string(to_string(schema.type)) +
                    ", and not '" + std::string(text.substr(0, 80)) + "'",
                std::move(choices));
}

}  // namespace

Explanation explain(const Policy& policy, const Request& request) {
  Explanation explanation{.decision = policy.decide(request), .rules = {}};
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    const Rule& rule = policy.rules()[i];
    if (!holds(rule.principals, request.principal) || !holds(rule.actions, request.action))
      continue;
    RuleExplanation one{.rule = &rule,
                        .applies = applies(rule, request.facts),
                        .decides = explanation.decision.rules.test(i)};
    if (rule.condition) collect(policy, *rule.condition, request.facts, one.because);
    explanation.rules.push_back(std::move(one));
  }
  return explanation;
}

std::string write_fact(const Policy& policy, Attribute attribute, const Fact& fact) {
  if (!fact.known) return "not known";
  const AttributeSchema& schema = schema_of(attribute);
  switch (schema.type) {
    case Type::flag:
      return fact.number != 0 ? "true" : "false";
    case Type::number:
      return std::to_string(fact.number);
    case Type::duration:
      return write_duration(fact.number);
    case Type::name:
    case Type::text:
      return std::string(fact.text);
    case Type::choice:
      return std::string(schema.choices[static_cast<std::size_t>(fact.number)]);
    case Type::roles:
      break;
  }
  std::string names;
  for (std::size_t i = 0; i < policy.roles().size(); ++i)
    if (((static_cast<RoleSet>(fact.number) >> i) & 1U) != 0)
      names += (names.empty() ? "" : ", ") + policy.roles()[i].name;
  return names.empty() ? "none" : names;
}

Result<Fact> parse_fact(Attribute attribute, std::string_view text) {
  const AttributeSchema& schema = schema_of(attribute);
  Facts facts;
  if (schema.type == Type::name && is_name(text)) facts.set_name(attribute, text);
  if (schema.type == Type::text && is_visible_text(text)) facts.set_name(attribute, text);
  if (schema.type == Type::choice) facts.set_choice(attribute, text);
  if (schema.type == Type::flag && (text == "true" || text == "false"))
    facts.set_flag(attribute, text == "true");
  if (schema.type == Type::number || schema.type == Type::duration) {
    VEDETTE_TRY(const auto tokens, tokenize(text));
    const TokenKind kind = schema.type == Type::number ? TokenKind::number : TokenKind::duration;
    const Token& token = tokens.front();
    if (tokens.size() == 2 && token.kind == kind && token.number >= schema.least &&
        token.number <= schema.most)
      facts.set_number(attribute, token.number);
  }
  if (!facts[attribute].known) return cannot_be(schema, text);
  return facts[attribute];
}

}  // namespace vedette::policy
