#include "inference/admission/allow_list.h"

#include <algorithm>

#include "inference/admission/operators.h"

namespace vedette::inference::admission {
namespace {

std::string spelled(std::string_view domain) {
  return std::string(domain.empty() ? "ai.onnx" : domain);
}

std::unexpected<Error> refuse_domain(const ScannedNode& node, std::string_view why) {
  return refuse("ADM-DOMAIN", "the model uses operators of a domain that is not allowed",
                describe(node) + ", domain '" + spelled(node.domain) + "': " + std::string(why),
                "use standard operators, or name '" + spelled(node.domain) +
                    "' operators in the release's contract");
}

}  // namespace

AllowList::AllowList(const AdmissionRules& rules) : built_in_(!rules.operators.has_value()) {
  if (built_in_) domains_.emplace();
  if (!built_in_)
    for (const OperatorId& id : *rules.operators) {
      const std::string domain(normalised_domain(id.domain));
      domains_.insert(domain);
      allowed_.insert({domain, id.name});
    }
}

Result<void> AllowList::check(const ScannedNode& node, std::span<const OpsetImport> imports) const {
  const std::string domain(node.domain);
  if (std::ranges::find(imports, domain, &OpsetImport::domain) == imports.end())
    return refuse_domain(node, "the model does not import it");
  if (!domains_.contains(domain)) return refuse_domain(node, "nothing of it is allowed");
  const OperatorRow* const row = standard_operator(node.operator_name);
  if (built_in_ && row != nullptr && row->left_out.empty()) return {};
  const std::string name(node.operator_name);
  if (!built_in_ && allowed_.contains({domain, name})) return {};
  std::string cause = describe(node) + ", domain '" + spelled(domain) + "'";
  if (built_in_)
    cause += row == nullptr ? ": no standard operator" : ": " + std::string(row->left_out);
  return refuse(
      "ADM-OPERATOR", "the model uses an operator that is not allowed", std::move(cause),
      "add '" + spelled(domain) + ":" + name + "' to the operators of the release's contract");
}

}  // namespace vedette::inference::admission
