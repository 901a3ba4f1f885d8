#include "server/verifier_identity.h"

#include "identity/renewal.h"

namespace vedette::server {

namespace {

constexpr std::chrono::hours kLifetime{24};

}  // namespace

Result<VerifierIdentity::Present> VerifierIdentity::present() {
  const TimePoint now = clock_.now();
  SigningKeys::Signer signer = keys_.signer(now);
  const std::scoped_lock lock(mutex_);
  if (present_ && present_->signer.id == signer.id) {
    const identity::CertificateLife life = identity::life_of(present_->certificate);
    const bool is_young = now >= life.not_before && now < life.not_after - kLifetime / 2;
    // One that ends with the authority is not made anew for that.
    const bool is_last = now < life.not_after && life.not_after >= authority_.issuing().not_after();
    if (is_young || is_last) return *present_;
  }
  VEDETTE_TRY(const identity::ServerId name, identity::ServerId::parse(name_.name()));
  VEDETTE_TRY(crypto::Certificate certificate,
              authority_.issue_server(name, {}, signer.key.public_key(), now, kLifetime));
  present_ = Present{std::move(signer), std::move(certificate)};
  return *present_;
}

std::string VerifierIdentity::chain_pem(const Present& present) const {
  std::string chain = present.certificate.pem() + authority_.issuing().pem();
  for (const crypto::Certificate& cross : trust_.new_with_old)
    chain += cross.pem();
  return chain;
}

}  // namespace vedette::server
