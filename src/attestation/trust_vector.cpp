#include "attestation/trust_vector.h"

#include <algorithm>

namespace vedette::attestation {
namespace {

constexpr std::array<std::string_view, 4> kTiers = {"none", "affirming", "warning",
                                                    "contraindicated"};
constexpr std::array<std::string_view, kTrustClaims> kClaims = {
    "instance-identity", "configuration",  "executables",    "file-system",
    "hardware",          "runtime-opaque", "storage-opaque", "sourced-data"};

}  // namespace

std::string_view to_string(TrustTier tier) {
  return kTiers.at(static_cast<std::size_t>(tier));
}

std::string_view to_string(TrustClaim claim) {
  return kClaims.at(static_cast<std::size_t>(claim));
}

std::optional<TrustTier> trust_tier(std::string_view label) {
  const auto found = std::ranges::find(kTiers, label);
  if (found == kTiers.end()) return std::nullopt;
  return static_cast<TrustTier>(found - kTiers.begin());
}

TrustTier tier_of(std::int8_t claim) {
  if (claim >= -1 && claim <= 1) return TrustTier::none;
  if (claim >= -32 && claim <= 31) return TrustTier::affirming;
  if (claim >= -96 && claim <= 95) return TrustTier::warning;
  return TrustTier::contraindicated;
}

std::int8_t TrustVector::operator[](TrustClaim claim) const {
  return claims_.at(static_cast<std::size_t>(claim));
}

void TrustVector::set(TrustClaim claim, std::int8_t value) {
  claims_.at(static_cast<std::size_t>(claim)) = value;
}

TrustTier TrustVector::worst() const {
  TrustTier worst = TrustTier::none;
  for (const std::int8_t claim : claims_)
    worst = std::max(worst, tier_of(claim));
  return worst;
}

}  // namespace vedette::attestation
