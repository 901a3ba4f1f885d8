// Reads one condition, and holds it to the schema on the way.
#pragma once

#include "policy/policy.h"

namespace vedette::policy {

// For whom and what the condition is.
struct Scope {
  Mask principals = 0;
  Mask actions = 0;
  const std::vector<Role>& roles;
  // A rule's attributes must be known, at least sometimes, for each of its principals and actions:
  // where one never is, the rule would silently always or never apply. Of a property one is enough.
  bool everywhere = true;
};

//   condition  = all | any | one
//   all        = one "and" one { "and" one }
//   any        = one "or" one { "or" one }
//   one        = [ "not" ] ( "(" condition ")" | comparison )
//   comparison = FLAG
//              | NAME-OR-CHOICE ( "==" | "!=" ) TEXT
//              | NAME-OR-CHOICE "in" "[" TEXT { "," TEXT } "]"
//              | NUMBER-OR-DURATION ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) constant
//              | "principal" "has" "role" NAME
//
// `and` and `or` are not mixed without parentheses: nobody has to know which binds tighter.
// Refuses POLICY-SYNTAX, POLICY-TYPE, POLICY-NAME, POLICY-SIZE.
[[nodiscard]] Result<Condition> parse_condition(TokenStream& tokens, const Scope& scope);

// `anyone`, or one or more of the principals' names; `any`, or one or more actions.
[[nodiscard]] Result<Mask> parse_principals(TokenStream& tokens);
[[nodiscard]] Result<Mask> parse_actions(TokenStream& tokens);

}  // namespace vedette::policy
