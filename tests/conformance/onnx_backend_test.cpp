// ONNX's own backend test data (Debian's libonnx-testdata), in this process and through the cage:
// both must give the same bits, and what the data says. A case is left out only when the runtime
// itself refuses it here; then it must be refused in the cage too.
#include <iostream>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "inference/engine/engine.h"
#include "inference/host/worker_process.h"
#include "inference/model_memory.h"
#include "testing/machine_posture.h"

#include "backend_case.h"
#include "tensor_agreement.h"

namespace vedette {
namespace {

using namespace inference;
using namespace testing;

constexpr std::chrono::seconds kDeadline{20};

// What a case came to: the empty text for `passed`, else why.
struct Outcome {
  enum class Kind { passed, deviates, unsupported, failed } kind = Kind::passed;
  std::string reason;
};
Outcome failed(std::string why) {
  return {Outcome::Kind::failed, std::move(why)};
}

// Where the pinned runtime and the data are known to disagree, here as in the cage. The bits must
// be the same all the same; and an entry that came to agree is a failure.
const std::map<std::string, std::string, std::less<>> kDeviations = {
    {"test_maxunpool_export_with_output_shape", "indices are taken in the larger output"},
    {"test_resize_downsample_scales_cubic_align_corners", "corners of a fractional size"},
    {"test_resize_downsample_scales_linear_align_corners", "corners of a fractional size"},
};

std::vector<Tensor> copies_of(std::span<const IndexedTensor> outputs, const ModelMetadata& model) {
  std::vector<Tensor> tensors;
  for (const IndexedTensor& output : outputs)
    tensors.push_back({model.outputs[output.index].name,
                       output.type,
                       {output.shape.begin(), output.shape.end()},
                       to_bytes(output.data)});
  return tensors;
}

class OnnxBackend : public ::testing::TestWithParam<const char*> {
 protected:
  static void SetUpTestSuite() {
    spawner_ = WorkerSpawner::start({VEDETTE_BIN_DIR "/vedette-worker", testing::machine_posture()})
                   .value();
    engine_ = std::make_unique<Engine>(Engine::create().value());
  }
  static void TearDownTestSuite() {
    spawner_.reset();
    engine_.reset();
  }

  static Result<std::unique_ptr<WorkerProcess>> start(ByteView model) {
    VEDETTE_TRY(auto writer, ModelWriter::create(model.size()));
    VEDETTE_CHECK(writer.append(model));
    VEDETTE_TRY(const auto sealed, std::move(writer).seal());
    return WorkerProcess::start(*spawner_, strict_settings(), sealed.fd());
  }

  static Result<std::vector<Tensor>> run_here(std::span<const Tensor> inputs) {
    std::vector<IndexedTensor> views;
    for (std::uint32_t i = 0; i < inputs.size(); ++i)
      views.push_back({i, inputs[i].type, inputs[i].shape, inputs[i].data});
    VEDETTE_TRY(const auto outputs, engine_->run(views));
    return copies_of(outputs, engine_->metadata());
  }

  // The runtime refused here. The cage may stop it sooner: it opens no file, for one.
  static Outcome judge_refusal(const Error& here, const Error* in_cage) {
    if (in_cage == nullptr) return failed("refused here, not in the cage: " + describe(here));
    std::string reason = here.message + ": " + here.cause;
    if (in_cage->code != here.code) reason = in_cage->code + " in the cage; here: " + reason;
    return {Outcome::Kind::unsupported, std::move(reason)};
  }

  static std::string difference(const BackendCase& which, const Tensor& actual,
                                const Tensor& expected) {
    if (!which.random)
      return disagreement(actual, expected,
                          which.transform ? tolerance_for_sums(expected) : Tolerance{});
    const std::string is = describe(actual.type, actual.shape);
    const std::string should = describe(expected.type, expected.shape);
    return is == should ? "" : is + " instead of " + should;
  }

  static Outcome judge_outputs(const BackendCase& which, const std::vector<Tensor>& here,
                               const std::vector<Tensor>& in_cage, const DataSet& set) {
    if (here.size() != set.outputs.size() || in_cage.size() != here.size())
      return failed("another number of outputs");
    if (!which.random && here != in_cage) return failed("other bits in the cage");
    std::string different;
    for (std::size_t i = 0; i < here.size() && different.empty(); ++i) {
      different = difference(which, in_cage[i], set.outputs[i]);
      if (different.empty()) different = difference(which, here[i], set.outputs[i]);
    }
    const auto known = kDeviations.find(which.name);
    if (known == kDeviations.end()) return different.empty() ? Outcome{} : failed(different);
    if (different.empty()) return failed("agrees by now: strike it from the deviations");
    return {Outcome::Kind::deviates, known->second + " (" + different + ")"};
  }

  static Outcome judge_set(const BackendCase& which, WorkerProcess& worker, DataSet set) {
    const auto& declared = engine_->metadata().inputs;
    if (set.inputs.size() > declared.size()) return failed("more inputs than the model declares");
    for (std::size_t i = 0; i < set.inputs.size(); ++i)
      set.inputs[i].name = declared[i].name;
    const auto here = run_here(set.inputs);
    const auto in_cage = worker.infer(set.inputs, kDeadline);
    if (!here) return judge_refusal(here.error(), in_cage ? nullptr : &in_cage.error());
    if (!in_cage) return failed(describe(in_cage.error()));
    return judge_outputs(which, *here, *in_cage, set);
  }

  static Outcome judge(const BackendCase& which) {
    const auto loaded = engine_->load(which.model);
    const auto worker = start(which.model);
    if (!loaded) return judge_refusal(loaded.error(), worker ? nullptr : &worker.error());
    if (!worker) return failed(describe(worker.error()));
    const auto sets = data_sets(which);
    if (!sets) return failed(describe(sets.error()));
    for (const DataSet& set : *sets)
      if (Outcome outcome = judge_set(which, **worker, set); outcome.kind != Outcome::Kind::passed)
        return outcome;
    return {};
  }

  static inline std::unique_ptr<WorkerSpawner> spawner_;
  static inline std::unique_ptr<Engine> engine_;
};

// What the runtime says, without what differs from case to case.
std::string reason_of(const std::string& words) {
  for (const char* known : {"does not cross the cage", "no tensor", "too many dimensions"})
    if (words.contains(known)) return known;
  return words.substr(0, 160);
}

class Tally {
 public:
  void count(const BackendCase& one, const Outcome& outcome) {
    switch (outcome.kind) {
      case Outcome::Kind::passed:
        ++(one.random ? drawn_ : passed_);
        break;
      case Outcome::Kind::deviates:
        others_["the runtime deviates from the data, in the cage too"].push_back(one.name + ": " +
                                                                                 outcome.reason);
        break;
      case Outcome::Kind::unsupported:
        others_["unsupported: " + reason_of(outcome.reason)].push_back(one.name);
        break;
      case Outcome::Kind::failed:
        ++failed_;
        ADD_FAILURE() << one.name << ": " << outcome.reason;
    }
  }
  [[nodiscard]] std::size_t passed() const { return passed_; }

  void print(const std::string& group) const {
    std::cout << group << ": " << passed_ << " passed bit for bit, " << drawn_
              << " passed whose outputs are drawn (shapes alone), " << failed_ << " failed\n";
    for (const auto& [reason, names] : others_) {
      std::cout << "  " << names.size() << " " << reason << '\n';
      for (const std::string& name : names)
        std::cout << "      " << name << '\n';
    }
  }

 private:
  std::size_t passed_ = 0;
  std::size_t drawn_ = 0;
  std::size_t failed_ = 0;
  std::map<std::string, std::vector<std::string>> others_;
};

TEST_P(OnnxBackend, GivesTheSameBitsThroughTheCage) {
  const auto cases = backend_cases(std::string(VEDETTE_ONNX_DATA "/") + GetParam());
  ASSERT_TRUE(cases.has_value()) << describe(cases.error());
  if (cases->empty())
    GTEST_SKIP() << "there is no " VEDETTE_ONNX_DATA ": libonnx-testdata is absent";
  Tally tally;
  for (const BackendCase& one : *cases)
    tally.count(one, judge(one));
  EXPECT_GT(tally.passed(), 0U);
  tally.print(GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, OnnxBackend,
                         ::testing::Values("node", "pytorch-converted", "pytorch-operator",
                                           "simple"),
                         [](const auto& group) {
                           std::string name(group.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace vedette
