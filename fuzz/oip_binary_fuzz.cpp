// Infer requests with binary tensors. The first two octets stand for the header that says how much
// of the rest is JSON.
#include <cstdlib>

#include "inference/api/open_inference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::inference;
  if (size < 2) return 0;
  const std::size_t json_bytes = static_cast<std::size_t>(data[0]) << 8U | data[1];
  const vedette::ByteView body(data + 2, size - 2);
  const auto request = parse_infer_request(body, json_bytes, {.max_values = 10'000});
  if (!request) return 0;
  std::size_t binary = 0;
  std::vector<Tensor> outputs;
  for (const TensorView& tensor : request->inputs) {
    if (!check_tensor_view(tensor)) std::abort();
    const bool in_body = tensor.data.data() >= body.data() + json_bytes &&
                         tensor.data.data() + tensor.data.size() <= body.data() + body.size();
    if (in_body) binary += tensor.data.size();
    outputs.push_back(to_tensor(tensor));
  }
  if (binary != body.size() - json_bytes) std::abort();
  const std::vector<OutputForm> forms(outputs.size(), OutputForm::binary);
  const auto rendered = render_infer_response({"m", "", "", std::move(outputs), forms});
  if (!rendered || rendered->json_bytes > rendered->body.size()) std::abort();
  return 0;
}
