// A file's signature, made as evmctl makes it.
#pragma once

#include "attestation/ima/ima_samples.h"
#include "attestation/ima/ima_signature.h"

namespace vedette::attestation {

inline Bytes sign_file(const crypto::PrivateKey& signer, std::string_view content) {
  const std::uint32_t id = ima_key(signer.public_key()).id;
  const Bytes signature = signer.sign(as_bytes(content)).value();
  Bytes value{3, 2, 4};
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    value.push_back(static_cast<std::uint8_t>(id >> shift));
  value.push_back(static_cast<std::uint8_t>(signature.size() >> 8U));
  value.push_back(static_cast<std::uint8_t>(signature.size()));
  append(value, signature);
  return value;
}

}  // namespace vedette::attestation
