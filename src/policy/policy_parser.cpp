#include <algorithm>

#include "base/strong_id.h"
#include "policy/condition_parser.h"
#include "policy/policy.h"

namespace vedette::policy {

namespace {

constexpr std::string_view kOperatorPrefix = "operator/";

//   policy = { role | rule }
//   role   = "role" NAME "=" ( "any" "operator" | "[" [ TEXT { "," TEXT } ] "]" ) ";"
//   rule   = "rule" NAME ( "permit" | "forbid" ) principals "to" actions
//            [ ( "when" | "unless" ) condition ] "because" TEXT [ "hint" TEXT ] ";"
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<void> parse() {
    while (tokens_.next().kind != TokenKind::end) {
      if (tokens_.is("role")) {
        VEDETTE_CHECK(parse_role());
      } else if (tokens_.is("rule")) {
        VEDETTE_CHECK(parse_rule());
      } else {
        return tokens_.expected("'rule' or 'role'");
      }
    }
    return {};
  }

  std::vector<Role> roles;
  std::vector<Rule> rules;

 private:
  // A name that is new among those of its kind.
  template <class Named>
  Result<Token> new_name(const std::vector<Named>& named, std::string Named::* member,
                         std::size_t most, const char* what) {
    const Place place = tokens_.take().place;
    if (named.size() >= most)
      return refuse_at(place, "POLICY-SIZE", "there are too many of these", what,
                       "at most " + std::to_string(most));
    VEDETTE_TRY(const Token name, tokens_.expect(TokenKind::word, "a name"));
    if (!is_name(name.text) || name.text == "default-deny")
      return refuse_at(name.place, "POLICY-NAME", "this cannot be a name here", words_of(name),
                       "names are 1 to 63 lower-case letters, digits, '-', '_' or '.'");
    if (std::ranges::find(named, name.text, member) != named.end())
      return refuse_at(name.place, "POLICY-NAME", "this name is taken already", words_of(name));
    return name;
  }

  Result<void> parse_role() {
    VEDETTE_TRY(const Token name, new_name(roles, &Role::name, kMaxRoles, "roles"));
    Role role{.name = std::string(name.text), .place = name.place};
    VEDETTE_CHECK(tokens_.expect("="));
    if (tokens_.take_if("any")) {
      VEDETTE_CHECK(tokens_.expect("operator"));
      role.is_of_every_operator = true;
    } else {
      VEDETTE_CHECK(tokens_.expect("["));
      while (!tokens_.is("]")) {
        VEDETTE_CHECK(parse_member(role));
        if (!tokens_.take_if(",")) break;
      }
      VEDETTE_CHECK(tokens_.expect("]"));
    }
    roles.push_back(std::move(role));
    return tokens_.expect(";");
  }

  Result<void> parse_member(Role& role) {
    VEDETTE_TRY(const Token text, tokens_.expect(TokenKind::text, "an operator's name"));
    const bool is_operator =
        text.text.starts_with(kOperatorPrefix) && is_name(text.text.substr(kOperatorPrefix.size()));
    if (!is_operator)
      return refuse_at(text.place, "POLICY-TYPE", "only operators have roles", words_of(text),
                       "write \"operator/<name>\", as the certificate says it");
    std::string member(text.text.substr(kOperatorPrefix.size()));
    if (std::ranges::find(role.members, member) != role.members.end())
      return refuse_at(text.place, "POLICY-NAME", "this stands here twice", words_of(text));
    if (role.members.size() >= kMaxMembers)
      return refuse_at(text.place, "POLICY-SIZE", "a role has too many members", role.name,
                       "at most " + std::to_string(kMaxMembers));
    role.members.push_back(std::move(member));
    return {};
  }

  Result<void> parse_rule() {
    VEDETTE_TRY(const Token name, new_name(rules, &Rule::id, kMaxRules, "rules"));
    Rule rule{.id = std::string(name.text), .reason = {}, .place = name.place};
    if (tokens_.take_if("permit"))
      rule.effect = Effect::permit;
    else if (!tokens_.take_if("forbid"))
      return tokens_.expected("'permit' or 'forbid'");
    VEDETTE_TRY(rule.principals, parse_principals(tokens_));
    VEDETTE_CHECK(tokens_.expect("to"));
    VEDETTE_TRY(rule.actions, parse_actions(tokens_));
    VEDETTE_CHECK(parse_when(rule));
    VEDETTE_CHECK(tokens_.expect("because"));
    VEDETTE_TRY(rule.reason, parse_sentence());
    if (tokens_.take_if("hint")) {
      VEDETTE_TRY(rule.hint, parse_sentence());
    }
    rules.push_back(std::move(rule));
    return tokens_.expect(";");
  }

  Result<void> parse_when(Rule& rule) {
    const bool is_unless = tokens_.is("unless");
    if (!tokens_.take_if("when") && !tokens_.take_if("unless")) return {};
    VEDETTE_TRY(Condition condition,
                parse_condition(tokens_, {rule.principals, rule.actions, roles}));
    if (!is_unless) {
      rule.condition = std::move(condition);
      return {};
    }
    rule.condition = Condition{.kind = Condition::Kind::negation};
    rule.condition->parts.push_back(std::move(condition));
    return {};
  }

  Result<std::string> parse_sentence() {
    VEDETTE_TRY(const Token text, tokens_.expect(TokenKind::text, "a sentence in quotes"));
    if (text.text.empty())
      return refuse_at(text.place, "POLICY-SYNTAX", "a sentence is empty", {},
                       "whoever is refused will read it");
    return std::string(text.text);
  }

  TokenStream tokens_;
};

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  VEDETTE_TRY(auto tokens, tokenize(text));
  Parser parser(std::move(tokens));
  VEDETTE_CHECK(parser.parse());
  if (parser.rules.empty())
    return refuse("POLICY-SYNTAX", "the policy has no rule", "line 1, column 1",
                  "without one, nobody may do anything; 'vedette policy show' prints one to start "
                  "from");
  return Policy(std::move(parser.roles), std::move(parser.rules));
}

}  // namespace vedette::policy
