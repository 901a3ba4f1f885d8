#include "cli/contract_file.h"

#include "codec/settings.h"

namespace vedette::cli {

using codec::Json;

Result<release::RuntimeContract> load_contract(const std::string& path) {
  VEDETTE_TRY(const Json members, codec::load_settings(path, ""));
  auto contract = release::read_contract(members);
  if (contract) return contract;
  Error error = std::move(contract).error();
  error.cause = path + (error.cause.empty() ? "" : ": " + error.cause);
  if (error.hint.empty()) error.hint = "docs/runtime-contract.md explains every member";
  return std::unexpected(std::move(error));
}

Result<void> check_widening(const release::RuntimeContract& contract, bool accepted) {
  const auto wider = release::widenings(contract);
  if (wider.empty() || accepted) return {};
  std::string list;
  for (const std::string& sentence : wider)
    list += (list.empty() ? "" : "; ") + sentence;
  return refuse("CLI-WIDENING", "the contract widens the sandbox", std::move(list),
                "add --accept-widening if the model needs that");
}

Json widenings_json(const release::RuntimeContract& contract) {
  Json::Array sentences;
  for (std::string& sentence : release::widenings(contract))
    sentences.emplace_back(std::move(sentence));
  return sentences;
}

}  // namespace vedette::cli
