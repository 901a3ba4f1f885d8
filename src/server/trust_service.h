// TrustService: hands out the trust bundles, to anybody: they are believed for their signatures.
#pragma once

#include <vector>

#include "identity/trust_bundle.h"
#include "server/route.h"

namespace vedette::server {

// So many in one answer, and of them one at least, but never more octets.
inline constexpr std::size_t kBundlesAtOnce = 16;
inline constexpr std::size_t kBundleOctetsAtOnce = std::size_t{512} << 10U;

class TrustService {
 public:
  // Oldest first, versions 1 and up; they outlive the service.
  explicit TrustService(const std::vector<identity::SignedTrustBundle>& bundles)
      : bundles_(bundles) {}

  // GET ...?from=<version>: `newest`, which is 0 when there are none, and the bundles from that
  // version on. Refuses HTTP-QUERY.
  [[nodiscard]] Result<platform::HttpResponse> bundles(const Call& call);

 private:
  const std::vector<identity::SignedTrustBundle>& bundles_;
};

}  // namespace vedette::server
