// EnrollmentToken: the word of whoever placed a device that this TPM is meant to enrol now.
//
// A token is made for one TPM and is good once: whoever finds it can do nothing with it, unlike a
// bearer secret of a fleet. It opens nothing by itself: the TPM is proven all the same, and
// admitted by the allow-list or its maker.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "identity/enrollment.h"

namespace vedette::identity {

// What the control plane keeps of one: not the token, which it cannot tell again.
struct EnrollmentToken {
  crypto::Sha256Digest sha256{};  // of the token's 32 octets
  GroupId group;
  // Whose it is: one of the two. The serial number is that of an EK certificate which a maker's
  // root admits; serial numbers are unique to their issuer, so the group should have one maker.
  std::optional<crypto::Sha256Digest> endorsement_sha256 = {};
  std::string certificate_serial = {};  // hexadecimal, as Certificate::serial_hex
  TimePoint expires_at;
  bool used = false;
};

struct MadeToken {
  SecretBytes text;  // `vedette-enrol-` and 32 random octets in base64url: shown once
  crypto::Sha256Digest sha256{};
};
[[nodiscard]] MadeToken make_enrollment_token();
// Its digest, by which it is found. Refuses ENR-TOKEN-SYNTAX.
[[nodiscard]] Result<crypto::Sha256Digest> enrollment_token_sha256(std::string_view text);

// Whether a claim's token is good for it. None for one that the store does not know. Refuses, in
// this order: ENR-TOKEN-UNKNOWN, ENR-TOKEN-EK (another TPM's), ENR-TOKEN-GROUP, ENR-TOKEN-EXPIRED
// and ENR-TOKEN-USED.
[[nodiscard]] Result<void> check_enrollment_token(const std::optional<EnrollmentToken>& token,
                                                  const EnrollmentClaim& claim, TimePoint now);

class EnrollmentTokens {
 public:
  EnrollmentTokens() = default;
  EnrollmentTokens(const EnrollmentTokens&) = delete;
  EnrollmentTokens& operator=(const EnrollmentTokens&) = delete;
  virtual ~EnrollmentTokens() = default;

  // Forgets some that expired more than a day before `now`.
  [[nodiscard]] virtual Result<void> add(const EnrollmentToken& token, TimePoint now) = 0;
  [[nodiscard]] virtual Result<std::optional<EnrollmentToken>> find(
      const crypto::Sha256Digest& sha256) = 0;
  // In one statement, so that of two who come at once one gets it. Refuses ENR-TOKEN-USED.
  [[nodiscard]] virtual Result<void> use(const crypto::Sha256Digest& sha256) = 0;
};

}  // namespace vedette::identity
