#include "cli/bundle_file.h"

#include <filesystem>

#include "base/fd.h"
#include "release/oms_bundle.h"

namespace vedette::cli {

namespace fs = std::filesystem;

namespace {

bool is_folder(const std::string& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

std::string bundle_path(const std::string& model, const std::string& asked) {
  if (!asked.empty()) return asked;
  if (is_folder(model)) return (fs::path(model) / "model.sig").string();
  return model + ".sig";
}

std::vector<std::string> bundle_within(const std::string& model, const std::string& bundle) {
  std::error_code error;
  const fs::path folder = fs::canonical(model, error);
  if (error || !is_folder(model)) return {};
  const fs::path parent = fs::path(bundle).parent_path();
  const fs::path place = fs::canonical(parent.empty() ? "." : parent, error);
  if (error) return {};
  const fs::path within = (place / fs::path(bundle).filename()).lexically_relative(folder);
  if (within.empty() || *within.begin() == "..") return {};
  return {within.string()};
}

Result<std::string> read_bundle(const std::string& path) {
  auto content = read_file(path, release::kMaxBundleBytes);
  if (!content) {
    Error error = std::move(content).error();
    error.hint = "'vedette model sign' makes a bundle; --bundle names one elsewhere";
    return std::unexpected(std::move(error));
  }
  return std::string(as_text(*content));
}

}  // namespace vedette::cli
