// Finding: one thing of which the logs speak and which the reference values do not accept.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attestation/appraisal/statement.h"

namespace vedette::attestation {

// Where it was found, and so which log must be read again to find it anew.
enum class FindingSource : std::uint8_t { boot, ima, runtime };
[[nodiscard]] std::string_view to_string(FindingSource source);
[[nodiscard]] std::optional<FindingSource> finding_source(std::string_view text);

struct Finding {
  FindingSource source = FindingSource::boot;
  std::string category;  // a statement's; for IMA the path
  std::string value;     // what would have to be accepted; empty when nothing was said
  std::uint8_t pcr = 0;
  TrustClaim claim = TrustClaim::executables;
  std::int8_t trust =
      trust::kContraindicated;  // the claim's value (AR4SI): 33 not recognised, 96 contraindicated
  std::string words;            // a sentence without a full stop, fit for a terminal

  friend bool operator==(const Finding&, const Finding&) = default;
};

// Whether the control plane has published a model or contract of that digest, and not blocked it.
using IsPublished = std::function<bool(RuntimeEventKind kind, std::string_view digest)>;

// Everything that is said must be accepted in its category, and each category of `essential` must
// be spoken of. No category is accepted by default.
struct StatementRules {
  const Accepted& accepted;
  std::set<std::string> essential;
  IsPublished is_published;  // may be empty: nothing is
  // Registers that are held to exact values: whoever accepted those accepted all that is in them.
  std::set<std::uint8_t> exact = {};
};
[[nodiscard]] std::vector<Finding> appraise_statements(std::span<const Statement> statements,
                                                       FindingSource source,
                                                       const StatementRules& rules);

// That nothing was said where something must be.
[[nodiscard]] Finding silence(const std::string& category, FindingSource source);

// `secure-boot`, `boot-services`, `application`, and every database that is in `accepted`.
[[nodiscard]] std::set<std::string> essential_of_boot(const Accepted& accepted);

// Adds what is said to what is accepted: what is learnt of a device in a state known to be good.
void learn(Accepted& accepted, std::span<const Statement> statements);
// The same for what runs, which differs from device to device and day to day: releases and
// contracts are those that are published, configurations and profiles may be any. Powers are learnt
// as said.
void learn_runtime(Accepted& accepted, std::span<const Statement> statements);

}  // namespace vedette::attestation
