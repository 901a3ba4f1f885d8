// The runtime contract: how much of a device one model may use, and what may go in and out of it.
//
// Its author signs it with the release, as an in-toto Statement of its own about the model's root
// digest. The release statement names its digest (release/release_statement.h), so that a server
// can neither drop nor swap it. Whoever reads one gets the strictest sensible value for whatever it
// leaves out; what widens the sandbox has a name of its own (`powers`) and shows in widenings().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "base/verified.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::release {

inline constexpr std::string_view kContractPredicateType =
    "https://vedette.dev/runtime-contract/v1";
inline constexpr std::size_t kMaxContractBytes = 768 << 10;  // of the envelope
inline constexpr std::size_t kMaxContractOperators = 1024;
inline constexpr std::size_t kMaxContractTensors = 64;  // on each side
inline constexpr std::size_t kMaxContractUsers = 32;    // who may see one output
inline constexpr std::size_t kMaxContractPowers = 16;
inline constexpr std::size_t kMaxContractRegions = 32;
inline constexpr std::size_t kMaxGoldenPairs = 8;
inline constexpr std::size_t kMaxGoldenTensors = 16;   // on each side of a pair
inline constexpr std::size_t kMaxGoldenValues = 4096;  // of all pairs together
inline constexpr std::size_t kMaxDistributionEdges = 63;

// A model's form. ORT files are what a converter made of the graph; reading one is a power.
enum class ModelFormat { onnx, ort };

// ONNX's own domain is the empty text (`ai.onnx` reads as that).
struct OperatorName {
  std::string domain;
  std::string name;

  friend auto operator<=>(const OperatorName&, const OperatorName&) = default;
};

// What holds for every call of one input or output.
struct TensorRule {
  std::string name;                 // 1 to 128 octets, no control characters
  std::string datatype;             // BOOL, INT8 .. INT64, UINT8 .. UINT64, FP16, FP32, FP64
  std::vector<std::int64_t> shape;  // at most 8; -1: each call chooses
  std::optional<double> minimum{};  // of every element, inclusive; NaN is in no range
  std::optional<double> maximum{};
  bool finite_only = true;  // neither NaN nor an infinity

  friend bool operator==(const TensorRule&, const TensorRule&) = default;
};

struct OutputRule : TensorRule {
  std::vector<std::string> visible_to{};  // local users; empty: every authorised caller

  friend bool operator==(const OutputRule&, const OutputRule&) = default;
};

struct RateLimit {
  std::uint64_t calls_per_second = 1;  // 1 to 1,000,000
  std::uint64_t burst = 1;             // 1 to 1,000,000

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

// Calls of several callers answered by one run of the model.
struct Batching {
  std::uint64_t max_batch = 1;     // 1 to 1024
  std::uint64_t max_delay_us = 0;  // that a call may wait for company; at most 1,000,000

  friend bool operator==(const Batching&, const Batching&) = default;
};

struct Threads {
  std::uint64_t count = 2;  // 2 to 64

  friend bool operator==(const Threads&, const Threads&) = default;
};

struct DeviceNode {
  std::string path;  // absolute, below /dev, at most 128 octets

  friend bool operator==(const DeviceNode&, const DeviceNode&) = default;
};

// A way in which the sandbox is wider than the strictest one.
using Power = std::variant<Threads, DeviceNode>;

// A tensor that the author wrote down: as many values as its shape says, each of its type. FP16 has
// no spelling in text.
struct GoldenTensor {
  std::string name;
  std::string datatype;
  std::vector<std::int64_t> shape{};
  std::vector<double> values{};  // finite; a whole one within +-2^53

  friend bool operator==(const GoldenTensor&, const GoldenTensor&) = default;
};

// What the model answers to what: a worker that does not never answers anybody else.
struct GoldenPair {
  double tolerance = 0;  // by which each element may differ, at most
  std::vector<GoldenTensor> inputs{};
  std::vector<GoldenTensor> outputs{};  // at least one; those not named may be anything

  friend bool operator==(const GoldenPair&, const GoldenPair&) = default;
};

enum class OnDrift { tell, stop };

// How often the author saw what in one output: which share of its elements lies below the first
// edge, which from there to the second, and so on, and which at the last edge or above.
struct OutputDistribution {
  std::string output;
  std::vector<double> edges{};   // rising
  std::vector<double> shares{};  // one more; 1 together
  std::uint64_t window = 1'000;  // answers that are compared with it at a time: 10 to 1,000,000
  // The total variation distance (half the sum of the shares' differences, 0 to 1) beyond which the
  // output has drifted.
  double tolerance = 0.1;
  OnDrift on_drift = OnDrift::tell;

  friend bool operator==(const OutputDistribution&, const OutputDistribution&) = default;
};

struct RuntimeContract {
  std::string profile = "strict";                          // of the sandbox
  std::uint64_t memory_bytes = std::uint64_t{256} << 20U;  // one worker's private memory
  std::uint64_t call_deadline_ms = 1'000;                  // then the worker is killed
  std::uint64_t load_deadline_ms = 10'000;                 // cage, session and metadata
  std::uint64_t request_bytes = std::uint64_t{1} << 20U;   // tensors of one request
  std::uint64_t reply_bytes = std::uint64_t{1} << 20U;     // tensors of one reply
  std::uint64_t replicas = 1;                              // workers at once
  std::uint64_t queue = 16;                                // calls that may wait
  std::uint64_t spin_us = 0;                               // busy waiting before the channel sleeps
  bool input_isolation = false;                            // a fork for every request
  ModelFormat format = ModelFormat::onnx;
  std::optional<std::vector<OperatorName>> operators{};  // none: the device's built-in list
  std::vector<TensorRule> inputs{};  // those not named: as the model declares them
  std::vector<OutputRule> outputs{};
  std::optional<RateLimit> rate{};
  std::optional<Batching> batching{};
  std::vector<Power> powers{};             // each at most once
  std::optional<TimePoint> valid_from{};   // it answers from then on, in whole seconds
  std::optional<TimePoint> valid_until{};  // and no more from then on
  std::vector<std::string> regions{};      // where it may run; empty: everywhere
  std::vector<GoldenPair> golden{};
  std::vector<OutputDistribution> distributions{};  // each of another output

  friend bool operator==(const RuntimeContract&, const RuntimeContract&) = default;
};

[[nodiscard]] std::string_view to_string(ModelFormat format);
[[nodiscard]] std::string_view to_string(OnDrift reaction);

// The members as an author or a payload writes them; absent ones take the defaults above. Refuses
// REL-CONTRACT, naming the member: unknown, of another kind, out of its range, or in contradiction
// to another.
[[nodiscard]] Result<RuntimeContract> read_contract(const codec::Json& members);
// All members, in a fixed order; read_contract gives the same contract again.
[[nodiscard]] codec::Json write_contract(const RuntimeContract& contract);

// In sentences, everything by which the contract is weaker than the strictest: threads, device
// nodes, the ORT format, operators outside of ONNX's own domains. Empty: nothing.
[[nodiscard]] std::vector<std::string> widenings(const RuntimeContract& contract);

// What the contract grants and demands, one sentence a line, for a person.
[[nodiscard]] std::string describe(const RuntimeContract& contract);

enum class Change { tighter, wider, other };

[[nodiscard]] std::string_view to_string(Change change);

struct Difference {
  std::string member;  // e.g. `outputs[score].maximum`
  Change change = Change::other;
  std::string text;  // e.g. `256 MiB -> 512 MiB`
};

// From `before` to `after`, in the order of the members; empty when they grant the same.
[[nodiscard]] std::vector<Difference> differences(const RuntimeContract& before,
                                                  const RuntimeContract& after);

struct ContractEnvelope {
  std::string text;  // DSSE
  // Of the exact octets that were signed: what the release statement names.
  crypto::Sha256Digest contract_sha256{};
};

// Refuses what read_contract would refuse, and what the key refuses.
[[nodiscard]] Result<ContractEnvelope> sign_runtime_contract(const RuntimeContract& contract,
                                                             const ModelName& model,
                                                             const crypto::Sha256Digest& model_root,
                                                             const crypto::PrivateKey& key);

// A contract that a trusted publisher signed for one model.
struct SignedContract : RuntimeContract {
  ModelName model;
  crypto::Sha256Digest model_root{};
  crypto::Sha256Digest contract_sha256{};
  crypto::Sha256Digest publisher_sha256{};  // of the SubjectPublicKeyInfo that signed it

  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<SignedContract>> verify_runtime_contract(
        std::string_view envelope, std::span<const crypto::PublicKey> publishers);
  };
};

using VerifiedContract = Verified<SignedContract>;

// Octets as received, at most kMaxContractBytes. Refuses JSON-*, the codes of verify_dsse and
// REL-CONTRACT. Says nothing about which release it belongs to: verify_release does.
[[nodiscard]] Result<VerifiedContract> verify_runtime_contract(
    std::string_view envelope, std::span<const crypto::PublicKey> publishers);

}  // namespace vedette::release
