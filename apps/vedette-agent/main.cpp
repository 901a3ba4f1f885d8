// vedette-agent: the composition root of the device's program.
#include <csignal>
#include <functional>
#include <iostream>
#include <thread>

#include <CLI/CLI.hpp>

#include "agent/agent.h"
#include "base/clock.h"
#include "codec/json.h"
#include "platform/net/beast/beast_http.h"
#include "platform/tpm/esys/esys_tpm.h"

#include "agent_keys.h"
#include "floor_commands.h"
#include "metadata_store.h"
#include "quarantine_commands.h"

namespace {

using namespace vedette;

struct Options {
  std::string config = "/etc/vedette/agent.toml";
};

Result<void> check(const Options& options) {
  VEDETTE_TRY([[maybe_unused]] const auto config, agent::load_agent_config(options.config));
  std::cout << options.config << " is sound\n";
  return {};
}

void log_line(const agent::News& news) {
  std::cerr << codec::to_json(agent::to_json(news)) << '\n';
}

Result<void> run(const Options& options) {
  sigset_t signals;  // blocked before any thread starts, so that only sigwait() takes them
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  VEDETTE_TRY(const auto config, agent::load_agent_config(options.config));
  if (config.insecure_software_tpm)
    std::cerr << "vedette-agent: insecure_software_tpm: keys and measurements have no hardware "
                 "root of trust\n";
  if (config.device_key_kind == identity::KeyKind::memory)
    std::cerr << "vedette-agent: insecure-memory: the device's key lies in this program's memory "
                 "and is made anew at each start\n";
  const SystemClock clock;
  const agent::SystemBootTime boot;
  const auto http = platform::make_beast_http();
  VEDETTE_TRY(const auto tpm, platform::open_esys_tpm({config.tcti, config.state_folder + "/tpm",
                                                       config.attestation_key}));
  AgentKeys keys(*tpm);
  VEDETTE_TRY(const auto running, agent::Agent::start(config, {clock, boot, *http, *tpm, keys,
                                                               log_line, open_metadata_store}));
  codec::Json ready;
  ready.set("event", "ready").set("api_port", std::int64_t{running->api_port()});
  if (!config.api_unix_socket.empty()) ready.set("api_socket", config.api_unix_socket);
  std::cout << codec::to_json(ready) << '\n' << std::flush;
  std::thread life([&] { running->run(); });
  int received = 0;
  sigwait(&signals, &received);
  running->stop();
  life.join();
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  platform::quiet_tss2_log();
  CLI::App app("Vedette's program on the device", "vedette-agent");
  Options options;
  std::function<Result<void>()> command = [&] { return run(options); };
  app.require_subcommand(1);
  CLI::App* run_command = app.add_subcommand("run", "live until SIGTERM");
  CLI::App* config_command = app.add_subcommand("config", "about the configuration");
  CLI::App* check_command = config_command->add_subcommand("check", "is the configuration sound?");
  config_command->require_subcommand(1);
  for (CLI::App* verb : {run_command, check_command})
    verb->add_option("--config", options.config, "TOML file")->capture_default_str();
  check_command->callback([&] { command = [&] { return check(options); }; });
  add_quarantine_commands(app, options.config, command);
  add_floor_commands(app, options.config, command);
  CLI11_PARSE(app, argc, argv);
  const auto result = command();
  if (!result) std::cerr << "vedette-agent: " << describe(result.error()) << '\n';
  if (result) return 0;
  return result.error().code.starts_with("CONFIG-") ? 2 : 1;  // usage, or failed
}
