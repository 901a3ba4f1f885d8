// vedette-tuf: a TUF client for the command line, in the words of the tuf-conformance suite.
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/clock.h"
#include "base/fd.h"
#include "platform/net/beast/beast_http.h"
#include "platform/tuf/http_fetcher.h"
#include "platform/tuf/metadata_folder.h"
#include "platform/tuf/target_folder.h"
#include "release/tuf/limits.h"

namespace {

using namespace vedette;
using release::tuf::Updater;

constexpr std::size_t kMaxAnchors = std::size_t{1} << 20;

struct Options {
  std::string metadata_folder;
  std::string metadata_url;
  std::string target_url;
  std::string target_folder;
  std::string ca_file;
  std::string root_file;
  std::vector<std::string> target_names;
};

Result<void> init(const Options& options) {
  VEDETTE_TRY(auto files, platform::WholeFiles::open(options.metadata_folder));
  platform::MetadataFolder store(std::move(files));
  VEDETTE_TRY(const Bytes root, read_file(options.root_file, release::tuf::kMaxRootOctets));
  return release::tuf::trust_root(store, root);
}

Result<void> with_updater(const Options& options,
                          const std::function<Result<void>(Updater&)>& work) {
  std::vector<crypto::Certificate> anchors;
  if (!options.ca_file.empty()) {
    VEDETTE_TRY(const Bytes pem, read_file(options.ca_file, kMaxAnchors));
    VEDETTE_TRY(anchors, crypto::Certificate::all_from_pem(as_text(pem)));
  }
  VEDETTE_TRY(auto files, platform::WholeFiles::open(options.metadata_folder));
  platform::MetadataFolder store(std::move(files));
  const SystemClock clock;
  const auto http = platform::make_beast_http();
  platform::HttpFetcher fetcher(*http, anchors);
  Updater updater(fetcher, store, clock, {options.metadata_url, options.target_url});
  VEDETTE_CHECK(updater.refresh());
  return work(updater);
}

Result<void> download(const Options& options, Updater& updater) {
  VEDETTE_TRY(auto files, platform::WholeFiles::open(options.target_folder));
  platform::TargetFolder folder(std::move(files));
  for (const std::string& name : options.target_names) {
    VEDETTE_TRY(const auto target, updater.find(name));
    VEDETTE_CHECK(folder.get(updater, target));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Follows a repository of The Update Framework (TUF)", "vedette-tuf");
  Options options;
  Result<void> result;
  app.require_subcommand(1);
  app.add_option("--metadata-dir", options.metadata_folder, "trusted metadata")->required();
  app.add_option("--metadata-url", options.metadata_url, "where the repository's metadata is");
  app.add_option("--target-name", options.target_names, "what to download; may be repeated")
      ->allow_extra_args(false);  // or it would take the command's name too
  app.add_option("--target-base-url", options.target_url, "where the repository's targets are");
  app.add_option("--target-dir", options.target_folder, "where they go");
  app.add_option("--ca", options.ca_file, "PEM anchors for https; never the system's");
  CLI::App* init_command = app.add_subcommand("init", "trust a root");
  init_command->add_option("root", options.root_file, "root metadata that you trust")->required();
  init_command->callback([&] { result = init(options); });
  app.add_subcommand("refresh", "update the metadata")->callback([&] {
    result = with_updater(options, [](Updater&) { return Result<void>{}; });
  });
  app.add_subcommand("download", "update the metadata, then get targets")->callback([&] {
    result = with_updater(options, [&](Updater& updater) { return download(options, updater); });
  });
  CLI11_PARSE(app, argc, argv);
  if (!result) std::cerr << "vedette-tuf: " << describe(result.error()) << '\n';
  return result ? 0 : 1;
}
