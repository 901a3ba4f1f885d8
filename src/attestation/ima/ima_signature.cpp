#include "attestation/ima/ima_signature.h"

#include "codec/reader.h"
#include "crypto/digest.h"

namespace vedette::attestation {
namespace {

constexpr std::uint8_t kDigitalSignature = 0x03;
constexpr std::uint8_t kVersion = 2;

// enum hash_algo of the kernel's uapi/linux/hash_info.h, as far as we accept it.
constexpr std::uint8_t kSha256 = 4;
constexpr std::uint8_t kSha384 = 5;
constexpr std::uint8_t kSha512 = 6;

Result<codec::TpmAlgorithm> hash_numbered(const codec::ByteReader& reader, std::uint8_t number) {
  switch (number) {
    case kSha256:
      return codec::TpmAlgorithm::sha256;
    case kSha384:
      return codec::TpmAlgorithm::sha384;
    case kSha512:
      return codec::TpmAlgorithm::sha512;
    default:
      return reader.refuse_field("hash algorithm", "not one that is accepted");
  }
}

crypto::Hash to_hash(codec::TpmAlgorithm algorithm) {
  if (algorithm == codec::TpmAlgorithm::sha512) return crypto::Hash::sha512;
  if (algorithm == codec::TpmAlgorithm::sha384) return crypto::Hash::sha384;
  return crypto::Hash::sha256;
}

}  // namespace

Result<ImaSignature> parse_ima_signature(ByteView bytes) {
  codec::ByteReader reader(bytes, "ATT-IMA-SIGNATURE", "the signature of a file is malformed");
  VEDETTE_TRY(const std::uint8_t type, reader.u8("type"));
  if (type != kDigitalSignature) return reader.refuse_field("type", "not a digital signature");
  VEDETTE_TRY(const std::uint8_t version, reader.u8("version"));
  if (version != kVersion) return reader.refuse_field("version", "not 2");
  VEDETTE_TRY(const std::uint8_t hash, reader.u8("hash algorithm"));
  ImaSignature signature;
  VEDETTE_TRY(signature.hash, hash_numbered(reader, hash));
  VEDETTE_TRY(signature.key_id, reader.u32("key identifier"));
  VEDETTE_TRY(const ByteView octets, reader.sized16("signature", 1024));
  VEDETTE_CHECK(reader.finish());
  if (octets.empty()) return reader.refuse_field("signature", "empty");
  signature.signature = to_bytes(octets);
  return signature;
}

ImaKey ima_key(crypto::PublicKey key) {
  const auto identifier = crypto::insecure_sha1(key.subject_public_key());
  const ByteView octets = ByteView(identifier).last(4);
  const std::uint32_t id = std::uint32_t{octets[0]} << 24U | std::uint32_t{octets[1]} << 16U |
                           std::uint32_t{octets[2]} << 8U | std::uint32_t{octets[3]};
  return {.key = std::move(key), .id = id};
}

Result<void> verify_ima_signature(const ImaSignature& signature, const FileDigest& file,
                                  const ImaKey& key) {
  if (signature.hash != file.algorithm)
    return refuse("SIG-INVALID",
                  "the file was signed under another hash than it was measured with");
  return key.key.verify_digest(to_hash(signature.hash), file.octets, signature.signature);
}

}  // namespace vedette::attestation
