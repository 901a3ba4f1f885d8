#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "inference/api/open_inference.h"

// What is read can be written, and every tensor in it is well formed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = vedette::inference::parse_infer_request(vedette::as_text({data, size}));
  if (!request) return 0;
  for (const auto& tensor : request->inputs)
    if (!vedette::inference::check_tensor(tensor)) std::abort();
  if (!vedette::inference::render_infer_response({"m", "1", request->id, request->inputs}))
    std::abort();
  return 0;
}
