// PendingEnrollments: claims that wait for the TPM to give the secret back.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/verified.h"
#include "crypto/digest.h"
#include "identity/enrollment.h"

namespace vedette::identity {

// What the applicant gets: the id in the open, the secret wrapped by crypto::make_credential.
struct OpenedEnrollment {
  std::string id;      // 32 hexadecimal digits
  SecretBytes secret;  // 32 random octets; the book keeps their digest alone
  TimePoint expires_at;
};

// In memory: a restart makes applicants start again. Thread-safe.
class PendingEnrollments {
 public:
  static constexpr std::size_t kCapacity = 1024;
  static constexpr Duration kLifetime = std::chrono::minutes(2);
  static constexpr int kMaxTries = 3;

  explicit PendingEnrollments(std::size_t capacity = kCapacity) : capacity_(capacity) {}

  // A newer claim of the same EK replaces the older one. Refuses ENR-BUSY when too many wait.
  [[nodiscard]] Result<OpenedEnrollment> open(const Verified<EnrollmentClaim>& claim,
                                              TimePoint now);

  // The claim that `id` names, to the one who knows its secret and asks for the key it certifies.
  // May be repeated until it expires, so that a lost answer can be asked for again: the key makes
  // sure that it is the same one. Refuses ENR-UNKNOWN, ENR-EXPIRED, ENR-SECRET (the third wrong
  // one ends it) and ENR-CSR-KEY.
  [[nodiscard]] Result<Verified<EnrollmentClaim>> redeem(
      const std::string& id, ByteView secret, const crypto::Sha256Digest& requested_key_sha256,
      TimePoint now);

  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    Verified<EnrollmentClaim> claim;
    crypto::Sha256Digest secret_sha256;
    TimePoint expires_at;
    int wrong_tries = 0;
  };

  void forget_expired(TimePoint now);
  void forget_endorsement(const crypto::Sha256Digest& endorsement_sha256);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by id
};

}  // namespace vedette::identity
