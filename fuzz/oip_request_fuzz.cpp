// Infer requests of the Open Inference Protocol, as strangers send them.
#include <algorithm>
#include <cstdlib>

#include "inference/api/open_inference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::inference;
  const auto request = parse_infer_request({data, size}, std::nullopt, {.max_values = 10'000});
  if (!request) return 0;
  std::vector<Tensor> outputs;
  for (const TensorView& tensor : request->inputs) {
    if (!check_tensor_view(tensor)) std::abort();
    outputs.push_back(to_tensor(tensor));
  }
  const bool has_half = std::ranges::any_of(outputs, [](const Tensor& tensor) {
    return tensor.type == DataType::fp16;  // an empty one may come as binary data
  });
  if (!render_infer_response({"m", "", request->id, std::move(outputs), {}}) && !has_half)
    std::abort();
  return 0;
}
