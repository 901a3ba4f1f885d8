#include <algorithm>
#include <array>
#include <utility>

#include "policy/condition_parser.h"
#include "policy/property.h"

namespace vedette::policy {

namespace {

constexpr std::size_t kMaxPropertyBytes = 4'096;
constexpr std::array<std::pair<std::string_view, std::int64_t>, 10> kUnits = {{{"s", 1},
                                                                               {"sec", 1},
                                                                               {"second", 1},
                                                                               {"seconds", 1},
                                                                               {"min", 60},
                                                                               {"minute", 60},
                                                                               {"minutes", 60},
                                                                               {"h", 3'600},
                                                                               {"hour", 3'600},
                                                                               {"hours", 3'600}}};

// What a release gives away.
constexpr Mask kGivingAway = mask_of({Action::read_release, Action::read_blob});

class Parser {
 public:
  Parser(std::vector<Token> tokens, const Policy& policy)
      : tokens_(std::move(tokens)), policy_(policy) {}

  Result<Property> parse() {
    property_.principals = every_principal();
    if (tokens_.is("never")) {
      VEDETTE_CHECK(parse_precise());
    } else if (tokens_.is("no")) {
      VEDETTE_CHECK(parse_sentence());
    } else {
      return tokens_.expected("'never grant' or 'no rule grants'");
    }
    tokens_.take_if(";");
    if (tokens_.next().kind != TokenKind::end) return tokens_.expected("the end");
    return property_;
  }

 private:
  Result<void> parse_precise() {
    tokens_.take();
    VEDETTE_CHECK(tokens_.expect("grant"));
    VEDETTE_TRY(property_.actions, parse_actions(tokens_));
    if (tokens_.take_if("to")) {
      VEDETTE_TRY(property_.principals, parse_principals(tokens_));
    }
    if (tokens_.take_if("where")) {
      VEDETTE_TRY(property_.where, parse_condition(tokens_, scope()));
    }
    if (tokens_.take_if("unless")) {
      VEDETTE_TRY(property_.unless, parse_condition(tokens_, scope()));
    }
    return {};
  }

  Result<void> parse_sentence() {
    tokens_.take();
    if (!tokens_.take_if("rule") && !tokens_.take_if("permit") && !tokens_.take_if("policy"))
      return tokens_.expected("'rule'");
    VEDETTE_CHECK(tokens_.expect("grants"));
    VEDETTE_CHECK(parse_what());
    if (!tokens_.take_if("without") && !tokens_.take_if("unless")) return {};
    Condition guards{.kind = Condition::Kind::all};
    do {
      VEDETTE_CHECK(parse_guard(guards.parts));
    } while (tokens_.take_if("and"));
    property_.unless = guards.parts.size() == 1 ? guards.parts.front() : std::move(guards);
    return {};
  }

  Result<void> parse_what() {
    if (const auto tier = tier_here()) {
      tokens_.take();
      property_.actions = kGivingAway;
      property_.where = of_tier(*tier);
      return {};
    }
    VEDETTE_TRY(property_.actions, parse_actions(tokens_));
    if (!tokens_.take_if("of")) return {};
    VEDETTE_CHECK(tokens_.expect("tier"));
    const auto tier = tier_here();
    if (!tier) return tokens_.expected("low, medium or high");
    tokens_.take();
    property_.where = of_tier(*tier);
    return {};
  }

  [[nodiscard]] std::optional<std::int64_t> tier_here() const {
    const auto tiers = schema_of(Attribute::resource_tier).choices;
    const auto found =
        std::ranges::find_if(tiers, [this](std::string_view tier) { return tokens_.is(tier); });
    if (found == tiers.end()) return std::nullopt;
    return found - tiers.begin();
  }

  static Condition of_tier(std::int64_t tier) {
    return {
        .kind = Condition::Kind::compare, .attribute = Attribute::resource_tier, .numbers = {tier}};
  }

  Result<void> parse_guard(std::vector<Condition>& guards) {
    if (tokens_.take_if("attestation")) return parse_attestation(guards);
    if (tokens_.take_if("two")) {
      if (!tokens_.take_if("people") && !tokens_.take_if("persons") &&
          !tokens_.take_if("approvals"))
        return tokens_.expected("'people'");
      guards.push_back({.kind = Condition::Kind::compare,
                        .attribute = Attribute::context_approvals,
                        .comparison = Comparison::at_least,
                        .numbers = {2}});
      return {};
    }
    if (!tokens_.take_if("role")) return tokens_.expected("'attestation', 'two people' or 'role'");
    VEDETTE_TRY(const Token name, tokens_.expect(TokenKind::word, "the name of a role"));
    const auto& roles = policy_.roles();
    const auto found = std::ranges::find(roles, name.text, &Role::name);
    if (found == roles.end())
      return refuse_at(name.place, "POLICY-NAME", "there is no such role", words_of(name));
    guards.push_back({.kind = Condition::Kind::role,
                      .attribute = Attribute::principal_roles,
                      .role = static_cast<std::size_t>(found - roles.begin())});
    return {};
  }

  Result<void> parse_attestation(std::vector<Condition>& guards) {
    guards.push_back({.kind = Condition::Kind::flag, .attribute = Attribute::context_attested});
    if (!tokens_.take_if("younger") && !tokens_.take_if("newer")) return {};
    VEDETTE_CHECK(tokens_.expect("than"));
    VEDETTE_TRY(const std::int64_t age, parse_age());
    guards.push_back({.kind = Condition::Kind::compare,
                      .attribute = Attribute::context_attestation_age,
                      .comparison = Comparison::less,
                      .numbers = {age}});
    return {};
  }

  Result<std::int64_t> parse_age() {
    if (tokens_.next().kind == TokenKind::duration) return tokens_.take().number;
    VEDETTE_TRY(const Token number, tokens_.expect(TokenKind::number, "an age"));
    const auto* const unit =
        std::ranges::find_if(kUnits, [this](const auto& one) { return tokens_.is(one.first); });
    if (unit == kUnits.end()) return tokens_.expected("a unit of time");
    tokens_.take();
    return number.number * unit->second;
  }

  [[nodiscard]] Scope scope() const {
    return {property_.principals, property_.actions, policy_.roles(), false};
  }

  TokenStream tokens_;
  const Policy& policy_;
  Property property_;
};

}  // namespace

Result<Property> parse_property(std::string_view text, const Policy& policy) {
  if (text.size() > kMaxPropertyBytes)
    return refuse("POLICY-SIZE", "the property is too long", std::to_string(text.size()));
  VEDETTE_TRY(auto tokens, tokenize(text));
  const bool is_sentence = tokens.front().text == "no";
  VEDETTE_TRY(Property property, Parser(std::move(tokens), policy).parse());
  if (!is_sentence) return property;
  // A sentence is another spelling of a precise property, and held to the same.
  return parse_property(write_property(property, policy), policy);
}

}  // namespace vedette::policy
