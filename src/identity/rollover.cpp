#include "identity/rollover.h"

#include <algorithm>
#include <array>

#include "crypto/issuance.h"
#include "identity/authority.h"
#include "identity/trust_bundle_fields.h"

namespace vedette::identity {
namespace {

using crypto::Certificate;
using crypto::CertificateKind;
using crypto::CertificateProfile;
using crypto::PrivateKey;
using crypto::PublicKey;

constexpr Duration kYear = std::chrono::hours(24 * 365);
constexpr Duration kRootLifetime = 10 * kYear;
constexpr const char* kOrganization = "Vedette";
// No device certificate is issued for longer: so long what was signed by a former issuing CA may be
// asked about (identity.md, Revocation).
constexpr Duration kRemembered = std::chrono::hours(24);

Result<void> check_root_key(const Certificate& root, const PrivateKey& key) {
  VEDETTE_TRY(const PublicKey certified, root.public_key());
  if (certified == key.public_key()) return {};
  return refuse("CA-ROOT-KEY", "this is not the present root's key", root.subject(),
                "bring the key of ca/root.pem from where it is kept");
}

// `present` as the first of the former ones, and those before it that still matter.
Result<std::vector<TrustedAuthority>> preceded_by(Certificate next,
                                                  const std::vector<TrustedAuthority>& present,
                                                  TimePoint now, TimePoint until,
                                                  std::size_t most) {
  std::vector<TrustedAuthority> all{{std::move(next), {}}};
  for (const TrustedAuthority& former : present)
    if (now < former.until.value_or(now) + kRemembered)
      all.push_back({former.certificate, std::min(until, former.until.value_or(until))});
  if (all.size() > most)
    return refuse("CA-ROLLOVER", "there are too many former authorities for another rollover",
                  std::to_string(all.size() - 1), "wait until one of them is not trusted any more");
  return all;
}

void put_first(std::vector<Certificate>& crosses, Certificate newest) {
  crosses.insert(crosses.begin(), std::move(newest));
  if (crosses.size() > kMostCrosses) crosses.pop_back();
}

// Without roots an issuing CA is nobody's.
void drop_orphans(TrustBundle& bundle) {
  std::erase_if(bundle.issuing, [&](const TrustedAuthority& issuing) {
    return std::ranges::none_of(bundle.roots, [&](const TrustedAuthority& root) {
      return crypto::names_issuer(issuing.certificate, root.certificate);
    });
  });
}

// The next version, dated.
TrustBundle after(const TrustBundle& present, TimePoint now) {
  TrustBundle next = present;
  ++next.version;
  next.issued_at = now;
  return next;
}

}  // namespace

Result<Certificate> issue_root_certificate(const PrivateKey& key, TimePoint now) {
  CertificateProfile profile;
  profile.kind = CertificateKind::root_ca;
  profile.common_name = "Vedette root CA";
  profile.organization = kOrganization;
  profile.not_before = now - kBackdating;
  profile.not_after = now + kRootLifetime;
  return issue_certificate(profile, key.public_key(), std::nullopt, key);
}

Result<Certificate> issue_issuing_certificate(const TrustDomain& trust_domain, const PublicKey& key,
                                              const Certificate& root, const PrivateKey& root_key,
                                              TimePoint now) {
  CertificateProfile profile;
  profile.kind = CertificateKind::issuing_ca;
  profile.common_name = "Vedette issuing CA";
  profile.organization = kOrganization;
  profile.permitted_uri_domain = trust_domain.str();
  profile.not_before = now - kBackdating;
  profile.not_after = std::min(now + kYear, root.not_after());
  return issue_certificate(profile, key, root, root_key);
}

Result<SignedTrustBundle> first_bundle(const TrustDomain& trust_domain, const Certificate& root,
                                       const Certificate& issuing, const PrivateKey& root_key,
                                       TimePoint now) {
  VEDETTE_CHECK(check_root_key(root, root_key));
  return sign_trust_bundle({.version = 1,
                            .trust_domain = trust_domain.str(),
                            .issued_at = now,
                            .expires_at = issuing.not_after(),
                            .roots = {{root, {}}},
                            .issuing = {{issuing, {}}},
                            .new_with_old = {},
                            .old_with_new = {}},
                           std::span(&root_key, 1));
}

Result<SignedTrustBundle> roll_issuing(const SignedTrustBundle& present,
                                       const PublicKey& issuing_key, const PrivateKey& root_key,
                                       TimePoint now, Duration overlap) {
  const TrustBundle& before = present.bundle();
  VEDETTE_CHECK(check_root_key(before.root(), root_key));
  VEDETTE_TRY(const PublicKey former_key, before.issuing.front().certificate.public_key());
  if (former_key == issuing_key)
    return refuse("CA-ROLLOVER", "the new issuing CA would have the former one's key");
  VEDETTE_TRY(const TrustDomain domain, TrustDomain::parse(before.trust_domain));
  VEDETTE_TRY(Certificate issuing,
              issue_issuing_certificate(domain, issuing_key, before.root(), root_key, now));
  TrustBundle next = after(before, now);
  next.expires_at = issuing.not_after();
  VEDETTE_TRY(next.issuing,
              preceded_by(std::move(issuing), before.issuing, now, now + overlap, kMostIssuing));
  return sign_trust_bundle(next, std::span(&root_key, 1));
}

Result<SignedTrustBundle> roll_root(const SignedTrustBundle& present, const PrivateKey& new_key,
                                    const PrivateKey& root_key, TimePoint now, Duration overlap) {
  const TrustBundle& before = present.bundle();
  VEDETTE_CHECK(check_root_key(before.root(), root_key));
  if (new_key.public_key() == root_key.public_key())
    return refuse("CA-ROOT-KEY", "the new root would have the old one's key");
  VEDETTE_TRY(const TrustDomain domain, TrustDomain::parse(before.trust_domain));
  VEDETTE_TRY(const Certificate root, issue_root_certificate(new_key, now));
  VEDETTE_TRY(const PublicKey issuing_key, before.issuing.front().certificate.public_key());
  VEDETTE_TRY(Certificate issuing,
              issue_issuing_certificate(domain, issuing_key, root, new_key, now));
  const TimePoint from = now - kBackdating;
  VEDETTE_TRY(Certificate new_with_old,
              crypto::issue_cross_certificate(root, before.root(), root_key, from));
  VEDETTE_TRY(Certificate old_with_new,
              crypto::issue_cross_certificate(before.root(), root, new_key, from));
  TrustBundle next = after(before, now);
  next.expires_at = issuing.not_after();
  put_first(next.new_with_old, std::move(new_with_old));
  put_first(next.old_with_new, std::move(old_with_new));
  VEDETTE_TRY(next.roots, preceded_by(root, before.roots, now, now + overlap, kMostRoots));
  VEDETTE_TRY(next.issuing,
              preceded_by(std::move(issuing), before.issuing, now, now + overlap, kMostIssuing));
  drop_orphans(next);
  const std::array keys{root_key, new_key};
  return sign_trust_bundle(next, keys);
}

}  // namespace vedette::identity
