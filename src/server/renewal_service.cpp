#include "server/renewal_service.h"

#include "identity/renewal_info.h"
#include "server/answers.h"

namespace vedette::server {

namespace {

constexpr int kAsk = 12;  // a device asks so often in the life of its certificate
constexpr std::chrono::hours kSignerLifetime{24};

}  // namespace

Result<RenewalService::Signer> RenewalService::signer() {
  const TimePoint now = clock_.now();
  SigningKeys::Signer key = keys_.signer(now);
  const std::scoped_lock lock(mutex_);
  if (signer_ && signer_->key.id == key.id) {
    const identity::CertificateLife life = identity::life_of(signer_->certificate);
    const bool is_young = now >= life.not_before && now < life.not_after - kSignerLifetime / 2;
    // One that ends with the authority is not made anew for that.
    const bool is_last = now < life.not_after && life.not_after >= authority_.issuing().not_after();
    if (is_young || is_last) return *signer_;
  }
  VEDETTE_TRY(const identity::ServerId name, identity::ServerId::parse(verifier_.name()));
  VEDETTE_TRY(crypto::Certificate certificate,
              authority_.issue_server(name, {}, key.key.public_key(), now, kSignerLifetime));
  signer_ = Signer{std::move(key), std::move(certificate)};
  return *signer_;
}

Result<platform::HttpResponse> RenewalService::info(const Call& call) {
  const crypto::Certificate& certificate = *call.connection.peer;
  const identity::SpiffeId device(verifier_.trust_domain(), call.caller.device->id);
  const identity::CertificateLife life = identity::life_of(certificate);
  VEDETTE_TRY(const Signer by, signer());
  VEDETTE_TRY(
      const std::string signed_info,
      identity::issue_renewal_info({.issuer = verifier_.str(),
                                    .device = device.str(),
                                    .certificate = certificate.fingerprint(),
                                    .window = identity::suggested_window(life, device.str()),
                                    .ask_again = (life.not_after - life.not_before) / kAsk,
                                    .issued_at = clock_.now()},
                                   by.key.key));
  codec::Json body;
  body.set("renewal_info", signed_info).set("signer", by.certificate.pem());
  return answer(body);
}

}  // namespace vedette::server
