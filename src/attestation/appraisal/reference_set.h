// ReferenceSet: what the devices of a group may have measured (RFC 9334, 8.3), as one value with
// one name. Immutable and shared: a hundred thousand devices are appraised against one.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "attestation/appraisal/statement.h"
#include "attestation/ima/ima_policy.h"
#include "attestation/reference_values.h"
#include "codec/json.h"

namespace vedette::attestation {

// Registers that have exact values are held to those. Of the others, PCR 0 to 9, 11, 12 and 14 are
// judged by what the boot's event log says (`boot`), PCR 10 by IMA's list (`ima`), and the agent's
// register by the runtime measurement log (`runtime`).
struct ReferenceSet {
  crypto::Sha256Digest id{};  // of the canonical JSON: what a verdict was given by
  ReferenceValues exact;
  Accepted boot;                         // empty: no event log is wanted
  std::shared_ptr<const ImaPolicy> ima;  // none: no IMA list is wanted
  Accepted runtime;                      // empty: no runtime log is wanted
};

inline constexpr std::size_t kMaxReferenceBytes = std::size_t{64} << 20U;

// {"registers": {"0": ["<sha256>", "sha384:<hex>", ...], ...},
//  "boot":      {"secure-boot": ["on"], "application": ["<digest>", ...], ...},
//  "ima":       {"files": {"/usr/bin/x": ["sha256:<hex>"]}, "buffers": {...}, "excludes": ["..."],
//                "keys": ["<PEM>"], "tolerate_violations": false},
//  "runtime":   {"worker-binary": ["<sha256>"], "model-release": ["published"], "power": []}}
//
// Every member is optional, but not all of them. Refuses REF-SYNTAX (also for members that are not
// known: reference values are never ignored in silence) and ATT-IMA-POLICY.
[[nodiscard]] Result<ReferenceSet> parse_reference_set(const codec::Json& json);
[[nodiscard]] Result<ReferenceSet> read_reference_set(std::string_view text);

// {"registers": ...} and {"category": ["value", ...]}, members in order.
[[nodiscard]] codec::Json to_json(const ReferenceValues& values);
[[nodiscard]] codec::Json to_json(const Accepted& accepted);
[[nodiscard]] Result<ReferenceValues> parse_registers(const codec::Json& registers);
[[nodiscard]] Result<Accepted> parse_accepted(const codec::Json& json);

}  // namespace vedette::attestation
