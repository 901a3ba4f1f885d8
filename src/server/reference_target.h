// Whose reference values a request is about, and how that is said.
#pragma once

#include <string>

#include "attestation/reference_values.h"
#include "server/route.h"

namespace vedette::server {

// Of the paths /v1/groups/{}/... and /v1/groups/{}/skus/{}/...; refuses NAME-FORMAT.
[[nodiscard]] Result<attestation::ReferenceTarget> target_of(const Call& call);

[[nodiscard]] std::string subject_of(const attestation::ReferenceTarget& target);  // group/g/sku/s
[[nodiscard]] std::string words_of(const attestation::ReferenceTarget& target);    // group g, SKU s
[[nodiscard]] std::string arguments_of(const attestation::ReferenceTarget& target);  // g --sku s

}  // namespace vedette::server
