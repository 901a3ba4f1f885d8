#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "base/strong_id.h"
#include "cli/command_line.h"
#include "cli/operator_client.h"
#include "cli/views.h"
#include "codec/base64.h"
#include "crypto/certificate.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::size_t kMaxPemBytes = 64U << 10U;
constexpr std::size_t kSha256Bytes = 32;

struct DeviceOptions {
  std::string device;
  std::string group;
  std::string endorsement;
  std::string root;
  std::string reason;
};

Result<std::string> digest_text(const std::string& hex) {
  VEDETTE_TRY(const Bytes digest, codec::from_hex(hex));
  if (digest.size() != kSha256Bytes)
    return refuse("HEX-SYNTAX", "an endorsement key's SHA-256 has 64 hexadecimal digits",
                  std::to_string(hex.size()) + " digits", "the agent prints it when it is refused");
  return to_hex(digest);
}

Result<void> allow(Environment& environment, const DeviceOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  VEDETTE_TRY(const std::string endorsement, digest_text(options.endorsement));
  Json body;
  body.set("device", device.str()).set("group", group.str());
  body.set("endorsement_sha256", endorsement);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_CHECK(client.post("/v1/devices/allow", body));
  environment.output->result(body, device.str() + " may enrol into " + group.str() +
                                       " with the TPM " + endorsement + "\n");
  return {};
}

Result<void> admit_maker(Environment& environment, const DeviceOptions& options) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  VEDETTE_TRY(const Bytes pem, read_file(options.root, kMaxPemBytes));
  VEDETTE_TRY(const auto certificate, crypto::Certificate::from_pem(as_text(pem)));
  if (!certificate.is_ca())
    return refuse("CLI-ROOT", "this certificate is no authority's", certificate.subject(),
                  "give the root certificate of the TPM's maker");
  Json body;
  body.set("group", group.str()).set("certificate", certificate.pem());
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_CHECK(client.post("/v1/endorsement-roots", body));
  Json json;
  json.set("group", group.str()).set("subject", certificate.subject());
  json.set("sha256", to_hex(certificate.fingerprint()));
  environment.output->result(json, "every TPM that " + printable(certificate.subject()) +
                                       " vouches for may enrol into " + group.str() + "\n");
  return {};
}

Result<void> list(Environment& environment) {
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get("/v1/devices"));
  environment.output->result(answer, devices_view(answer));
  return {};
}

Result<void> show(Environment& environment, const DeviceOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get("/v1/devices"));
  VEDETTE_TRY(const Json* devices, answer.array("devices"));
  for (const Json& one : *devices->if_array())
    if (cell_of(one, "id") == device.str()) {
      environment.output->result(one, facts_view(one));
      return {};
    }
  return refuse("CLI-FAILED", "no device of this name has enrolled", device.str(),
                "see 'vedette device list'");
}

// What withdraws trust, or gives it back.
struct Measure {
  std::string verb;
  std::string done;
  std::string description;
};

Result<void> take(Environment& environment, const Measure& measure, const DeviceOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  Json body;
  body.set("reason", options.reason);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer,
              client.post("/v1/devices/" + device.str() + "/" + measure.verb, body));
  Json json;
  json.set("device", device.str()).set("done", measure.done);
  if (const Json::Object* members = answer.if_object())
    for (const auto& [name, value] : *members)
      json.set(name, value);
  environment.output->result(
      json, measure.done + " " + device.str() + ": epoch " + printable(cell_of(answer, "epoch")) +
                ", live connections closed: " + printable(cell_of(answer, "connections_closed")) +
                "\n");
  return {};
}

void add_measure(CLI::App& noun, Choice& choice, const Measure& measure) {
  CLI::App* verb = noun.add_subcommand(measure.verb, measure.description);
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the device's name")->required();
  verb->add_option("--reason", options->reason, "why; it is kept in the log")->required();
  on_call(*verb, choice, [options, measure](Environment& environment) {
    return take(environment, measure, *options);
  });
}

void add_allow(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("allow", "let one TPM enrol");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the name that the device will have")->required();
  verb->add_option("--group", options->group, "the group that it will be in")->required();
  verb->add_option("--ek-sha256", options->endorsement,
                   "SHA-256 of its endorsement key (TPMT_PUBLIC), hexadecimal")
      ->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return allow(environment, *options); });
}

void add_admit_maker(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("admit-maker", "let every TPM of one maker enrol");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("--group", options->group, "the group that its devices will be in")->required();
  verb->add_option("--root", options->root, "the maker's root certificate (PEM)")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return admit_maker(environment, *options); });
}

}  // namespace

void add_device_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "device", "who may enrol, and who is trusted still");
  add_allow(noun, choice);
  add_admit_maker(noun, choice);
  on_call(*noun.add_subcommand("list", "every device that enrolled"), choice,
          [](Environment& environment) { return list(environment); });
  CLI::App* verb = noun.add_subcommand("show", "all that is known of one device");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the device's name")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
  add_measure(noun, choice, {"revoke", "revoked", "withdraw trust for good, at once"});
  add_measure(noun, choice, {"quarantine", "quarantined", "withdraw trust until it is reinstated"});
  add_measure(noun, choice, {"reinstate", "reinstated", "trust a quarantined device again"});
}

}  // namespace vedette::cli
