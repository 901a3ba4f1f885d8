#include "agent/violation_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/state_file.h"
#include "base/new_file.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;

constexpr std::array<std::pair<ViolationState, std::string_view>, 4> kStates{{
    {ViolationState::recorded, "recorded"},
    {ViolationState::sealed, "sealed"},
    {ViolationState::taken, "taken"},
    {ViolationState::refused, "refused"},
}};

bool is_decided(const RecordedViolation& violation) {
  return violation.state == ViolationState::taken || violation.state == ViolationState::refused;
}

bool is_in(const std::vector<std::uint64_t>& numbers, std::uint64_t number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

std::unexpected<Error> damaged(const std::string& path, const std::string& cause) {
  return refuse("AGT-VIOLATIONS", "the record of violations is damaged", cause,
                "restore " + path + ", or move it away knowing that its evidence is lost");
}

std::unexpected<Error> full(std::size_t waiting) {
  return refuse("AGT-VIOLATIONS-FULL", "too many violations wait for the server",
                std::to_string(waiting) + " violations",
                "restore the connection to the server: none of them is dropped for a new one");
}

Result<std::uint64_t> number_of(const Json& json, std::string_view name) {
  VEDETTE_TRY(const std::int64_t value, json.integer(name));
  if (value < 0) return refuse("JSON-MEMBER", "a number below zero", std::string(name));
  return static_cast<std::uint64_t>(value);
}

Json to_json(const RecordedViolation& violation) {
  const auto* const state =
      std::ranges::find(kStates, violation.state, &decltype(kStates)::value_type::first);
  return Json::Object{{"sequence", violation.sequence},
                      {"epoch", violation.epoch.value},
                      {"state", state->second},
                      {"jws", violation.jws},
                      {"event", ledger::to_json(violation.event)}};
}

Result<RecordedViolation> parse_recorded(const Json& json) {
  VEDETTE_CHECK(json.only({"sequence", "epoch", "state", "jws", "event"}));
  VEDETTE_TRY(const Json* event_json, json.object("event"));
  VEDETTE_TRY(ledger::Violation event, ledger::parse_violation(*event_json));
  RecordedViolation violation{.event = std::move(event)};
  VEDETTE_TRY(violation.sequence, number_of(json, "sequence"));
  VEDETTE_TRY(violation.epoch.value, number_of(json, "epoch"));
  VEDETTE_TRY(violation.jws, json.string("jws"));
  VEDETTE_TRY(const std::string state_text, json.string("state"));
  const auto* const state =
      std::ranges::find(kStates, state_text, &decltype(kStates)::value_type::second);
  if (state == kStates.end()) return refuse("JSON-MEMBER", "no such state", state_text);
  violation.state = state->first;
  return violation;
}

}  // namespace

Result<std::unique_ptr<ViolationStore>> ViolationStore::load(const std::string& folder,
                                                             TimePoint now) {
  std::string path = folder + "/violations.json";
  remove_leftovers(path);
  VEDETTE_TRY(Content content, read(path));
  if (content.violations.empty() && content.next == 1)
    content.next = static_cast<std::uint64_t>(std::max<std::int64_t>(to_unix_seconds(now), 1));
  return std::unique_ptr<ViolationStore>(new ViolationStore(std::move(path), std::move(content)));
}

Result<ViolationStore::Content> ViolationStore::read(const std::string& path) {
  const auto document = read_state_file(path, kMaxBytes);
  if (!document) return damaged(path, describe(document.error()));
  Content content;
  if (!*document) return content;
  const auto next = number_of(**document, "next");
  const auto list = (*document)->array("violations");
  if (!next || *next == 0 || !list || (*list)->if_array()->size() > kMost)
    return damaged(path, "its outline");
  std::uint64_t former = 0;
  for (const Json& one : *(*list)->if_array()) {
    auto violation = parse_recorded(one);
    if (!violation) return damaged(path, describe(violation.error()));
    if (violation->sequence <= former || violation->sequence >= *next)
      return damaged(path, "its numbers do not rise");
    former = violation->sequence;
    content.violations.push_back(*std::move(violation));
  }
  content.next = *next;
  return content;
}

Json ViolationStore::document_of(const Content& content) {
  Json::Array list;
  for (const RecordedViolation& violation : content.violations)
    list.push_back(to_json(violation));
  return Json::Object{{"next", content.next}, {"violations", std::move(list)}};
}

Result<void> ViolationStore::keep(Content changed) {
  VEDETTE_CHECK(write_state_file(path_, document_of(changed), kMaxBytes));
  content_ = std::move(changed);
  return {};
}

Result<std::uint64_t> ViolationStore::add(const ledger::Violation& event, Epoch epoch) {
  // What would not read would be taken for damage at the next start.
  VEDETTE_CHECK(ledger::parse_violation(ledger::to_json(event)));
  const std::scoped_lock lock(mutex_);
  Content changed = content_;
  auto& all = changed.violations;
  const std::size_t room = ledger::condemns_at_once(event.kind) ? kMost : kMostOfTheRest;
  while (all.size() >= room) {
    const auto decided = std::ranges::find_if(all, is_decided);
    if (decided == all.end()) return full(all.size());
    all.erase(decided);
  }
  const std::uint64_t sequence = changed.next++;
  all.push_back({.sequence = sequence, .epoch = epoch, .event = event});
  VEDETTE_CHECK(keep(std::move(changed)));
  return sequence;
}

Result<void> ViolationStore::seal(std::uint64_t sequence, std::string jws) {
  const std::scoped_lock lock(mutex_);
  Content changed = content_;
  const auto found = std::ranges::find(changed.violations, sequence, &RecordedViolation::sequence);
  if (found == changed.violations.end() || found->state != ViolationState::recorded) return {};
  found->state = ViolationState::sealed;
  found->jws = std::move(jws);
  return keep(std::move(changed));
}

Result<void> ViolationStore::settle(const std::vector<std::uint64_t>& taken,
                                    const std::vector<std::uint64_t>& refused) {
  const std::scoped_lock lock(mutex_);
  Content changed = content_;
  for (RecordedViolation& violation : changed.violations) {
    if (violation.state != ViolationState::sealed) continue;
    if (is_in(taken, violation.sequence)) violation.state = ViolationState::taken;
    if (is_in(refused, violation.sequence)) violation.state = ViolationState::refused;
  }
  return keep(std::move(changed));
}

std::vector<RecordedViolation> ViolationStore::oldest(ViolationState state,
                                                      std::size_t most) const {
  const std::scoped_lock lock(mutex_);
  std::vector<RecordedViolation> found;
  for (const RecordedViolation& violation : content_.violations) {
    if (found.size() >= most) break;
    if (violation.state == state) found.push_back(violation);
  }
  return found;
}

ViolationCounts ViolationStore::counts() const {
  const std::scoped_lock lock(mutex_);
  const auto count = [&](ViolationState state) {
    return static_cast<std::size_t>(
        std::ranges::count(content_.violations, state, &RecordedViolation::state));
  };
  return {.recorded = count(ViolationState::recorded),
          .sealed = count(ViolationState::sealed),
          .taken = count(ViolationState::taken),
          .refused = count(ViolationState::refused)};
}

}  // namespace vedette::agent
