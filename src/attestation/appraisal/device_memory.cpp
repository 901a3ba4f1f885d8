#include "attestation/appraisal/device_memory.h"

#include <algorithm>

namespace vedette::attestation {

namespace {

constexpr std::size_t kMaxKeptPowers = 24;  // of one event: a contract's, and the posture's
constexpr std::size_t kLongestEscape = 6;   // \u0001

// As it is stored: a device may choose octets that take several there.
std::size_t stored_size(const std::string& text) {
  return codec::to_json(codec::Json(text)).size() - 2;
}

std::string cut(std::string text) {
  std::size_t size = stored_size(text);
  if (size <= kMaxKeptText) return text;
  text.resize(std::min(text.size(), kMaxKeptText));
  while ((size = stored_size(text)) > kMaxKeptText)
    text.resize(text.size() - (size - kMaxKeptText + kLongestEscape - 1) / kLongestEscape);
  return text + "...";
}

// The value of a claim that says less for the device.
std::int8_t worse(std::int8_t left, std::int8_t right) {
  return tier_of(right) > tier_of(left) ? right : left;
}

RuntimeEvent cut(RuntimeEvent event) {
  event.name = cut(std::move(event.name));
  if (event.powers.size() > kMaxKeptPowers) event.powers.resize(kMaxKeptPowers);
  for (std::string& power : event.powers)
    power = cut(std::move(power));
  return event;
}

std::size_t text_of(const std::vector<RuntimeEvent>& events) {
  std::size_t octets = 0;
  for (const RuntimeEvent& event : events) {
    octets += stored_size(event.name);
    for (const std::string& power : event.powers)
      octets += stored_size(power);
  }
  return octets;
}

// The oldest, but for what every agent says once: without it no set could be learnt.
void forget_one(std::vector<RuntimeEvent>& events) {
  const auto oldest = std::ranges::find_if(events, [](const RuntimeEvent& event) {
    return event.kind != RuntimeEventKind::agent_start &&
           event.kind != RuntimeEventKind::worker_binary;
  });
  events.erase(oldest != events.end() ? oldest : events.begin());
}

}  // namespace

std::uint64_t DeviceMemory::total_findings() const {
  std::uint64_t total = 0;
  for (const auto& [source, found] : findings)
    total += found.total;
  return total;
}

std::vector<Finding> DeviceMemory::first_findings() const {
  std::vector<Finding> all;
  for (const auto& [source, found] : findings)
    all.insert(all.end(), found.first.begin(), found.first.end());
  return all;
}

void remember(DeviceMemory& memory, FindingSource source, std::vector<Finding> findings,
              std::uint64_t untold) {
  if (findings.empty() && untold == 0) return;
  LogFindings& known = memory.findings[source];
  known.total += findings.size() + untold;
  if (untold > 0) known.worst.set(TrustClaim::executables, trust::kContraindicated);
  for (Finding& finding : findings) {
    known.worst.set(finding.claim, worse(known.worst[finding.claim], finding.trust));
    if (known.first.size() == kMaxKeptFindings) continue;
    for (std::string* text : {&finding.category, &finding.value, &finding.words})
      *text = cut(std::move(*text));
    known.first.push_back(std::move(finding));
  }
}

void remember(DeviceMemory& memory, const std::vector<RuntimeEvent>& events) {
  for (const RuntimeEvent& event : events) {
    memory.measured.insert(event.kind);
    RuntimeEvent kept = cut(event);
    std::erase_if(memory.running, [&kept](const RuntimeEvent& one) {
      return one.kind == kept.kind && one.name == kept.name;
    });
    memory.running.push_back(std::move(kept));
    while (memory.running.size() > kMaxKeptEvents || text_of(memory.running) > kMaxKeptEventText)
      forget_one(memory.running);
  }
}

// Its cause may quote what a device said.
void remember(DeviceMemory& memory, Error refusal) {
  for (std::string* text : {&refusal.message, &refusal.cause, &refusal.hint})
    *text = cut(std::move(*text));
  memory.refusal = std::move(refusal);
}

}  // namespace vedette::attestation
