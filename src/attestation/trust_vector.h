// The trustworthiness vector of AR4SI (draft-ietf-rats-ar4si, 2.3).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::attestation {

// In the order of trust lost: a status is never before the worst claim's tier.
enum class TrustTier : std::uint8_t { none, affirming, warning, contraindicated };

[[nodiscard]] std::string_view to_string(TrustTier tier);
[[nodiscard]] std::optional<TrustTier> trust_tier(std::string_view label);
// AR4SI 2.3.2: -1..1 none, 2..31 and -32..-2 affirming, 32..95 and -96..-33 warning, else
// contraindicated.
[[nodiscard]] TrustTier tier_of(std::int8_t claim);

// The values that this verifier gives (AR4SI 2.3.4).
namespace trust {
inline constexpr std::int8_t kRecognised = 2;      // as expected; of executables: at boot and since
inline constexpr std::int8_t kBootRecognised = 3;  // executables: what was loaded at boot
inline constexpr std::int8_t kUnrecognised = 33;   // executables of which nothing is known
inline constexpr std::int8_t kContraindicated = 96;
}  // namespace trust

// Keys 0 to 7 of the vector.
enum class TrustClaim : std::uint8_t {
  instance_identity,
  configuration,
  executables,
  file_system,
  hardware,
  runtime_opaque,
  storage_opaque,
  sourced_data
};
inline constexpr std::size_t kTrustClaims = 8;
[[nodiscard]] std::string_view to_string(TrustClaim claim);  // `instance-identity`

// 0, the default of each, is no claim.
class TrustVector {
 public:
  [[nodiscard]] std::int8_t operator[](TrustClaim claim) const;
  void set(TrustClaim claim, std::int8_t value);
  [[nodiscard]] TrustTier worst() const;  // none only if there is no claim of another tier

  friend bool operator==(const TrustVector&, const TrustVector&) = default;

 private:
  std::array<std::int8_t, kTrustClaims> claims_{};
};

}  // namespace vedette::attestation
