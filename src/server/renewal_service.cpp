#include "server/renewal_service.h"

#include "codec/base64.h"
#include "identity/renewal_info.h"
#include "identity/signed_time.h"
#include "server/answers.h"

namespace vedette::server {

namespace {

constexpr int kAsk = 12;  // a device asks so often in the life of its certificate

}  // namespace

Result<platform::HttpResponse> RenewalService::info(const Call& call) {
  const crypto::Certificate& certificate = *call.connection.peer;
  const identity::SpiffeId device(verifier_.name().trust_domain(), call.caller.device->id);
  const identity::CertificateLife life = identity::life_of(certificate);
  VEDETTE_TRY(const auto by, verifier_.present());
  VEDETTE_TRY(
      const std::string signed_info,
      identity::issue_renewal_info({.issuer = verifier_.name().str(),
                                    .device = device.str(),
                                    .certificate = certificate.fingerprint(),
                                    .window = identity::suggested_window(life, device.str()),
                                    .ask_again = (life.not_after - life.not_before) / kAsk,
                                    .issued_at = clock_.now()},
                                   by.signer.key));
  codec::Json body;
  body.set("renewal_info", signed_info).set("signer", by.certificate.pem());
  return answer(body);
}

Result<platform::HttpResponse> RenewalService::time(const Call& call) {
  const auto asked = call.query.find("nonce");
  VEDETTE_TRY(const Bytes nonce,
              codec::from_base64url(asked == call.query.end() ? std::string() : asked->second));
  VEDETTE_TRY(const auto by, verifier_.present());
  VEDETTE_TRY(const std::string told, identity::issue_signed_time(verifier_.name().str(), nonce,
                                                                  clock_.now(), by.signer.key));
  codec::Json body;
  body.set("time", told).set("signer", verifier_.chain_pem(by));
  return answer(body);
}

}  // namespace vedette::server
