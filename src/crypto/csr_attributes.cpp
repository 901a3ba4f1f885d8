#include "crypto/csr_attributes.h"

#include <array>
#include <initializer_list>

namespace vedette::crypto {
namespace {

// DER identifiers (X.690, 8.1.2). Context tags are implicit in RFC 9908's module.
constexpr std::uint8_t kOctetString = 0x04;
constexpr std::uint8_t kObjectIdentifier = 0x06;
constexpr std::uint8_t kUtf8String = 0x0C;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t kContext0 = 0xA0;
constexpr std::uint8_t kContext1 = 0xA1;
constexpr std::uint8_t kUriName = 0x86;  // GeneralName's [6]

constexpr std::size_t kShortLength = 0x80;
constexpr unsigned kByte = 8;

constexpr std::array<std::uint8_t, 3> kVersion1{0x02, 0x01, 0x00};
constexpr std::array<std::uint8_t, 3> kCommonName{0x55, 0x04, 0x03};
constexpr std::array<std::uint8_t, 3> kSubjectAltName{0x55, 0x1D, 0x11};
constexpr std::array<std::uint8_t, 7> kEcPublicKey{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01};
constexpr std::array<std::uint8_t, 8> kPrime256v1{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 8> kEcdsaWithSha256{0x2A, 0x86, 0x48, 0xCE,
                                                       0x3D, 0x04, 0x03, 0x02};
// 1.2.840.113549.1.9.14
constexpr std::array<std::uint8_t, 9> kExtensionRequest{0x2A, 0x86, 0x48, 0x86, 0xF7,
                                                        0x0D, 0x01, 0x09, 0x0E};
// 1.2.840.113549.1.9.16.2.61 and .62
constexpr std::array<std::uint8_t, 11> kRequestTemplate{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                                        0x01, 0x09, 0x10, 0x02, 0x3D};
constexpr std::array<std::uint8_t, 11> kExtensionTemplate{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
                                                          0x01, 0x09, 0x10, 0x02, 0x3E};

Bytes element(std::uint8_t identifier, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts)
    size += part.size();
  Bytes der{identifier};
  if (size >= kShortLength) {
    Bytes length;
    for (std::size_t rest = size; rest > 0; rest >>= kByte)
      length.insert(length.begin(), static_cast<std::uint8_t>(rest & 0xFFU));
    der.push_back(static_cast<std::uint8_t>(kShortLength | length.size()));
    append(der, length);
  } else {
    der.push_back(static_cast<std::uint8_t>(size));
  }
  for (const ByteView part : parts)
    append(der, part);
  return der;
}

Bytes oid(ByteView value) {
  return element(kObjectIdentifier, {value});
}

Bytes attribute(ByteView type, ByteView value) {
  return element(kSequence, {oid(type), element(kSet, {value})});
}

// RDNSequenceTemplate: one common name, its value left out where the device knows better.
Bytes subject(const std::optional<RequestedNames>& names) {
  const Bytes type = oid(kCommonName);
  const Bytes value = names ? element(kUtf8String, {as_bytes(names->common_name)}) : Bytes{};
  return element(kSequence, {element(kSet, {element(kSequence, {type, value})})});
}

// Complete extensions stand under id-ExtensionReq, incomplete ones under
// id-aa-extensionReqTemplate; never both (RFC 9908, 3.4).
Bytes extensions(const std::optional<RequestedNames>& names) {
  const Bytes type = oid(kSubjectAltName);
  if (!names)
    return attribute(kExtensionTemplate, element(kSequence, {element(kSequence, {type})}));
  const Bytes san = element(kSequence, {element(kUriName, {as_bytes(names->uri_name)})});
  return attribute(kExtensionRequest,
                   element(kSequence, {element(kSequence, {type, element(kOctetString, {san})})}));
}

}  // namespace

Bytes make_csr_attributes(const std::optional<RequestedNames>& names) {
  const Bytes algorithm = element(kSequence, {oid(kEcPublicKey), oid(kPrime256v1)});
  const Bytes request_template =
      element(kSequence, {kVersion1, subject(names), element(kContext0, {algorithm}),
                          element(kContext1, {extensions(names)})});
  return element(kSequence, {attribute(kRequestTemplate, request_template),
                             attribute(kEcPublicKey, oid(kPrime256v1)), oid(kEcdsaWithSha256)});
}

}  // namespace vedette::crypto
