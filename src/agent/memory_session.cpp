#include "agent/memory_session.h"

#include <algorithm>
#include <bitset>
#include <utility>

#include <sys/socket.h>

#include "inference/channel/shared_copy.h"

namespace vedette::agent {

namespace {

using inference::IndexedTensor;
using inference::ModelMetadata;
using inference::Tensor;
using inference::TensorInfo;
using inference::channel::WorkerEnd;

// An idle session looks this often by itself, in case its end and its sleep crossed.
constexpr std::chrono::milliseconds kLook{200};

std::unexpected<Error> refuse_input(std::string message, std::string cause) {
  return refuse("INF-INPUT", std::move(message), std::move(cause));
}

Result<IndexedTensor> index_output(const ModelMetadata& model, const Tensor& output) {
  const auto found = std::ranges::find(model.outputs, output.name, &TensorInfo::name);
  if (found == model.outputs.end() || found->type != output.type)
    return refuse("MEM-MODEL-CHANGED", "the model has other outputs than when the session began",
                  output.name, "connect again");
  return IndexedTensor{static_cast<std::uint32_t>(found - model.outputs.begin()), output.type,
                       output.shape, output.data};
}

}  // namespace

MemorySession::MemorySession(Parts parts, const MemoryService& service,
                             std::function<void()> on_end)
    : parts_(std::move(parts)),
      service_(service),
      on_end_(std::move(on_end)),
      thread_([this] { serve(); }) {}

MemorySession::~MemorySession() {
  end();
  thread_.join();
}

void MemorySession::end() {
  ending_.store(true);
  ::shutdown(parts_.lifeline.get(), SHUT_RDWR);
  parts_.channel.wake_waiter();
}

// What cannot have come from the client library ends the session: whoever writes nonsense into the
// ring does not get to keep a thread of the agent busy with it.
void MemorySession::serve() {
  while (!ending_.load()) {
    const WorkerEnd::Wait waited = parts_.channel.wait(kLook);
    if (waited == WorkerEnd::Wait::not_yet || ending_.load()) continue;
    if (waited == WorkerEnd::Wait::nonsense || !answer()) end();
  }
  over_.store(true);
  on_end_();
}

bool MemorySession::answer() {
  if (const auto read = parts_.channel.take(request_); !read) {
    parts_.channel.refuse(read.error());
    return false;
  }
  if (const auto called = call(); !called) parts_.channel.refuse(called.error());
  return true;
}

Result<void> MemorySession::call() {
  VEDETTE_CHECK(copy_inputs());
  VEDETTE_TRY(const std::vector<Tensor> outputs,
              service_.infer(parts_.caller, parts_.model, parts_.release, inputs_));
  std::vector<IndexedTensor> indexed;
  indexed.reserve(outputs.size());
  for (const Tensor& output : outputs) {
    VEDETTE_TRY(const IndexedTensor one, index_output(parts_.metadata, output));
    indexed.push_back(one);
  }
  if (indexed.size() != parts_.metadata.outputs.size())
    return refuse("MEM-MODEL-CHANGED", "the model has fewer outputs than when the session began",
                  {}, "connect again");
  parts_.channel.reply(indexed);
  return {};
}

// The one copy. The application can rewrite its slot at any moment: were the model to read the slot
// and the receipt's digest to read it again, a receipt could vouch for inputs that no model ever
// saw. So every byte is read once, here, and all that follows (checks, model, receipt) sees this
// copy alone.
Result<void> MemorySession::copy_inputs() {
  const auto given = request_.inputs();
  inputs_.resize(given.size());
  std::bitset<inference::kMaxTensors> seen;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const IndexedTensor& from = given[i];
    if (from.index >= parts_.metadata.inputs.size() || seen.test(from.index))
      return refuse_input("the model has no such input, or it is given twice",
                          "index " + std::to_string(from.index));
    seen.set(from.index);
    const TensorInfo& declared = parts_.metadata.inputs[from.index];
    if (from.type != declared.type)
      return refuse_input("an input has another datatype than the model's", declared.name);
    // However inputs may overlap in the slot, their copies never outgrow it.
    total += from.data.size();
    if (total > parts_.request_bytes)
      return refuse("SBX-REQUEST-SIZE", "the inputs overlap and do not fit the channel");
    Tensor& copy = inputs_[i];
    copy.name = declared.name;
    copy.type = from.type;
    copy.shape.assign(from.shape.begin(), from.shape.end());
    copy.data.resize(from.data.size());
    inference::channel::copy_shared(copy.data.data(), from.data.data(), from.data.size());
    VEDETTE_CHECK(inference::check_tensor(copy));
  }
  return {};
}

}  // namespace vedette::agent
