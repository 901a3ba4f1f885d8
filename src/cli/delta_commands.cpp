#include "cli/delta_commands.h"

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/new_file.h"
#include "cli/command_line.h"
#include "cli/key_files.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "release/delta/delta_statement.h"
#include "release/digest_text.h"

namespace vedette::cli {

namespace {

using codec::Json;
using release::FileIdentity;

constexpr std::size_t kMaxDeltaFile = std::size_t{2} << 30U;  // protobuf's own limit
constexpr unsigned kOutputFile = 0644;

struct DeltaOptions {
  std::string base;
  std::string target;
  std::string delta;
  std::string sha256;  // of the target, where it is known
  std::string key;     // that signs; empty: none does
  std::vector<std::string> publishers;
};

std::string percent_text(std::uint64_t part, std::uint64_t whole) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%",
                100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

FileIdentity identity_of(ByteView octets) {
  return {.sha256 = crypto::sha256(octets), .size = octets.size()};
}

// None when nobody signs.
Result<std::optional<std::string>> signed_statement(Environment& environment,
                                                    const DeltaOptions& options, ByteView base,
                                                    ByteView target, ByteView delta) {
  if (options.key.empty()) return std::nullopt;
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  return release::sign_delta_statement(
      {.model = std::filesystem::path(options.target).filename().string(),
       .base = identity_of(base),
       .target = identity_of(target),
       .delta = identity_of(delta)},
      key);
}

Result<void> make(Environment& environment, const DeltaOptions& options) {
  VEDETTE_TRY(const Bytes base, read_file(options.base, kMaxDeltaFile));
  VEDETTE_TRY(const Bytes target, read_file(options.target, kMaxDeltaFile));
  const std::string path = options.delta.empty() ? options.target + ".delta" : options.delta;
  Bytes delta;
  {
    Progress progress(environment.console, *environment.output, "comparing " + options.target);
    VEDETTE_CHECK(release::make_delta(
        base, target,
        [&delta](ByteView piece) -> Result<void> {
          append(delta, piece);
          return {};
        },
        [&](std::uint64_t done) { progress.show(done, target.size()); }));
  }
  VEDETTE_TRY(const auto statement, signed_statement(environment, options, base, target, delta));
  VEDETTE_CHECK(write_file_atomically(path, delta, kOutputFile));
  Json json;
  if (statement) {
    VEDETTE_CHECK(
        write_file_atomically(delta_statement_path(path), as_bytes(*statement), kOutputFile));
    json.set("statement", delta_statement_path(path));
  }
  json.set("delta", path).set("bytes", std::uint64_t{delta.size()});
  json.set("sha256", to_hex(crypto::sha256(delta)));
  json.set("base_sha256", to_hex(crypto::sha256(base)));
  json.set("target_sha256", to_hex(crypto::sha256(target)));
  json.set("target_bytes", std::uint64_t{target.size()});
  environment.output->result(json, "told " + printable(options.target) + " by what changed in " +
                                       printable(options.base) + "\n  delta  " + printable(path) +
                                       ", " + size_text(delta.size()) + ", " +
                                       percent_text(delta.size(), target.size()) + " of " +
                                       size_text(target.size()) + "\n");
  return {};
}

Result<UniqueFd> open_input(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd.valid()) return refuse("FILE-OPEN", "a file could not be opened", errno_text(path));
  return fd;
}

// What the delta is to make, and by whose word.
struct Wanted {
  FileIdentity file;
  std::string word;    // for people; of the last who had one
  bool known = false;  // by more than the delta itself
};

// As its publisher signed it, which is found out before anything else of it is read; or as the
// caller says; or else as it says of itself. A publisher's word has no age: that a target is the
// newest only a release statement says.
Result<Wanted> wanted_target(const DeltaOptions& options, const release::ByteSource& delta) {
  Wanted wanted{.file = {},
                .word =
                    "\nThat is what the delta says of itself: run 'vedette model verify' before "
                    "you trust it."};
  if (options.publishers.empty()) {
    VEDETTE_TRY(const release::DeltaHeader header, release::read_delta_header(delta));
    wanted.file = header.target;
  } else {
    VEDETTE_TRY(const auto publishers, load_public_keys(options.publishers));
    VEDETTE_TRY(const Bytes text,
                read_file(delta_statement_path(options.delta), release::kMaxDeltaStatementBytes));
    VEDETTE_TRY(const auto statement, release::verify_delta_statement(as_text(text), publishers));
    VEDETTE_CHECK(release::check_delta(statement, delta));
    wanted = {.file = statement->target,
              .word = ", as its publisher signed it, of " + printable(statement->model),
              .known = true};
  }
  if (options.sha256.empty()) return wanted;
  const auto digest = release::parse_digest(options.sha256);
  if (!digest)
    return refuse("CLI-USAGE", "this is not a SHA-256 digest", options.sha256.substr(0, 80));
  wanted.file.sha256 = *digest;
  wanted.word = ", as wanted";
  wanted.known = true;
  return wanted;
}

Result<void> patch(Environment& environment, const DeltaOptions& options) {
  VEDETTE_TRY(const UniqueFd base_fd, open_input(options.base));
  VEDETTE_TRY(const UniqueFd delta_fd, open_input(options.delta));
  VEDETTE_TRY(const auto base, release::FileSource::of(base_fd.get()));
  VEDETTE_TRY(const auto delta, release::FileSource::of(delta_fd.get()));
  VEDETTE_TRY(const Wanted wanted, wanted_target(options, delta));
  if (wanted.file.size > kMaxDeltaFile)
    return refuse("FILE-SIZE", "a file is larger than it may be",
                  std::to_string(wanted.file.size) + " bytes");
  VEDETTE_TRY(NewFile target, NewFile::beside(options.target));
  {
    Progress progress(environment.console, *environment.output, "making " + options.target);
    VEDETTE_CHECK(release::apply_delta(
        base, delta, wanted.file, [&target](ByteView piece) { return target.append(piece); },
        [&](std::uint64_t done) { progress.show(done, wanted.file.size); }));
  }
  VEDETTE_CHECK(target.put_in_place(kOutputFile));
  Json json;
  json.set("target", options.target).set("bytes", wanted.file.size);
  json.set("sha256", to_hex(wanted.file.sha256)).set("expected", wanted.known);
  environment.output->result(json, "made " + printable(options.target) + ", " +
                                       size_text(wanted.file.size) + "\n  sha256  " +
                                       to_hex(wanted.file.sha256) + wanted.word + "\n");
  return {};
}

}  // namespace

void add_delta_commands(CLI::App& model, Choice& choice) {
  const auto options = std::make_shared<DeltaOptions>();
  CLI::App* const delta = model.add_subcommand("delta", "tell a model by what changed in another");
  delta->add_option("base", options->base, "the model that its receivers have")->required();
  delta->add_option("target", options->target, "the model that they are to have")->required();
  delta->add_option("--to", options->delta, "the file to write; by default TARGET.delta");
  delta->add_option("--key", options->key,
                    "the private key that signs a statement of it, beside it: .sig");
  on_call(*delta, choice,
          [options](Environment& environment) { return make(environment, *options); });

  CLI::App* const verb = model.add_subcommand("patch", "make a model of another and a delta");
  verb->add_option("base", options->base, "the model that is here")->required();
  verb->add_option("delta", options->delta, "what 'vedette model delta' made")->required();
  verb->add_option("--to", options->target, "the file to write")->required();
  verb->add_option("--sha256", options->sha256, "what the result's digest must be");
  verb->add_option("--publisher", options->publishers,
                   "public keys (PEM) of trusted publishers: one must have signed DELTA.sig");
  on_call(*verb, choice,
          [options](Environment& environment) { return patch(environment, *options); });
}

}  // namespace vedette::cli
