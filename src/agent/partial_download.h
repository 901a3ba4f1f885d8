// PartialDownload: a model's file on its way to this device, kept while the connection comes and
// goes. Nothing of it can be used before the whole has been verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "crypto/digest.h"
#include "inference/model_memory.h"
#include "platform/net/http.h"
#include "release/stream_verifier.h"

namespace vedette::agent {

// The file that a verified release names.
struct WantedFile {
  crypto::Sha256Digest sha256{};
  std::uint64_t size = 0;  // octets
  std::string target;      // of the GET that yields it
};

// Holds at most the octets of one file, in memory that lives until they are sealed or dropped. Not
// thread-safe.
class PartialDownload {
 public:
  // Goes on where a former call for the same file broke off; what is here of another file is
  // dropped. The octets pass the verifier on their way into the memory, which is sealed only if
  // they held. Refuses what StreamVerifier, ModelWriter and the server refuse, and NET-*. After a
  // refusal by which the connection broke (NET-CLOSED, NET-TIMEOUT, NET-UNREACHABLE, NET-TLS) the
  // octets so far are kept; after any other they are dropped.
  [[nodiscard]] Result<inference::SealedModel> complete(platform::HttpClient& client,
                                                        const std::string& ear,
                                                        const WantedFile& wanted,
                                                        std::uint64_t max_bytes);
  void drop() { begun_.reset(); }

  [[nodiscard]] std::uint64_t received() const;  // octets of the file that is under way; 0 if none

 private:
  struct Begun {
    crypto::Sha256Digest sha256;
    release::StreamVerifier verifier;
    inference::ModelWriter memory;
  };

  [[nodiscard]] Result<void> begin(const WantedFile& wanted, std::uint64_t max_bytes);
  [[nodiscard]] Result<void> receive(platform::HttpClient& client, const std::string& ear,
                                     const WantedFile& wanted);

  std::optional<Begun> begun_;
};

}  // namespace vedette::agent
