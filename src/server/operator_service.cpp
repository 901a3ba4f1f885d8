#include "server/operator_service.h"

#include <utility>

#include "server/answers.h"
#include "server/device_json.h"

namespace vedette::server {

namespace {

using attestation::ReferenceValues;
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

Result<Device> existing(UnitOfWork& unit, const DeviceId& id) {
  VEDETTE_TRY(auto found, unit.devices().find(id));
  if (!found)
    return refuse("HTTP-NOT-FOUND", "there is no such device", id.str(),
                  "see `vedette device list`");
  return *std::move(found);
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
  VEDETTE_CHECK(body.only({"device", "group", "endorsement_sha256"}));
  VEDETTE_TRY(const std::string device_text, body.string("device"));
  VEDETTE_TRY(const std::string group_text, body.string("group"));
  VEDETTE_TRY(const std::string hash_text, body.string("endorsement_sha256"));
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(device_text));
  VEDETTE_TRY(const GroupId group, GroupId::parse(group_text));
  VEDETTE_TRY(const auto endorsement, parse_sha256(hash_text));
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, "allow", "device/" + device.str(), body), [&](UnitOfWork& unit, Matter&) {
        return unit.enrollment_rules().allow(
            {.endorsement_sha256 = endorsement, .device = device, .group = group});
      }));
  return answer(Json::Object{});
}

Result<HttpResponse> OperatorService::add_endorsement_root(const Call& call) {
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_CHECK(body.only({"group", "certificate"}));
  VEDETTE_TRY(const std::string group_text, body.string("group"));
  VEDETTE_TRY(const std::string pem, body.string("certificate"));
  VEDETTE_TRY(const GroupId group, GroupId::parse(group_text));
  VEDETTE_TRY(const auto certificates, crypto::Certificate::all_from_pem(pem));
  if (certificates.empty()) return refuse("CERT-SYNTAX", "there is no certificate in the text");
  Json details;
  details.set("group", group.str()).set("root", certificates.front().subject());
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, "admit-maker", "group/" + group.str(), details),
      [&](UnitOfWork& unit, Matter&) -> Result<void> {
        for (const auto& certificate : certificates)
          VEDETTE_CHECK(unit.enrollment_rules().add_root({group, certificate.der()}));
        return {};
      }));
  return answer(Json::Object{});
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
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, kind, "device/" + id.str(), body),
      [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(Device device, existing(unit, id));
        if (to == DeviceStatus::active && device.status == DeviceStatus::revoked)
          return refuse("DEV-REVOKED", "a revoked device cannot be reinstated", id.str(),
                        "revocation is final; quarantine is what can be undone");
        device.status = to;
        device.status_reason = to == DeviceStatus::active ? std::string{} : reason;
        ++device.epoch.value;
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

Result<HttpResponse> OperatorService::show_reference(const Call& call) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(call.arguments.at(0)));
  std::optional<ReferenceValues> values;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(values, unit.references().find(group));
    return {};
  }));
  if (!values)
    return refuse("HTTP-NOT-FOUND", "this group has no reference values", group.str(),
                  "see `vedette reference learn`");
  return answer(to_json(*values));
}

Result<HttpResponse> OperatorService::set_reference(const Call& call) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(call.arguments.at(0)));
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_TRY(const ReferenceValues values, parse_reference_values(body));
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, "reference", "group/" + group.str(), to_json(values)),
      [&](UnitOfWork& unit, Matter&) { return unit.references().save(group, values); }));
  return answer(Json::Object{});
}

Result<HttpResponse> OperatorService::learn_reference(const Call& call) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(call.arguments.at(0)));
  VEDETTE_TRY(const Json body, body_of(call));
  VEDETTE_CHECK(body.only({"device"}));
  VEDETTE_TRY(const std::string text, body.string("device"));
  VEDETTE_TRY(const DeviceId id, DeviceId::parse(text));
  ReferenceValues values;
  VEDETTE_CHECK(chronicle_.decide(
      matter_of(call, "reference", "group/" + group.str(), body),
      [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
        VEDETTE_TRY(const Device device, existing(unit, id));
        if (device.group != group)
          return refuse("REF-GROUP", "the device belongs to another group", device.group.str());
        VEDETTE_TRY(const auto state, unit.attestations().last(id));
        if (!state)
          return refuse("REF-NOTHING", "this device has not sent a quote that verifies", id.str(),
                        "start its agent and try again");
        for (const auto& [number, value] : state->registers)
          values.registers[number] = {value};
        matter.details.set("values", to_json(values));
        return unit.references().save(group, values);
      }));
  return answer(to_json(values));
}

}  // namespace vedette::server
