#include "server/operator_service.h"

#include <algorithm>
#include <array>
#include <utility>

#include "identity/enrollment.h"
#include "policy/authorization.h"
#include "server/admission_json.h"
#include "server/answers.h"
#include "server/device_json.h"
#include "server/known_device.h"

namespace vedette::server {

namespace {

using codec::Json;
using identity::Device;
using identity::DeviceStatus;
using platform::HttpResponse;
using platform::UnitOfWork;

Result<Json> body_of(const Call& call) {
  return codec::parse_json(as_text(call.request.body));
}

Matter matter_of(const Call& call, std::string kind, std::string subject, Json details) {
  return {.kind = std::move(kind),
          .subject = std::move(subject),
          .actor = call.caller.name(),
          .rule = call.rule,
          .details = std::move(details)};
}

// Whether the caller may do the same in this group.
Result<void> check_group(const Call& call, const GroupId& group) {
  policy::Request asked = call.asked;
  asked.facts.set_name(policy::Attribute::resource_group, group.str());
  const auto allowed = policy::authorize(call.policy, asked);
  if (!allowed) return std::unexpected(allowed.error());
  return {};
}

Result<void> check_present_group(const Call& call, const GroupId& present, const GroupId& wanted) {
  return present == wanted ? Result<void>{} : check_group(call, present);
}

// Whoever may let TPMs into one group takes none out of another by that: the policy is asked about
// each group that the TPM or the name has now, too.
Result<void> check_present_groups(UnitOfWork& unit, const Call& call,
                                  const identity::AllowedEndorsement& wanted) {
  VEDETTE_TRY(const auto entries, unit.enrollment_rules().list());
  for (const auto& entry : entries)
    if (entry.endorsement_sha256 == wanted.endorsement_sha256 || entry.device == wanted.device)
      VEDETTE_CHECK(check_present_group(call, entry.group, wanted.group));
  VEDETTE_TRY(const auto named, unit.devices().find(wanted.device));
  if (named) VEDETTE_CHECK(check_present_group(call, named->group, wanted.group));
  VEDETTE_TRY(const auto same_tpm, unit.devices().find_by_endorsement(wanted.endorsement_sha256));
  if (same_tpm) VEDETTE_CHECK(check_present_group(call, same_tpm->group, wanted.group));
  return {};
}

// Of one TPM: by its key, or by the serial number of its certificate.
Result<identity::EnrollmentToken> token_of(const Json& body, const identity::MadeToken& made,
                                           TimePoint now) {
  constexpr std::int64_t kShortest = 60;
  constexpr std::int64_t kLongest = std::int64_t{30} * 24 * 3'600;
  constexpr std::size_t kMostDigits = 40;  // RFC 5280, 4.1.2.2
  VEDETTE_CHECK(body.only({"group", "endorsement_sha256", "certificate_serial", "valid_seconds"}));
  VEDETTE_TRY(const std::string group_text, body.string("group"));
  VEDETTE_TRY(GroupId group, GroupId::parse(group_text));
  VEDETTE_TRY(const std::int64_t seconds, body.integer("valid_seconds"));
  if (seconds < kShortest || seconds > kLongest)
    return refuse("HTTP-VALUE", "a token is good for a minute to thirty days",
                  std::to_string(seconds) + " seconds");
  identity::EnrollmentToken token{.sha256 = made.sha256,
                                  .group = std::move(group),
                                  .expires_at = now + std::chrono::seconds(seconds)};
  const bool by_key = body.find("endorsement_sha256") != nullptr;
  if (by_key == (body.find("certificate_serial") != nullptr))
    return refuse("HTTP-VALUE", "a token is for one TPM, by its key or by its certificate's serial",
                  {}, "a token for whoever has it would be a secret of the whole fleet");
  if (by_key) {
    VEDETTE_TRY(const std::string hex, body.string("endorsement_sha256"));
    VEDETTE_TRY(token.endorsement_sha256, parse_sha256(hex));
    return token;
  }
  VEDETTE_TRY(token.certificate_serial, body.string("certificate_serial"));
  const bool is_serial =
      !token.certificate_serial.empty() && token.certificate_serial.size() <= kMostDigits &&
      token.certificate_serial.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_serial)
    return refuse("HEX-SYNTAX", "a serial number is of up to 40 lower-case hexadecimal digits",
                  token.certificate_serial.substr(0, 80));
  return token;
}

// Whether a TPM that is on no list may have certificates all the same. What the allow-list admits
// shows no certificate of its maker: then the server does not know.
enum class StillAdmitted : std::uint8_t { no, perhaps, yes };

std::string_view to_string(StillAdmitted still) {
  constexpr std::array<std::string_view, 3> kWords = {"no", "perhaps", "yes"};
  return kWords.at(static_cast<std::size_t>(still));
}

Result<StillAdmitted> still_admitted(UnitOfWork& unit, const crypto::Sha256Digest& endorsement) {
  VEDETTE_TRY(const auto roots, unit.enrollment_rules().roots());
  if (roots.empty()) return StillAdmitted::no;
  VEDETTE_TRY(const auto device, unit.devices().find_by_endorsement(endorsement));
  if (device && device->status == identity::DeviceStatus::revoked) return StillAdmitted::no;
  if (!device || !device->maker_root) return StillAdmitted::perhaps;
  return identity::check_admitted(*device, std::nullopt, roots) ? StillAdmitted::yes
                                                                : StillAdmitted::perhaps;
}

Json json_of(const std::optional<SkuId>& sku) {
  return sku ? Json(sku->str()) : Json();
}

}  // namespace

Result<HttpResponse> OperatorService::status(const Call& /*call*/) {
  Json body;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto devices, unit.devices().list());
    VEDETTE_TRY(const auto releases, unit.releases().list());
    VEDETTE_TRY(const std::uint64_t receipts, unit.receipts().count());
    VEDETTE_TRY(const std::uint64_t log_size, unit.log().size());
    body.set("trust_domain", trust_domain_).set("devices", std::uint64_t{devices.size()});
    body.set("releases", std::uint64_t{releases.size()}).set("receipts", receipts);
    body.set("log_size", log_size).set("log_vkey", chronicle_.log().vkey());
    return {};
  }));
  if (Json tuf = tuf_status_(); !tuf.is_null()) body.set("tuf", std::move(tuf));
  return answer(body);
}

Result<HttpResponse> OperatorService::list_devices(const Call& /*call*/) {
  Json::Array list;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto devices, unit.devices().list());
    for (const Device& device : devices) {
      VEDETTE_TRY(const auto state, unit.attestations().last(device.id));
      list.push_back(to_json(device, state));
    }
    return {};
  }));
  Json body;
  body.set("devices", std::move(list));
  return answer(body);
}

Result<HttpResponse> OperatorService::allow_device(const Call& call) {
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_CHECK(body.only({"device", "group", "endorsement_sha256", "sku", "keys"}));
  VEDETTE_TRY(const std::string device_text, body.string("device"));
  VEDETTE_TRY(const std::string group_text, body.string("group"));
  VEDETTE_TRY(const std::string hash_text, body.string("endorsement_sha256"));
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(device_text));
  VEDETTE_TRY(const GroupId group, GroupId::parse(group_text));
  VEDETTE_TRY(const auto endorsement, parse_sha256(hash_text));
  VEDETTE_TRY(const auto sku, sku_of(body));
  VEDETTE_TRY(const auto keys, keys_of(body));
  const identity::AllowedEndorsement entry{.endorsement_sha256 = endorsement,
                                           .device = device,
                                           .group = group,
                                           .sku = sku,
                                           .keys = keys};
  VEDETTE_CHECK(chronicle_.decide(matter_of(call, "allow", "device/" + device.str(), body),
                                  [&](UnitOfWork& unit, Matter&) -> Result<void> {
                                    VEDETTE_CHECK(check_present_groups(unit, call, entry));
                                    return unit.enrollment_rules().allow(entry);
                                  }));
  return answer(Json::Object{});
}

// What it has it keeps until that ends: its certificate is the last one.
Result<HttpResponse> OperatorService::disallow_device(const Call& call) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(call.arguments.at(0)));
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_CHECK(body.only({}));
  std::uint64_t removed = 0;
  StillAdmitted still{};
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, "disallow", "device/" + device.str(), Json::Object{}),
      [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(const auto entries, unit.enrollment_rules().list());
        Json::Array keys;
        still = StillAdmitted::no;
        for (const auto& entry : entries) {
          if (entry.device != device) continue;
          VEDETTE_CHECK(check_group(call, entry.group));
          keys.emplace_back(to_hex(entry.endorsement_sha256));
          VEDETTE_TRY(const auto by_root, still_admitted(unit, entry.endorsement_sha256));
          still = std::max(still, by_root);
        }
        VEDETTE_TRY(removed, unit.enrollment_rules().disallow(device));
        if (removed == 0)
          return refuse("DEV-NOT-ALLOWED", "the allow-list has no TPM by this name", device.str(),
                        "one that its maker's root admits is stopped by 'vedette device revoke'");
        matter.details.set("endorsement_sha256", std::move(keys));
        matter.details.set("still_admitted_by_root", to_string(still));
        return {};
      }));
  Json answer_body;
  answer_body.set("removed", removed).set("still_admitted_by_root", to_string(still));
  return answer(answer_body);
}

Result<HttpResponse> OperatorService::make_enrollment_token(const Call& call) {
  VEDETTE_TRY(const Json body, body_of(call));
  const identity::MadeToken made = identity::make_enrollment_token();
  VEDETTE_TRY(const identity::EnrollmentToken token, token_of(body, made, clock_.now()));
  Json details = body;
  details.set("token_sha256", to_hex(made.sha256));
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, "enrolment-token", "group/" + token.group.str(), std::move(details)),
      [&](UnitOfWork& unit, Matter&) -> Result<void> {
        if (!token.endorsement_sha256) return unit.enrollment_tokens().add(token, clock_.now());
        VEDETTE_TRY(const auto known,
                    unit.devices().find_by_endorsement(*token.endorsement_sha256));
        if (known)
          return refuse("DEV-ENROLLED", "this TPM has enrolled, and needs no token any more",
                        known->id.str());
        return unit.enrollment_tokens().add(token, clock_.now());
      }));
  Json answer_body;
  answer_body.set("token", as_text(made.text.expose()));
  answer_body.set("expires_at", to_rfc3339(token.expires_at));
  HttpResponse response = answer(answer_body);
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

// Another SKU may mean other reference values: the device's next attestation is judged by those
// from the beginning, as after every change of reference values.
Result<HttpResponse> OperatorService::set_sku(const Call& call) {
  VEDETTE_TRY(const DeviceId id, DeviceId::parse(call.arguments.at(0)));
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_CHECK(body.only({"sku"}));
  if (body.find("sku") == nullptr)
    return refuse("JSON-MEMBER", "a member is missing", "sku", "null takes the SKU away");
  VEDETTE_TRY(const auto sku, sku_of(body));
  Json answer_body;
  VEDETTE_CHECK(chronicle_.decide(matter_of(call, "sku", "device/" + id.str(), body),
                                  [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
                                    VEDETTE_TRY(Device device, known_device(unit, id));
                                    matter.details.set("was", json_of(device.sku));
                                    answer_body = matter.details;
                                    device.sku = sku;
                                    return unit.devices().save(device);
                                  }));
  return answer(answer_body);
}

// Whatever takes trust away raises the epoch, in the transaction that says so; connections follow
// at once.
Result<HttpResponse> OperatorService::change_status(const Call& call, const char* kind,
                                                    DeviceStatus to) {
  VEDETTE_TRY(const DeviceId id, DeviceId::parse(call.arguments.at(0)));
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_CHECK(body.only({"reason"}));
  VEDETTE_TRY(const std::string reason, body.string("reason"));
  if (reason.empty() || reason.size() > 500)
    return refuse("HTTP-REASON", "a reason of 1 to 500 characters is needed");
  Epoch epoch;
  VEDETTE_CHECK(
      chronicle_.decide(matter_of(call, kind, "device/" + id.str(), body),
                        [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
                          VEDETTE_TRY(Device device, known_device(unit, id));
                          if (device.status == DeviceStatus::revoked)
                            return refuse("DEV-REVOKED", "a revoked device stays revoked", id.str(),
                                          "revocation is final; quarantine is what can be undone");
                          device = with_status(std::move(device), to, reason, clock_.now());
                          epoch = device.epoch;
                          matter.details.set("epoch", epoch.value);
                          return unit.devices().save(device);
                        }));
  const std::size_t closed = to == DeviceStatus::active ? 0 : disconnect_(id);
  Json answer_body;
  answer_body.set("epoch", epoch.value).set("connections_closed", std::uint64_t{closed});
  return answer(answer_body);
}

Result<HttpResponse> OperatorService::revoke(const Call& call) {
  return change_status(call, "revoke", DeviceStatus::revoked);
}

Result<HttpResponse> OperatorService::quarantine(const Call& call) {
  return change_status(call, "quarantine", DeviceStatus::quarantined);
}

Result<HttpResponse> OperatorService::reinstate(const Call& call) {
  return change_status(call, "reinstate", DeviceStatus::active);
}

}  // namespace vedette::server
