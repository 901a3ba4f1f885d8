// An authority for the tests of this folder: a root, an issuing CA under it, and what they sign.
#pragma once

#include <array>

#include <gtest/gtest.h>

#include "crypto/certificate.h"

namespace vedette::crypto {

inline const TimePoint kStart = from_unix_seconds(1'795'000'000);  // in November 2026
inline constexpr std::chrono::hours kDay{24};

// The code of a refusal; empty when there is none.
template <class T>
[[nodiscard]] std::string code_of(const Result<T>& result) {
  return result.has_value() ? std::string() : result.error().code;
}

struct AuthoritySample {
  PrivateKey root_key = PrivateKey::generate_p256();
  PrivateKey issuing_key = PrivateKey::generate_p256();
  Certificate root = make_root("Test root", root_key);
  Certificate issuing = make_issuing({});

  static CertificateProfile profile(CertificateKind kind, const std::string& name) {
    CertificateProfile result;
    result.kind = kind;
    result.common_name = name;
    result.not_before = kStart;
    result.not_after = kStart + 10 * kDay;
    return result;
  }

  static Certificate make_root(const std::string& name, const PrivateKey& key) {
    CertificateProfile root = profile(CertificateKind::root_ca, name);
    root.not_after = kStart + 100 * kDay;
    return issue_certificate(root, key.public_key(), std::nullopt, key).value();
  }

  [[nodiscard]] Certificate make_issuing(const std::string& permitted_uri_domain) const {
    CertificateProfile issuer = profile(CertificateKind::issuing_ca, "Test issuing CA");
    issuer.not_after = kStart + 50 * kDay;
    issuer.permitted_uri_domain = permitted_uri_domain;
    return issue_certificate(issuer, issuing_key.public_key(), root, root_key).value();
  }

  static CertificateProfile client_profile() {
    CertificateProfile client = profile(CertificateKind::client, "device-1");
    client.uri_name = "spiffe://example.org/device/device-1";
    return client;
  }

  [[nodiscard]] Result<Certificate> issue(const CertificateProfile& leaf,
                                          const PublicKey& key) const {
    return issue_certificate(leaf, key, issuing, issuing_key);
  }

  [[nodiscard]] Result<void> verify(const Certificate& leaf, TimePoint time,
                                    Purpose purpose) const {
    return verify_chain(leaf, std::array{issuing}, std::array{root}, time, purpose);
  }
};

}  // namespace vedette::crypto
