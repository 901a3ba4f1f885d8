// The release statement: which signed model is release number n of what, for which tier.
//
// OpenSSF Model Signing has no notion of age or order, so a publisher signs this beside the bundle:
// a DSSE envelope around an in-toto Statement v1 whose subject is the model's root digest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "base/verified.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "release/registry.h"
#include "release/runtime_contract.h"

namespace vedette::release {

inline constexpr std::string_view kReleasePredicateType = "https://vedette.dev/release/v1";
inline constexpr std::size_t kMaxStatementBytes = 64 << 10;

struct ReleaseStatement {
  ModelName model;
  std::uint64_t number = 0;  // 1 to 2^53 - 1
  Tier tier = Tier::medium;
  crypto::Sha256Digest model_root{};
  std::string file_name{};  // of the one .onnx or .ort file, as the manifest lists it
  crypto::Sha256Digest file_sha256{};
  std::uint64_t file_size = 0;  // octets; at least 1
  TimePoint issued_at{};        // whole seconds
  // Of the runtime contract that belongs to the release; none: the defaults of the device apply.
  std::optional<crypto::Sha256Digest> contract_sha256{};
  // The oldest release that may run once this one has, should this one be blocked: 1 to `number`.
  // None: this one, so that nothing older ever runs again.
  std::optional<std::uint64_t> never_below{};
};

// The envelope's JSON text. Refuses REL-STATEMENT when a member is out of its range, and what the
// key refuses.
[[nodiscard]] Result<std::string> sign_release_statement(const ReleaseStatement& statement,
                                                         const crypto::PrivateKey& key);

// A release that both signatures hold together; made by verify_release alone.
struct SignedRelease : ReleaseStatement {
  crypto::Sha256Digest publisher_sha256{};  // of the SubjectPublicKeyInfo that signed the statement
  crypto::Sha256Digest statement_sha256{};  // of the statement's octets, as signed
  std::optional<VerifiedContract> contract{};  // there exactly when contract_sha256 is

  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<SignedRelease>> verify_release(
        std::string_view bundle, std::string_view statement,
        std::span<const crypto::PublicKey> publishers, std::optional<std::string_view> contract);
  };
};

// Carries all that the agent needs: release->model, ->number, ->tier, ->model_root, ->file_name,
// ->file_sha256, ->file_size, ->issued_at, ->publisher_sha256, ->statement_sha256, ->contract.
using VerifiedRelease = Verified<SignedRelease>;

// Checks bundle and statement, each signed by one of the same `publishers`, octets as received.
// Besides the codes of verify_bundle, verify_dsse and JSON refuses REL-STATEMENT (not such a
// statement), REL-ROOT (it is about another model than the bundle), REL-FILE (the bundle does not
// list the file with that digest) and REL-ONNX (the model has not exactly one .onnx or .ort file,
// or it is another). `contract` is the envelope of the runtime contract: refuses what
// verify_runtime_contract refuses, and REL-CONTRACT when it and the statement disagree in its
// presence, its digest, the model, the model's root or the signer.
[[nodiscard]] Result<VerifiedRelease> verify_release(
    std::string_view bundle, std::string_view statement,
    std::span<const crypto::PublicKey> publishers,
    std::optional<std::string_view> contract = std::nullopt);

// Refuses REL-ROLLBACK when the release is older than the newest that was ever accepted (0: none).
[[nodiscard]] Result<void> check_not_older(const VerifiedRelease& release,
                                           std::uint64_t highest_seen);

}  // namespace vedette::release
