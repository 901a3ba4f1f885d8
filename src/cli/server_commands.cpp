#include <CLI/CLI.hpp>

#include "cli/command_line.h"
#include "cli/operator_client.h"
#include "cli/views.h"

namespace vedette::cli {

namespace {

Result<void> status(Environment& environment) {
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const codec::Json answer, client.get("/v1/status"));
  environment.output->result(answer, facts_view(answer));
  return {};
}

}  // namespace

void add_server_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "server", "the control plane itself");
  on_call(*noun.add_subcommand("status", "what it holds, and its log's key"), choice,
          [](Environment& environment) { return status(environment); });
}

}  // namespace vedette::cli
