#include "server/violation_gateway.h"

#include <charconv>
#include <utility>

#include "server/answers.h"

namespace vedette::server {

namespace {

using codec::Json;
using ledger::StoredViolation;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr SubmissionRules kRules{.kind = "violation", .member = "violations", .most = 64};
constexpr std::size_t kMostListed = 1000;
constexpr std::uint64_t kMostOfOneDevice = 10'000;

// The whole text as a number of that range.
Result<std::uint64_t> parse_number(const std::string& text, std::uint64_t most,
                                   const char* sentence) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number == 0 || number > most)
    return refuse("HTTP-QUERY", sentence, text.substr(0, 40));
  return number;
}

Json to_json(const StoredViolation& violation) {
  Json json;
  json.set("id", to_hex(violation.id)).set("device", violation.device.str());
  json.set("sequence", violation.sequence).set("model", violation.model.str());
  json.set("release", violation.release).set("model_root", to_hex(violation.model_root));
  json.set("kind", ledger::to_string(violation.kind)).set("epoch", violation.epoch.value);
  json.set("of_old", violation.is_of_old);
  json.set("received_at", to_rfc3339(violation.received_at)).set("jws", violation.jws);
  return json;
}

Result<ledger::ViolationFilter> read_filter(const Call& call) {
  ledger::ViolationFilter filter;
  if (const auto text = call.query.find("device"); text != call.query.end()) {
    VEDETTE_TRY(filter.device, DeviceId::parse(text->second));
  }
  if (const auto text = call.query.find("model"); text != call.query.end()) {
    VEDETTE_TRY(filter.model, ModelName::parse(text->second));
  }
  return filter;
}

// What the log says of it: enough to see what happened without the store.
void tell(const ledger::SignedViolation& violation, Matter& matter) {
  const ledger::ViolationClaims& claims = violation.claims;
  matter.details.set("violation", to_hex(violation.id)).set("sequence", claims.sequence);
  matter.details.set("device", claims.device.str()).set("epoch", claims.epoch.value);
  matter.details.set("event", ledger::to_json(claims.event));
}

// The same event again is a retry; another one under its number is a device that contradicts
// itself.
Result<bool> is_retry(UnitOfWork& unit, const ledger::SignedViolation& violation) {
  const ledger::ViolationClaims& claims = violation.claims;
  VEDETTE_TRY(const auto former, unit.violations().find(claims.device, claims.sequence));
  if (!former) return false;
  if (former->id == violation.id) return true;
  return refuse("VIO-SEQUENCE", "the device has told another event under this number",
                "number " + std::to_string(claims.sequence) + ": " + to_hex(former->id));
}

}  // namespace

Result<bool> judge_violation(const ledger::ViolationClaims& claims, const identity::Device& device,
                             const std::optional<release::Release>& release) {
  if (claims.device != device.id)
    return refuse("VIO-DEVICE", "the violation names another device than the one that sent it",
                  claims.device.str());
  if (claims.epoch > device.epoch)
    return refuse("VIO-EPOCH", "the violation is from an epoch of trust that has not been",
                  "epoch " + std::to_string(claims.epoch.value) + ", now " +
                      std::to_string(device.epoch.value));
  if (!release || release->model_root != claims.event.model_root)
    return refuse("VIO-RELEASE", "the violation names a release that was never published",
                  claims.event.model.str() + "/" + std::to_string(claims.event.release) + " " +
                      to_hex(claims.event.model_root));
  return claims.epoch < device.epoch;
}

Result<Submission> ViolationGateway::keep(UnitOfWork& unit, const Call& call,
                                          const std::string& jws, Matter& matter) {
  VEDETTE_TRY(const crypto::PublicKey key, call.connection.peer->public_key());
  VEDETTE_TRY(const ledger::VerifiedViolation violation, ledger::verify_violation(jws, key));
  tell(*violation, matter);
  const ledger::ViolationClaims& claims = violation->claims;
  const ledger::Violation& event = claims.event;
  // The record is read again within the transaction: a revocation committed meanwhile counts.
  VEDETTE_TRY(const auto device, unit.devices().find(call.caller.device->id));
  if (!device) return refuse("VIO-DEVICE", "the device is not enrolled any more");
  VEDETTE_TRY(const auto release, unit.releases().find(event.model, event.release));
  VEDETTE_TRY(const bool is_of_old, judge_violation(claims, *device, release));
  VEDETTE_TRY(const bool retried, is_retry(unit, *violation));
  if (retried) return Submission::duplicate;
  VEDETTE_TRY(const std::uint64_t count, unit.violations().count(claims.device));
  if (count >= kMostOfOneDevice)
    return refuse("VIO-FULL", "the device has reported too many violations",
                  std::to_string(count) + " are kept", "quarantine the device and look at it");
  matter.details.set("of_old", is_of_old);
  VEDETTE_CHECK(unit.violations().add({.id = violation->id,
                                       .device = claims.device,
                                       .sequence = claims.sequence,
                                       .model = event.model,
                                       .release = event.release,
                                       .model_root = event.model_root,
                                       .kind = event.kind,
                                       .epoch = claims.epoch,
                                       .is_of_old = is_of_old,
                                       .received_at = clock_.now(),
                                       .jws = jws}));
  return Submission::accepted;
}

Result<HttpResponse> ViolationGateway::submit(const Call& call) {
  return take_submissions(store_, chronicle_, call, kRules,
                          [&](UnitOfWork& unit, const std::string& jws, Matter& matter) {
                            return keep(unit, call, jws, matter);
                          });
}

Result<HttpResponse> ViolationGateway::list(const Call& call) {
  VEDETTE_TRY(const ledger::ViolationFilter filter, read_filter(call));
  std::uint64_t limit = kMostListed;
  if (const auto text = call.query.find("limit"); text != call.query.end()) {
    VEDETTE_TRY(limit, parse_number(text->second, kMostListed, "limit is a number from 1 to 1000"));
  }
  Json::Array violations;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto stored, unit.violations().list(filter, limit));
    for (const StoredViolation& violation : stored)
      violations.push_back(to_json(violation));
    return {};
  }));
  Json body;
  body.set("violations", std::move(violations));
  return answer(body);
}

Result<HttpResponse> ViolationGateway::show(const Call& call) {
  constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53U) - 1;
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(call.arguments.at(0)));
  VEDETTE_TRY(const std::uint64_t sequence,
              parse_number(call.arguments.at(1), kMaxNumber, "this is not a violation's number"));
  std::optional<StoredViolation> found;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(found, unit.violations().find(device, sequence));
    return {};
  }));
  if (!found)
    return refuse("HTTP-NOT-FOUND", "there is no such violation",
                  device.str() + " " + std::to_string(sequence), "see `vedette violation list`");
  return answer(to_json(*found));
}

}  // namespace vedette::server
