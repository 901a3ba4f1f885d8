#include "cli/publish.h"

#include <array>
#include <utility>

#include "base/fd.h"
#include "cli/bundle_file.h"
#include "release/delta/release_delta.h"
#include "release/model_file.h"

namespace vedette::cli {

namespace {

using release::Manifest;
using release::Resource;

struct ModelFile {
  std::string name;  // as the statement names it
  std::string path;
  crypto::Sha256Digest sha256{};
};

// Which file it is; that there is no other is for verify_release to say.
Result<ModelFile> find_model_file(const Manifest& manifest, const std::string& path) {
  if (manifest.shard_size != 0)
    return refuse("REL-FILE", "a model that was signed by shards cannot be released",
                  "its bundle has no digest of a whole file", "sign it again without --shard-size");
  for (const Resource& resource : manifest.resources) {
    const bool single = resource.name == release::kSingleFileResource;
    const std::string name = single ? manifest.model_name : resource.name;
    if (release::is_model_file(name))
      return ModelFile{.name = name,
                       .path = single ? path : path + "/" + resource.name,
                       .sha256 = resource.sha256};
  }
  return refuse("REL-ONNX", "a release needs a model with exactly one .onnx or .ort file",
                "there is none in " + path, "export the model to ONNX");
}

Result<Bytes> read_model_file(const ModelFile& file) {
  VEDETTE_TRY(Bytes content, read_file(file.path, kMaxModelBytes));
  if (crypto::sha256(content) != file.sha256)
    return refuse("OMS-CHANGED", "the model changed after it was verified", file.path,
                  "try again when nothing writes to it");
  return content;
}

Result<PreparedDelta> prepare_delta(const std::string& path, const crypto::PublicKey& publisher,
                                    const release::FileIdentity& file) {
  VEDETTE_TRY(const Bytes text,
              read_file(delta_statement_path(path), release::kMaxDeltaStatementBytes));
  VEDETTE_TRY(const auto delta,
              release::verify_release_delta(as_text(text), std::span(&publisher, 1), file));
  VEDETTE_TRY(Bytes octets, read_file(path, kMaxModelBytes));
  VEDETTE_CHECK(release::check_delta(delta, release::MemorySource(octets)));
  return PreparedDelta{.statement = std::string(as_text(text)),
                       .base_sha256 = delta->base.sha256,
                       .sha256 = delta->delta.sha256,
                       .octets = std::move(octets)};
}

}  // namespace

std::string delta_statement_path(const std::string& delta) {
  return delta + ".sig";
}

Result<PreparedRelease> prepare_release(const PublishRequest& request,
                                        const crypto::PrivateKey& key, TimePoint now,
                                        const release::HashOptions& options) {
  const std::array publishers{key.public_key()};
  VEDETTE_TRY(std::string bundle, read_bundle(request.bundle_path));
  VEDETTE_TRY(const auto verified,
              release::verify_model(request.model_path, bundle, publishers, options));
  VEDETTE_TRY(const ModelFile file, find_model_file(verified->manifest, request.model_path));
  VEDETTE_TRY(Bytes content, read_model_file(file));
  release::ReleaseStatement statement{.model = request.name,
                                      .number = request.number,
                                      .tier = request.tier,
                                      .model_root = verified->manifest.root,
                                      .file_name = file.name,
                                      .file_sha256 = file.sha256,
                                      .file_size = content.size(),
                                      .issued_at = std::chrono::floor<std::chrono::seconds>(now),
                                      .never_below = request.never_below};
  std::optional<std::string> contract;
  if (request.contract) {
    VEDETTE_TRY(
        release::ContractEnvelope made,
        release::sign_runtime_contract(*request.contract, request.name, statement.model_root, key));
    statement.contract_sha256 = made.contract_sha256;
    contract = std::move(made.text);
  }
  VEDETTE_TRY(std::string text, release::sign_release_statement(statement, key));
  VEDETTE_CHECK(release::verify_release(bundle, text, publishers, contract));
  std::vector<PreparedDelta> deltas;
  for (const std::string& path : request.delta_paths) {
    VEDETTE_TRY(PreparedDelta delta,
                prepare_delta(path, publishers.front(), {file.sha256, content.size()}));
    deltas.push_back(std::move(delta));
  }
  return PreparedRelease{.statement = std::move(statement),
                         .bundle = std::move(bundle),
                         .statement_text = std::move(text),
                         .contract = request.contract,
                         .contract_text = std::move(contract),
                         .deltas = std::move(deltas),
                         .file = std::move(content)};
}

}  // namespace vedette::cli
