// ModelFiles: from the file that a release names to memory that holds it, by the cheapest way there
// is: from disk, by a delta from a file that is here already, or as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/model_cache.h"
#include "agent/partial_download.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/key.h"
#include "inference/model_memory.h"
#include "platform/net/http.h"
#include "release/delta/release_delta.h"

namespace vedette::agent {

// The file of a release that answers at present.
struct PresentFile {
  release::FileIdentity file;
  std::shared_ptr<const inference::SealedModel> memory;
};

// What a verified release names, and what the server offers beside it.
struct WantedRelease {
  ModelName model;
  std::uint64_t number = 0;
  release::FileIdentity file;
  std::vector<std::string> deltas;  // envelopes, unproven
};

enum class Way { disk, delta, whole };

struct ObtainedFile {
  inference::SealedModel sealed;
  Way way = Way::whole;
  std::uint64_t fetched = 0;  // octets of the file or the delta, those before a break included
};

// `from disk`, `by a delta of 12 KiB`; empty for a whole file, of which there is nothing to say.
[[nodiscard]] std::string text_of(const ObtainedFile& file);

// Of one model. Not thread-safe.
class ModelFiles {
 public:
  // Keeps files in `cache`, which outlives this; null: keeps none.
  explicit ModelFiles(ModelCache* cache = nullptr)
      : cache_(cache), whole_(cache), delta_(nullptr) {}

  // What the server is to be told of, so that it can offer deltas; the likeliest base first.
  [[nodiscard]] std::vector<crypto::Sha256Digest> having(
      const std::optional<PresentFile>& present) const;

  // The memory is sealed only after all of it had the digest that the release names, whichever way
  // it came. What is on disk and is not what its name says is dropped; a delta that nobody trusted
  // signed, or that does not lead there, is passed by; both are told by trouble(). Refuses what
  // PartialDownload refuses, and keeps what came before a break as that does.
  [[nodiscard]] Result<ObtainedFile> obtain(platform::HttpClient& client, const std::string& ear,
                                            const WantedRelease& wanted,
                                            std::span<const crypto::PublicKey> publishers,
                                            const std::optional<PresentFile>& present,
                                            std::uint64_t max_bytes);

  // What is under way is not wanted any more.
  void drop();

  [[nodiscard]] std::optional<Error> trouble();  // told once

 private:
  [[nodiscard]] std::optional<inference::SealedModel> from_disk(const release::FileIdentity& file,
                                                                std::uint64_t max_bytes);
  [[nodiscard]] std::optional<release::VerifiedDelta> choose(
      const WantedRelease& wanted, std::span<const crypto::PublicKey> publishers,
      const std::optional<PresentFile>& present);
  [[nodiscard]] Result<inference::SealedModel> by_delta(platform::HttpClient& client,
                                                        const std::string& ear,
                                                        const WantedRelease& wanted,
                                                        const release::VerifiedDelta& delta,
                                                        const std::optional<PresentFile>& present,
                                                        std::uint64_t max_bytes);
  void keep(const release::FileIdentity& file, const inference::SealedModel& sealed);

  ModelCache* cache_;
  PartialDownload whole_;
  PartialDownload delta_;
  std::optional<crypto::Sha256Digest> useless_;  // the delta that failed last
  std::optional<Error> trouble_;
};

}  // namespace vedette::agent
