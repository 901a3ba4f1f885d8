// vedette-server: the composition root of the control plane.
#include <csignal>
#include <functional>
#include <iostream>

#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "codec/json.h"
#include "platform/net/beast/beast_http.h"
#include "platform/store/files/folder_blob_store.h"
#include "platform/store/sqlite/sqlite_store.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "server/config.h"
#include "server/server.h"

#include "ca_commands.h"
#include "server_keys.h"

namespace {

using namespace vedette;

struct Options {
  std::string config = "/etc/vedette/server.toml";
};

Result<void> check(const Options& options) {
  VEDETTE_TRY([[maybe_unused]] const auto config, server::load_server_config(options.config));
  std::cout << options.config << " is sound\n";
  return {};
}

void wait_for_end(const sigset_t& signals) {
  int received = 0;
  sigwait(&signals, &received);
}

Result<void> run(const Options& options) {
  sigset_t signals;  // blocked before any thread starts, so that only wait_for_end() takes them
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  VEDETTE_TRY(const auto config, server::load_server_config(options.config));
  const SystemClock clock;
  const auto http = platform::make_beast_http();
  VEDETTE_TRY(const auto store, platform::open_sqlite_store(config.state_folder + "/server.db"));
  VEDETTE_TRY(const auto blobs, platform::open_folder_blob_store(config.state_folder + "/blobs"));
  ServerKeyProvider keys(config.state_folder, config.keys.insecure_extractable);
  VEDETTE_TRY(const auto running,
              server::Server::start(config, {clock, *http, *store, *blobs, &keys}));
  const server::Ports ports = running->ports();
  codec::Json ready;
  ready.set("event", "ready").set("enrollment_port", std::int64_t{ports.enrollment});
  ready.set("device_port", std::int64_t{ports.device});
  ready.set("operator_port", std::int64_t{ports.operators});
  ready.set("log_vkey", running->log_vkey());
  std::cout << codec::to_json(ready) << '\n' << std::flush;
  wait_for_end(signals);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  platform::quiet_tss2_log();
  CLI::App app("Vedette's control plane", "vedette-server");
  Options options;
  std::function<Result<void>()> command;
  app.require_subcommand(1);
  add_ca_commands(app, command);
  CLI::App* run_command = app.add_subcommand("run", "serve until SIGTERM");
  run_command->callback([&] { command = [&] { return run(options); }; });
  CLI::App* config_command = app.add_subcommand("config", "about the configuration");
  CLI::App* check_command = config_command->add_subcommand("check", "is the configuration sound?");
  config_command->require_subcommand(1);
  for (CLI::App* verb : {run_command, check_command})
    verb->add_option("--config", options.config, "TOML file")->capture_default_str();
  check_command->callback([&] { command = [&] { return check(options); }; });
  CLI11_PARSE(app, argc, argv);
  const auto result = command();
  if (!result) std::cerr << "vedette-server: " << describe(result.error()) << '\n';
  if (result) return 0;
  return result.error().code.starts_with("CONFIG-") ? 2 : 1;  // usage, or failed
}
