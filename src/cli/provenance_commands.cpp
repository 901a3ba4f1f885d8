#include "cli/provenance_commands.h"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/bundle_file.h"
#include "cli/key_files.h"
#include "cli/progress.h"
#include "cli/provenance_view.h"
#include "codec/settings.h"
#include "release/model_tree.h"
#include "release/provenance/dataset_fingerprint.h"
#include "release/provenance/ml_bom.h"
#include "release/provenance/provenance.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr unsigned kPublicFile = 0644;

struct ProvenanceOptions {
  std::string path;  // of the model, or of the data
  std::string bundle;
  std::string file;
  std::string from;
  std::string key;
  std::string name;
  std::string version;
  std::string output;
  std::vector<std::string> publishers;
  std::vector<std::string> builders;
  std::vector<std::string> required;
  bool lines = false;
};

// Beside the model: within its folder it would be a file that nobody signed.
std::string provenance_path(const ProvenanceOptions& options) {
  if (!options.file.empty()) return options.file;
  const std::size_t end = options.path.find_last_not_of('/');
  return options.path.substr(0, end + 1) + ".provenance.jsonl";
}

std::function<void(const release::HashProgress&)> shown_by(Progress& progress) {
  return [&progress](const release::HashProgress& at) {
    progress.show(at.bytes_done, at.bytes_total);
  };
}

Result<void> fingerprint(Environment& environment, const ProvenanceOptions& options) {
  Result<release::DatasetFingerprint> made;
  {
    Progress progress(environment.console, *environment.output, "hashing " + options.path);
    made = options.lines ? release::fingerprint_lines(options.path)
                         : release::fingerprint_folder(
                               options.path, {.ignore = {}, .progress = shown_by(progress)});
  }
  VEDETTE_CHECK(made);
  Json json;
  json.set("root", to_hex(made->root)).set("records", made->records);
  environment.output->result(json, "root    = \"" + to_hex(made->root) + "\"\n" +
                                       "records = " + std::to_string(made->records) + "\n");
  return {};
}

// The model that the provenance is about: what its own bundle says, after every file was compared.
Result<release::VerifiedManifest> verify_subject(Environment& environment,
                                                 const ProvenanceOptions& options) {
  VEDETTE_TRY(const auto publishers, load_public_keys(options.publishers));
  const std::string path = bundle_path(options.path, options.bundle);
  VEDETTE_TRY(const std::string bundle, read_bundle(path));
  Progress progress(environment.console, *environment.output, "hashing " + options.path);
  return release::verify_model(
      options.path, bundle, publishers,
      {.ignore = bundle_within(options.path, path), .progress = shown_by(progress)});
}

struct Trust {
  std::vector<crypto::PublicKey> publishers;
  std::vector<crypto::PublicKey> builders;
  std::vector<release::NamedBuilder> names;

  [[nodiscard]] release::ProvenanceSigners signers() const { return {publishers, builders}; }
};

// `FILE`, or `ID=FILE`; an ID is a URI, and a file is none.
Result<Trust> load_trust(const ProvenanceOptions& options) {
  Trust trust;
  VEDETTE_TRY(trust.publishers, load_public_keys(options.publishers));
  for (const std::string& text : options.builders) {
    const std::size_t end = text.find("://") == std::string::npos ? 0 : text.rfind('=') + 1;
    VEDETTE_TRY(const auto keys, load_public_keys({text.substr(end)}));
    for (const crypto::PublicKey& key : keys) {
      trust.builders.push_back(key);
      if (end > 1) trust.names.push_back({key.spki_sha256(), text.substr(0, end - 1)});
    }
  }
  return trust;
}

// What others have signed already; each line whole.
Result<std::string> lines_so_far(const std::string& path) {
  if (!std::filesystem::exists(path)) return std::string();
  VEDETTE_TRY(const Bytes content, read_file(path, release::kMaxProvenanceBytes));
  std::string lines(as_text(content));
  if (!lines.empty() && !lines.ends_with('\n')) lines += '\n';
  return lines;
}

Result<void> sign(Environment& environment, const ProvenanceOptions& options) {
  VEDETTE_TRY(const Json members, codec::load_settings(options.from, ""));
  VEDETTE_TRY(const auto provenance, release::read_provenance(members));
  VEDETTE_TRY(const auto subject, verify_subject(environment, options));
  VEDETTE_TRY(const auto key,
              load_signing_key(options.key, environment.console, environment.operator_folder.keys));
  const std::string path = provenance_path(options);
  VEDETTE_TRY(std::string lines, lines_so_far(path));
  VEDETTE_TRY(const std::string made,
              release::sign_provenance(provenance, subject->manifest.model_name,
                                       subject->manifest.root, key));
  lines += made;
  // As a verifier will, who knows these publishers, and this key as a builder's at least.
  VEDETTE_TRY(Trust trust, load_trust(options));
  trust.builders.push_back(key.public_key());
  VEDETTE_CHECK(release::verify_provenance(lines, subject->manifest.root, trust.signers()));
  VEDETTE_CHECK(write_file_atomically(path, as_bytes(lines), kPublicFile));
  Json json;
  json.set("file", path).set("root", to_hex(subject->manifest.root));
  json.set("provenance", provenance_json(provenance));
  environment.output->result(json, "signed where " + printable(options.path) + " comes from\n" +
                                       "  file  " + printable(path) + "\n" +
                                       provenance_text(provenance));
  return {};
}

struct Proven {
  release::VerifiedManifest subject;
  release::VerifiedProvenance provenance;
};

Result<Proven> verify_all(Environment& environment, const ProvenanceOptions& options) {
  VEDETTE_TRY(auto subject, verify_subject(environment, options));
  VEDETTE_TRY(const Trust trust, load_trust(options));
  VEDETTE_TRY(const Bytes lines, read_file(provenance_path(options), release::kMaxProvenanceBytes));
  VEDETTE_TRY(auto provenance,
              release::verify_provenance(as_text(lines), subject->manifest.root, trust.signers()));
  VEDETTE_CHECK(release::check_builder(provenance, trust.names));
  VEDETTE_CHECK(release::require_parts(provenance, options.required));
  return Proven{std::move(subject), std::move(provenance)};
}

Result<void> verify(Environment& environment, const ProvenanceOptions& options) {
  VEDETTE_TRY(const Proven proven, verify_all(environment, options));
  const auto& provenance = proven.provenance;
  Json json;
  json.set("verified", true).set("root", to_hex(proven.subject->manifest.root));
  json.set("others", provenance.others).set("signers", signers_json(provenance));
  json.set("provenance", provenance_json(provenance.provenance));
  std::string text = "signed, and about this very model:\n" +
                     provenance_text(provenance.provenance) + signers_text(provenance);
  if (provenance.others > 0)
    text += "  and " + std::to_string(provenance.others) + " of kinds that are not read here\n";
  environment.output->result(json, text);
  return {};
}

Result<void> export_bom(Environment& environment, const ProvenanceOptions& options) {
  VEDETTE_TRY(const Proven proven, verify_all(environment, options));
  const auto& manifest = proven.subject->manifest;
  const Json bom =
      release::make_ml_bom({.manifest = manifest,
                            .name = options.name.empty() ? manifest.model_name : options.name,
                            .version = options.version,
                            .now = SystemClock().now()},
                           proven.provenance.provenance);
  const std::string text = codec::to_pretty_json(bom) + "\n";
  if (options.output.empty()) {
    environment.output->result(bom, text);
    return {};
  }
  VEDETTE_CHECK(write_file_atomically(options.output, as_bytes(text), kPublicFile));
  Json json;
  json.set("file", options.output);
  environment.output->result(json, "written to " + printable(options.output) + "\n");
  return {};
}

void add_subject(CLI::App& verb, const std::shared_ptr<ProvenanceOptions>& options) {
  verb.add_option("model", options->path, "the model's file or folder")->required();
  verb.add_option("--bundle", options->bundle, "its bundle (else where 'model sign' puts it)");
  verb.add_option("--publisher", options->publishers, "public keys (PEM) of trusted publishers")
      ->required();
  verb.add_option("--builder", options->builders,
                  "public keys (PEM) that are trusted for the build, and for nothing else; "
                  "ID=FILE: of the builder of this URI alone");
  verb.add_option("--file", options->file, "the provenance (else MODEL.provenance.jsonl)");
}

void add_verifying(CLI::App& verb, const std::shared_ptr<ProvenanceOptions>& options) {
  add_subject(verb, options);
  verb.add_option("--require", options->required,
                  "parts that must be there: whoever carries the file can leave some out")
      ->check(CLI::IsMember({"build", "datasets", "lineage", "evaluations"}))
      ->delimiter(',');
}

}  // namespace

void add_provenance_commands(CLI::App& model, Choice& choice) {
  CLI::App& noun = *model.add_subcommand("provenance", "where a model comes from");
  noun.require_subcommand(1);
  const auto options = std::make_shared<ProvenanceOptions>();
  CLI::App* data = noun.add_subcommand("fingerprint", "the Merkle root of a dataset");
  data->add_option("path", options->path, "a folder, whose files are the records, or a file")
      ->required();
  data->add_flag("--lines", options->lines, "the records are a file's lines");
  on_call(*data, choice,
          [options](Environment& environment) { return fingerprint(environment, *options); });
  CLI::App* signing = noun.add_subcommand("sign", "sign what you say about a model");
  add_subject(*signing, options);
  signing->add_option("--from", options->from, "what you say (TOML, docs/provenance.md)")
      ->required();
  signing->add_option("--key", options->key, "the private key that signs")->required();
  on_call(*signing, choice,
          [options](Environment& environment) { return sign(environment, *options); });
  CLI::App* verifying = noun.add_subcommand("verify", "check and show it");
  add_verifying(*verifying, options);
  on_call(*verifying, choice,
          [options](Environment& environment) { return verify(environment, *options); });
  CLI::App* bom = noun.add_subcommand("bom", "a CycloneDX 1.6 bill of materials, once verified");
  add_verifying(*bom, options);
  bom->add_option("--name", options->name, "the model's name there (else as its bundle says)");
  bom->add_option("--version", options->version, "its version there, such as its release number");
  bom->add_option("--output", options->output, "a file to write (else it is shown)");
  on_call(*bom, choice,
          [options](Environment& environment) { return export_bom(environment, *options); });
}

}  // namespace vedette::cli
