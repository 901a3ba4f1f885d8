#include "vedette/client.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "inference/client/client_session.h"

namespace inference = vedette::inference;
using vedette::refuse;
using vedette::Result;

static_assert(VEDETTE_MAX_RANK == inference::kMaxRank);
static_assert(VEDETTE_BOOL == static_cast<int>(inference::DataType::boolean));
static_assert(VEDETTE_FP64 == static_cast<int>(inference::DataType::fp64));

struct vedette_client {
  std::unique_ptr<inference::ClientSession> session;
  std::vector<vedette_info> inputs;
  std::vector<vedette_info> outputs;
};

namespace {

constexpr std::chrono::microseconds kConnectTimeout = std::chrono::seconds(5);

template <std::size_t kSize>
void put_text(char (&to)[kSize], std::string_view text) {
  const std::size_t size = std::min(text.size(), kSize - 1);
  std::copy_n(text.begin(), size, to);
  to[size] = '\0';
}

int report(const vedette::Error& error, vedette_error* into) {
  if (into == nullptr) return -1;
  std::string text = error.message;
  if (!error.cause.empty()) text += " (" + error.cause + ")";
  if (!error.hint.empty()) text += "; " + error.hint;
  put_text(into->code, error.code);
  put_text(into->text, text);
  return -1;
}

// No exception leaves the library: what is thrown in here is that memory ran out.
template <class Act>
int at_border(vedette_error* error, Act act) noexcept {
  try {
    const Result<void> done = act();
    return done ? 0 : report(done.error(), error);
  } catch (const std::exception&) {
    if (error != nullptr) {
      put_text(error->code, "CLIENT-MEMORY");
      put_text(error->text, "there is no memory left");
    }
    return -1;
  }
}

std::unexpected<vedette::Error> refuse_argument(std::string message) {
  return refuse("CLIENT-ARGUMENT", std::move(message));
}

vedette_info info_of(const inference::TensorInfo& info) {
  vedette_info result{};
  result.name = info.name.c_str();
  result.type = static_cast<std::uint32_t>(info.type);
  result.rank = static_cast<std::uint32_t>(info.shape.size());
  std::ranges::copy(info.shape, result.dims);
  return result;
}

Result<std::unique_ptr<vedette_client>> open_client(const char* path, const char* model,
                                                    const vedette_options& options) {
  if (path == nullptr || model == nullptr) return refuse_argument("no path, or no model");
  VEDETTE_TRY(vedette::ModelName name, vedette::ModelName::parse(model));
  const auto asked = static_cast<std::chrono::microseconds::rep>(
      std::min<std::uint64_t>(options.connect_timeout_us, INT64_MAX));
  auto client = std::make_unique<vedette_client>();
  VEDETTE_TRY(
      client->session,
      inference::ClientSession::connect(
          path, {std::move(name), options.release, options.request_bytes, options.reply_bytes},
          asked == 0 ? kConnectTimeout : std::chrono::microseconds(asked)));
  const inference::ModelMetadata& metadata = client->session->metadata();
  for (const auto& info : metadata.inputs)
    client->inputs.push_back(info_of(info));
  for (const auto& info : metadata.outputs)
    client->outputs.push_back(info_of(info));
  return client;
}

Result<std::vector<inference::TensorView>> views_of(const inference::ModelMetadata& model,
                                                    const vedette_input* inputs,
                                                    std::size_t count) {
  if (count > inference::kMaxTensors || (inputs == nullptr && count != 0))
    return refuse_argument("no inputs, or too many");
  std::vector<inference::TensorView> views;
  views.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const vedette_input& input = inputs[i];
    const auto type = inference::data_type_from_number(input.type);
    if (input.index >= model.inputs.size() || !type || input.rank > VEDETTE_MAX_RANK ||
        (input.data == nullptr && input.size != 0))
      return refuse_argument("an input's index, type, rank or data cannot be meant");
    const auto* const bytes = static_cast<const std::uint8_t*>(input.data);
    views.push_back({model.inputs[input.index].name,
                     *type,
                     {input.dims, input.dims + input.rank},
                     {bytes, input.size}});
  }
  return views;
}

// The caller's places for outputs, or ours.
class PlaceSink final : public inference::channel::OutputSink {
 public:
  explicit PlaceSink(vedette_output* outputs) : outputs_(outputs) {}

  std::span<std::uint8_t> place(std::uint32_t index,
                                const inference::IndexedTensor& tensor) override {
    vedette_output& output = outputs_[index];
    output.type = static_cast<std::uint32_t>(tensor.type);
    output.rank = static_cast<std::uint32_t>(tensor.shape.size());
    std::ranges::copy(tensor.shape, output.dims);
    output.size = tensor.data.size();
    if (output.data == nullptr || output.owned != 0) make_place(output);
    if (output.size > output.capacity) {
      too_large_ = true;
      return {};
    }
    return {static_cast<std::uint8_t*>(output.data), output.size};
  }

  [[nodiscard]] Result<void> verdict() const {
    if (!too_large_) return {};
    return refuse("CLIENT-ROOM", "an output is larger than the place that was given for it");
  }

 private:
  static void make_place(vedette_output& output) {
    if (output.data != nullptr && output.capacity >= output.size) return;
    void* const place = std::malloc(std::max<std::size_t>(output.size, 1));
    if (place == nullptr) throw std::bad_alloc();
    std::free(std::exchange(output.data, place));
    output.capacity = output.size;
    output.owned = 1;
  }

  vedette_output* outputs_;
  bool too_large_ = false;
};

}  // namespace

extern "C" {

int vedette_connect(const char* path, const char* model, vedette_client** client,
                    vedette_error* error) {
  const vedette_options options{sizeof(vedette_options), 0, 0, 0, 0};
  return vedette_connect_with(path, model, &options, client, error);
}

int vedette_connect_with(const char* path, const char* model, const vedette_options* options,
                         vedette_client** client, vedette_error* error) {
  return at_border(error, [&]() -> Result<void> {
    if (client == nullptr) return refuse_argument("no place for the client");
    *client = nullptr;
    if (options == nullptr || options->struct_size != sizeof *options)
      return refuse_argument("the options are not of this version");
    VEDETTE_TRY(auto opened, open_client(path, model, *options));
    *client = opened.release();
    return {};
  });
}

void vedette_close(vedette_client* client) {
  delete client;
}

const vedette_info* vedette_inputs(const vedette_client* client, size_t* count) {
  *count = client->inputs.size();
  return client->inputs.data();
}

const vedette_info* vedette_outputs(const vedette_client* client, size_t* count) {
  *count = client->outputs.size();
  return client->outputs.data();
}

uint64_t vedette_release_number(const vedette_client* client) {
  return client->session->release();
}

int vedette_infer(vedette_client* client, const vedette_input* inputs, size_t count,
                  vedette_output* outputs, size_t capacity, uint64_t timeout_us,
                  vedette_error* error) {
  return at_border(error, [&]() -> Result<void> {
    if (client == nullptr) return refuse_argument("no client");
    if (capacity < client->outputs.size() || (outputs == nullptr && capacity != 0))
      return refuse_argument("there is not room for every output that the model declares");
    VEDETTE_TRY(const auto views, views_of(client->session->metadata(), inputs, count));
    const auto timeout =
        static_cast<std::chrono::microseconds::rep>(std::min<std::uint64_t>(timeout_us, INT64_MAX));
    PlaceSink sink(outputs);
    VEDETTE_CHECK(client->session->infer(views, sink, std::chrono::microseconds(timeout)));
    return sink.verdict();
  });
}

void vedette_release(vedette_output* outputs, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (outputs[i].owned != 0) std::free(outputs[i].data);
    outputs[i] = vedette_output{};
  }
}

}  // extern "C"
