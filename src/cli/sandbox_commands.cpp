// vedette sandbox: what a profile confines a worker by, and what a power adds to it.
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "crypto/digest.h"
#include "inference/policy/posture.h"
#include "inference/policy/profile.h"
#include "inference/policy/profile_text.h"

namespace vedette::cli {

namespace {

using codec::Json;
using inference::Profile;

struct ProfileOptions {
  std::string profile = "strict";
  std::string other;
  std::vector<std::string> powers;
  std::string posture = "full";
  bool canonical = false;
};

// A built-in profile by its name, or one that was written to a file.
Result<Profile> find_profile(const std::string& name) {
  if (name.find('/') == std::string::npos && !name.ends_with(".profile"))
    return inference::built_in_profile(name);
  VEDETTE_TRY(const Bytes text, read_file(name, inference::kMaxProfileText));
  return inference::parse_profile(as_text(text));
}

Result<Profile> widened(Profile profile, const std::vector<std::string>& powers,
                        const std::string& posture) {
  for (const std::string& text : powers) {
    VEDETTE_TRY(const inference::Power power, inference::power_from_text(text));
    VEDETTE_CHECK(inference::grant(profile, power));
  }
  const auto chosen = inference::posture_from_name(posture);
  if (!chosen)
    return refuse("CLI-USAGE", "there is no such posture", posture,
                  "full, without-user-namespace, without-landlock or without-core-scheduling");
  return inference::at_posture(std::move(profile), *chosen);
}

std::string digest_of(const Profile& profile) {
  return to_hex(crypto::sha256(as_bytes(inference::canonical_text(profile))));
}

Json profile_json(const Profile& profile) {
  Json::Array powers;
  for (const inference::Power& power : profile.powers)
    powers.emplace_back(inference::text_of(power));
  Json json;
  json.set("name", profile.name).set("sha256", digest_of(profile));
  json.set("powers", std::move(powers)).set("text", inference::canonical_text(profile));
  return json;
}

Result<void> show(Environment& environment, const ProfileOptions& options) {
  VEDETTE_TRY(Profile profile, find_profile(options.profile));
  VEDETTE_TRY(profile, widened(std::move(profile), options.powers, options.posture));
  const std::string text =
      options.canonical ? inference::canonical_text(profile)
                        : inference::describe(profile) + "SHA-256 " + digest_of(profile) + "\n";
  environment.output->result(profile_json(profile), text);
  return {};
}

Result<void> compare(Environment& environment, const ProfileOptions& options) {
  VEDETTE_TRY(const Profile before, find_profile(options.profile));
  VEDETTE_TRY(Profile after, find_profile(options.other.empty() ? options.profile : options.other));
  VEDETTE_TRY(after, widened(std::move(after), options.powers, options.posture));
  const std::string lines = inference::differences(before, after);
  Json json;
  json.set("before", profile_json(before)).set("after", profile_json(after));
  json.set("differences", lines);
  environment.output->result(json, lines.empty() ? "they confine alike\n" : lines);
  return {};
}

void add_widening(CLI::App& verb, ProfileOptions& options) {
  verb.add_option("--grant", options.powers,
                  "a power: 'threads N', 'device-node /dev/...' or 'fork-per-request'");
  verb.add_option("--posture", options.posture,
                  "of the machine: full, without-user-namespace, without-landlock or "
                  "without-core-scheduling");
}

}  // namespace

void add_sandbox_commands(CLI::App& app, Choice& choice) {
  CLI::App& sandbox = add_noun(app, "sandbox", "the cage around a model");
  CLI::App& profile = add_noun(sandbox, "profile", "what a worker is confined by");
  const auto options = std::make_shared<ProfileOptions>();
  CLI::App* const shown = profile.add_subcommand("show", "a profile in words, and its digest");
  shown->add_option("profile", options->profile, "a built-in profile, or a file of one");
  shown->add_flag("--canonical", options->canonical, "the text that is hashed and enforced");
  add_widening(*shown, *options);
  on_call(*shown, choice,
          [options](Environment& environment) { return show(environment, *options); });
  CLI::App* const compared =
      profile.add_subcommand("diff", "what another profile, or a power, changes");
  compared->add_option("before", options->profile, "a built-in profile, or a file of one")
      ->required();
  compared->add_option("after", options->other, "the other one; by default the same, widened");
  add_widening(*compared, *options);
  on_call(*compared, choice,
          [options](Environment& environment) { return compare(environment, *options); });
}

}  // namespace vedette::cli
