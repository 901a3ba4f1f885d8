// The operators that one admission allows: the contract's, or the built-in ones.
#pragma once

#include <set>
#include <span>

#include "inference/admission/admission.h"
#include "inference/admission/node_scan.h"

namespace vedette::inference::admission {

class AllowList {
 public:
  explicit AllowList(const AdmissionRules& rules);

  // `imports` are the model's. Refuses ADM-DOMAIN: a domain that the model does not import, or from
  // which nothing is allowed; ADM-OPERATOR: an operator of an allowed domain that is not allowed.
  [[nodiscard]] Result<void> check(const ScannedNode& node,
                                   std::span<const OpsetImport> imports) const;

 private:
  bool built_in_;
  std::set<OperatorId> allowed_;  // if not built_in_
  std::set<std::string> domains_;
};

}  // namespace vedette::inference::admission
