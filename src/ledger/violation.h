// Violations: a device's signed word that a caged model did what its cage forbids.
//
// What is known of a violation is evidence: it is written down before the worker dies, exactly as
// the kernel or the host saw it, and whatever a worker can say in it is bounded and printable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "base/verified.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::ledger {

inline constexpr std::string_view kViolationType = "vedette-violation+jwt";
inline constexpr std::size_t kMaxViolationDetail = 256;  // octets

enum class ViolationKind : std::uint8_t {
  system_call,      // one that the filter does not allow
  malformed_reply,  // bytes in the channel that no honest worker writes
  deadline,
  memory,
  crash,
  drift,  // answers that are distributed otherwise than its contract says
};

enum class ViolationPhase : std::uint8_t { load, serve };

[[nodiscard]] std::string_view to_string(ViolationKind kind);
[[nodiscard]] std::string_view to_string(ViolationPhase phase);
[[nodiscard]] std::optional<ViolationKind> parse_violation_kind(std::string_view text);

// One alone proves intent or a broken runtime; of the others, only their repetition tells.
[[nodiscard]] bool condemns_at_once(ViolationKind kind);

// `x86_64`, `aarch64`, `i386`, `arm`, or `unknown`, of an AUDIT_ARCH_* number.
[[nodiscard]] std::string_view architecture_name(std::uint32_t architecture);

// As the kernel's seccomp_data has it.
struct SystemCall {
  std::uint32_t architecture = 0;  // AUDIT_ARCH_*
  std::int32_t number = 0;
  std::string name = "unknown";  // 1 to 32 of a-z, 0-9 and `_`
  std::uint64_t instruction_pointer = 0;
  std::array<std::uint64_t, 6> arguments{};

  friend bool operator==(const SystemCall&, const SystemCall&) = default;
};

// What happened in a cage.
struct Violation {
  ModelName model;
  std::uint64_t release = 0;                              // at least 1
  crypto::Sha256Digest model_root{};                      // of the OMS manifest
  crypto::Sha256Digest profile_sha256{};                  // of the sandbox profile in force
  std::optional<crypto::Sha256Digest> contract_sha256{};  // of the release's runtime contract
  std::optional<crypto::Sha256Digest> worker_sha256{};    // of the worker's binary
  ViolationKind kind = ViolationKind::system_call;
  ViolationPhase phase = ViolationPhase::load;
  std::optional<SystemCall> call{};  // there if and only if the kind is system_call
  std::string detail{};              // of the other kinds: 1 to 256 printable ASCII characters
  TimePoint time{};                  // whole seconds, the device's clock

  friend bool operator==(const Violation&, const Violation&) = default;
};

// The same, such that it can be signed whatever a worker put into its words: `detail` and the
// call's name are cut and made printable, the time is cut to seconds, and what does not belong to
// the kind goes. A system_call without its call becomes a crash.
[[nodiscard]] Violation bounded(Violation violation);

// One line for a person: `system call socket (41) of x86_64 while serving`.
[[nodiscard]] std::string describe(const Violation& violation);

// `{"model","release","model_root","profile_sha256","contract_sha256"?,"worker_sha256"?,"kind",
// "phase","time","system_call"?|"detail"?}`. Words of 64 bits are text, `"0x2a"`: a JSON number
// cannot hold them everywhere.
[[nodiscard]] codec::Json to_json(const Violation& violation);
// `{"architecture","architecture_name","number","name","instruction_pointer","arguments":[6]}`.
[[nodiscard]] codec::Json to_json(const SystemCall& call);
// Strict: one JSON for one violation. Refuses VIOLATION-CLAIMS.
[[nodiscard]] Result<Violation> parse_violation(const codec::Json& json);

struct ViolationClaims {
  DeviceId device;
  Epoch epoch{};               // in which the model ran
  std::uint64_t sequence = 0;  // per device, rising; no number stands for two events
  Violation event;
};

// ES256 JWS in compact form. Refuses VIOLATION-CLAIMS when a claim is out of its range, and what
// the key refuses.
[[nodiscard]] Result<std::string> sign_violation(const ViolationClaims& claims,
                                                 const crypto::PrivateKey& key);

// A violation whose signature holds.
struct SignedViolation {
  ViolationClaims claims;
  crypto::Sha256Digest id{};  // SHA-256 of the payload's octets, never of the signature
  std::string jws;

  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<SignedViolation>> verify_violation(std::string_view jws,
                                                              const crypto::PublicKey& device_key);
  };
};

using VerifiedViolation = Verified<SignedViolation>;

// Checks the signature before it reads a claim. Whether device, epoch and release are the ones of
// the connection is for the caller to compare. Refuses the JWS and JSON codes, VIOLATION-SIZE
// beyond 8 KiB of payload and VIOLATION-CLAIMS.
[[nodiscard]] Result<VerifiedViolation> verify_violation(std::string_view jws,
                                                         const crypto::PublicKey& device_key);

// The claims in a payload, for who shows what a server has verified. Refuses VIOLATION-CLAIMS.
[[nodiscard]] Result<ViolationClaims> parse_violation_claims(const codec::Json& payload);

}  // namespace vedette::ledger
