#include "server/maker_service.h"

#include <algorithm>
#include <utility>

#include "crypto/digest.h"
#include "crypto/endorsement.h"
#include "server/admission_json.h"
#include "server/answers.h"
#include "server/device_json.h"

namespace vedette::server {

namespace {

using codec::Json;
using crypto::Certificate;
using identity::EndorsementRoot;
using platform::HttpResponse;
using platform::UnitOfWork;

constexpr std::size_t kMostRoots = 256;

Json fingerprints_of(std::span<const Certificate> certificates) {
  Json::Array digests;
  for (const auto& certificate : certificates)
    digests.emplace_back(to_hex(certificate.fingerprint()));
  return digests;
}

Result<bool> power_of(const Json& body, std::string_view name) {
  return body.find(name) == nullptr ? Result<bool>(false) : body.boolean(name);
}

Result<crypto::EndorsementTolerance> tolerance_of(const Json& body) {
  crypto::EndorsementTolerance tolerance;
  VEDETTE_TRY(tolerance.sha1_signature, power_of(body, "sha1_signature"));
  VEDETTE_TRY(tolerance.expired, power_of(body, "expired"));
  return tolerance;
}

Matter matter_of(const Call& call, std::string kind, const GroupId& group, Json details) {
  return {.kind = std::move(kind),
          .subject = "group/" + group.str(),
          .actor = call.caller.name(),
          .rule = call.rule,
          .details = std::move(details)};
}

Result<Json> json_of(const EndorsementRoot& root) {
  VEDETTE_TRY(const Certificate certificate, Certificate::from_der(root.certificate_der));
  Json json;
  json.set("group", root.group.str()).set("sha256", to_hex(certificate.fingerprint()));
  json.set("subject", certificate.subject());
  json.set("root", crypto::is_issuer_by_name(certificate, certificate));
  if (root.sku) json.set("sku", root.sku->str());
  if (root.tolerance.sha1_signature) json.set("sha1_signature", true);
  if (root.tolerance.expired) json.set("expired", true);
  if (root.keys != identity::KeyKinds{}) json.set("keys", to_json(root.keys));
  return json;
}

struct Removed {
  bool is_root = false;  // else it is an issuer, which admits nobody by itself
  std::uint64_t devices = 0;
  Json::Array still_in_groups;
};

Result<Removed> take_away(UnitOfWork& unit, const GroupId& group, const crypto::Sha256Digest& root,
                          Matter& matter) {
  VEDETTE_TRY(const auto roots, unit.enrollment_rules().roots());
  const auto is_it = [&](const EndorsementRoot& other) {
    return crypto::sha256(other.certificate_der) == root;
  };
  Removed removed;
  const EndorsementRoot* found = nullptr;
  for (const EndorsementRoot& other : roots) {
    if (!is_it(other)) continue;
    if (other.group == group)
      found = &other;
    else
      removed.still_in_groups.emplace_back(other.group.str());
  }
  if (found == nullptr)
    return refuse("DEV-NO-ROOT", "no such certificate of a maker is configured for this group",
                  to_hex(root) + " in " + group.str(), "'vedette trust ek-roots list' shows them");
  VEDETTE_TRY(const Certificate certificate, Certificate::from_der(found->certificate_der));
  VEDETTE_TRY([[maybe_unused]] const bool was_there,
              unit.enrollment_rules().remove_root(group, found->certificate_der));
  removed.is_root = crypto::is_issuer_by_name(certificate, certificate);
  VEDETTE_TRY(removed.devices, unit.devices().count_admitted_by(group, root));
  matter.details.set("root", certificate.subject()).set("devices", removed.devices);
  matter.details.set("still_in_groups", removed.still_in_groups);
  return removed;
}

}  // namespace

Result<HttpResponse> MakerService::list(const Call& /*call*/) {
  Json::Array list;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto roots, unit.enrollment_rules().roots());
    for (const EndorsementRoot& root : roots) {
      VEDETTE_TRY(list.emplace_back(), json_of(root));
    }
    return {};
  }));
  Json body;
  body.set("roots", std::move(list));
  return answer(body);
}

Result<HttpResponse> MakerService::add(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"group", "certificate", "sku", "sha1_signature", "expired", "keys"}));
  VEDETTE_TRY(const std::string group_text, body.string("group"));
  VEDETTE_TRY(const std::string pem, body.string("certificate"));
  VEDETTE_TRY(const GroupId group, GroupId::parse(group_text));
  VEDETTE_TRY(const auto sku, sku_of(body));
  VEDETTE_TRY(const auto tolerance, tolerance_of(body));
  VEDETTE_TRY(const auto keys, keys_of(body));
  VEDETTE_TRY(const auto certificates, Certificate::all_from_pem(pem));
  if (certificates.empty() || certificates.size() > kMostRoots)
    return refuse("CERT-SYNTAX", "there must be one to 256 certificates in the text",
                  std::to_string(certificates.size()));
  Json details;
  details.set("group", group.str()).set("root", certificates.front().subject());
  details.set("sha256", fingerprints_of(certificates));
  if (sku) details.set("sku", sku->str());
  if (tolerance.sha1_signature) details.set("sha1_signature", true);
  if (tolerance.expired) details.set("expired", true);
  if (const Json* const told = body.find("keys")) details.set("keys", *told);
  VEDETTE_CHECK(chronicle_.decide(matter_of(call, "admit-maker", group, std::move(details)),
                                  [&](UnitOfWork& unit, Matter&) -> Result<void> {
                                    for (const auto& certificate : certificates)
                                      VEDETTE_CHECK(unit.enrollment_rules().add_root(
                                          {group, certificate.der(), sku, tolerance, keys}));
                                    return {};
                                  }));
  return answer(Json::Object{});
}

Result<HttpResponse> MakerService::remove(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"group", "sha256"}));
  VEDETTE_TRY(const std::string group_text, body.string("group"));
  VEDETTE_TRY(const std::string digest_text, body.string("sha256"));
  VEDETTE_TRY(const GroupId group, GroupId::parse(group_text));
  VEDETTE_TRY(const auto digest, parse_sha256(digest_text));
  Removed removed;
  VEDETTE_CHECK(chronicle_.decide(matter_of(call, "dismiss-maker", group, body),
                                  [&](UnitOfWork& unit, Matter& matter) -> Result<void> {
                                    VEDETTE_TRY(removed, take_away(unit, group, digest, matter));
                                    return {};
                                  }));
  Json answer_body;
  answer_body.set("root", removed.is_root).set("devices", removed.devices);
  answer_body.set("still_in_groups", std::move(removed.still_in_groups));
  return answer(answer_body);
}

}  // namespace vedette::server
