#include "server/releases_json.h"

#include "release/release_statement.h"

namespace vedette::server {

using codec::Json;
using release::Release;
using release::ReleaseDelta;

Json summary(const Release& release) {
  Json file;
  file.set("name", release.file_name).set("sha256", to_hex(release.file_sha256));
  file.set("size", release.file_size);
  Json json;
  json.set("model", release.model.str()).set("release", release.number);
  json.set("tier", release::to_string(release.tier)).set("file", std::move(file));
  return json;
}

Json::Array summary(std::span<const ReleaseDelta> deltas) {
  Json::Array all;
  for (const ReleaseDelta& delta : deltas)
    all.emplace_back(Json::Object{{"base_sha256", to_hex(delta.base_sha256)},
                                  {"sha256", to_hex(delta.delta_sha256)},
                                  {"size", delta.delta_size}});
  return all;
}

Json contract_summary(const release::SignedContract& contract) {
  Json::Array sentences;
  for (std::string& sentence : release::widenings(contract))
    sentences.emplace_back(std::move(sentence));
  Json json;
  json.set("sha256", to_hex(contract.contract_sha256)).set("widenings", std::move(sentences));
  return json;
}

Json stored_contract(const Release& release, std::span<const crypto::PublicKey> publishers) {
  const auto verified = release::verify_runtime_contract(release.contract, publishers);
  if (!verified) return Json::Object{{"refused", describe(verified.error())}};
  if ((*verified)->model != release.model || (*verified)->model_root != release.model_root)
    return Json::Object{{"refused", "it is about another model"}};
  return contract_summary(**verified);
}
}  // namespace vedette::server
