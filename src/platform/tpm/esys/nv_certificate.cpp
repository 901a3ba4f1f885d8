#include "platform/tpm/esys/nv_certificate.h"

namespace vedette::platform::esys {

namespace {

constexpr std::size_t kStoredCertificateHeader = 7;

bool has_stored_certificate_header(ByteView content) {
  // Tag 0x1001, type full certificate, UINT16 size, tag 0x1002.
  return content.size() >= kStoredCertificateHeader && content[0] == 0x10 && content[1] == 0x01 &&
         content[2] == 0x00 && content[5] == 0x10 && content[6] == 0x02;
}

std::unexpected<Error> no_certificate(const std::string& cause) {
  return refuse("TPM-EK-CERTIFICATE", "the TPM's endorsement certificate cannot be read", cause);
}

}  // namespace

Result<Bytes> certificate_in(ByteView content) {
  if (has_stored_certificate_header(content)) content = content.subspan(kStoredCertificateHeader);
  if (content.size() < 2 || content[0] != 0x30) return no_certificate("no SEQUENCE at its start");
  std::size_t length = content[1];
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t octets = length & 0x7FU;
    if (octets < 1 || octets > 2 || content.size() < header + octets)
      return no_certificate("a length that no certificate has");
    length = 0;
    for (std::size_t i = 0; i < octets; ++i)
      length = length << 8U | content[header + i];
    header += octets;
  }
  if (content.size() - header < length) return no_certificate("it ends before its length");
  return to_bytes(content.first(header + length));
}

}  // namespace vedette::platform::esys
