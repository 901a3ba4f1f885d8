// A trust domain that rolls over, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include "identity/authority.h"
#include "identity/rollover.h"

namespace vedette::identity {

// The first root is A; B and C are keys for those that follow.
struct RolloverScene : ::testing::Test {
  static constexpr Duration kOverlap = std::chrono::hours(48);

  [[nodiscard]] SignedTrustBundle issuing_rolled(const SignedTrustBundle& present,
                                                 const crypto::PrivateKey& root_key,
                                                 Duration overlap = kOverlap) const {
    const auto key = crypto::PrivateKey::generate_p256().public_key();
    return roll_issuing(present, key, root_key, now, overlap).value();
  }
  [[nodiscard]] SignedTrustBundle root_rolled(const SignedTrustBundle& present,
                                              const crypto::PrivateKey& to,
                                              const crypto::PrivateKey& from,
                                              Duration overlap = kOverlap) const {
    return roll_root(present, to, from, now, overlap).value();
  }
  // `bundle` as `edit` leaves it, signed by `keys`.
  template <class Edit>
  [[nodiscard]] static Result<SignedTrustBundle> edited(
      const SignedTrustBundle& bundle, std::initializer_list<crypto::PrivateKey> keys, Edit edit) {
    TrustBundle changed = bundle.bundle();
    edit(changed);
    return sign_trust_bundle(changed, std::vector<crypto::PrivateKey>(keys));
  }
  template <class T>
  [[nodiscard]] static std::string code_of(const Result<T>& result) {
    return result ? "" : result.error().code;
  }

  TimePoint now = from_unix_seconds(1'795'000'000);
  TrustDomain domain = TrustDomain::parse("edge.example").value();
  NewAuthority created = CertificateAuthority::create(domain, now).value();
  crypto::PrivateKey a = created.root_key;
  crypto::PrivateKey b = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey c = crypto::PrivateKey::generate_p256();
  SignedTrustBundle first =
      first_bundle(domain, created.material.root, created.material.issuing, a, now).value();
};

}  // namespace vedette::identity
