#include <memory>

#include <CLI/CLI.hpp>

#include "base/strong_id.h"
#include "cli/command_line.h"
#include "cli/operator_client.h"
#include "cli/violation_views.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr unsigned kMostListed = 1000;
constexpr unsigned kUsuallyListed = 50;
constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53U) - 1;

struct ListOptions {
  std::string device;
  std::string model;
  unsigned limit = kUsuallyListed;
};

struct ShowOptions {
  std::string device;
  std::uint64_t sequence = 0;
};

Result<void> list(Environment& environment, const ListOptions& options) {
  std::string target = "/v1/violations?limit=" + std::to_string(options.limit);
  if (!options.device.empty()) {
    VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
    target += "&device=" + device.str();
  }
  if (!options.model.empty()) {
    VEDETTE_TRY(const ModelName model, ModelName::parse(options.model));
    target += "&model=" + model.str();
  }
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get(target));
  const Json violations = with_events(answer);
  environment.output->result(violations, violations_view(violations));
  return {};
}

Result<void> show(Environment& environment, const ShowOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get("/v1/violations/" + device.str() + "/" +
                                            std::to_string(options.sequence)));
  const Json violation = with_event(answer);
  environment.output->result(violation, violation_view(violation));
  return {};
}

void add_list(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("list", "what was reported, the newest first");
  const auto options = std::make_shared<ListOptions>();
  verb->add_option("--device", options->device, "by this device alone");
  verb->add_option("--model", options->model, "of this model alone");
  verb->add_option("--limit", options->limit, "how many at most")
      ->check(CLI::Range(1U, kMostListed))
      ->capture_default_str();
  on_call(*verb, choice,
          [options](Environment& environment) { return list(environment, *options); });
}

void add_show(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("show", "one violation, in words and in numbers");
  const auto options = std::make_shared<ShowOptions>();
  verb->add_option("device", options->device, "who reported it")->required();
  verb->add_option("sequence", options->sequence, "its number, as 'violation list' shows it")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, kMaxNumber));
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
}

}  // namespace

void add_violation_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "violation", "what models tried against the rules of their cage");
  add_list(noun, choice);
  add_show(noun, choice);
}

}  // namespace vedette::cli
