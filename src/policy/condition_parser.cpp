#include "policy/condition_parser.h"

#include <algorithm>
#include <utility>

#include "base/strong_id.h"
#include "base/visible_text.h"

namespace vedette::policy {

namespace {

constexpr std::pair<std::string_view, Comparison> kComparisons[] = {
    {"==", Comparison::equal},   {"!=", Comparison::unequal}, {"<", Comparison::less},
    {"<=", Comparison::at_most}, {">", Comparison::more},     {">=", Comparison::at_least}};

std::string all_attributes() {
  std::string paths;
  for (const AttributeSchema& one : whole_schema())
    paths += (paths.empty() ? "" : ", ") + std::string(one.path);
  return paths;
}

std::string choices_of(const AttributeSchema& schema) {
  std::string words;
  for (const std::string_view choice : schema.choices)
    words += (words.empty() ? "" : ", ") + std::string(choice);
  return words;
}

std::string pair_words(Principal principal, Action action) {
  return "when a principal of kind " + std::string(to_string(principal)) + " asks for " +
         std::string(to_string(action));
}

TokenKind kind_of(Type type) {
  if (type == Type::number) return TokenKind::number;
  return type == Type::duration ? TokenKind::duration : TokenKind::text;
}

class Parser {
 public:
  Parser(TokenStream& tokens, const Scope& scope) : tokens_(tokens), scope_(scope) {}

  Result<Condition> condition(std::size_t depth) {
    VEDETTE_TRY(Condition first, one(depth));
    if (!tokens_.is("and") && !tokens_.is("or")) return first;
    const std::string joint(tokens_.next().text);
    Condition joined{.kind = joint == "and" ? Condition::Kind::all : Condition::Kind::any};
    joined.parts.push_back(std::move(first));
    while (tokens_.take_if(joint)) {
      VEDETTE_TRY(Condition next, one(depth));
      joined.parts.push_back(std::move(next));
    }
    if (!tokens_.is("and") && !tokens_.is("or")) return joined;
    return refuse_at(tokens_.next().place, "POLICY-SYNTAX", "'and' and 'or' are mixed",
                     words_of(tokens_.next()), "put one of them into parentheses");
  }

 private:
  Result<Condition> one(std::size_t depth) {
    if (depth >= kMaxDepth)
      return refuse_at(tokens_.next().place, "POLICY-SIZE", "a condition is too deep",
                       words_of(tokens_.next()), "at most " + std::to_string(kMaxDepth));
    if (tokens_.take_if("not")) {
      VEDETTE_TRY(Condition denied, one(depth + 1));
      Condition condition{.kind = Condition::Kind::negation};
      condition.parts.push_back(std::move(denied));
      return condition;
    }
    if (!tokens_.take_if("(")) return comparison();
    VEDETTE_TRY(Condition inner, condition(depth + 1));
    VEDETTE_CHECK(tokens_.expect(")"));
    return inner;
  }

  Result<Condition> comparison() {
    const Token subject = tokens_.next();
    if (++comparisons_ > kMaxComparisons)
      return refuse_at(subject.place, "POLICY-SIZE", "a condition has too many comparisons",
                       words_of(subject), "at most " + std::to_string(kMaxComparisons));
    if (subject.kind != TokenKind::word) return tokens_.expected("a condition");
    tokens_.take();
    if (subject.text == "principal") return role(subject);
    const auto attribute = attribute_named(subject.text);
    if (!attribute)
      return refuse_at(subject.place, "POLICY-NAME", "there is no such attribute",
                       words_of(subject), "there are " + all_attributes());
    VEDETTE_CHECK(check_known(subject.place, *attribute));
    const AttributeSchema& schema = schema_of(*attribute);
    if (schema.type == Type::roles)
      return refuse_at(subject.place, "POLICY-TYPE", "roles are not compared", words_of(subject),
                       "write: principal has role <name>");
    Condition condition{.kind = Condition::Kind::flag, .attribute = *attribute};
    if (schema.type == Type::flag) return flag(std::move(condition));
    if (tokens_.take_if("in")) return among(std::move(condition), schema);
    return compare(std::move(condition), schema);
  }

  Result<Condition> role(const Token& subject) {
    VEDETTE_CHECK(tokens_.expect("has"));
    VEDETTE_CHECK(tokens_.expect("role"));
    VEDETTE_TRY(const Token name, tokens_.expect(TokenKind::word, "the name of a role"));
    VEDETTE_CHECK(check_known(subject.place, Attribute::principal_roles));
    const auto found = std::ranges::find(scope_.roles, name.text, &Role::name);
    if (found == scope_.roles.end())
      return refuse_at(
          name.place, "POLICY-NAME", "there is no such role", words_of(name),
          "declare it above: role " + std::string(name.text) + " = [\"operator/...\"];");
    return Condition{.kind = Condition::Kind::role,
                     .attribute = Attribute::principal_roles,
                     .role = static_cast<std::size_t>(found - scope_.roles.begin())};
  }

  // Comparing a flag with something is a mistake that would read well.
  Result<Condition> flag(Condition condition) {
    if (tokens_.next().kind == TokenKind::sign && !tokens_.is(")") && !tokens_.is(";"))
      return refuse_at(tokens_.next().place, "POLICY-TYPE", "a flag is not compared",
                       words_of(tokens_.next()), "write the flag alone, or 'not' before it");
    return condition;
  }

  Result<Condition> among(Condition condition, const AttributeSchema& schema) {
    condition.kind = Condition::Kind::among;
    if (kind_of(schema.type) != TokenKind::text)
      return refuse_at(tokens_.next().place, "POLICY-TYPE",
                       "only names, texts and choices are in a list",
                       std::string(schema.path) + " is " + std::string(to_string(schema.type)));
    VEDETTE_CHECK(tokens_.expect("["));
    std::size_t count = 0;
    do {
      if (++count > kMaxChoices)
        return refuse_at(tokens_.next().place, "POLICY-SIZE", "a list is too long",
                         words_of(tokens_.next()), "at most " + std::to_string(kMaxChoices));
      VEDETTE_CHECK(constant(condition, schema));
    } while (tokens_.take_if(","));
    VEDETTE_CHECK(tokens_.expect("]"));
    return condition;
  }

  Result<Condition> compare(Condition condition, const AttributeSchema& schema) {
    condition.kind = Condition::Kind::compare;
    const Token sign = tokens_.next();
    const auto* const found = std::ranges::find_if(
        kComparisons, [&](const auto& comparison) { return tokens_.is(comparison.first); });
    if (found == std::end(kComparisons)) return tokens_.expected("a comparison");
    tokens_.take();
    condition.comparison = found->second;
    const bool has_order = schema.type == Type::number || schema.type == Type::duration;
    if (!has_order && found->second > Comparison::unequal)
      return refuse_at(sign.place, "POLICY-TYPE", "these have no order",
                       std::string(schema.path) + " is " + std::string(to_string(schema.type)),
                       "use ==, != or in");
    VEDETTE_CHECK(constant(condition, schema));
    return condition;
  }

  Result<void> constant(Condition& condition, const AttributeSchema& schema) {
    const Token token = tokens_.next();
    if (token.kind != TokenKind::text && token.kind != TokenKind::number &&
        token.kind != TokenKind::duration)
      return tokens_.expected(to_string(schema.type));
    tokens_.take();
    const bool fits = token.kind == kind_of(schema.type);
    if (!fits)
      return refuse_at(token.place, "POLICY-TYPE", "these cannot be compared",
                       std::string(schema.path) + " is " + std::string(to_string(schema.type)) +
                           ", and here is " + words_of(token),
                       schema.type == Type::duration ? "write a unit: 90s, 5m, 1h" : "");
    if (schema.type == Type::choice) return choice(condition, schema, token);
    if (schema.type == Type::name) return name(condition, token);
    if (schema.type == Type::text) return text(condition, token);
    if (token.number < schema.least || token.number > schema.most)
      return refuse_at(token.place, "POLICY-TYPE", "this number is never reached",
                       std::string(schema.path) + " is " + std::to_string(schema.least) + " to " +
                           std::to_string(schema.most));
    condition.numbers.push_back(token.number);
    return {};
  }

  static Result<void> choice(Condition& condition, const AttributeSchema& schema,
                             const Token& token) {
    const auto found = std::ranges::find(schema.choices, token.text);
    if (found == schema.choices.end())
      return refuse_at(token.place, "POLICY-TYPE", "this is none of the choices", words_of(token),
                       std::string(schema.path) + " is one of " + choices_of(schema));
    const auto number = static_cast<std::int64_t>(found - schema.choices.begin());
    if (std::ranges::find(condition.numbers, number) != condition.numbers.end())
      return refuse_at(token.place, "POLICY-NAME", "this stands here twice", words_of(token));
    condition.numbers.push_back(number);
    return {};
  }

  static Result<void> name(Condition& condition, const Token& token) {
    if (!is_name(token.text))
      return refuse_at(token.place, "POLICY-TYPE", "nothing can have this name", words_of(token),
                       "names are 1 to 63 lower-case letters, digits, '-', '_' or '.'");
    return add(condition, token);
  }

  static Result<void> text(Condition& condition, const Token& token) {
    if (!is_visible_text(token.text))
      return refuse_at(token.place, "POLICY-TYPE", "nothing can be called this", words_of(token),
                       "1 to 255 visible characters of ASCII but the double quote");
    return add(condition, token);
  }

  static Result<void> add(Condition& condition, const Token& token) {
    std::string text(token.text);
    if (std::ranges::find(condition.names, text) != condition.names.end())
      return refuse_at(token.place, "POLICY-NAME", "this stands here twice", words_of(token));
    condition.names.push_back(std::move(text));
    return {};
  }

  Result<void> check_known(const Place& place, Attribute attribute) const {
    bool somewhere = false;
    for (const Principal principal : all_principals())
      for (const Action action : all_actions()) {
        if (!holds(scope_.principals, principal) || !holds(scope_.actions, action)) continue;
        const bool known = presence(attribute, principal, action) != Presence::never;
        somewhere = somewhere || known;
        if (!known && scope_.everywhere)
          return refuse_at(
              place, "POLICY-TYPE", "this attribute is never known here",
              std::string(schema_of(attribute).path) + " " + pair_words(principal, action),
              "give such principals and actions a rule of their own");
      }
    if (somewhere) return {};
    return refuse_at(place, "POLICY-TYPE", "this attribute is never known here",
                     std::string(schema_of(attribute).path));
  }

  TokenStream& tokens_;
  const Scope& scope_;
  std::size_t comparisons_ = 0;
};

template <class Named>
Result<Mask> parse_list(TokenStream& tokens, std::string_view all, Mask every, const Named& named,
                        const char* what) {
  if (tokens.take_if(all)) return every;
  Mask mask = 0;
  do {
    VEDETTE_TRY(const Token word, tokens.expect(TokenKind::word, what));
    const auto found = named(word.text);
    if (!found)
      return refuse_at(word.place, "POLICY-NAME", std::string("this is not ") + what,
                       words_of(word));
    if (holds(mask, *found))
      return refuse_at(word.place, "POLICY-NAME", "this stands here twice", words_of(word));
    mask |= mask_of(*found);
  } while (tokens.take_if(","));
  return mask;
}

}  // namespace

Result<Condition> parse_condition(TokenStream& tokens, const Scope& scope) {
  return Parser(tokens, scope).condition(0);
}

Result<Mask> parse_principals(TokenStream& tokens) {
  return parse_list(tokens, "anyone", every_principal(), principal_named, "a kind of principal");
}

Result<Mask> parse_actions(TokenStream& tokens) {
  return parse_list(tokens, "any", every_action(), action_named, "an action");
}

}  // namespace vedette::policy
