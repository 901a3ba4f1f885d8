// Releases as answers and the log tell of them.
#pragma once

#include <span>

#include "codec/json.h"
#include "crypto/key.h"
#include "release/registry.h"
#include "release/runtime_contract.h"

namespace vedette::server {

[[nodiscard]] codec::Json summary(const release::Release& release);
[[nodiscard]] codec::Json::Array summary(std::span<const release::ReleaseDelta> deltas);
[[nodiscard]] codec::Json contract_summary(const release::SignedContract& contract);

// Verified again, since a list is read to find out what may run: a store that was written to, or a
// publisher who is trusted no more, shows here.
[[nodiscard]] codec::Json stored_contract(const release::Release& release,
                                          std::span<const crypto::PublicKey> publishers);

}  // namespace vedette::server
