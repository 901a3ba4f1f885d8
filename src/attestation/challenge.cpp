#include "attestation/challenge.h"

namespace vedette::attestation {
namespace {

constexpr std::size_t kNonceOctets = 32;

}  // namespace

Result<Challenge> ChallengeBook::issue(const DeviceId& device,
                                       const crypto::Sha256Digest& certificate_fingerprint,
                                       TimePoint now) {
  Challenge challenge{crypto::random_bytes(kNonceOctets), now + kLifetime};
  const std::scoped_lock lock(mutex_);
  forget_device(device);
  if (entries_.size() >= capacity_) forget_expired(now);
  if (entries_.size() >= capacity_)
    return refuse("ATT-BUSY", "too many devices are attesting at this moment",
                  std::to_string(entries_.size()) + " challenges are open",
                  "try again in a minute");
  entries_.emplace(challenge.nonce, Entry{device, certificate_fingerprint, challenge.expires_at});
  live_by_device_.emplace(device, challenge.nonce);
  return challenge;
}

Result<TimePoint> ChallengeBook::redeem(ByteView nonce, const DeviceId& device,
                                        const crypto::Sha256Digest& certificate_fingerprint,
                                        TimePoint now) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(to_bytes(nonce));
  if (found == entries_.end())
    return refuse("ATT-NONCE-UNKNOWN",
                  "the challenge was never issued, has been used, or was replaced by a newer one",
                  {}, "ask for a challenge, and answer it once");
  const Entry& entry = found->second;
  if (entry.device != device || entry.certificate_fingerprint != certificate_fingerprint)
    return refuse("ATT-NONCE-FOREIGN",
                  "the challenge was issued to another device or for another certificate",
                  "issued to " + entry.device.str() + ", answered by " + device.str());
  const bool expired = now >= entry.expires_at;
  const TimePoint issued_at = entry.expires_at - kLifetime;
  forget_device(device);
  if (expired)
    return refuse("ATT-NONCE-EXPIRED", "the challenge was answered too late", {},
                  "ask for a new one and answer within a minute");
  return issued_at;
}

std::size_t ChallengeBook::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

void ChallengeBook::forget_expired(TimePoint now) {
  std::erase_if(entries_, [now](const auto& item) { return now >= item.second.expires_at; });
  std::erase_if(live_by_device_,
                [this](const auto& item) { return !entries_.contains(item.second); });
}

void ChallengeBook::forget_device(const DeviceId& device) {
  const auto live = live_by_device_.find(device);
  if (live == live_by_device_.end()) return;
  entries_.erase(live->second);
  live_by_device_.erase(live);
}

}  // namespace vedette::attestation
