// The host reading a reply slot that a hostile worker filled.
#include <cstdlib>

#include "inference/channel/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::inference;
  const auto reply = channel::read_reply({data, size}, 1);
  if (!reply) return 0;
  if (const auto* tensors = std::get_if<std::vector<Tensor>>(&*reply))
    for (const Tensor& tensor : *tensors)
      if (!check_tensor(tensor)) std::abort();
  return 0;
}
