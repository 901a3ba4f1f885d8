// Worlds: every case that a set of conditions can tell apart, so that a question about all requests
// is answered by looking at each of finitely many.
//
// Exact, not a sample: conditions compare attributes with constants alone. Between two neighbouring
// constants all numbers are alike, and so are all names that no condition mentions; one of each
// kind stands for the rest.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace vedette::policy {

// In one question, over all its principals and actions.
inline constexpr std::size_t kMaxWorlds = std::size_t{1} << 18U;

// One value of one attribute, or of the two that an operator's name decides together.
struct Cell {
  Fact fact;
  std::string words;  // `principal.status is active`
  RoleSet roles = 0;  // of this operator
};

struct Dimension {
  Attribute attribute = Attribute::principal_name;
  std::vector<Cell> cells{};
};

// One case: its facts, and the cell of each dimension in words.
struct World {
  Facts facts;
  std::vector<const Cell*> cells;

  [[nodiscard]] std::string words() const;  // joined by `, `
};

class Worlds {
 public:
  // For one principal and action, as the conditions tell cases apart. Refuses POLICY-PROOF-SIZE
  // when there are more than `most`. The policy and the conditions outlive it.
  [[nodiscard]] static Result<Worlds> of(const Policy& policy, Principal principal, Action action,
                                         std::span<const Condition* const> conditions,
                                         std::size_t most);

  [[nodiscard]] std::size_t size() const { return size_; }  // impossible ones among them
  // Until `visit` returns false; then this does too.
  bool all(const std::function<bool(const World&)>& visit) const;

 private:
  std::vector<Dimension> dimensions_;
  std::size_t size_ = 1;
  bool has_age_ = false;
};

// The conditions of the rules that name both.
[[nodiscard]] std::vector<const Condition*> conditions_of(const Policy& policy, Principal principal,
                                                          Action action);

}  // namespace vedette::policy
