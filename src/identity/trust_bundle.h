// TrustBundle: which roots and issuing CAs a trust domain has, as a document that its roots sign.
//
// Every rollover makes the next version. A root hands over to another by signing the version that
// names it, which the new one signs too (as TUF rotates its root, 5.3.4): who holds version N takes
// N + 1 and nothing else, and so walks over whatever was missed, whoever hands the documents out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "identity/spiffe.h"

namespace vedette::identity {

inline constexpr const char* kTrustBundleType = "vedette-trust-bundle+jws";
inline constexpr std::size_t kMaxTrustBundle = 64U << 10U;

struct TrustedAuthority {
  crypto::Certificate certificate;
  std::optional<TimePoint> until{};  // of a former one: from then on it is not trusted any more
};

struct TrustBundle {
  std::uint64_t version = 0;  // 1 and up; 0: of a folder or a device that has none yet
  std::string trust_domain;
  TimePoint issued_at;
  TimePoint expires_at;                           // with the present issuing CA
  std::vector<TrustedAuthority> roots;            // the present one first, then former ones
  std::vector<TrustedAuthority> issuing;          // likewise
  std::vector<crypto::Certificate> new_with_old;  // cross-certificates of RFC 4210, 4.4, the
  std::vector<crypto::Certificate> old_with_new;  // newest first

  [[nodiscard]] const crypto::Certificate& root() const { return roots.front().certificate; }
  // Those that are trusted at `now`; a time before `issued_at` counts as that time.
  [[nodiscard]] std::vector<crypto::Certificate> roots_at(TimePoint now) const;
  [[nodiscard]] std::vector<crypto::Certificate> issuing_at(TimePoint now) const;
  // When the next of them ends that is trusted at `now`; none: none does.
  [[nodiscard]] std::optional<TimePoint> next_end(TimePoint now) const;
  // What a chain lacks that was sent by somebody who knows another root: issuing CAs trusted at
  // `now`, what leads from former roots to this one, and from it to those that are not retired.
  [[nodiscard]] std::vector<crypto::Certificate> intermediates_at(TimePoint now) const;
};

// A bundle with its signatures: sound in itself, and signed by the present root that it names. That
// alone makes nobody trust it.
class SignedTrustBundle {
 public:
  // JWS in general JSON form (RFC 7515, 7.2.1), at most 64 KiB. Refuses BUNDLE-SYNTAX; BUNDLE-ROOT
  // (a root that does not sign itself, twice the same, a present one that ends or a former one that
  // does not), BUNDLE-ISSUING (the same of an issuing CA, or none of these roots has signed it),
  // and BUNDLE-SIGNATURE where its present root has not signed it.
  [[nodiscard]] static Result<SignedTrustBundle> parse(std::string_view text);

  [[nodiscard]] const TrustBundle& bundle() const { return bundle_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const std::string& payload() const { return payload_; }
  [[nodiscard]] bool is_signed_by(const crypto::PublicKey& key) const;

 private:
  SignedTrustBundle() = default;

  std::string text_;
  std::string payload_;
  std::vector<std::string> tokens_;  // compact, one for each signature
  TrustBundle bundle_;
};

// Signed by each of `keys`: of the present root, and of the one before where that was another.
// Refuses KEY-SIGN and what SignedTrustBundle::parse refuses.
[[nodiscard]] Result<SignedTrustBundle> sign_trust_bundle(const TrustBundle& bundle,
                                                          std::span<const crypto::PrivateKey> keys);

// Whether `next` may follow `held`. Refuses BUNDLE-DOMAIN, BUNDLE-ROLLBACK (a lower version),
// BUNDLE-FORK (the same version, said otherwise), BUNDLE-GAP (not the very next version),
// BUNDLE-SIGNATURE (the root of `held` has not signed it) and BUNDLE-ROOT (a former root that
// `held` does not know).
[[nodiscard]] Result<void> check_successor(const SignedTrustBundle& held,
                                           const SignedTrustBundle& next);

// Where a walk begins, and what it has to end in.
struct TrustWalk {
  const TrustDomain& trust_domain;
  std::optional<SignedTrustBundle> held;         // none: the walk begins at the first bundle whose
  std::span<const crypto::Certificate> anchors;  // present root is one of these
  TimePoint now;
};

// Follows `bundles`, oldest first, and returns the last; none when there is nothing newer than what
// is held. Only the last one must not have expired. Refuses BUNDLE-FOREIGN where none of them
// begins at an anchor, BUNDLE-EXPIRED, and what parse and check_successor refuse: then nothing of
// them counts.
[[nodiscard]] Result<std::optional<SignedTrustBundle>> walk_trust(
    const TrustWalk& walk, std::span<const std::string> bundles);

// Whether no chain may lead over `authority`, an issuing CA or a cross-certificate. It may not
// where `trust` names it as one that has ended, where it carries the key of a root that has ended
// or that `trust` has forgotten, and where `trust` does not name it although it was there when
// `trust` was made. A younger one is of a rollover that has not been heard of: what signed it
// decides. A time before `trust` was made counts as that time.
[[nodiscard]] bool is_retired(const crypto::Certificate& authority, const TrustBundle& trust,
                              TimePoint now);

// Refuses PEER-ISSUER unless the issuing CA that `leaf` names is trusted at `now` and has the key
// whose SubjectPublicKeyInfo has the digest `issuer_key`. That this key has signed `leaf`, and that
// the chain is valid, TLS has found.
[[nodiscard]] Result<void> check_issuer(const crypto::Certificate& leaf,
                                        const crypto::Sha256Digest& issuer_key,
                                        const TrustBundle& trust, TimePoint now);

}  // namespace vedette::identity
