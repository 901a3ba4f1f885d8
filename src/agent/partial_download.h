// PartialDownload: a model's file on its way to this device, kept while the connection comes and
// goes, and in a cache over a restart. Nothing of it can be used before the whole has been
// verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "agent/model_cache.h"
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
  // Keeps a file and its beginning in `cache` too, which outlives this; null: in memory alone.
  explicit PartialDownload(ModelCache* cache = nullptr) : cache_(cache) {}

  // Goes on where a former call for the same file broke off, be it in another process; what is here
  // of another file is dropped. The octets pass the verifier on their way into the memory, which is
  // sealed only if they held. Refuses what StreamVerifier, ModelWriter and the server refuse, and
  // NET-*. After a break (is_break) the octets so far are kept, those in memory only while memory
  // suffices; after any other refusal they are dropped. That the cache cannot keep them, or give
  // them back, refuses nothing.
  [[nodiscard]] Result<inference::SealedModel> complete(platform::HttpClient& client,
                                                        const std::string& ear,
                                                        const WantedFile& wanted,
                                                        std::uint64_t max_bytes);
  void drop() { begun_.reset(); }

  // Octets of this file that complete() would not ask for, be they in memory or in the cache.
  [[nodiscard]] std::uint64_t received(const release::FileIdentity& file) const;
  // Why the cache could not keep something; told once.
  [[nodiscard]] std::optional<Error> trouble() { return std::exchange(trouble_, std::nullopt); }

 private:
  struct Begun {
    release::FileIdentity file;
    release::StreamVerifier verifier;
    inference::ModelWriter memory;
    std::optional<ModelCache::Part> part;  // none: no cache, or it failed
    bool spoiled = false;                  // the memory lacks what the verifier has seen

    [[nodiscard]] Result<void> take(ByteView piece);
  };

  [[nodiscard]] Result<void> begin(const WantedFile& wanted, std::uint64_t max_bytes);
  [[nodiscard]] Result<void> begin_in_memory(const WantedFile& wanted, std::uint64_t max_bytes);
  [[nodiscard]] Result<void> receive(platform::HttpClient& client, const std::string& ear,
                                     const WantedFile& wanted);

  [[nodiscard]] Result<void> recall(const WantedFile& wanted, std::uint64_t max_bytes);
  void keep(ByteView piece);
  void keep_whole(ModelCache::Part part);

  ModelCache* cache_;
  std::optional<Begun> begun_;
  std::optional<Error> trouble_;
};

}  // namespace vedette::agent
