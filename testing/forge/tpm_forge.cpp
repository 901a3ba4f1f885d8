#include "testing/tpm_forge.h"

#include <array>

namespace vedette::testing {
namespace {

using codec::TpmAlgorithm;

constexpr std::size_t kFieldOctets = 32;

// Big-endian, as TPM structures are.
class Writer {
 public:
  Writer& u8(std::uint8_t value) { return integer(value, 1); }
  Writer& u16(std::uint16_t value) { return integer(value, 2); }
  Writer& u32(std::uint32_t value) { return integer(value, 4); }
  Writer& u64(std::uint64_t value) { return integer(value, 8); }
  Writer& algorithm(TpmAlgorithm value) { return u16(static_cast<std::uint16_t>(value)); }
  Writer& raw(ByteView bytes) {
    append(bytes_, bytes);
    return *this;
  }
  Writer& sized(ByteView bytes) {
    u16(static_cast<std::uint16_t>(bytes.size()));
    return raw(bytes);
  }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  Writer& integer(std::uint64_t value, unsigned octets) {
    for (unsigned i = octets; i > 0; --i)
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8U * (i - 1))));
    return *this;
  }

  Bytes bytes_;
};

void write_selections(Writer& out, const std::vector<codec::TpmPcrSelection>& selections) {
  out.u32(static_cast<std::uint32_t>(selections.size()));
  for (const auto& selection : selections) {
    std::array<std::uint8_t, 3> bits{};
    for (const std::uint8_t pcr : selection.registers)
      bits.at(pcr / 8U) = static_cast<std::uint8_t>(bits.at(pcr / 8U) | (1U << (pcr % 8U)));
    out.algorithm(selection.bank).u8(bits.size()).raw(bits);
  }
}

void write_symmetric(Writer& out, const KeyShape& shape) {
  if ((shape.attributes & kRestricted) != 0 && (shape.attributes & kDecrypt) != 0)
    out.algorithm(TpmAlgorithm::aes).u16(128).algorithm(TpmAlgorithm::cfb);
  else
    out.algorithm(TpmAlgorithm::null);
}

void write_scheme(Writer& out, const KeyShape& shape) {
  out.algorithm(shape.scheme);
  if (shape.scheme != TpmAlgorithm::null) out.algorithm(shape.scheme_hash);
}

}  // namespace

KeyShape endorsement_shape() {
  return {.attributes = kEndorsementAttributes, .scheme = TpmAlgorithm::null};
}

KeyShape attestation_shape() {
  return {};
}

KeyShape device_shape() {
  return {.attributes = kDeviceAttributes, .scheme = TpmAlgorithm::null};
}

Bytes forge_public(const crypto::PublicKey& key, const KeyShape& shape) {
  const bool p384 = key.type() == crypto::KeyType::ec_p384;
  const std::size_t field = p384 ? 48 : kFieldOctets;
  const Bytes spki = key.spki_der();  // ends with the uncompressed point
  const ByteView point = ByteView(spki).last(2 * field);
  Writer out;
  out.algorithm(TpmAlgorithm::ecc).algorithm(shape.name_algorithm).u32(shape.attributes).sized({});
  write_symmetric(out, shape);
  write_scheme(out, shape);
  const auto curve = p384 ? codec::TpmCurve::p384 : codec::TpmCurve::p256;
  out.u16(static_cast<std::uint16_t>(curve)).algorithm(TpmAlgorithm::null);
  out.sized(point.first(field)).sized(point.last(field));
  return out.take();
}

Bytes forge_rsa_public(ByteView modulus, const KeyShape& shape) {
  KeyShape rsa = shape;
  if (rsa.scheme == TpmAlgorithm::ecdsa) rsa.scheme = TpmAlgorithm::rsassa;
  Writer out;
  out.algorithm(TpmAlgorithm::rsa).algorithm(rsa.name_algorithm).u32(rsa.attributes).sized({});
  write_symmetric(out, rsa);
  write_scheme(out, rsa);
  out.u16(static_cast<std::uint16_t>(modulus.size() * 8)).u32(0).sized(modulus);
  return out.take();
}

Bytes sized(ByteView structure) {
  return Writer().sized(structure).take();
}

Bytes forge_attest(const AttestShape& shape) {
  Writer out;
  out.u32(shape.magic).u16(shape.type).sized(shape.qualified_signer).sized(shape.extra_data);
  out.u64(shape.clock).u32(shape.reset_count).u32(shape.restart_count).u8(shape.safe);
  out.u64(shape.firmware_version);
  if (shape.type == 0x8018) {
    write_selections(out, shape.selections);
    out.sized(shape.pcr_digest);
  } else {
    out.sized(shape.name).sized(shape.qualified_name);
  }
  out.raw(shape.trailing);
  return out.take();
}

Bytes forge_signature(const crypto::PrivateKey& key, ByteView message, TpmAlgorithm hash) {
  const Bytes der = key.sign(message).value();
  const Bytes raw = crypto::ecdsa_der_to_raw(der, kFieldOctets).value();
  Writer out;
  out.algorithm(TpmAlgorithm::ecdsa).algorithm(hash);
  out.sized(ByteView(raw).first(kFieldOctets)).sized(ByteView(raw).last(kFieldOctets));
  return out.take();
}

Bytes forge_qualified_name(std::uint8_t fill) {
  Bytes name = {0x00, 0x0B};
  name.resize(2 + kFieldOctets, fill);
  return name;
}

}  // namespace vedette::testing
