// What an authority says of certificates that it took back: a list (CRL) and an answer (OCSP).
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace vedette::crypto {

// RFC 5280, 5.3.1; the values are the wire's.
enum class RevocationReason : std::uint8_t {
  superseded = 4,
  certificate_hold = 6,  // may be lifted again
  privilege_withdrawn = 9,
};

struct Revocation {
  TimePoint at;
  RevocationReason reason = RevocationReason::privilege_withdrawn;
};

struct RevokedCertificate {
  std::string serial_hex;  // as Certificate::serial_hex
  Revocation revocation;
};

// Lists are cut by serial number: a certificate's list never changes, since its address stands in
// the certificate.
inline constexpr unsigned kRevocationShards = 16;
// By the serial's last four bits, which are random. Refuses CERT-SYNTAX for what is no serial.
[[nodiscard]] Result<unsigned> revocation_shard(const std::string& serial_hex);
// `<url>/crl/<shard>.crl` and `<url>/ocsp`; `url` without a slash at its end.
[[nodiscard]] std::string revocation_list_address(const std::string& url, unsigned shard);
[[nodiscard]] std::string ocsp_address(const std::string& url);

struct RevocationListProfile {
  // Where this list is found: it then covers the certificates alone that name this address (the
  // issuing distribution point, RFC 5280, 5.2.5). None: all of the authority's.
  std::optional<std::string> address;
  TimePoint this_update;
  TimePoint next_update;
};

// A CRL of end entities in DER: critical issuing distribution point, authority key identifier, and
// the milliseconds of `this_update` as its number. Entries must be unexpired certificates of
// `issuer`, each once. Refuses CRL-ENTRY for a serial that is none, and KEY-SIGN.
[[nodiscard]] Result<Bytes> make_revocation_list(const RevocationListProfile& profile,
                                                 std::span<const RevokedCertificate> entries,
                                                 const Certificate& issuer,
                                                 const PrivateKey& issuer_key);

// What is known of one certificate of the authority.
struct CertificateStanding {
  enum class Kind : std::uint8_t { good, revoked, unknown } kind = Kind::unknown;
  Revocation revocation;  // of a revoked one
};
using FindStanding = std::function<Result<CertificateStanding>(const std::string& serial_hex)>;

struct OcspResponder {
  Certificate issuer;       // of the certificates that are asked about
  Certificate certificate;  // of the kind ocsp_responder, issued by `issuer`
  PrivateKey key;
};

// The answer to an OCSP request (RFC 6960; DER of at most 4 KiB, 16 certificates): each of them, as
// `standing` says; those of other authorities are unknown. A nonce of 1 to 32 octets comes back
// (RFC 8954). Refuses OCSP-SYNTAX, what `standing` refuses, and KEY-SIGN.
[[nodiscard]] Result<Bytes> answer_ocsp(ByteView request, const OcspResponder& responder,
                                        TimePoint this_update, TimePoint next_update,
                                        const FindStanding& standing);
// The statement that `certificate`, of `responder.issuer`, is good: what a TLS server shows beside
// it (RFC 6066, 8; RFC 8446, 4.4.2.1). Refuses KEY-SIGN.
[[nodiscard]] Result<Bytes> make_ocsp_statement(const Certificate& certificate,
                                                const OcspResponder& responder,
                                                TimePoint this_update, TimePoint next_update);
// The unsigned answers to a request that is none, and for a server that cannot tell now.
[[nodiscard]] Bytes ocsp_malformed_request();
[[nodiscard]] Bytes ocsp_try_later();

}  // namespace vedette::crypto
