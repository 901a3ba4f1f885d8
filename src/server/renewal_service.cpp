#include "server/renewal_service.h"

#include "identity/renewal_info.h"
#include "server/answers.h"

namespace vedette::server {

namespace {

constexpr int kAsk = 12;  // a device asks so often in the life of its certificate

}  // namespace

Result<platform::HttpResponse> RenewalService::info(const Call& call) {
  const crypto::Certificate& certificate = *call.connection.peer;
  const identity::SpiffeId device(verifier_.trust_domain(), call.caller.device->id);
  const identity::CertificateLife life = identity::life_of(certificate);
  VEDETTE_TRY(
      const std::string signed_info,
      identity::issue_renewal_info({.issuer = verifier_.str(),
                                    .device = device.str(),
                                    .certificate = certificate.fingerprint(),
                                    .window = identity::suggested_window(life, device.str()),
                                    .ask_again = (life.not_after - life.not_before) / kAsk,
                                    .issued_at = clock_.now()},
                                   key_));
  codec::Json body;
  body.set("renewal_info", signed_info).set("signer", certificate_.pem());
  return answer(body);
}

}  // namespace vedette::server
