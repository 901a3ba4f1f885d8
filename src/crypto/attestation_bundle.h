// Statements of attestation in a certification request (draft-ietf-lamps-csr-attestation, 4).
//
// Form alone: what a statement proves is for identity and attestation to say. Everything here
// refuses CSR-ATTESTATION.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "crypto/key.h"

namespace vedette::crypto {

// Types of statements (the draft's registry): TPM2_Certify of a key, and RATS conceptual messages
// (draft-ietf-rats-msg-wrap).
inline constexpr std::string_view kTpmCertifyStatement = "2.23.133.20.1";
inline constexpr std::string_view kConceptualMessage = "1.3.6.1.5.5.7.1.35";

struct AttestationStatement {
  std::string type;  // a dotted object identifier
  Bytes content;     // one DER element
};

// The AttestationBundle of a request that parse_certificate_request has accepted; none where it has
// no id-aa-attestation. An attribute with other than one value refuses.
[[nodiscard]] Result<std::optional<Bytes>> attestation_bundle_of(ByteView request_der);

// 1 to 8 statements, each type once: of two, one reader would judge the first and another the
// second. Certificates beside them are not looked at.
[[nodiscard]] Result<std::vector<AttestationStatement>> parse_attestation_bundle(ByteView der);
// Throws std::runtime_error for what parse_attestation_bundle would refuse: the caller's mistake.
[[nodiscard]] Bytes make_attestation_bundle(std::span<const AttestationStatement> statements);

// Tcg-csr-tpm-certify: SEQUENCE { tpmSAttest, signature, tpmTPublic OPTIONAL }, OCTET STRINGs.
struct TpmCertifyStatement {
  Bytes attest;       // TPMS_ATTEST
  Bytes signature;    // TPMT_SIGNATURE
  Bytes public_area;  // TPMT_PUBLIC of the certified key; here it must be there
};
[[nodiscard]] Result<TpmCertifyStatement> parse_tpm_certify(ByteView der);
[[nodiscard]] Bytes make_tpm_certify(const TpmCertifyStatement& statement);

// A conceptual message in JSON: UTF8String. Its other form, CBOR in an OCTET STRING, refuses.
[[nodiscard]] Result<std::string> parse_json_message(ByteView der);
[[nodiscard]] Bytes make_json_message(std::string_view json);

// make_certificate_request, with the bundle in its id-aa-attestation.
[[nodiscard]] Result<Bytes> make_attested_request(const PrivateKey& key,
                                                  const std::string& common_name,
                                                  const std::string& uri_name, ByteView bundle);

}  // namespace vedette::crypto
