#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/strong_id.h"
#include "cli/command_line.h"
#include "cli/device_keys.h"
#include "cli/group_revocation.h"
#include "cli/maker_roots.h"
#include "cli/operator_client.h"
#include "cli/views.h"
#include "codec/base64.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::size_t kSha256Bytes = 32;

struct DeviceOptions {
  std::string device;
  std::string group;
  std::string endorsement;
  std::string reason;
  std::optional<std::string> sku;
  std::vector<std::string> keys;
  bool no_sku = false;
};

Result<std::string> digest_text(const std::string& hex) {
  VEDETTE_TRY(const Bytes digest, codec::from_hex(hex));
  if (digest.size() != kSha256Bytes)
    return refuse("HEX-SYNTAX", "an endorsement key's SHA-256 has 64 hexadecimal digits",
                  std::to_string(hex.size()) + " digits", "the agent prints it when it is refused");
  return to_hex(digest);
}

// Adds the SKU, where the line says one.
Result<void> set_sku(Json& body, const std::optional<std::string>& text) {
  if (!text) return {};
  VEDETTE_TRY(const SkuId sku, SkuId::parse(*text));
  body.set("sku", sku.str());
  return {};
}

// A device that enrolled before keeps the SKU that it has.
std::string when_first(const std::optional<std::string>& sku) {
  return sku ? ", and is of SKU " + *sku + " when it first does" : "";
}

Result<void> allow(Environment& environment, const DeviceOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  VEDETTE_TRY(const std::string endorsement, digest_text(options.endorsement));
  Json body;
  body.set("device", device.str()).set("group", group.str());
  body.set("endorsement_sha256", endorsement);
  VEDETTE_CHECK(set_sku(body, options.sku));
  set_keys(body, options.keys);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_CHECK(client.post("/v1/devices/allow", body));
  environment.output->result(body, device.str() + " may enrol into " + group.str() +
                                       " with the TPM " + endorsement + when_first(options.sku) +
                                       where_keys_live(options.keys) + "\n");
  return {};
}

// An older server does not say whether a maker's root still admits the TPM.
std::string what_goes_on(const DeviceId& device, const std::string& by_root) {
  const std::string name = device.str();
  if (by_root == "yes")
    return name + " is off the allow-list, but its TPM's maker's root still admits it: it goes on" +
           " to get certificates\n'vedette device revoke' stops it; 'vedette trust ek-roots "
           "remove'" +
           " stops every TPM that this root alone admits\n";
  const std::string stopped = name +
                              " gets no further certificate; the one that it has goes on until " +
                              "it ends ('vedette device revoke' ends it at once)\n";
  if (by_root == "no") return stopped;
  return stopped +
         "unless a maker's root that is configured ('vedette trust ek-roots list') is its" +
         " TPM's: then it can enrol again; 'vedette device revoke' stops it\n";
}

Result<void> disallow(Environment& environment, const DeviceOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer,
              client.post("/v1/devices/" + device.str() + "/disallow", Json::Object{}));
  environment.output->result(answer,
                             what_goes_on(device, cell_of(answer, "still_admitted_by_root")));
  return {};
}

struct TokenOptions {
  std::string group;
  std::string endorsement;
  std::string serial;
  unsigned hours = 24;
};

Result<void> make_token(Environment& environment, const TokenOptions& options) {
  constexpr std::int64_t kHour = 3'600;
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  if (options.endorsement.empty() == options.serial.empty())
    return refuse("CLI-USAGE", "a token is for one TPM: name it by --ek-sha256 or by --ek-serial");
  Json body;
  body.set("group", group.str());
  if (options.serial.empty()) {
    VEDETTE_TRY(const std::string endorsement, digest_text(options.endorsement));
    body.set("endorsement_sha256", endorsement);
  } else {
    VEDETTE_TRY(const Bytes serial, codec::from_hex(options.serial));
    body.set("certificate_serial", to_hex(serial));
  }
  body.set("valid_seconds", std::int64_t{options.hours} * kHour);
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post("/v1/enrollment-tokens", body));
  environment.output->result(answer, printable(cell_of(answer, "token")) + "\n");
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

Result<void> sku(Environment& environment, const DeviceOptions& options) {
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  if (options.sku.has_value() == options.no_sku)
    return refuse("CLI-USAGE", "name the SKU, or take it away with --none");
  Json body;
  body.set("sku", nullptr);
  VEDETTE_CHECK(set_sku(body, options.sku));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post("/v1/devices/" + device.str() + "/sku", body));
  environment.output->result(
      answer, device.str() + ": SKU " + printable(cell_of(answer, "sku")) + ", was " +
                  printable(cell_of(answer, "was")) +
                  "; it is judged anew when it attests next, which 'vedette attest now " +
                  device.str() + "' has it do within seconds\n");
  return {};
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

// One device by its name, or a group.
struct RevokeOptions {
  DeviceOptions one;
  GroupRevocation group;
};

Result<void> revoke(Environment& environment, RevokeOptions options) {
  const bool is_one = !options.one.device.empty();
  constexpr const char* kHelp = "see 'vedette device revoke --help'";
  if (is_one == !options.group.group.empty())
    return refuse("CLI-USAGE", "name a device, or a group with --group", {}, kHelp);
  if (!is_one) return revoke_group(environment, options.group);
  if (options.group.reason.empty() || !options.group.approve.empty() ||
      options.group.shows_proposal)
    return refuse("CLI-USAGE", "a device is revoked with --reason alone", {}, kHelp);
  options.one.reason = options.group.reason;
  return take(environment, {"revoke", "revoked", {}}, options.one);
}

void add_revoke(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("revoke", "withdraw trust for good, at once");
  verb->footer(
      "A group is revoked by two operators, unless the server's policy says otherwise: one gives\n"
      "the reason, the other approves the proposal that it makes.");
  const auto options = std::make_shared<RevokeOptions>();
  verb->add_option("device", options->one.device, "the device's name");
  verb->add_option("--group", options->group.group, "every device of this group instead");
  verb->add_option("--reason", options->group.reason, "why; it is kept in the log");
  verb->add_option("--approve", options->group.approve, "of a group: the proposal's name");
  verb->add_flag("--proposal", options->group.shows_proposal, "of a group: show what waits");
  on_call(*verb, choice,
          [options](Environment& environment) { return revoke(environment, *options); });
}

void add_sku_option(CLI::App& verb, DeviceOptions& options) {
  verb.add_option("--sku", options.sku,
                  "its hardware model, which reference values may be for (when it first enrols)");
}

void add_sku(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("sku", "say which hardware model a device is");
  verb->footer(
      "A device is held to the reference values of its SKU in its group, where there are any, and\n"
      "else to its group's: 'vedette reference learn GROUP --sku SKU --from DEVICE'.");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the device's name")->required();
  verb->add_option("sku", options->sku, "the SKU's name");
  verb->add_flag("--none", options->no_sku, "it is of none");
  on_call(*verb, choice,
          [options](Environment& environment) { return sku(environment, *options); });
}

void add_allow(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("allow", "let one TPM enrol");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the name that the device will have")->required();
  verb->add_option("--group", options->group, "the group that it will be in")->required();
  verb->add_option("--ek-sha256", options->endorsement,
                   "SHA-256 of its endorsement key (TPMT_PUBLIC), hexadecimal")
      ->required();
  add_sku_option(*verb, *options);
  add_key_option(*verb, options->keys);
  on_call(*verb, choice,
          [options](Environment& environment) { return allow(environment, *options); });
}

void add_disallow(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("disallow", "take a device's TPM off the allow-list");
  verb->footer(
      "It enrols and renews no more; its certificate ends by itself. Where trust is lost, revoke:\n"
      "that ends connections and verdicts at once. A TPM whose maker's root is configured can\n"
      "enrol again by its endorsement certificate: the answer says 'still_admitted_by_root',\n"
      "'no', 'yes', or 'perhaps' where the server has not seen that certificate.");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the name by which it was allowed")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return disallow(environment, *options); });
}

void add_token(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("token", "make a token for one TPM to enrol by, once");
  verb->footer(
      "It is printed this once, and nobody else's TPM can use it. On the device its file is named "
      "by\n"
      "'device.enrollment_token_file'. Which groups want tokens, the server's\n"
      "'enrollment.token_groups' says; a device that has enrolled needs none.");
  const auto options = std::make_shared<TokenOptions>();
  verb->add_option("--group", options->group, "the group that the device will be in")->required();
  verb->add_option("--ek-sha256", options->endorsement,
                   "SHA-256 of its endorsement key (TPMT_PUBLIC), hexadecimal");
  verb->add_option("--ek-serial", options->serial,
                   "instead: the serial number of its endorsement certificate, hexadecimal");
  verb->add_option("--hours", options->hours, "how long it is good for")
      ->capture_default_str()
      ->check(CLI::Range(1, 720));
  on_call(*verb, choice,
          [options](Environment& environment) { return make_token(environment, *options); });
}

void add_admit_maker(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("admit-maker", "let every TPM of one maker enrol");
  const auto admission = std::make_shared<MakerAdmission>();
  verb->add_option("--root", admission->path,
                   "the maker's root certificate, and its issuers' (a file or a folder)")
      ->required();
  add_admission_options(*verb, *admission);
  on_call(*verb, choice,
          [admission](Environment& environment) { return admit_makers(environment, *admission); });
}

}  // namespace

void add_device_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "device", "who may enrol, and who is trusted still");
  add_allow(noun, choice);
  add_disallow(noun, choice);
  add_token(noun, choice);
  add_admit_maker(noun, choice);
  on_call(*noun.add_subcommand("list", "every device that enrolled"), choice,
          [](Environment& environment) { return list(environment); });
  CLI::App* verb = noun.add_subcommand("show", "all that is known of one device");
  const auto options = std::make_shared<DeviceOptions>();
  verb->add_option("device", options->device, "the device's name")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
  add_sku(noun, choice);
  add_revoke(noun, choice);
  add_measure(noun, choice, {"quarantine", "quarantined", "withdraw trust until it is reinstated"});
  add_measure(noun, choice, {"reinstate", "reinstated", "trust a quarantined device again"});
}

}  // namespace vedette::cli
