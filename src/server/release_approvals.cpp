// How a release that one publisher signed waits for another one's approval, and gets it.
#include "release/release_approval.h"
#include "server/answers.h"
#include "server/release_service.h"
#include "server/releases_json.h"

namespace vedette::server {

using codec::Json;
using platform::HttpResponse;
using platform::UnitOfWork;
using release::Release;

namespace {

std::unexpected<Error> approved(const Release& release, const std::string& how) {
  return refuse("REL-APPROVED", "another publisher approved the release already",
                release.model.str() + "/" + std::to_string(release.number) + ", " + how);
}

}  // namespace

// What the list tells of it, and everything that an approval is about, byte for byte as signed.
Result<HttpResponse> ReleaseService::show(const Call& call) {
  VEDETTE_TRY(const Release found, named_by(call));
  Json body;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto suspects, unit.violations().suspects());
    VEDETTE_TRY(body, told(unit, found, suspects));
    return {};
  }));
  if (const Json* contract = body.find("contract"); contract != nullptr)
    body.set("contract_summary", Json(*contract)).set("contract", found.contract);
  body.set("bundle", found.bundle).set("statement", found.statement);
  if (!found.approval.empty()) body.set("approval", found.approval);
  return answer(body);
}

Result<HttpResponse> ReleaseService::approve(const Call& call) {
  VEDETTE_TRY(const Json body, codec::parse_json(as_text(call.request.body)));
  VEDETTE_CHECK(body.only({"approval"}));
  VEDETTE_TRY(const std::string approval, body.string("approval"));
  VEDETTE_TRY(const Release found, named_by(call));
  Matter matter{.kind = "approve",
                .subject = found.model.str() + "/" + std::to_string(found.number),
                .actor = call.caller.name(),
                .rule = call.rule,
                .details = summary(found)};
  const auto judged = judge_approval(found, approval);
  if (!judged) return std::unexpected(chronicle_.refuse_matter(matter, judged.error()));
  matter.details.set("approved_by", to_hex(judged->spki_sha256));
  matter.details.set("statement_sha256", to_hex(judged->statement_sha256));
  VEDETTE_CHECK(chronicle_.decide(matter, [&](UnitOfWork& unit, Matter&) -> Result<void> {
    VEDETTE_TRY(const auto present, unit.releases().find(found.model, found.number));
    if (!present || present->approval != found.approval) return approved(found, "just now");
    return unit.releases().approve(found.model, found.number, approval);
  }));
  return answer(matter.details);
}

// Against what is stored, verified again: publishers may have changed since.
Result<ReleaseService::Approver> ReleaseService::judge_approval(const Release& found,
                                                                const std::string& approval) const {
  const auto contract =
      found.contract.empty() ? std::nullopt : std::optional<std::string_view>(found.contract);
  VEDETTE_TRY(const auto verified,
              release::verify_release(found.bundle, found.statement, publishers_, contract));
  if (!found.approval.empty())
    if (const auto by = release::verify_release_approval(found.approval, verified, publishers_))
      return approved(found, "by the key " + to_hex(*by));
  VEDETTE_TRY(const auto spki_sha256,
              release::verify_release_approval(approval, verified, publishers_));
  return Approver{spki_sha256, verified->statement_sha256};
}

// Whoever could publish for a tier that takes one could otherwise go around the second publisher.
Result<bool> ReleaseService::takes_two(UnitOfWork& unit, const Release& release) const {
  if (release::is_among(two_person_tiers_, release.tier)) return true;
  return unit.releases().has_tier(release.model, two_person_tiers_);
}

Result<void> ReleaseService::hold_unapproved(const std::string& actor) {
  std::vector<release::ReleaseName> found;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(found, unit.releases().unapproved(two_person_tiers_));
    return {};
  }));
  for (const auto& [model, number] : found)
    VEDETTE_CHECK(chronicle_.decide(
        {.kind = "hold",
         .subject = model.str() + "/" + std::to_string(number),
         .actor = actor,
         .rule = {},
         .details = {}},
        [&](UnitOfWork& unit, Matter&) { return unit.releases().set_pending(model, number); }));
  return {};
}

}  // namespace vedette::server
