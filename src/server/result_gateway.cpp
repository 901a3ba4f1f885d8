#include "server/result_gateway.h"

#include <charconv>
#include <utility>

#include "server/answers.h"

namespace vedette::server {

namespace {

using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr SubmissionRules kRules{.kind = "result", .member = "receipts", .most = 256};
constexpr std::size_t kMostListed = 1000;
constexpr std::chrono::minutes kClockSkew{2};
constexpr std::chrono::hours kOldest{24};

}  // namespace

Result<void> judge_receipt(const ledger::ReceiptClaims& claims, const identity::Device& device,
                           const std::optional<release::Release>& release, TimePoint now) {
  if (claims.device != device.id)
    return refuse("RES-DEVICE", "the result names another device than the one that sent it",
                  claims.device.str());
  if (claims.epoch != device.epoch)
    return refuse("RES-EPOCH", "the result is from another epoch of trust in this device",
                  "epoch " + std::to_string(claims.epoch.value) + ", now " +
                      std::to_string(device.epoch.value));
  if (!release)
    return refuse("RES-RELEASE", "the result names a release that was never published",
                  claims.model.str() + "/" + std::to_string(claims.release));
  if (release->blocked)
    return refuse("RES-BLOCKED", "the result comes from a blocked release",
                  claims.model.str() + "/" + std::to_string(claims.release));
  if (release->pending)
    return refuse("RES-PENDING", "the result comes from a release that waits for its approval",
                  claims.model.str() + "/" + std::to_string(claims.release),
                  "another publisher approves it: 'vedette release approve'");
  if (claims.model_root != release->model_root)
    return refuse("RES-MODEL", "the result comes from another model than the release names",
                  to_hex(claims.model_root) + " instead of " + to_hex(release->model_root));
  if (claims.time > now + kClockSkew || claims.time < now - kOldest)
    return refuse("RES-TIME", "the result's time is not believable", to_rfc3339(claims.time),
                  "check the device's clock");
  return {};
}

Result<Submission> ResultGateway::believe(UnitOfWork& unit, const Call& call,
                                          const std::string& jws, Matter& matter) {
  VEDETTE_TRY(const crypto::PublicKey key, call.connection.peer->public_key());
  VEDETTE_TRY(const ledger::VerifiedReceipt receipt, ledger::verify_receipt(jws, key));
  const ledger::ReceiptClaims& claims = receipt->claims;
  matter.details.set("receipt", to_hex(receipt->id)).set("model", claims.model.str());
  matter.details.set("release", claims.release).set("sequence", claims.sequence);
  VEDETTE_TRY(const auto release, unit.releases().find(claims.model, claims.release));
  // The record is read again within the transaction: a revocation committed meanwhile counts.
  VEDETTE_TRY(const auto device, unit.devices().find(call.caller.device->id));
  if (!device || device->status != identity::DeviceStatus::active)
    return refuse("RES-EPOCH", "trust in this device was withdrawn");
  VEDETTE_CHECK(judge_receipt(claims, *device, release, clock_.now()));
  VEDETTE_TRY(const bool is_new, unit.receipts().add({.id = receipt->id,
                                                      .device = claims.device,
                                                      .model = claims.model,
                                                      .release = claims.release,
                                                      .epoch = claims.epoch,
                                                      .received_at = clock_.now(),
                                                      .jws = jws}));
  return is_new ? Submission::accepted : Submission::duplicate;
}

Result<HttpResponse> ResultGateway::submit(const Call& call) {
  return take_submissions(store_, chronicle_, call, kRules,
                          [&](UnitOfWork& unit, const std::string& jws, Matter& matter) {
                            return believe(unit, call, jws, matter);
                          });
}

Result<HttpResponse> ResultGateway::list(const Call& call) {
  std::optional<DeviceId> device;
  if (const auto text = call.query.find("device"); text != call.query.end()) {
    VEDETTE_TRY(device, DeviceId::parse(text->second));
  }
  std::size_t limit = kMostListed;
  if (const auto text = call.query.find("limit"); text != call.query.end()) {
    const char* end = text->second.data() + text->second.size();
    const auto parsed = std::from_chars(text->second.data(), end, limit);
    if (parsed.ec != std::errc{} || parsed.ptr != end || limit == 0 || limit > kMostListed)
      return refuse("HTTP-QUERY", "limit is a number from 1 to 1000", text->second.substr(0, 40));
  }
  Json::Array receipts;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto stored, unit.receipts().list(device, limit));
    for (const auto& receipt : stored) {
      Json one;
      one.set("id", to_hex(receipt.id)).set("device", receipt.device.str());
      one.set("model", receipt.model.str()).set("release", receipt.release);
      one.set("received_at", to_rfc3339(receipt.received_at)).set("jws", receipt.jws);
      receipts.push_back(std::move(one));
    }
    return {};
  }));
  Json body;
  body.set("receipts", std::move(receipts));
  return answer(body);
}

}  // namespace vedette::server
