#include "server/reference_target.h"

namespace vedette::server {

using attestation::ReferenceTarget;

Result<ReferenceTarget> target_of(const Call& call) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(call.arguments.at(0)));
  ReferenceTarget target{.group = group};
  if (call.arguments.size() > 1) {
    VEDETTE_TRY(target.sku, SkuId::parse(call.arguments.at(1)));
  }
  return target;
}

std::string subject_of(const ReferenceTarget& target) {
  return "group/" + target.group.str() + (target.sku ? "/sku/" + target.sku->str() : "");
}

std::string words_of(const ReferenceTarget& target) {
  return "group " + target.group.str() + (target.sku ? ", SKU " + target.sku->str() : "");
}

std::string arguments_of(const ReferenceTarget& target) {
  return target.group.str() + (target.sku ? " --sku " + target.sku->str() : "");
}

}  // namespace vedette::server
