#include "cli/attest_commands.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "base/strong_id.h"
#include "cli/attest_views.h"
#include "cli/command_line.h"
#include "cli/operator_client.h"

namespace vedette::cli {

namespace {

using codec::Json;

struct ExplainOptions {
  std::string device;
  std::string since = "last-good";
};

// The explanation is the answer; that the device is not accepted is for the exit code to say.
Result<void> verdict_of(const Json& explanation) {
  VEDETTE_TRY(const bool affirming, explanation.boolean("affirming"));
  if (affirming) return {};
  const auto accept = explanation.string("accept");
  return refuse("ATT-UNACCEPTED", "the device is not accepted", {},
                accept ? "if every change above was meant: " + *accept : "");
}

Result<void> explain(Environment& environment, const ExplainOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get("/v1/devices/" + device.str() + "/explanation"));
  environment.output->result(answer, explanation_view(answer));
  return verdict_of(answer);
}

Result<void> now(Environment& environment, const std::string& name) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(name));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer,
              client.post("/v1/devices/" + device.str() + "/challenge", Json::Object{}));
  VEDETTE_TRY(const std::int64_t seconds, answer.integer("within_seconds"));
  environment.output->result(answer, device.str() + " will attest within " +
                                         std::to_string(seconds) + " s, if it is reachable");
  return {};
}

void add_now(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("now", "have a device attest within seconds");
  const auto device = std::make_shared<std::string>();
  verb->add_option("device", *device, "the device's name")->required();
  on_call(*verb, choice, [device](Environment& environment) { return now(environment, *device); });
}

void add_explain(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("explain", "why a device is accepted, or what it changed");
  verb->footer(
      "Tells what the device booted, opened and ran, in words, beside what it was when it was\n"
      "last accepted, and the command that would accept it as it is. Exits with 3 when the\n"
      "device is not accepted.");
  const auto options = std::make_shared<ExplainOptions>();
  verb->add_option("device", options->device, "the device's name")->required();
  verb->add_option("--since", options->since, "what to compare with; there is only the one")
      ->check(CLI::IsMember({"last-good"}))
      ->capture_default_str();
  on_call(*verb, choice,
          [options](Environment& environment) { return explain(environment, *options); });
}

}  // namespace

void add_attest_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "attest", "what devices measured, and what it means");
  add_explain(noun, choice);
  add_now(noun, choice);
  add_attest_verify(noun, choice);
  add_attest_log(noun, choice);
  add_attest_predict(noun, choice);
}

}  // namespace vedette::cli
