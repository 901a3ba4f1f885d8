#include "floor_commands.h"

#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "agent/config.h"
#include "agent/release_floors.h"
#include "platform/tpm/esys/esys_tpm.h"

namespace vedette {

namespace {

Result<void> forget(const std::string& config_path, bool is_meant) {
  if (!is_meant)
    return refuse("CONFIG-INSECURE", "releases that are older than what ran here may run then", {},
                  "add --insecure-allow-rollback if that is meant, while the agent does not run");
  VEDETTE_TRY(const auto config, agent::load_agent_config(config_path));
  VEDETTE_TRY(const auto tpm, platform::open_esys_tpm({config.tcti, config.state_folder + "/tpm",
                                                       config.attestation_key}));
  VEDETTE_CHECK(agent::insecure_forget_floors(config.state_folder, *tpm));
  std::cout << "any release may be started on this device\n";
  return {};
}

}  // namespace

void add_floor_commands(CLI::App& app, std::string& config,
                        std::function<Result<void>()>& command) {
  CLI::App* noun = app.add_subcommand("floors", "how old a release may be on this device");
  noun->require_subcommand(1);
  CLI::App* verb = noun->add_subcommand("forget", "let any release run, as on a new device");
  verb->add_option("--config", config, "TOML file")->capture_default_str();
  const auto is_meant = std::make_shared<bool>(false);
  verb->add_flag("--insecure-allow-rollback", *is_meant, "that is meant");
  verb->callback(
      [&, is_meant] { command = [&config, is_meant] { return forget(config, *is_meant); }; });
}

}  // namespace vedette
