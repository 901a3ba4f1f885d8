// What an issuance cannot do without, by OpenSSL alone: a request is read and verified, a
// certificate is made, signed and encoded.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "identity/authority.h"

namespace vedette::bench {

class RawIssuance {
 public:
  // Certificates of the same contents as `sample` has, by `issuing` and `key`.
  RawIssuance(const crypto::Certificate& sample, const crypto::Certificate& issuing,
              const crypto::PrivateKey& key);
  RawIssuance(const RawIssuance&) = delete;
  RawIssuance& operator=(const RawIssuance&) = delete;
  ~RawIssuance();

  // False when anything of it fails. Thread-safe.
  [[nodiscard]] bool issue(ByteView request) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::bench
