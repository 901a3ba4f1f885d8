// DeviceMemory: what the verifier remembers of one device's logs, so that the next appraisal costs
// what is new. About a kilobyte as stored JSON for a device that is as it should be, at
// most kMaxMemoryOctets for one that lies in every way it can.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "attestation/appraisal/finding.h"
#include "attestation/ima/ima_replay.h"
#include "attestation/runtime_log/runtime_replay.h"
#include "codec/json.h"

namespace vedette::attestation {

inline constexpr std::size_t kMaxKeptFindings = 8;  // of each log
inline constexpr std::size_t kMaxKeptText =
    160;  // octets, as stored, of what a device has a say in
inline constexpr std::size_t kMaxKeptEvents = 32;
inline constexpr std::size_t kMaxKeptEventText = 3072;  // octets of all kept events' texts together
inline constexpr std::size_t kMaxMemoryOctets = 40'960;

// What one log says against the references. Counted and judged in full, though only the first are
// kept: no log's findings make room for another's.
struct LogFindings {
  std::vector<Finding> first;
  std::uint64_t total = 0;
  TrustVector worst;  // of each claim, over all of them

  friend bool operator==(const LogFindings&, const LogFindings&) = default;
};

struct DeviceMemory {
  crypto::Sha256Digest references{};  // the ReferenceSet that the findings were made by

  // Of the present boot.
  std::optional<crypto::Sha256Digest> event_log;  // SHA-256 of the log's octets, once it was proven
  std::string command_line;                       // that was said with it
  ImaReplay ima;
  RuntimeReplay runtime;
  std::map<FindingSource, LogFindings> findings;  // a log without any has no entry
  std::set<RuntimeEventKind> measured;            // every kind that the runtime log has spoken of
  std::optional<Error> refusal;                   // of logs that were not believed, until some are
  // The latest of each kind and name; the oldest make room. Their texts are cut.
  std::vector<RuntimeEvent> running;

  // Of the last boot that was accepted.
  std::optional<crypto::Sha256Digest> good_event_log;
  std::string good_command_line;
  std::vector<RuntimeEvent> good_running;

  [[nodiscard]] std::uint64_t total_findings() const;
  [[nodiscard]] std::vector<Finding> first_findings() const;  // by log: boot, IMA, runtime

  friend bool operator==(const DeviceMemory&, const DeviceMemory&) = default;
};

// Adds, and forgets what there is no room for. Of `untold` findings nothing is known but that they
// are: each counts as bad as any.
void remember(DeviceMemory& memory, FindingSource source, std::vector<Finding> findings,
              std::uint64_t untold = 0);
void remember(DeviceMemory& memory, const std::vector<RuntimeEvent>& events);
void remember(DeviceMemory& memory, Error refusal);

// For storage. Refuses ATT-MEMORY for what to_json would not have written.
[[nodiscard]] codec::Json to_json(const DeviceMemory& memory);
[[nodiscard]] Result<DeviceMemory> parse_device_memory(const codec::Json& json);

[[nodiscard]] codec::Json to_json(const Finding& finding);
// `refusal`, if any; `findings`, those that are kept, and `findings_total`: for people and
// programs.
void set_findings(codec::Json& json, const DeviceMemory& memory);
[[nodiscard]] codec::Json to_json(const RuntimeEvent& event);

}  // namespace vedette::attestation
