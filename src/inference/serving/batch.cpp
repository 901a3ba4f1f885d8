#include "inference/serving/batch.h"

#include <algorithm>
#include <numeric>

namespace vedette::inference::serving {

namespace {

bool varies_in_rows(const TensorInfo& info) {
  return !info.shape.empty() && info.shape[0] == -1;
}

bool alike(const TensorView& left, const TensorView& right) {
  return left.type == right.type && left.shape.size() == right.shape.size() &&
         std::equal(left.shape.begin() + 1, left.shape.end(), right.shape.begin() + 1) &&
         left.name == right.name;
}

Result<std::uint64_t> bytes_per_row(const Tensor& output, std::int64_t rows) {
  if (output.shape.empty() || output.shape[0] != rows)
    return refuse("SRV-BATCH", "the answer to a batch has other rows than the batch",
                  output.name + ": " + describe(output.type, output.shape) + " for " +
                      std::to_string(rows) + " rows");
  const auto size = byte_size(output.type, output.shape);
  if (!size || *size != output.data.size())
    return refuse("SRV-BATCH", "the answer to a batch has bytes that do not fit its shape",
                  output.name);
  return *size / static_cast<std::uint64_t>(rows);
}

}  // namespace

BatchRule batch_rule(const ModelMetadata& metadata, BatchRule wanted) {
  if (!std::ranges::all_of(metadata.inputs, varies_in_rows) ||
      !std::ranges::all_of(metadata.outputs, varies_in_rows) || metadata.inputs.empty())
    wanted.max_rows = 1;
  return wanted;
}

BatchSize batch_size(Inputs inputs) {
  BatchSize size;
  for (const TensorView& input : inputs) {
    if (input.shape.empty() || input.shape[0] < 1) return {};
    if (size.rows != 0 && input.shape[0] != size.rows) return {};
    size.rows = input.shape[0];
    size.bytes += input.data.size();
  }
  return size;
}

bool may_join(Inputs left, Inputs right) {
  return batch_size(left).rows > 0 && batch_size(right).rows > 0 &&
         std::ranges::equal(left, right, alike);
}

bool has_room(const BatchRule& rule, BatchSize batch, BatchSize request) {
  return request.rows <= rule.max_rows && batch.rows <= rule.max_rows - request.rows &&
         request.bytes <= rule.max_bytes && batch.bytes <= rule.max_bytes - request.bytes;
}

std::vector<Tensor> join(std::span<const Inputs> requests) {
  std::vector<Tensor> joined;
  joined.reserve(requests.front().size());
  for (std::size_t i = 0; i < requests.front().size(); ++i) {
    const TensorView& first = requests.front()[i];
    Tensor whole{.name = first.name, .type = first.type, .shape = first.shape, .data = {}};
    whole.shape[0] = 0;
    std::size_t bytes = 0;
    for (const Inputs request : requests) {
      whole.shape[0] += request[i].shape[0];
      bytes += request[i].data.size();
    }
    whole.data.reserve(bytes);
    for (const Inputs request : requests)
      append(whole.data, request[i].data);
    joined.push_back(std::move(whole));
  }
  return joined;
}

Result<std::vector<std::vector<Tensor>>> split(const std::vector<Tensor>& outputs,
                                               std::span<const std::int64_t> rows) {
  const std::int64_t all = std::accumulate(rows.begin(), rows.end(), std::int64_t{0});
  std::vector<std::vector<Tensor>> answers(rows.size());
  for (const Tensor& output : outputs) {
    VEDETTE_TRY(const std::uint64_t per_row, bytes_per_row(output, all));
    auto from = output.data.begin();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto bytes = static_cast<std::ptrdiff_t>(per_row * static_cast<std::uint64_t>(rows[i]));
      Tensor part{output.name, output.type, output.shape, Bytes(from, from + bytes)};
      part.shape[0] = rows[i];
      answers[i].push_back(std::move(part));
      from += bytes;
    }
  }
  return answers;
}

std::vector<TensorView> views_of(std::span<const Tensor> tensors) {
  std::vector<TensorView> views;
  views.reserve(tensors.size());
  for (const Tensor& tensor : tensors)
    views.push_back({tensor.name, tensor.type, tensor.shape, tensor.data});
  return views;
}

}  // namespace vedette::inference::serving
