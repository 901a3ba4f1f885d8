#include <memory>

#include <CLI/CLI.hpp>

#include "base/strong_id.h"
#include "cli/command_line.h"
#include "cli/operator_client.h"
#include "cli/views.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr unsigned kMostResults = 1000;
constexpr unsigned kUsualResults = 50;

struct ResultOptions {
  std::string device;
  unsigned limit = kUsualResults;
};

Result<void> list(Environment& environment, const ResultOptions& options) {
  std::string target = "/v1/receipts?limit=" + std::to_string(options.limit);
  if (!options.device.empty()) {
    VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
    target += "&device=" + device.str();
  }
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get(target));
  const Json receipts = with_claims(answer);
  environment.output->result(receipts, receipts_view(receipts));
  return {};
}

}  // namespace

void add_result_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "result", "what devices answered, and the cloud believed");
  CLI::App* verb = noun.add_subcommand("list", "receipts, the newest first");
  const auto options = std::make_shared<ResultOptions>();
  verb->add_option("--device", options->device, "of this device alone");
  verb->add_option("--limit", options->limit, "how many at most")
      ->check(CLI::Range(1U, kMostResults))
      ->capture_default_str();
  on_call(*verb, choice,
          [options](Environment& environment) { return list(environment, *options); });
}

}  // namespace vedette::cli
