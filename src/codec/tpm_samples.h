// Well-formed TPM structures for tests, to be spoiled one field at a time.
#pragma once

#include "base/bytes.h"
#include "codec/tpm.h"

namespace vedette::codec::samples {

// Big-endian octets, field after field.
class Wire {
 public:
  Wire& u8(unsigned value) { return integer(value, 1); }
  Wire& u16(unsigned value) { return integer(value, 2); }
  Wire& u32(std::uint32_t value) { return integer(value, 4); }
  Wire& u64(std::uint64_t value) { return integer(value, 8); }
  Wire& raw(ByteView bytes) {
    append(bytes_, bytes);
    return *this;
  }
  Wire& sized(ByteView bytes) { return u16(static_cast<unsigned>(bytes.size())).raw(bytes); }
  Wire& alg(TpmAlgorithm algorithm) { return u16(static_cast<std::uint16_t>(algorithm)); }

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  Wire& integer(std::uint64_t value, unsigned octets) {
    for (unsigned i = octets; i > 0; --i)
      bytes_.push_back(static_cast<std::uint8_t>((value >> (8 * (i - 1))) & 0xFFU));
    return *this;
  }

  Bytes bytes_;
};

inline Bytes filled(std::size_t count, std::uint8_t octet) {
  return Bytes(count, octet);
}

// TPMS_ATTEST up to its attested part: type, signer, nonce, clock and firmware version.
struct AttestFields {
  std::uint32_t magic = 0xFF544347;
  unsigned type = 0x8018;
  Bytes signer = filled(34, 0x11);
  Bytes nonce = filled(32, 0x22);
  unsigned safe = 1;

  [[nodiscard]] Wire wire() const {
    Wire wire;
    wire.u32(magic).u16(type).sized(signer).sized(nonce);
    wire.u64(123'456).u32(7).u32(8).u8(safe).u64(0x2024'0125'0012'0000);
    return wire;
  }
};

// One SHA-256 selection of registers 0, 1, 7 and 10, and its digest.
inline Bytes quote(const AttestFields& fields = {}) {
  Wire wire = fields.wire();
  wire.u32(1).alg(TpmAlgorithm::sha256).u8(3).u8(0x83).u8(0x04).u8(0);
  return wire.sized(filled(32, 0x33)).bytes();
}

inline Bytes certification() {
  const AttestFields fields{.type = 0x8017};
  return fields.wire().sized(filled(34, 0x44)).sized(filled(34, 0x55)).bytes();
}

// A P-256 attestation key: fixed, restricted, signing with ECDSA and SHA-256.
struct EccFields {
  unsigned type = 0x0023;
  TpmAlgorithm name_algorithm = TpmAlgorithm::sha256;
  std::uint32_t attributes = 0x00050072;
  Bytes policy = {};
  Bytes symmetric = {0x00, 0x10};
  Bytes scheme = {0x00, 0x18, 0x00, 0x0B};
  unsigned curve = 0x0003;
  Bytes kdf = {0x00, 0x10};
  Bytes x = filled(32, 0x66);
  Bytes y = filled(32, 0x77);

  [[nodiscard]] Bytes bytes() const {
    Wire wire;
    wire.u16(type).alg(name_algorithm).u32(attributes).sized(policy).raw(symmetric).raw(scheme);
    return wire.u16(curve).raw(kdf).sized(x).sized(y).bytes();
  }
};

// An RSA-2048 endorsement key: fixed, restricted, decrypting, AES-128-CFB.
struct RsaFields {
  std::uint32_t attributes = 0x000300B2;
  Bytes policy = filled(32, 0x88);
  Bytes symmetric = {0x00, 0x06, 0x00, 0x80, 0x00, 0x43};
  Bytes scheme = {0x00, 0x10};
  unsigned key_bits = 2048;
  std::uint32_t exponent = 0;
  Bytes modulus = filled(256, 0x99);

  [[nodiscard]] Bytes bytes() const {
    Wire wire;
    wire.u16(0x0001).alg(TpmAlgorithm::sha256).u32(attributes).sized(policy).raw(symmetric);
    return wire.raw(scheme).u16(key_bits).u32(exponent).sized(modulus).bytes();
  }
};

inline Bytes ecdsa_signature() {
  Wire wire;
  wire.alg(TpmAlgorithm::ecdsa).alg(TpmAlgorithm::sha256);
  return wire.sized(filled(32, 0xAA)).sized(filled(31, 0xBB)).bytes();
}

inline Bytes rsa_signature() {
  Wire wire;
  wire.alg(TpmAlgorithm::rsassa).alg(TpmAlgorithm::sha256);
  return wire.sized(filled(256, 0xCC)).bytes();
}

}  // namespace vedette::codec::samples
