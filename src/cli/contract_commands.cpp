#include "cli/contract_commands.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/contract_file.h"

namespace vedette::cli {

namespace {

using codec::Json;

struct ContractOptions {
  std::string file;
  std::string other;
};

Result<void> check(Environment& environment, const ContractOptions& options) {
  VEDETTE_TRY(const auto contract, load_contract(options.file));
  Json json;
  json.set("valid", true).set("contract", release::write_contract(contract));
  json.set("widenings", widenings_json(contract)).set("text", release::describe(contract));
  environment.output->result(json, printable(release::describe(contract)));
  return {};
}

std::string differences_text(const std::vector<release::Difference>& differences) {
  if (differences.empty()) return "both grant the same\n";
  std::vector<std::vector<std::string>> rows{{"CHANGE", "MEMBER", "FROM -> TO"}};
  for (const release::Difference& one : differences)
    rows.push_back({std::string(release::to_string(one.change)), one.member, one.text});
  return table(rows);
}

Result<void> diff(Environment& environment, const ContractOptions& options) {
  VEDETTE_TRY(const auto before, load_contract(options.file));
  VEDETTE_TRY(const auto after, load_contract(options.other));
  const auto found = release::differences(before, after);
  Json::Array list;
  for (const release::Difference& one : found)
    list.push_back(Json::Object{
        {"member", one.member}, {"change", release::to_string(one.change)}, {"text", one.text}});
  Json json;
  json.set("differences", std::move(list));
  environment.output->result(json, differences_text(found));
  return {};
}

}  // namespace

void add_contract_commands(CLI::App& model, Choice& choice) {
  CLI::App& noun = *model.add_subcommand("contract", "what a model may use of a device");
  noun.require_subcommand(1);
  const auto options = std::make_shared<ContractOptions>();
  CLI::App* reading = noun.add_subcommand("check", "say what a contract grants and widens");
  reading->add_option("file", options->file, "the contract (TOML)")->required();
  on_call(*reading, choice,
          [options](Environment& environment) { return check(environment, *options); });
  CLI::App* comparing = noun.add_subcommand("diff", "say what became wider, and what tighter");
  comparing->add_option("before", options->file, "the contract as it was (TOML)")->required();
  comparing->add_option("after", options->other, "the contract as it is to be (TOML)")->required();
  on_call(*comparing, choice,
          [options](Environment& environment) { return diff(environment, *options); });
}

}  // namespace vedette::cli
