#include "server/server_certificate.h"

#include <utility>
#include <vector>

namespace vedette::server {

Result<bool> ServerCertificate::tend() {
  const TimePoint now = clock_.now();
  VEDETTE_TRY(const bool new_certificate, renew_certificate(now));
  const auto new_statement = renew_statement(now);
  // A new certificate is shown without a response, which is tried again in the next round.
  if (new_certificate) return true;
  return new_statement;
}

Result<bool> ServerCertificate::renew_certificate(TimePoint now) {
  if (shown_) {
    const bool is_young = now < shown_->leaf.not_after() - lifetime_ / 2;
    // One that ends with the authority is not made anew for that.
    const bool is_last = now < shown_->leaf.not_after() &&
                         shown_->leaf.not_after() >= authority_.issuing().not_after();
    if (now >= shown_->leaf.not_before() && (is_young || is_last)) return false;
  }
  crypto::PrivateKey key = crypto::PrivateKey::generate_p256();
  VEDETTE_TRY(const identity::ServerId name, identity::ServerId::parse("control-plane"));
  VEDETTE_TRY(crypto::Certificate leaf,
              authority_.issue_server(name, names_, key.public_key(), now, lifetime_));
  shown_ = Shown{std::move(key), std::move(leaf), authority_.issuing()};
  return true;
}

Result<bool> ServerCertificate::renew_statement(TimePoint now) {
  OcspStatement& present = shown_->statement;
  if (!present.der.empty() && now >= present.made_at && now < present.made_at + kStapleLifetime / 2)
    return false;
  auto made = revocations_.statement_of(shown_->leaf);
  if (made) {
    present = *std::move(made);
    return true;
  }
  const bool has_ended = !present.der.empty() && now >= present.made_at + kStapleLifetime;
  if (!has_ended) return std::unexpected(made.error());
  present = {};  // none is better than one that clients refuse
  return true;
}

platform::TlsServerSettings ServerCertificate::settings() const {
  std::vector<crypto::Certificate> chain{shown_->leaf, shown_->issuing};
  // For peers that know a former root alone.
  chain.insert(chain.end(), trust_.new_with_old.begin(), trust_.new_with_old.end());
  return platform::TlsServerSettings{.chain = std::move(chain),
                                     .key = shown_->key,
                                     .client_roots = trust_.roots_at(clock_.now()),
                                     .client_issuers = trust_.issuing_at(clock_.now()),
                                     .require_client_certificate = true,
                                     .ocsp_response = shown_->statement.der};
}

}  // namespace vedette::server
