// Releases: which signed models may run, and where their files are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/strong_id.h"
#include "crypto/digest.h"

namespace vedette::release {

enum class Tier { low, medium, high };

[[nodiscard]] std::string_view to_string(Tier tier);
[[nodiscard]] Result<Tier> parse_tier(std::string_view text);  // refuses REL-TIER
[[nodiscard]] Result<std::vector<Tier>> parse_tiers(const std::vector<std::string>& texts);
[[nodiscard]] bool is_among(const std::vector<Tier>& tiers, Tier tier);

// A published release, as the publisher signed it. Numbers start at 1 and only rise.
struct Release {
  ModelName model;
  std::uint64_t number = 0;
  Tier tier = Tier::medium;
  crypto::Sha256Digest model_root{};  // root digest of the OMS manifest
  std::string file_name;              // of the one model file
  crypto::Sha256Digest file_sha256{};
  std::uint64_t file_size = 0;
  std::string bundle;      // OpenSSF Model Signing bundle, bytes as received
  std::string statement;   // DSSE envelope of the release statement, bytes as received
  std::string contract{};  // DSSE envelope of the runtime contract, bytes as received; empty: none
  TimePoint published_at;
  bool blocked = false;
  bool pending = false;    // given to nobody before another publisher approves it
  std::string approval{};  // DSSE envelope of the release approval, bytes as received; empty: none
};

// What a device that has the base needs instead of the release's whole file.
struct ReleaseDelta {
  crypto::Sha256Digest base_sha256{};
  crypto::Sha256Digest delta_sha256{};
  std::uint64_t delta_size = 0;  // octets
  std::string statement;         // DSSE envelope of the delta statement, bytes as received

  friend bool operator==(const ReleaseDelta&, const ReleaseDelta&) = default;
};

struct ReleaseName {
  ModelName model;
  std::uint64_t number = 0;
};

class ReleaseRegistry {
 public:
  ReleaseRegistry() = default;
  ReleaseRegistry(const ReleaseRegistry&) = delete;
  ReleaseRegistry& operator=(const ReleaseRegistry&) = delete;
  virtual ~ReleaseRegistry() = default;

  // The highest number that is neither blocked nor pending.
  [[nodiscard]] virtual Result<std::optional<Release>> latest(const ModelName& model) = 0;
  [[nodiscard]] virtual Result<std::optional<Release>> find(const ModelName& model,
                                                            std::uint64_t number) = 0;
  [[nodiscard]] virtual Result<std::vector<Release>> list() = 0;  // by model, then number
  // Refuses REL-EXISTS when that number, or a higher one, is there already.
  [[nodiscard]] virtual Result<void> add(const Release& release) = 0;
  // Whether any release of the model, blocked ones too, is of one of these tiers.
  [[nodiscard]] virtual Result<bool> has_tier(const ModelName& model,
                                              const std::vector<Tier>& tiers) = 0;
  // What is given out though nobody approved it, of models for which has_tier() holds; by model,
  // then number.
  [[nodiscard]] virtual Result<std::vector<ReleaseName>> unapproved(
      const std::vector<Tier>& tiers) = 0;
  // Refuses REL-UNKNOWN.
  [[nodiscard]] virtual Result<void> set_pending(const ModelName& model, std::uint64_t number) = 0;
  // It is not pending any more; takes the place of an approval that is there. Refuses REL-UNKNOWN.
  [[nodiscard]] virtual Result<void> approve(const ModelName& model, std::uint64_t number,
                                             const std::string& approval) = 0;
  // Of a release that is there; one for each base. Refuses STORE-CONFLICT.
  [[nodiscard]] virtual Result<void> add_delta(const ModelName& model, std::uint64_t number,
                                               const ReleaseDelta& delta) = 0;
  [[nodiscard]] virtual Result<std::vector<ReleaseDelta>> deltas(const ModelName& model,
                                                                 std::uint64_t number) = 0;
  [[nodiscard]] virtual Result<void> set_blocked(const ModelName& model, std::uint64_t number,
                                                 bool blocked) = 0;
};

// Files by the SHA-256 of their content.
class BlobStore {
 public:
  BlobStore() = default;
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;
  virtual ~BlobStore() = default;

  // Durable when it returns. Refuses BLOB-DIGEST when the content is not what its name says.
  [[nodiscard]] virtual Result<void> put(const crypto::Sha256Digest& sha256, ByteView content) = 0;
  // Read-only descriptor of the file, or none when there is no such blob.
  [[nodiscard]] virtual Result<std::optional<UniqueFd>> open(
      const crypto::Sha256Digest& sha256) = 0;
  [[nodiscard]] virtual Result<std::optional<std::uint64_t>> size(
      const crypto::Sha256Digest& sha256) = 0;
};

}  // namespace vedette::release
