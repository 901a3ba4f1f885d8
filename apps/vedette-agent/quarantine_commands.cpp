#include "quarantine_commands.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "agent/config.h"
#include "agent/quarantine.h"
#include "codec/json.h"

namespace vedette {

namespace {

Result<void> list(const std::string& config_path) {
  VEDETTE_TRY(const auto config, agent::load_agent_config(config_path));
  VEDETTE_TRY(const auto models, agent::read_quarantine(config.state_folder));
  for (const auto& model : models)
    std::cout << codec::to_json(agent::to_json(model)) << '\n';
  return {};
}

Result<void> lift(const std::string& config_path, const std::string& model_root) {
  VEDETTE_TRY(const auto config, agent::load_agent_config(config_path));
  VEDETTE_TRY(const auto model, agent::leave_lift_note(config.state_folder, model_root));
  std::cout << model.model.str() << " release " << model.release << " may be started again\n";
  return {};
}

}  // namespace

void add_quarantine_commands(CLI::App& app, std::string& config,
                             std::function<Result<void>()>& command) {
  CLI::App* noun = app.add_subcommand("quarantine", "models that are kept from running here");
  noun->require_subcommand(1);
  CLI::App* list_verb = noun->add_subcommand("list", "one JSON object per line");
  CLI::App* lift_verb = noun->add_subcommand("lift", "let a model run again on this device");
  for (CLI::App* verb : {list_verb, lift_verb})
    verb->add_option("--config", config, "TOML file")->capture_default_str();
  const auto model_root = std::make_shared<std::string>();
  lift_verb->add_option("model_root", *model_root, "as 'quarantine list' shows it")->required();
  list_verb->callback([&] { command = [&] { return list(config); }; });
  lift_verb->callback(
      [&, model_root] { command = [&config, model_root] { return lift(config, *model_root); }; });
}

}  // namespace vedette
