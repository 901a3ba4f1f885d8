#include "cli/tuf_commands.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/key_files.h"
#include "cli/tuf_view.h"
#include "release/tuf/limits.h"
#include "release/tuf/repository_folder.h"
#include "release/tuf/role_edit.h"

namespace vedette::cli {

namespace {

using codec::Json;
namespace tuf = release::tuf;

constexpr int kMostDays = 3650;

struct Options {
  std::string repository;
  std::string role{tuf::kTargets};
  std::vector<std::string> keys;
  std::vector<std::string> root_keys;
  std::vector<std::string> targets_keys;
  std::vector<std::string> online_keys;
  std::vector<std::string> paths;
  std::string file;
  std::string name;
  std::int64_t threshold = 1;
  std::int64_t root_threshold = 1;
  std::int64_t targets_threshold = 1;
  bool terminating = false;
  bool remove = false;
  int days = 90;
  int root_days = 365;
  int snapshot_days = 7;
  int timestamp_days = 1;
};

std::chrono::hours days(int count) {
  return std::chrono::hours(24) * count;
}

Result<tuf::RoleHolders> holders(const std::vector<std::string>& paths, std::int64_t threshold) {
  VEDETTE_TRY(auto keys, load_public_keys(paths));
  return tuf::RoleHolders{.keys = std::move(keys), .threshold = threshold};
}

// What is to be signed next, and by what command.
void tell_staged(Environment& environment, const tuf::RepositoryFolder& folder,
                 const std::string& role) {
  Json json;
  json.set("role", role).set("staged", folder.staged_path(role));
  environment.output->result(json, "staged " + printable(role) + "\n  sign it  vedette tuf sign " +
                                       printable(folder.staged_path(role)) + " --key ...\n");
}

Result<void> init(Environment& environment, const Options& options) {
  const TimePoint now = environment.clock.now();
  VEDETTE_TRY(const auto root, holders(options.root_keys, options.root_threshold));
  VEDETTE_TRY(const auto targets, holders(options.targets_keys, options.targets_threshold));
  VEDETTE_TRY(const auto online, holders(options.online_keys, 1));
  VEDETTE_TRY(const tuf::Document document, tuf::new_root({{std::string(tuf::kRoot), root},
                                                           {std::string(tuf::kTargets), targets},
                                                           {std::string(tuf::kSnapshot), online},
                                                           {std::string(tuf::kTimestamp), online}},
                                                          now + days(options.root_days)));
  VEDETTE_TRY(tuf::RepositoryFolder folder, tuf::RepositoryFolder::create(options.repository));
  VEDETTE_CHECK(folder.begin(std::string(tuf::kRoot), document));
  VEDETTE_CHECK(
      folder.begin(std::string(tuf::kTargets), tuf::new_targets(now + days(options.days))));
  const std::string staged = options.repository + "/staged/";
  Json json;
  json.set("repository", options.repository);
  json.set("staged", Json::Array{staged + "root.json", staged + "targets.json"});
  environment.output->result(json, "began " + printable(options.repository) +
                                       "\n  sign  staged/root.json and staged/targets.json, then "
                                       "'vedette tuf publish'\n");
  return {};
}

Result<void> edit_role(Environment& environment, const Options& options, int life_in_days,
                       const tuf::RepositoryFolder::Edit& edit) {
  VEDETTE_TRY(tuf::RepositoryFolder folder, tuf::RepositoryFolder::open(options.repository));
  VEDETTE_CHECK(folder.edit(options.role, environment.clock.now() + days(life_in_days), edit));
  tell_staged(environment, folder, options.role);
  return {};
}

Result<void> rotate(Environment& environment, Options options) {
  VEDETTE_TRY(const auto keys, holders(options.keys, options.threshold));
  const std::string role = std::exchange(options.role, std::string(tuf::kRoot));
  return edit_role(environment, options, options.root_days,
                   [&](tuf::Document& root) { return tuf::set_holders(root, role, keys); });
}

// The role begins with nothing in it, signed by its own keys: without its metadata clients would
// stop where they are led to it.
Result<void> delegate(Environment& environment, Options options) {
  const std::string role = std::exchange(options.role, std::string(tuf::kTargets));
  if (options.remove)
    return edit_role(environment, options, options.days,
                     [&](tuf::Document& targets) { return tuf::remove_delegation(targets, role); });
  VEDETTE_TRY(const auto keys, holders(options.keys, options.threshold));
  VEDETTE_CHECK(edit_role(environment, options, options.days, [&](tuf::Document& targets) {
    return tuf::set_delegation(targets, {role, keys, options.paths, options.terminating});
  }));
  VEDETTE_TRY(tuf::RepositoryFolder folder, tuf::RepositoryFolder::open(options.repository));
  const auto begun =
      folder.begin(role, tuf::new_targets(environment.clock.now() + days(options.days)));
  if (begun || begun.error().code == "TUF-EXISTS") return {};
  return begun;
}

Result<void> add_target(Environment& environment, const Options& options) {
  VEDETTE_TRY(const Bytes content, read_file(options.file, tuf::kMaxTargetFile));
  {
    VEDETTE_TRY(const tuf::RepositoryFolder folder,
                tuf::RepositoryFolder::open(options.repository));
    VEDETTE_CHECK(folder.put_target(options.name, content));
  }
  return edit_role(environment, options, options.days, [&](tuf::Document& targets) {
    return tuf::set_target(targets, options.name, content.size(), crypto::sha256(content));
  });
}

Result<void> remove_target(Environment& environment, const Options& options) {
  return edit_role(environment, options, options.days, [&](tuf::Document& targets) {
    return tuf::remove_target(targets, options.name);
  });
}

Result<std::vector<crypto::PrivateKey>> signing_keys(Environment& environment,
                                                     const std::vector<std::string>& paths) {
  std::vector<crypto::PrivateKey> keys;
  for (const std::string& path : paths) {
    VEDETTE_TRY(auto key,
                load_signing_key(path, environment.console, environment.operator_folder.keys));
    keys.push_back(std::move(key));
  }
  return keys;
}

// One file at a time, no repository needed: it may be carried to where the key is.
Result<void> sign(Environment& environment, const Options& options) {
  VEDETTE_TRY(const auto keys, signing_keys(environment, options.keys));
  VEDETTE_TRY(const Bytes octets, read_file(options.file, tuf::kMaxTargetsOctets));
  VEDETTE_TRY(tuf::Document document, tuf::read_document(octets));
  for (const crypto::PrivateKey& key : keys)
    VEDETTE_CHECK(tuf::sign_document(document, key));
  VEDETTE_CHECK(
      write_file_atomically(options.file, tuf::write_document(document), tuf::kStagedFile));
  environment.output->result(document_json(document), "signed " + document_text(document));
  return {};
}

Result<void> publish(Environment& environment, const Options& options) {
  VEDETTE_TRY(const auto keys, signing_keys(environment, options.keys));
  VEDETTE_TRY(tuf::RepositoryFolder folder, tuf::RepositoryFolder::open(options.repository));
  VEDETTE_TRY(const auto published, folder.published());
  VEDETTE_TRY(const auto staged, folder.staged(published));
  VEDETTE_CHECK(folder.check_targets(published, staged));
  VEDETTE_TRY(const auto files, tuf::next_publication(published, staged, {keys, keys},
                                                      {.snapshot = days(options.snapshot_days),
                                                       .timestamp = days(options.timestamp_days)},
                                                      environment.clock.now()));
  VEDETTE_CHECK(folder.publish(files));
  Json::Array names;
  std::string text = "published\n";
  for (const tuf::MetadataFile& file : files) {
    names.emplace_back(file.name);
    text += "  " + printable(file.name) + "\n";
  }
  Json json;
  json.set("files", std::move(names));
  environment.output->result(json, text);
  return {};
}

Result<void> show(Environment& environment, const Options& options) {
  VEDETTE_TRY(const tuf::RepositoryFolder folder, tuf::RepositoryFolder::open(options.repository));
  VEDETTE_TRY(const auto published, folder.published());
  VEDETTE_TRY(const auto staged, folder.staged(published));
  VEDETTE_TRY(const RepositoryView view, view_repository(published, staged));
  environment.output->result(view.json, view.text);
  return {};
}

struct Adder {
  CLI::App& noun;
  Choice& choice;

  CLI::App* verb(const char* name, const char* description, const std::shared_ptr<Options>& options,
                 auto run) const {
    CLI::App* added = noun.add_subcommand(name, description);
    on_call(*added, choice,
            [options, run](Environment& environment) { return run(environment, *options); });
    return added;
  }
};

void add_repository(CLI::App& verb, Options& options) {
  verb.add_option("repository", options.repository, "its folder")->required();
}

void add_days(CLI::App& verb, const char* name, int& days, const char* description) {
  verb.add_option(name, days, description)->check(CLI::Range(1, kMostDays))->capture_default_str();
}

void add_holders(CLI::App& verb, Options& options, bool required) {
  verb.add_option("--key", options.keys, "public key (PEM); once for each of the role's keys")
      ->required(required);
  verb.add_option("--threshold", options.threshold, "how many of them have to sign");
}

void add_authors(const Adder& adder) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = adder.verb("init", "begin a repository", options, init);
  add_repository(*verb, *options);
  verb->add_option("--root-key", options->root_keys, "public key of root; offline")->required();
  verb->add_option("--root-threshold", options->root_threshold, "how many of them have to sign");
  verb->add_option("--targets-key", options->targets_keys, "public key of targets; offline")
      ->required();
  verb->add_option("--targets-threshold", options->targets_threshold,
                   "how many of them have to sign");
  verb->add_option("--online-key", options->online_keys, "public key of snapshot and timestamp")
      ->required();
  add_days(*verb, "--root-days", options->root_days, "life of root");
  add_days(*verb, "--days", options->days, "life of targets");

  options = std::make_shared<Options>();
  verb = adder.verb("rotate", "give a top-level role other keys, from the next root on", options,
                    rotate);
  add_repository(*verb, *options);
  verb->add_option("role", options->role, "root, targets, snapshot or timestamp")->required();
  add_holders(*verb, *options, true);
  add_days(*verb, "--root-days", options->root_days, "life of the root");

  options = std::make_shared<Options>();
  verb = adder.verb("delegate", "let a publisher's role speak of some paths, or no longer", options,
                    delegate);
  add_repository(*verb, *options);
  verb->add_option("role", options->role, "its name")->required();
  add_holders(*verb, *options, false);
  verb->add_option("--path", options->paths, "pattern of target names, as 'voice/*'");
  verb->add_flag("--terminating", options->terminating, "nobody behind it speaks of these paths");
  verb->add_flag("--remove", options->remove, "take the delegation back");
  add_days(*verb, "--days", options->days, "life of targets and of the role");
}

void add_targets(const Adder& adder) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = adder.verb("add-target", "list a file", options, add_target);
  add_repository(*verb, *options);
  verb->add_option("name", options->name, "the target's name, as 'voice/4.json'")->required();
  verb->add_option("file", options->file, "its content")->required();
  verb->add_option("--role", options->role, "who lists it")->capture_default_str();
  add_days(*verb, "--days", options->days, "life of that role");

  options = std::make_shared<Options>();
  verb = adder.verb("remove-target", "list a file no longer", options, remove_target);
  add_repository(*verb, *options);
  verb->add_option("name", options->name, "the target's name")->required();
  verb->add_option("--role", options->role, "who lists it")->capture_default_str();
  add_days(*verb, "--days", options->days, "life of that role");
}

void add_outlets(const Adder& adder) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = adder.verb("sign", "sign a staged file, wherever it is", options, sign);
  verb->add_option("file", options->file, "the staged file")->required();
  verb->add_option("--key", options->keys, "private key (PEM), or a token's (pkcs11:...)")
      ->required();

  options = std::make_shared<Options>();
  verb =
      adder.verb("publish", "publish what is staged, or renew what is published", options, publish);
  add_repository(*verb, *options);
  verb->add_option("--key", options->keys, "the online private key")->required();
  add_days(*verb, "--snapshot-days", options->snapshot_days, "life of snapshot");
  add_days(*verb, "--timestamp-days", options->timestamp_days, "life of timestamp");

  options = std::make_shared<Options>();
  verb = adder.verb("show", "what is published, until when, and what is staged", options, show);
  add_repository(*verb, *options);
}

}  // namespace

void add_tuf_commands(CLI::App& app, Choice& choice) {
  const Adder adder{add_noun(app, "tuf", "a repository of The Update Framework"), choice};
  add_authors(adder);
  add_targets(adder);
  add_outlets(adder);
}

}  // namespace vedette::cli
