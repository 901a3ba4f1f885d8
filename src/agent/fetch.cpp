#include "agent/fetch.h"

#include <optional>
#include <utility>

#include "agent/local_callers.h"
#include "codec/json.h"
#include "platform/net/json_api.h"
#include "release/release_statement.h"

namespace vedette::agent {

namespace {

using codec::Json;
using release::VerifiedRelease;

Result<VerifiedRelease> newest_release(platform::HttpClient& client, const std::string& ear,
                                       std::span<const crypto::PublicKey> publishers,
                                       ListedReleases::Round& listed, const ModelName& model) {
  VEDETTE_TRY(const auto response,
              client.send(platform::get_request("/v1/releases/" + model.str(), ear)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const std::string bundle, answer.string("bundle"));
  VEDETTE_TRY(const std::string statement, answer.string("statement"));
  std::optional<std::string> contract;
  if (answer.find("contract") != nullptr) {
    VEDETTE_TRY(contract, answer.string("contract"));
  }
  VEDETTE_TRY(VerifiedRelease release,
              release::verify_release(bundle, statement, publishers, contract));
  if (release->model != model)
    return refuse("REL-OTHER", "the server answered with another model's release",
                  "asked for " + model.str() + ", got " + release->model.str());
  VEDETTE_CHECK(listed.check(model, release->number, statement));
  return release;
}

Result<WorkerTerms> terms_of(const AgentConfig& config, const VerifiedRelease& release) {
  if (!release->contract) return map_contract(config, std::nullopt);
  return map_contract(config, **release->contract);
}

// What a log, a status page or an attestation says of the contract.
ServedContract served_contract(const VerifiedRelease& release) {
  if (!release->contract) return {};
  const release::SignedContract& contract = **release->contract;
  return {.sha256 = contract.contract_sha256, .widenings = release::widenings(contract)};
}

WantedFile file_of(const VerifiedRelease& release) {
  return {.sha256 = release->file_sha256,
          .size = release->file_size,
          .target = "/v1/blobs/" + to_hex(release->file_sha256) + "?model=" + release->model.str() +
                    "&release=" + std::to_string(release->number)};
}

// Users that this device does not have see nothing.
std::vector<OutputAudience> audiences_of(const VerifiedRelease& release) {
  std::vector<OutputAudience> audiences;
  if (!release->contract) return audiences;
  const release::SignedContract& contract = **release->contract;
  for (const release::OutputRule& output : contract.outputs) {
    if (output.visible_to.empty()) continue;
    OutputAudience audience{output.name, {}};
    for (const std::string& user : output.visible_to)
      if (const auto uid = uid_of(user)) audience.uids.push_back(*uid);
    audiences.push_back(std::move(audience));
  }
  return audiences;
}

// Before any runtime reads the bytes. What the rules say of tensors is completed by what the model
// declares; a model in the runtime's own format declares nothing that could be read here.
Result<void> admit(const inference::SealedModel& sealed, WorkerTerms& terms) {
  VEDETTE_TRY(const inference::ModelView view, inference::ModelView::map(sealed));
  if (terms.settings.format == inference::ModelFormat::ort)
    return inference::insecure_admit_unscanned_ort(view.bytes(), terms.admission.memory_octets);
  VEDETTE_TRY(const inference::ModelFacts facts,
              inference::admit_onnx(view.bytes(), terms.admission));
  VEDETTE_TRY(terms.rules, complete_rules(terms.rules, {facts.inputs, facts.outputs}));
  return {};
}

}  // namespace

Result<std::optional<FetchedRelease>> fetch_newer(
    platform::HttpClient& client, const std::string& ear, const AgentConfig& config,
    std::span<const crypto::PublicKey> publishers, const ReleaseFloors& floors,
    Quarantine& quarantine, PartialDownload& partial, ListedReleases::Round& listed,
    const ModelName& model, const std::optional<PresentRelease>& present) {
  VEDETTE_TRY(const VerifiedRelease release,
              newest_release(client, ear, publishers, listed, model));
  VEDETTE_CHECK(release::check_not_older(release, floors.of(model)));
  if (present && present->release == release->number &&
      present->model_root == release->model_root) {
    partial.drop();
    return std::nullopt;
  }
  VEDETTE_CHECK(quarantine.check(release->model_root));
  VEDETTE_TRY(WorkerTerms terms, terms_of(config, release));
  VEDETTE_TRY(auto sealed, partial.complete(client, ear, file_of(release), config.model_max_bytes));
  VEDETTE_CHECK(admit(sealed, terms));
  ServedModel about{.name = model,
                    .release = release->number,
                    .model_root = release->model_root,
                    .call_deadline = terms.call_deadline,
                    .contract = served_contract(release),
                    .audiences = audiences_of(release)};
  return FetchedRelease{std::move(about), std::move(terms), std::move(sealed),
                        release->never_below.value_or(release->number)};
}

}  // namespace vedette::agent
