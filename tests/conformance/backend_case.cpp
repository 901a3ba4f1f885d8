#include "backend_case.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/fd.h"

#include "onnx_proto.h"

namespace vedette::testing {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFile = std::size_t{64} << 20U;

std::vector<fs::path> folders_below(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory()) folders.push_back(entry.path());
  std::ranges::sort(folders);
  return folders;
}

// Operators that draw their outputs. A Dropout that is told whether it trains has three inputs.
bool draws(const NodeSummary& node) {
  constexpr std::array<std::string_view, 6> kDrawing = {
      "Bernoulli",        "Multinomial",   "RandomNormal",
      "RandomNormalLike", "RandomUniform", "RandomUniformLike",
  };
  return std::ranges::find(kDrawing, node.op) != kDrawing.end() ||
         (node.op == "Dropout" && node.inputs >= 3);
}

bool transforms(const NodeSummary& node) {
  return node.op == "DFT" || node.op == "STFT";
}

// input_0.pb, input_1.pb, ... for as long as they follow.
Result<std::vector<inference::Tensor>> read_tensors(const fs::path& folder,
                                                    const std::string& prefix) {
  std::vector<inference::Tensor> tensors;
  for (std::size_t i = 0;; ++i) {
    const fs::path path = folder / (prefix + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return tensors;
    VEDETTE_TRY(const Bytes proto, read_file(path, kMaxFile));
    VEDETTE_TRY(inference::Tensor tensor, parse_tensor(proto));
    tensors.push_back(std::move(tensor));
  }
}

}  // namespace

Result<std::vector<BackendCase>> backend_cases(const std::string& folder) {
  std::vector<BackendCase> cases;
  if (!fs::is_directory(folder)) return cases;
  for (const fs::path& path : folders_below(folder)) {
    if (!fs::exists(path / "model.onnx")) continue;
    BackendCase one{.name = path.filename(), .folder = path, .model = {}};
    VEDETTE_TRY(one.model, read_file(path / "model.onnx", kMaxFile));
    VEDETTE_TRY(const auto nodes, nodes_of(one.model));
    one.random = std::ranges::any_of(nodes, draws);
    one.transform = std::ranges::any_of(nodes, transforms);
    cases.push_back(std::move(one));
  }
  return cases;
}

Result<std::vector<DataSet>> data_sets(const BackendCase& which) {
  std::vector<DataSet> sets;
  for (const fs::path& path : folders_below(which.folder)) {
    if (!path.filename().string().starts_with("test_data_set_")) continue;
    DataSet set;
    VEDETTE_TRY(set.inputs, read_tensors(path, "input_"));
    VEDETTE_TRY(set.outputs, read_tensors(path, "output_"));
    if (set.outputs.empty()) return refuse("ONNX-EMPTY", "a data set has no outputs", path);
    sets.push_back(std::move(set));
  }
  if (sets.empty()) return refuse("ONNX-EMPTY", "a case has no data set", which.folder);
  return sets;
}

}  // namespace vedette::testing
