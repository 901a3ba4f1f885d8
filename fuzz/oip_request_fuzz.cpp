// Infer requests of the Open Inference Protocol, as strangers send them.
#include <cstdlib>

#include "inference/api/open_inference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::inference;
  const auto request = parse_infer_request(vedette::as_text({data, size}), {.max_values = 10'000});
  if (!request) return 0;
  for (const Tensor& tensor : request->inputs)
    if (!check_tensor(tensor)) std::abort();
  if (!render_infer_response({"m", "", request->id, request->inputs})) std::abort();
  return 0;
}
