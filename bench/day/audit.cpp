#include "audit.h"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "codec/json.h"

namespace vedette::bench {

namespace {

using codec::Json;

// What the log tells of one subject.
struct Told {
  Tally tally;
  std::uint64_t octets = 0;  // of its attestations
};
using Tales = std::unordered_map<std::string, Told>;

constexpr std::size_t kMostInWords = 10;

std::string in_words(const Standing& standing) {
  if (!standing.known) return "unknown";
  return std::string(standing.affirming ? "trusted" : "not trusted") + ", last seen " +
         to_rfc3339(standing.at) + ", boot " + std::to_string(standing.reset_count);
}

std::string in_words(const Tally& tally) {
  std::string words = std::to_string(tally.accepted) + " accepted, " +
                      std::to_string(tally.refused) + " refused, " + std::to_string(tally.boots) +
                      " boots, silent";
  for (const TimePoint at : tally.silences)
    words += " " + to_rfc3339(at);
  return words;
}

// The store keeps milliseconds, the log seconds.
Standing standing_of(const std::optional<attestation::AttestationState>& state) {
  if (!state) return {};
  return {.known = true,
          .affirming = state->affirming,
          .at = state->at,
          .reset_count = state->reset_count};
}

Result<void> count(const Json& entry, std::size_t octets, Tales& tales) {
  VEDETTE_TRY(const std::string kind, entry.string("kind"));
  if (kind != "attest" && kind != "clone-alarm" && kind != "silence") return {};
  VEDETTE_TRY(const std::string subject, entry.string("subject"));
  Told& told = tales[subject];
  Tally& tally = told.tally;
  if (kind == "silence") {
    VEDETTE_TRY(const std::string time, entry.string("time"));
    VEDETTE_TRY(const TimePoint at, from_rfc3339(time));
    tally.silences.push_back(at);
    return {};
  }
  told.octets += octets;
  VEDETTE_TRY(const std::string verdict, entry.string("verdict"));
  ++(verdict == "accepted" ? tally.accepted : tally.refused);
  const Json* details = entry.find("details");
  const Json* rebooted = details == nullptr ? nullptr : details->find("rebooted");
  if (rebooted == nullptr || rebooted->if_bool() == nullptr || !*rebooted->if_bool()) return {};
  ++tally.boots;
  return {};
}

Result<Tales> read_log(platform::Store& store) {
  constexpr std::uint64_t kAtOnce = 10'000;
  Tales tales;
  std::uint64_t size = 1;
  for (std::uint64_t first = 0; first < size; first += kAtOnce) {
    VEDETTE_CHECK(store.read([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(size, unit.log().size());
      for (std::uint64_t i = first; i < std::min(first + kAtOnce, size); ++i) {
        VEDETTE_TRY(const Bytes octets, unit.log().entry(i));
        VEDETTE_TRY(const Json entry, codec::parse_json(as_text(octets)));
        VEDETTE_CHECK(count(entry, octets.size(), tales));
      }
      return {};
    }));
  }
  return tales;
}

void add(LogFigures& figures, const Told& told) {
  figures.entries += told.tally.accepted + told.tally.refused;
  figures.octets += told.octets;
  figures.accepted += told.tally.accepted;
  figures.refused += told.tally.refused;
  figures.silences += told.tally.silences.size();
  figures.boots += told.tally.boots;
}

Told take_out(Tales& tales, const DeviceId& device) {
  auto told = tales.extract("device/" + device.str());
  return told.empty() ? Told{} : std::move(told.mapped());
}

// Where the verifier died over an evidence, it may stand in the log and yet have been sent again.
bool is_told(const Subject& subject, Tally told) {
  if (told == subject.tally) return true;
  if (!subject.in_the_dark) return false;
  if (told.accepted > subject.tally.accepted) {
    --told.accepted;
  } else if (told.refused > subject.tally.refused) {
    --told.refused;
  }
  return told == subject.tally;
}

}  // namespace

void Discrepancies::add(std::string what) {
  ++total_;
  if (first_.size() < kMostInWords) first_.push_back(std::move(what));
}

void Discrepancies::add(const Discrepancies& others) {
  for (const std::string& what : others.first_)
    add(what);
  total_ += others.total_ - others.first_.size();
}

Result<std::uint64_t> audit_store(platform::Store& store, const Fleet& fleet,
                                  Discrepancies& found) {
  std::uint64_t trusted = 0;
  VEDETTE_CHECK(store.read([&](platform::UnitOfWork& unit) -> Result<void> {
    for (const Subject& subject : fleet.subjects()) {
      VEDETTE_TRY(const auto state, unit.attestations().last(subject.device.id()));
      const Standing kept = standing_of(state);
      if (kept.affirming) ++trusted;
      if (kept == subject.standing) continue;
      if (subject.ready && subject.in_the_dark) continue;  // it counted or did not; it comes again
      found.add(subject.device.id().str() + " stands in the store as " + in_words(kept) +
                ", but must be " + in_words(subject.standing));
    }
    return {};
  }));
  return trusted;
}

Result<LogFigures> audit_log(platform::Store& store, const Fleet& fleet, Discrepancies& found) {
  VEDETTE_TRY(Tales tales, read_log(store));
  LogFigures figures;
  for (const Subject& subject : fleet.subjects()) {
    const Told told = take_out(tales, subject.device.id());
    add(figures, told);
    if (!is_told(subject, told.tally))
      found.add("the log tells of " + subject.device.id().str() + ": " + in_words(told.tally) +
                "; what happened: " + in_words(subject.tally));
  }
  for (const Device& golden : fleet.golden())
    take_out(tales, golden.id());
  for (const auto& [name, told] : tales)
    found.add("the log tells of " + name + ", which is no device");
  return figures;
}

}  // namespace vedette::bench
