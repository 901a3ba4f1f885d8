// Local access: what the caller of one request may do, by the kernel's word and the policy. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/serving.h"
#include "base/error.h"
#include "inference/api/open_inference.h"
#include "platform/net/http.h"
#include "policy/local_caller.h"

namespace vedette::agent {

class LocalAccess {
 public:
  // Both outlive this.
  LocalAccess(const policy::LocalPolicy& policy, const platform::Connection& connection)
      : policy_(policy), connection_(connection) {}

  [[nodiscard]] bool may(policy::LocalAct act, std::string_view model) const;
  // The same, or AGT-CALLER-DENIED with the caller and the deciding rule as its cause. Says nothing
  // of whether there is such a model: it is to be asked first.
  [[nodiscard]] Result<policy::LocalDecision> require(policy::LocalAct act,
                                                      std::string_view model) const;

  // Refuses AGT-CALLER-DENIED when the request names an output that the caller may not see: by the
  // operator's rule, or by the model's contract.
  [[nodiscard]] Result<void> check_wanted(const policy::LocalDecision& decision,
                                          const ServedModel& model,
                                          const std::vector<inference::WantedOutput>& wanted) const;
  // Leaves what the caller may see of an answer, or of what a model declares.
  template <class Named>
  void keep_visible(const policy::LocalDecision& decision, const ServedModel& model,
                    std::vector<Named>& outputs) const {
    std::erase_if(outputs,
                  [&](const Named& output) { return !shows(decision, model, output.name); });
  }

 private:
  [[nodiscard]] bool shows(const policy::LocalDecision& decision, const ServedModel& model,
                           std::string_view output) const;
  [[nodiscard]] policy::LocalDecision decide(policy::LocalAct act, std::string_view model) const;
  [[nodiscard]] std::string caller() const;

  const policy::LocalPolicy& policy_;
  const platform::Connection& connection_;
};

}  // namespace vedette::agent
