#include "agent/violation_reporter.h"

#include <utility>
#include <vector>

#include "platform/net/json_api.h"

namespace vedette::agent {

namespace {

using codec::Json;

constexpr std::size_t kAtOnce = 32;

// Which of `sent` the answer names as refused, by their index; and the first refusal's words.
struct Refusals {
  std::vector<bool> is_refused;
  std::optional<Error> first;
};

Result<Refusals> read_refusals(const Json& answer, std::size_t sent) {
  VEDETTE_TRY(const Json* list, answer.array("refused"));
  VEDETTE_TRY(const std::int64_t accepted, answer.integer("accepted"));
  VEDETTE_TRY(const std::int64_t duplicates, answer.integer("duplicates"));
  const auto all = static_cast<std::int64_t>(sent);
  if (accepted < 0 || accepted > all || duplicates < 0 || duplicates > all ||
      accepted + duplicates + static_cast<std::int64_t>(list->if_array()->size()) != all)
    return refuse("HTTP-ANSWER", "the server does not account for every violation");
  Refusals refusals{.is_refused = std::vector<bool>(sent), .first = {}};
  for (const Json& one : *list->if_array()) {
    VEDETTE_TRY(const std::int64_t index, one.integer("index"));
    if (index < 0 || static_cast<std::size_t>(index) >= sent)
      return refuse("HTTP-ANSWER", "the server refused a violation that it was not sent",
                    std::to_string(index));
    refusals.is_refused[static_cast<std::size_t>(index)] = true;
    VEDETTE_TRY(std::string code, one.string("code"));
    VEDETTE_TRY(std::string message, one.string("message"));
    if (!refusals.first) refusals.first = Error{std::move(code), std::move(message), {}, {}};
  }
  return refusals;
}

}  // namespace

// The quarantine first: of all that may fail, this must not.
void ViolationReporter::record(ledger::Violation event) noexcept {
  event.time = clock_.now();
  event = ledger::bounded(std::move(event));
  if (ledger::condemns_at_once(event.kind)) condemn(event);
  const auto kept = store_.add(event, Epoch{epoch_.load()});
  if (!kept) ++lost_;
  tell_(event.model.str() + " release " + std::to_string(event.release) + ": " +
            ledger::describe(event),
        kept ? std::nullopt : std::optional(kept.error()));
}

Result<void> ViolationReporter::keep(ledger::Violation event, const DeviceId& device,
                                     const crypto::PrivateKey& key) {
  record(std::move(event));
  return sign_recorded(device, key);
}

void ViolationReporter::condemn(const ledger::Violation& event) {
  const auto added = quarantine_.add({.model_root = event.model_root,
                                      .model = event.model,
                                      .release = event.release,
                                      .cause = ledger::describe(event),
                                      .since = event.time});
  if (!added) tell_("a quarantine was not recorded", added.error());
}

Result<void> ViolationReporter::sign_recorded(const DeviceId& device,
                                              const crypto::PrivateKey& key) {
  for (const RecordedViolation& violation :
       store_.oldest(ViolationState::recorded, ViolationStore::kMost)) {
    VEDETTE_TRY(std::string jws, ledger::sign_violation({.device = device,
                                                         .epoch = violation.epoch,
                                                         .sequence = violation.sequence,
                                                         .event = violation.event},
                                                        key));
    VEDETTE_CHECK(store_.seal(violation.sequence, std::move(jws)));
  }
  return {};
}

Result<void> ViolationReporter::report_once(platform::HttpClient& client, const Verdict& verdict) {
  const auto sent = store_.oldest(ViolationState::sealed, kAtOnce);
  if (sent.empty()) return {};
  Json::Array texts;
  for (const RecordedViolation& violation : sent)
    texts.emplace_back(violation.jws);
  Json body;
  body.set("violations", std::move(texts));
  VEDETTE_TRY(const auto response,
              client.send(platform::json_request("POST", "/v1/violations", body, verdict.ear)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const Refusals refusals, read_refusals(answer, sent.size()));
  std::vector<std::uint64_t> taken;
  std::vector<std::uint64_t> refused;
  for (std::size_t i = 0; i < sent.size(); ++i)
    (refusals.is_refused[i] ? refused : taken).push_back(sent[i].sequence);
  VEDETTE_CHECK(store_.settle(taken, refused));
  if (refusals.first) return std::unexpected(*refusals.first);
  return {};
}

Json ViolationReporter::status() const {
  const ViolationCounts counts = store_.counts();
  return Json::Object{{"recorded", std::uint64_t{counts.recorded}},
                      {"signed", std::uint64_t{counts.sealed}},
                      {"taken", std::uint64_t{counts.taken}},
                      {"refused", std::uint64_t{counts.refused}},
                      {"lost", lost_.load()}};
}

}  // namespace vedette::agent
