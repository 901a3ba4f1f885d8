#include "cli/reference_target.h"

#include "base/strong_id.h"

namespace vedette::cli {

Result<ReferenceTarget> reference_target(const std::string& group_text,
                                         const std::optional<std::string>& sku_text) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(group_text));
  const std::string path = "/v1/groups/" + group.str();
  if (!sku_text) return ReferenceTarget{path + "/reference", group.str(), group.str(), group.str()};
  VEDETTE_TRY(const SkuId sku, SkuId::parse(*sku_text));
  return ReferenceTarget{path + "/skus/" + sku.str() + "/reference", group.str() + "/" + sku.str(),
                         group.str() + " with SKU " + sku.str(),
                         group.str() + " --sku " + sku.str()};
}

std::optional<std::string> proposal_words(const ReferenceTarget& target,
                                          const codec::Json& answer) {
  const auto proposal = answer.string("proposal");
  if (!proposal) return std::nullopt;
  return "proposed, and not in force yet: another operator approves it with\n"
         "  vedette reference approve " +
         target.arguments + " " + *proposal;
}

}  // namespace vedette::cli
