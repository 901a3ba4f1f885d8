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

// Who began an enrolment, as far as is known before the TPM has spoken.
struct Applicant {
  Bytes connection;     // its channel binding
  std::string address;  // textual
};

// In memory: a restart makes applicants start again. Thread-safe.
class PendingEnrollments {
 public:
  static constexpr std::size_t kCapacity = 1024;
  static constexpr Duration kLifetime = std::chrono::minutes(2);
  static constexpr int kMaxTries = 3;
  // Of one EK: from one address, and in all. The public half of an EK is no secret, so a stranger
  // can begin with it; whoever has the TPM must find room beside them.
  static constexpr std::size_t kMostFromAddress = 4;
  static constexpr std::size_t kMostOfEndorsement = 16;

  explicit PendingEnrollments(std::size_t capacity = kCapacity) : capacity_(capacity) {}

  // A newer claim of the same EK on the same connection replaces the older one; no other does, so
  // that nobody ends an enrolment under way who merely knows whose it is. Refuses ENR-BUSY when too
  // many wait: of this EK from this address, of this EK, or in all.
  [[nodiscard]] Result<OpenedEnrollment> open(const Verified<EnrollmentClaim>& claim,
                                              const Applicant& applicant, TimePoint now);

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
    Applicant applicant;
    crypto::Sha256Digest secret_sha256;
    TimePoint expires_at;
    int wrong_tries = 0;
  };

  void forget_expired(TimePoint now);
  [[nodiscard]] Result<void> check_room(const crypto::Sha256Digest& endorsement_sha256,
                                        const std::string& address) const;

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // by id
};

}  // namespace vedette::identity
