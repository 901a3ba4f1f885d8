// TrustAnchors: whom this device takes for its server, from its first day on and over rollovers.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "identity/trust_bundle.h"
#include "platform/net/http.h"

namespace vedette::agent {

// Fetches trust bundles from any listener of a server and follows them. What it followed is kept in
// `<folder>/trust.json`, from then on in place of the configured roots; its version never goes
// back. Thread-safe but for follow(), which one thread may call at a time.
class TrustAnchors {
 public:
  // `configured` are the roots of the first day. Refuses AGT-STATE and BUNDLE-* when the file is
  // there but does not read, or is of another trust domain: a lost version would allow a rollback.
  [[nodiscard]] static Result<TrustAnchors> load(const std::string& folder,
                                                 std::vector<crypto::Certificate> configured,
                                                 const identity::TrustDomain& trust_domain);

  // Asks for what follows the present bundle, walks over all of it, and keeps the last, durably.
  // Whether there was any. Refuses NET-*, what the server refuses, and BUNDLE-*: then all stays as
  // it was. BUNDLE-ROLLBACK also where the server's newest is older than ours, BUNDLE-GAP where it
  // does not give out its newest.
  [[nodiscard]] Result<bool> follow(platform::HttpClient& client, TimePoint now);

  [[nodiscard]] std::uint64_t version() const;  // 0: the configured roots are in force
  [[nodiscard]] std::vector<crypto::Certificate> roots_at(TimePoint now) const;
  // Refuses NET-ISSUER where a server's verified chain, leaf first and root last, leads over an
  // authority that the present bundle has retired (identity::is_retired), or up to a root that it
  // does not trust at `now`: their keys may be a thief's.
  [[nodiscard]] Result<void> check_server(std::span<const crypto::Certificate> chain,
                                          TimePoint now) const;
  // Until when check_server() says the same of each server, unless another bundle comes; none: so
  // long as this one is in force.
  [[nodiscard]] std::optional<TimePoint> next_end(TimePoint now) const;
  // What a signer's chain may lead over: those of `told` that the present bundle has not retired,
  // and what it may lack besides.
  [[nodiscard]] std::vector<crypto::Certificate> issuers_among(
      std::span<const crypto::Certificate> told, TimePoint now) const;
  // What a chain may lack that was issued before or after a rollover.
  [[nodiscard]] std::vector<crypto::Certificate> intermediates_at(TimePoint now) const;

 private:
  TrustAnchors(std::string path, std::vector<crypto::Certificate> configured,
               identity::TrustDomain trust_domain)
      : path_(std::move(path)),
        configured_(std::move(configured)),
        trust_domain_(std::move(trust_domain)) {}

  [[nodiscard]] std::shared_ptr<const identity::SignedTrustBundle> held() const;
  void hold(identity::SignedTrustBundle bundle);

  std::string path_;
  std::vector<crypto::Certificate> configured_;
  identity::TrustDomain trust_domain_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // guards what follows
  std::shared_ptr<const identity::SignedTrustBundle> held_;             // null: none yet
};

}  // namespace vedette::agent
