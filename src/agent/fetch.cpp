#include "agent/fetch.h"

#include <optional>
#include <utility>

#include "agent/local_callers.h"
#include "codec/json.h"
#include "platform/net/json_api.h"
#include "release/release_approval.h"

namespace vedette::agent {

namespace {

using codec::Json;
using release::VerifiedRelease;

// A verified release, and the deltas that the server offers with it.
struct Offer {
  VerifiedRelease release;
  std::vector<std::string> deltas;
  bool by_two = false;
};

std::string target_of(const ModelName& model, const std::vector<crypto::Sha256Digest>& having) {
  std::string target = "/v1/releases/" + model.str();
  for (std::size_t i = 0; i < having.size(); ++i)
    target += (i == 0 ? "?having=" : ",") + to_hex(having[i]);
  return target;
}

Result<std::vector<std::string>> read_deltas(const Json& answer) {
  std::vector<std::string> deltas;
  if (answer.find("deltas") == nullptr) return deltas;
  VEDETTE_TRY(const Json* array, answer.array("deltas"));
  for (const Json& element : *array->if_array())
    if (const std::string* text = element.if_string()) deltas.push_back(*text);
  return deltas;
}

// One publisher alone cannot go around the other by another tier, once the device knows of both.
bool takes_two(const ReleaseRules& rules, const VerifiedRelease& release) {
  return release::is_among(rules.config.two_person_tiers, release->tier) ||
         rules.floors.floor(release->model).by_two;
}

Result<void> check_approval(const Json& answer, const VerifiedRelease& release,
                            std::span<const crypto::PublicKey> publishers) {
  if (answer.find("approval") == nullptr)
    return refuse("REL-APPROVAL", "no other publisher approved the release",
                  release->model.str() + " release " + std::to_string(release->number),
                  "'vedette release approve', with another publisher's key");
  VEDETTE_TRY(const std::string approval, answer.string("approval"));
  VEDETTE_CHECK(release::verify_release_approval(approval, release, publishers));
  return {};
}

Result<Offer> newest_release(platform::HttpClient& client, const std::string& ear,
                             const ReleaseRules& rules, ListedReleases::Round& listed,
                             const ModelName& model,
                             const std::vector<crypto::Sha256Digest>& having) {
  VEDETTE_TRY(const auto response,
              client.send(platform::get_request(target_of(model, having), ear)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const std::string bundle, answer.string("bundle"));
  VEDETTE_TRY(const std::string statement, answer.string("statement"));
  std::optional<std::string> contract;
  if (answer.find("contract") != nullptr) {
    VEDETTE_TRY(contract, answer.string("contract"));
  }
  VEDETTE_TRY(VerifiedRelease release,
              release::verify_release(bundle, statement, rules.publishers, contract));
  if (release->model != model)
    return refuse("REL-OTHER", "the server answered with another model's release",
                  "asked for " + model.str() + ", got " + release->model.str());
  VEDETTE_CHECK(listed.check(model, release->number, statement));
  const bool by_two = takes_two(rules, release);
  if (by_two) VEDETTE_CHECK(check_approval(answer, release, rules.publishers));
  VEDETTE_TRY(std::vector<std::string> deltas, read_deltas(answer));
  return Offer{std::move(release), std::move(deltas), by_two};
}

Result<void> check_place_and_time(const ReleaseRules& rules, const VerifiedRelease& release) {
  if (!release->contract) return {};
  return check_scope(rules.config, **release->contract, rules.clock.now());
}

Result<WorkerTerms> terms_of(const ReleaseRules& rules, const VerifiedRelease& release) {
  VEDETTE_CHECK(check_place_and_time(rules, release));
  if (!release->contract) return map_contract(rules.config, std::nullopt);
  return map_contract(rules.config, **release->contract);
}

// What a log, a status page or an attestation says of the contract.
ServedContract served_contract(const VerifiedRelease& release) {
  if (!release->contract) return {};
  const release::SignedContract& contract = **release->contract;
  return {.sha256 = contract.contract_sha256,
          .widenings = release::widenings(contract),
          .valid_until = contract.valid_until};
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

// What is left to check of a release whose file is here. The download may have outlasted what its
// contract allows.
Result<void> check_obtained(const ReleaseRules& rules, const VerifiedRelease& release,
                            const inference::SealedModel& sealed, WorkerTerms& terms) {
  VEDETTE_CHECK(check_place_and_time(rules, release));
  return admit(sealed, terms);
}

}  // namespace

Result<std::optional<FetchedRelease>> fetch_newer(platform::HttpClient& client,
                                                  const std::string& ear, const ReleaseRules& rules,
                                                  ModelFiles& files, ListedReleases::Round& listed,
                                                  const ModelName& model,
                                                  const std::optional<PresentRelease>& present) {
  const std::optional<PresentFile> present_file = present ? present->file : std::nullopt;
  VEDETTE_TRY(Offer offer,
              newest_release(client, ear, rules, listed, model, files.having(present_file)));
  const VerifiedRelease& release = offer.release;
  VEDETTE_CHECK(release::check_not_older(release, rules.floors.of(model)));
  if (present && present->release == release->number &&
      present->model_root == release->model_root) {
    files.drop();
    return std::nullopt;
  }
  VEDETTE_CHECK(rules.quarantine.check(release->model_root));
  VEDETTE_TRY(WorkerTerms terms, terms_of(rules, release));
  VEDETTE_CHECK(rules.refused.check(model, release->statement_sha256, rules.clock.now()));
  const WantedRelease wanted{.model = model,
                             .number = release->number,
                             .file = {release->file_sha256, release->file_size},
                             .deltas = std::move(offer.deltas)};
  VEDETTE_TRY(ObtainedFile file, files.obtain(client, ear, wanted, rules.publishers, present_file,
                                              rules.config.model_max_bytes));
  if (const auto sound = check_obtained(rules, release, file.sealed, terms); !sound) {
    rules.refused.add(model, release->statement_sha256, sound.error(), rules.clock.now());
    return std::unexpected(sound.error());
  }
  ServedModel about{.name = model,
                    .release = release->number,
                    .model_root = release->model_root,
                    .file_sha256 = release->file_sha256,
                    .call_deadline = terms.call_deadline,
                    .contract = served_contract(release),
                    .audiences = audiences_of(release)};
  return FetchedRelease{.about = std::move(about),
                        .terms = std::move(terms),
                        .sealed = std::move(file.sealed),
                        .never_below = release->never_below.value_or(release->number),
                        .by_two = offer.by_two,
                        .way = text_of(file),
                        .statement = release->statement_sha256};
}

}  // namespace vedette::agent
