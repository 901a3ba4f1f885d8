// Publishing: from a signed model on disk to a release that a registry can verify. Nothing is sent
// from here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/key.h"
#include "release/model_tree.h"
#include "release/release_statement.h"
#include "release/runtime_contract.h"

namespace vedette::cli {

inline constexpr std::size_t kMaxModelBytes = std::size_t{256} << 20U;  // as a server takes it

struct PublishRequest {
  std::string model_path;
  std::string bundle_path;
  ModelName name;
  std::uint64_t number = 0;
  release::Tier tier = release::Tier::medium;
  std::optional<release::RuntimeContract> contract{};  // none: the device's own limits apply
  std::optional<std::uint64_t> never_below{};          // none: nothing older than this release
  std::vector<std::string> delta_paths{};  // made by `vedette model delta --key`, statements beside
};

struct PreparedDelta {
  std::string statement;  // DSSE envelope
  crypto::Sha256Digest base_sha256{};
  crypto::Sha256Digest sha256{};
  Bytes octets;
};

struct PreparedRelease {
  release::ReleaseStatement statement;  // as signed
  std::string bundle;
  std::string statement_text;  // DSSE envelope
  std::optional<release::RuntimeContract> contract{};
  std::optional<std::string> contract_text{};  // DSSE envelope; there exactly when `contract` is
  std::vector<PreparedDelta> deltas;
  Bytes file;  // the one model file, of the digest that the statement says
};

// Where the statement of a delta lies.
[[nodiscard]] std::string delta_statement_path(const std::string& delta);

// Verifies the bundle and the model by the public half of `key`, signs the contract and the release
// statement, reads the model's file (checked again by its digest, since a path can change), and
// verifies the whole as a server will, deltas included. Refuses what verify_model,
// sign_runtime_contract, sign_release_statement, verify_release, verify_release_delta and
// check_delta refuse, REL-ONNX, FILE-* and OMS-CHANGED; REL-FILE for a bundle by shards.
[[nodiscard]] Result<PreparedRelease> prepare_release(const PublishRequest& request,
                                                      const crypto::PrivateKey& key, TimePoint now,
                                                      const release::HashOptions& options);

}  // namespace vedette::cli
