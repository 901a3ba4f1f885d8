// Between libtss2's structures and octets.
#pragma once

#include <algorithm>
#include <string>

#include <tss2/tss2_mu.h>

#include "base/bytes.h"
#include "base/error.h"
#include "platform/tpm/esys/esys_call.h"

namespace vedette::platform::esys {

template <class T>
using Marshaller = TSS2_RC (*)(const T*, uint8_t*, size_t, size_t*);
template <class T>
using Unmarshaller = TSS2_RC (*)(const uint8_t*, size_t, size_t*, T*);

// No structure that we write is longer on the wire than it is in memory.
template <class T>
[[nodiscard]] Result<Bytes> marshal(Marshaller<T> marshaller, const T& value) {
  Bytes bytes(sizeof(T));
  size_t used = 0;
  VEDETTE_CHECK(check("Tss2_MU marshal", marshaller(&value, bytes.data(), bytes.size(), &used)));
  bytes.resize(used);
  return bytes;
}

// Takes one structure from the front of `bytes`. Refuses TPM-COMMAND with the library's reason.
template <class T>
[[nodiscard]] Result<T> take(Unmarshaller<T> unmarshaller, ByteView& bytes) {
  T value{};
  size_t used = 0;
  VEDETTE_CHECK(
      check("Tss2_MU unmarshal", unmarshaller(bytes.data(), bytes.size(), &used, &value)));
  bytes = bytes.subspan(used);
  return value;
}

// A TPM2B that has `size` and `buffer`; none may hold more than it has room for.
template <class T>
[[nodiscard]] Result<T> sized_buffer(ByteView bytes) {
  T value{};
  if (bytes.size() > sizeof value.buffer)
    return refuse(
        "TPM-SIZE", "data is too long for the TPM",
        std::to_string(bytes.size()) + " octets of at most " + std::to_string(sizeof value.buffer));
  value.size = static_cast<UINT16>(bytes.size());
  std::ranges::copy(bytes, value.buffer);
  return value;
}

}  // namespace vedette::platform::esys
