// The host reading a reply slot, and the metadata, that a hostile worker filled.
#include <cstdlib>

#include "inference/channel/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::inference;
  static const ModelMetadata model{{},
                                   {{"a", DataType::fp32, {-1}}, {"b", DataType::boolean, {-1}}}};
  channel::Reply reply;
  if (channel::read_reply({data, size}, 1, model, reply) && !reply.refused)
    for (const Tensor& tensor : reply.outputs)
      if (!check_tensor(tensor)) std::abort();
  for (const auto state : {channel::LoadState::loaded, channel::LoadState::refused})
    static_cast<void>(channel::read_metadata({data, size}, state));
  return 0;
}
