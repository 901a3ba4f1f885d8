#include "cli/model_conversion.h"

#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>

#include "base/fd.h"
#include "cli/command_line.h"
#include "inference/host/conversion.h"
#include "inference/model_memory.h"
#include "inference/policy/posture.h"

namespace vedette::cli {

namespace {

using codec::Json;

constexpr std::size_t kMaxModelBytes = std::size_t{2} << 30U;  // protobuf's own limit
constexpr unsigned kModelFile = 0644;
constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;

struct ConvertOptions {
  std::string model;
  std::string output;
  std::uint64_t memory_mib = 2048;
  std::string posture = "full";
};

Result<inference::SealedModel> seal(const std::string& path) {
  VEDETTE_TRY(const Bytes bytes, read_file(path, kMaxModelBytes));
  VEDETTE_TRY(auto writer, inference::ModelWriter::create(bytes.size()));
  VEDETTE_CHECK(writer.append(bytes));
  return std::move(writer).seal();
}

Result<void> convert(Environment& environment, const ConvertOptions& options) {
  const std::string output =
      options.output.empty()
          ? std::filesystem::path(options.model).replace_extension(".ort").string()
          : options.output;
  VEDETTE_TRY(const auto sealed, seal(options.model));
  const auto posture = inference::posture_from_name(options.posture);
  if (!posture) return refuse("CLI-USAGE", "there is no such posture", options.posture);
  VEDETTE_TRY(const auto spawner, inference::WorkerSpawner::start(
                                      {environment.program_folder + "/vedette-worker", *posture}));
  const inference::ConversionLimits limits{.memory_bytes = options.memory_mib * kMebibyte};
  VEDETTE_TRY(const Bytes converted, inference::convert_to_ort(*spawner, sealed.fd(), limits));
  VEDETTE_CHECK(write_file_atomically(output, converted, kModelFile));
  Json json;
  json.set("model", output).set("bytes", std::uint64_t{converted.size()});
  environment.output->result(json, "converted " + printable(options.model) + "\n  model  " +
                                       printable(output) + ", " + std::to_string(converted.size()) +
                                       " bytes\n");
  return {};
}

}  // namespace

void add_convert(CLI::App& model, Choice& choice) {
  const auto options = std::make_shared<ConvertOptions>();
  CLI::App* const verb = model.add_subcommand(
      "convert", "an ONNX model into ORT format, whose weights replicas share; in a cage");
  verb->add_option("model", options->model, "the .onnx file")->required();
  verb->add_option("--to", options->output, "the file to write; by default beside it, .ort");
  verb->add_option("--memory", options->memory_mib, "MiB that the conversion may use")
      ->check(CLI::Range(1, 65'536));
  verb->add_option("--posture", options->posture,
                   "of this machine, where a layer of the cage is missing: see 'vedette doctor'");
  on_call(*verb, choice,
          [options](Environment& environment) { return convert(environment, *options); });
}

}  // namespace vedette::cli
