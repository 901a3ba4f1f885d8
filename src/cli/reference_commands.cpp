#include <charconv>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "base/strong_id.h"
#include "cli/command_line.h"
#include "cli/operator_client.h"
#include "cli/views.h"
#include "codec/base64.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::size_t kMaxFileBytes = 1U << 20U;
constexpr std::size_t kSha256Bytes = 32;
constexpr unsigned kLastRegister = 23;  // TCG PC Client Platform TPM Profile: 24 registers

struct ReferenceOptions {
  std::string group;
  std::string file;
  std::string device;
};

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CLI-REFERENCE", "these are no reference values", std::move(cause),
                R"(the form is {"registers":{"0":["<64 lower-case hexadecimal digits>"],…}}, as )"
                "'vedette -o json reference show GROUP' prints it");
}

Result<void> check_register(const std::string& name, const Json& values) {
  unsigned number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  if (parsed.ec != std::errc{} || std::to_string(number) != name || number > kLastRegister)
    return malformed("there is no register " + name);
  const Json::Array* array = values.if_array();
  if (array == nullptr || array->empty()) return malformed("register " + name + " has no values");
  for (const Json& value : *array) {
    const std::string* text = value.if_string();
    const auto digest = codec::from_hex(text == nullptr ? "-" : *text);
    if (!digest || digest->size() != kSha256Bytes || to_hex(*digest) != *text)
      return malformed("register " + name + " has a value that is no SHA-256 digest");
  }
  return {};
}

Result<Json> read_reference(const std::string& path) {
  VEDETTE_TRY(const Bytes content, read_file(path, kMaxFileBytes));
  auto json = codec::parse_json(as_text(content));
  if (!json) return malformed(path + ": " + describe(json.error()));
  if (!json->only({"registers"})) return malformed("there is more in it than 'registers'");
  const auto registers = json->object("registers");
  if (!registers) return malformed("'registers' is missing");
  for (const auto& [name, values] : *(*registers)->if_object())
    VEDETTE_CHECK(check_register(name, values));
  return json;
}

std::string target_of(const GroupId& group) {
  return "/v1/groups/" + group.str() + "/reference";
}

Result<void> show(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.get(target_of(group)));
  environment.output->result(answer, reference_view(answer));
  return {};
}

Result<void> set(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  VEDETTE_TRY(const Json values, read_reference(options.file));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_CHECK(client.put(target_of(group), values));
  environment.output->result(
      values, "devices of " + group.str() + " are now held to:\n" + reference_view(values));
  return {};
}

Result<void> learn(Environment& environment, const ReferenceOptions& options) {
  VEDETTE_TRY(const GroupId group, GroupId::parse(options.group));
  VEDETTE_TRY(const DeviceId device, DeviceId::parse(options.device));
  Json body;
  body.set("device", device.str());
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const Json answer, client.post(target_of(group) + "/learn", body));
  environment.output->result(answer, "devices of " + group.str() + " are now held to what " +
                                         device.str() + " measured:\n" + reference_view(answer));
  return {};
}

std::shared_ptr<ReferenceOptions> add_group(CLI::App* verb) {
  auto options = std::make_shared<ReferenceOptions>();
  verb->add_option("group", options->group, "the group's name")->required();
  return options;
}

}  // namespace

void add_reference_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "reference", "what a group's devices must have measured");
  CLI::App* verb = noun.add_subcommand("show", "the accepted values of each register");
  auto options = add_group(verb);
  on_call(*verb, choice,
          [options](Environment& environment) { return show(environment, *options); });
  verb = noun.add_subcommand("set", "replace them by those of a file");
  options = add_group(verb);
  verb->add_option("file", options->file, "JSON, as 'show' prints it with -o json")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return set(environment, *options); });
  verb = noun.add_subcommand("learn", "take them from a device's last verified quote");
  options = add_group(verb);
  verb->add_option("--from", options->device, "a device in a state known to be good")->required();
  on_call(*verb, choice,
          [options](Environment& environment) { return learn(environment, *options); });
}

}  // namespace vedette::cli
