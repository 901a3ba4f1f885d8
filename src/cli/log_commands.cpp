#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "cli/log_check.h"
#include "cli/log_client.h"
#include "cli/operator_client.h"
#include "cli/progress.h"
#include "cli/views.h"
#include "codec/base64.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"

namespace vedette::cli {

namespace {

using codec::Json;
using ledger::VerifiedCheckpoint;

constexpr std::uint64_t kMostListed = 1000;
constexpr std::uint64_t kUsuallyListed = 50;
constexpr std::uint64_t kMostEntries = std::uint64_t{1} << 26U;  // 4 GiB of hashes
constexpr unsigned kStateFile = 0644;

struct LogOptions {
  std::optional<std::uint64_t> start;
  std::uint64_t count = kUsuallyListed;
  std::uint64_t index = 0;
  std::string vkey;
  std::string state;
};

// The body of a signed note ends where its signatures begin (C2SP signed-note).
Result<ledger::Checkpoint> unverified_checkpoint(const std::string& note) {
  return ledger::parse_checkpoint_body(note.substr(0, note.rfind("\n\n") + 1));
}

Json checkpoint_json(const ledger::Checkpoint& checkpoint) {
  Json json;
  json.set("origin", checkpoint.origin).set("size", checkpoint.size);
  json.set("root", codec::to_base64(checkpoint.root));
  return json;
}

Result<void> show_checkpoint(Environment& environment) {
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const std::string note, fetch_checkpoint(client));
  VEDETTE_TRY(const ledger::Checkpoint checkpoint, unverified_checkpoint(note));
  Json json = checkpoint_json(checkpoint);
  json.set("verified", false).set("note", note);
  environment.output->result(json, printable(note));
  return {};
}

Result<void> list(Environment& environment, const LogOptions& options) {
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const std::string note, fetch_checkpoint(client));
  VEDETTE_TRY(const ledger::Checkpoint checkpoint, unverified_checkpoint(note));
  const std::uint64_t latest =
      checkpoint.size > options.count ? checkpoint.size - options.count : 0;
  const std::uint64_t start = std::min(options.start.value_or(latest), checkpoint.size);
  const std::uint64_t end = start + std::min(options.count, checkpoint.size - start);
  std::vector<Bytes> entries;
  VEDETTE_CHECK(fetch_entries(
      client, start, end,
      [&](ByteView entry) -> Result<void> {
        entries.push_back(to_bytes(entry));
        return {};
      },
      [](std::uint64_t) {}));
  const Json json = read_entries(entries, start);
  environment.output->result(json, entries_view(json));
  return {};
}

// The checkpoint of the last time; none the first time. Its signature is checked again: the file
// may have been changed.
Result<std::optional<VerifiedCheckpoint>> remembered(const std::string& path,
                                                     const ledger::NoteVerifier& verifier) {
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error))
    return std::optional<VerifiedCheckpoint>();
  VEDETTE_TRY(const Bytes note, read_file(path, ledger::kMaxNoteBytes));
  VEDETTE_TRY(VerifiedCheckpoint checkpoint, ledger::verify_checkpoint(as_text(note), verifier));
  return std::optional(std::move(checkpoint));
}

Result<LogTree> fetch_tree(Environment& environment, OperatorClient& client, std::uint64_t size) {
  if (size > kMostEntries)
    return refuse("LOG-SIZE", "the log is too long to be checked as a whole here",
                  std::to_string(size) + " entries", "check single decisions with 'log prove'");
  LogTree tree;
  Progress progress(environment.console, *environment.output, "fetching entries");
  VEDETTE_CHECK(fetch_entries(
      client, 0, size, [&](ByteView entry) { return tree.add(entry); },
      [&](std::uint64_t done) { progress.show(done, size); }));
  return tree;
}

std::string verified_text(const ledger::Checkpoint& checkpoint,
                          const std::optional<VerifiedCheckpoint>& before, bool remembers) {
  std::string text = "the log " + printable(checkpoint.origin) +
                     " holds: " + std::to_string(checkpoint.size) + " entries, root " +
                     codec::to_base64(checkpoint.root) + "\n  signature  by the log's key\n" +
                     "  root       computed from every entry\n  past       ";
  if (before)
    return text + "continues the " + std::to_string((*before)->size) + " entries remembered\n";
  return text + (remembers ? "remembered from now on\n" : "not compared; use --state FILE\n");
}

// Consistency needs no proof of the server's: with every entry at hand, the root of the remembered
// size is computed like the present one.
Result<void> verify(Environment& environment, const LogOptions& options) {
  VEDETTE_TRY(const auto verifier, read_vkey(options.vkey));
  VEDETTE_TRY(const auto before, remembered(options.state, verifier));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const std::string note, fetch_checkpoint(client));
  VEDETTE_TRY(const VerifiedCheckpoint checkpoint, ledger::verify_checkpoint(note, verifier));
  VEDETTE_TRY(const LogTree tree, fetch_tree(environment, client, checkpoint->size));
  VEDETTE_CHECK(check_root(tree, checkpoint));
  if (before) VEDETTE_CHECK(check_continues(tree, checkpoint, *before));
  if (!options.state.empty())
    VEDETTE_CHECK(write_file_atomically(options.state, as_bytes(note), kStateFile));
  Json json = checkpoint_json(*checkpoint);
  json.set("verified", true);
  json.set("continues", before ? Json((*before)->size) : Json());
  environment.output->result(json, verified_text(*checkpoint, before, !options.state.empty()));
  return {};
}

Result<Bytes> fetch_one(OperatorClient& client, std::uint64_t index) {
  Bytes found;
  VEDETTE_CHECK(fetch_entries(
      client, index, index + 1,
      [&](ByteView entry) -> Result<void> {
        found = to_bytes(entry);
        return {};
      },
      [](std::uint64_t) {}));
  return found;
}

Json proof_json(const ledger::Proof& proof) {
  Json::Array hashes;
  for (const auto& hash : proof)
    hashes.emplace_back(codec::to_base64(hash));
  return hashes;
}

// The leaf's hash is computed from the entry: what the server calls it does not count.
Result<void> prove(Environment& environment, const LogOptions& options) {
  VEDETTE_TRY(const auto verifier, read_vkey(options.vkey));
  VEDETTE_TRY(auto client, OperatorClient::open(environment.http, environment.operator_folder));
  VEDETTE_TRY(const std::string note, fetch_checkpoint(client));
  VEDETTE_TRY(const VerifiedCheckpoint checkpoint, ledger::verify_checkpoint(note, verifier));
  if (options.index >= checkpoint->size)
    return refuse("LOG-RANGE", "the log has no such entry yet",
                  "it has " + std::to_string(checkpoint->size) + " entries, counted from 0");
  VEDETTE_TRY(const Bytes entry, fetch_one(client, options.index));
  VEDETTE_TRY(const Json answer, client.get("/v1/log/proof?index=" + std::to_string(options.index) +
                                            "&size=" + std::to_string(checkpoint->size)));
  VEDETTE_TRY(const ledger::Proof proof, read_proof(answer));
  const ledger::TreeHash leaf = ledger::leaf_hash(entry);
  const auto included =
      ledger::verify_inclusion(leaf, options.index, checkpoint->size, proof, checkpoint->root);
  if (!included)
    return refuse(included.error().code, "the server cannot prove that this entry is in its log",
                  included.error().cause, "'vedette log verify' checks the log as a whole");
  const Json entries = read_entries({entry}, options.index);
  Json json;
  json.set("verified", true).set("index", options.index).set("entry", codec::to_base64(entry));
  json.set("leaf_hash", codec::to_base64(leaf)).set("hashes", proof_json(proof));
  json.set("checkpoint", note);
  environment.output->result(
      json, entries_view(entries) + "is entry " + std::to_string(options.index) + " of the " +
                std::to_string(checkpoint->size) + " that the signed checkpoint fixes (proof of " +
                std::to_string(proof.size()) + " hashes)\n");
  return {};
}

void add_list(CLI::App& noun, Choice& choice) {
  CLI::App* verb = noun.add_subcommand("list", "decisions, the latest 50 unless told otherwise");
  const auto options = std::make_shared<LogOptions>();
  verb->add_option("--start", options->start, "the first index; counted from 0");
  verb->add_option("--count", options->count, "how many at most")
      ->check(CLI::Range(std::uint64_t{1}, kMostListed))
      ->capture_default_str();
  on_call(*verb, choice,
          [options](Environment& environment) { return list(environment, *options); });
}

void add_vkey(CLI::App* verb, LogOptions& options) {
  verb->add_option("--vkey", options.vkey, "the log's public key: a file, or the text itself")
      ->required();
}

}  // namespace

void add_log_commands(CLI::App& app, Choice& choice) {
  CLI::App& noun = add_noun(app, "log", "every decision, in a log that cannot be rewritten unseen");
  on_call(*noun.add_subcommand("checkpoint", "the signed note that fixes the log's content"),
          choice, [](Environment& environment) { return show_checkpoint(environment); });
  add_list(noun, choice);
  CLI::App* verb = noun.add_subcommand("verify", "fetch the whole log and check it");
  auto options = std::make_shared<LogOptions>();
  add_vkey(verb, *options);
  verb->add_option("--state", options->state,
                   "remembers the checkpoint, so that next time a rewritten past shows");
  on_call(*verb, choice,
          [options](Environment& environment) { return verify(environment, *options); });
  verb = noun.add_subcommand("prove", "show that one decision is in the log");
  options = std::make_shared<LogOptions>();
  verb->add_option("index", options->index, "the entry's index; counted from 0")->required();
  add_vkey(verb, *options);
  on_call(*verb, choice,
          [options](Environment& environment) { return prove(environment, *options); });
}

}  // namespace vedette::cli
