#include "identity/pending_enrollments.h"

namespace vedette::identity {
namespace {

constexpr std::size_t kIdOctets = 16;
constexpr std::size_t kSecretOctets = 32;  // what MakeCredential takes with SHA-256 keys

}  // namespace

Result<OpenedEnrollment> PendingEnrollments::open(const Verified<EnrollmentClaim>& claim,
                                                  const Applicant& applicant, TimePoint now) {
  OpenedEnrollment opened{to_hex(crypto::random_bytes(kIdOctets)),
                          SecretBytes(crypto::random_bytes(kSecretOctets)), now + kLifetime};
  const std::scoped_lock lock(mutex_);
  forget_expired(now);
  std::erase_if(entries_, [&](const auto& item) {
    return item.second.claim->endorsement_sha256 == claim->endorsement_sha256 &&
           item.second.applicant.connection == applicant.connection;
  });
  VEDETTE_CHECK(check_room(claim->endorsement_sha256, applicant.address));
  entries_.emplace(opened.id, Entry{claim, applicant, crypto::sha256(opened.secret.expose()),
                                    opened.expires_at});
  return opened;
}

Result<Verified<EnrollmentClaim>> PendingEnrollments::redeem(
    const std::string& id, ByteView secret, const crypto::Sha256Digest& requested_key_sha256,
    TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end())
    return refuse("ENR-UNKNOWN", "there is no such enrolment", {}, "enrol again");
  Entry& entry = found->second;
  if (now >= entry.expires_at) {
    entries_.erase(found);
    return refuse("ENR-EXPIRED", "the enrolment was not completed in time", {}, "enrol again");
  }
  if (!equal_constant_time(crypto::sha256(secret), entry.secret_sha256)) {
    if (++entry.wrong_tries >= kMaxTries) entries_.erase(found);
    return refuse("ENR-SECRET",
                  "the secret is not the one that only the TPM of both keys could have opened");
  }
  if (requested_key_sha256 != entry.claim->device_key_sha256)
    return refuse("ENR-CSR-KEY",
                  "the certification request is for another key than the certified one");
  return entry.claim;
}

std::size_t PendingEnrollments::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

void PendingEnrollments::forget_expired(TimePoint now) {
  std::erase_if(entries_, [now](const auto& item) { return now >= item.second.expires_at; });
}

Result<void> PendingEnrollments::check_room(const crypto::Sha256Digest& endorsement_sha256,
                                            const std::string& address) const {
  std::size_t of_endorsement = 0;
  std::size_t from_address = 0;
  for (const auto& [id, entry] : entries_) {
    if (entry.claim->endorsement_sha256 != endorsement_sha256) continue;
    ++of_endorsement;
    if (entry.applicant.address == address) ++from_address;
  }
  if (entries_.size() >= capacity_ || of_endorsement >= kMostOfEndorsement ||
      from_address >= kMostFromAddress)
    return refuse("ENR-BUSY", "too many enrolments are under way at this moment",
                  std::to_string(entries_.size()) + " wait, " + std::to_string(of_endorsement) +
                      " of this TPM, " + std::to_string(from_address) + " from this address",
                  "try again in a minute");
  return {};
}

}  // namespace vedette::identity
