#include "identity/enrollment_nonces.h"

#include "crypto/digest.h"

namespace vedette::identity {
namespace {

constexpr std::size_t kChannelBindingOctets = 32;  // RFC 9266, 4.2
constexpr std::size_t kRandomOctets = 8;
constexpr std::size_t kTimeOctets = 8;
constexpr std::size_t kHeadOctets = kRandomOctets + kTimeOctets;
constexpr std::size_t kNonceOctets = kHeadOctets + crypto::Sha256Digest{}.size();
constexpr unsigned kByte = 8;

Bytes mac_of(const SecretBytes& key, ByteView head, ByteView channel_binding) {
  Bytes message = to_bytes("vedette enrollment nonce");
  message.push_back(0);
  append(message, head);
  append(message, channel_binding);
  return crypto::hmac(crypto::Hash::sha256, key.expose(), message);
}

std::unexpected<Error> refuse_used() {
  return refuse("ENR-NONCE-USED", "the nonce has been used", {}, "ask for another one");
}

}  // namespace

EnrollmentNonces::EnrollmentNonces(std::size_t capacity)
    : capacity_(capacity), key_(crypto::random_bytes(crypto::Sha256Digest{}.size())) {}

Result<Bytes> EnrollmentNonces::issue(ByteView channel_binding, TimePoint now) const {
  if (channel_binding.size() != kChannelBindingOctets)
    return refuse("ENR-CHANNEL", "the connection has no channel binding to compare with",
                  std::to_string(channel_binding.size()) + " octets instead of 32",
                  "enrol over TLS 1.3");
  Bytes nonce = crypto::random_bytes(kRandomOctets);
  const auto end = static_cast<std::uint64_t>(to_unix_seconds(now + kLifetime));
  for (std::size_t i = kTimeOctets; i-- > 0;)
    nonce.push_back(static_cast<std::uint8_t>(end >> (kByte * i)));
  append(nonce, mac_of(key_, nonce, channel_binding));
  return nonce;
}

Result<TimePoint> EnrollmentNonces::expiry_of(ByteView nonce, ByteView channel_binding,
                                              TimePoint now) const {
  if (nonce.size() != kNonceOctets ||
      !equal_constant_time(nonce.subspan(kHeadOctets),
                           mac_of(key_, nonce.first(kHeadOctets), channel_binding)))
    return refuse("ENR-NONCE", "the nonce was not issued to this connection", {},
                  "ask for one, and answer over the same connection");
  std::uint64_t end = 0;
  for (const std::uint8_t octet : nonce.subspan(kRandomOctets, kTimeOctets))
    end = (end << kByte) | octet;
  const TimePoint expiry = from_unix_seconds(static_cast<std::int64_t>(end));
  if (now >= expiry)
    return refuse("ENR-NONCE-EXPIRED", "the nonce was answered too late", {},
                  "ask for another one, and answer within a minute");
  return expiry;
}

Result<void> EnrollmentNonces::check(ByteView nonce, ByteView channel_binding,
                                     TimePoint now) const {
  VEDETTE_CHECK(expiry_of(nonce, channel_binding, now));
  const std::scoped_lock lock(mutex_);
  if (used_.contains(to_bytes(nonce))) return refuse_used();
  return {};
}

Result<TimePoint> EnrollmentNonces::use(ByteView nonce, ByteView channel_binding, TimePoint now) {
  VEDETTE_TRY(const TimePoint expiry, expiry_of(nonce, channel_binding, now));
  const std::scoped_lock lock(mutex_);
  if (used_.size() >= capacity_)
    std::erase_if(used_, [now](const auto& item) { return now >= item.second; });
  if (used_.contains(to_bytes(nonce))) return refuse_used();
  if (used_.size() >= capacity_)
    return refuse("ENR-BUSY", "too many devices are enrolling at this moment",
                  std::to_string(used_.size()) + " within a minute", "try again in a minute");
  used_.emplace(to_bytes(nonce), expiry);
  return expiry - kLifetime;
}

}  // namespace vedette::identity
