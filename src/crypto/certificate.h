// X.509 certificates and certification requests (RFC 5280, RFC 2986).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"

namespace vedette::crypto {

// An immutable certificate; copies share it. Parsing checks form only: see verify_chain.
class Certificate {
 public:
  struct Impl;

  // All refuse CERT-SYNTAX: what is not DER, or larger than 64 KiB, or has unreadable extensions.
  [[nodiscard]] static Result<Certificate> from_der(ByteView der);  // trailing bytes refused
  [[nodiscard]] static Result<Certificate> from_pem(std::string_view pem);  // the first block
  [[nodiscard]] static Result<std::vector<Certificate>> all_from_pem(std::string_view pem);

  [[nodiscard]] const Bytes& der() const;
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] const Sha256Digest& fingerprint() const;  // SHA-256 of the DER (RFC 8705, x5t#S256)
  // Of the SubjectPublicKeyInfo as it is encoded here, without a look at the key: cheap. It is
  // PublicKey::spki_sha256() of the same key where that is one that we take, in its one encoding.
  [[nodiscard]] Sha256Digest spki_sha256() const;
  // Refuses as PublicKey::from_spki_der. See crypto/endorsement.h for a TPM's endorsement key.
  [[nodiscard]] Result<PublicKey> public_key() const;
  [[nodiscard]] std::string subject() const;  // RFC 2253 text, for people
  [[nodiscard]] std::string serial_hex() const;
  [[nodiscard]] TimePoint not_before() const;
  [[nodiscard]] TimePoint not_after() const;
  [[nodiscard]] bool is_ca() const;
  // Every subjectAltName of URI type; nothing when there is none.
  [[nodiscard]] std::vector<std::string> uri_names() const;
  [[nodiscard]] std::vector<std::string> email_names() const;  // of type rfc822Name
  // How many subjectAltNames of any type there are.
  [[nodiscard]] std::size_t alternative_name_count() const;

  explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::shared_ptr<const Impl> impl_;
};

enum class Purpose { tls_client, tls_server, endorsement_key, code_signing };

// Builds and checks a path from `leaf` to one of `roots` at `time` (RFC 5280, 6). Anchors are only
// the self-signed `roots` given, never the system's; at most 16 `intermediates`. The leaf must be
// no authority and its extended key usage must name the purpose: an absent one refuses. From its
// last second on (notAfter) a certificate is expired. Nothing rests on SHA-1 or less than 112 bits.
//
// Refuses CERT-EXPIRED, CERT-NOT-YET-VALID, CERT-UNTRUSTED (no path), CERT-PURPOSE, CERT-WEAK, and
// CERT-CHAIN for all the rest (a false signature, a name constraint, a path too long); the cause
// names the certificate.
//
// endorsement_key (TCG EK profile): extended key usage 2.23.133.8.1; an empty subject, a critical
// directoryName SAN and a key named id-RSAES-OAEP are tolerated, RFC 5280's strictness is not
// asked.
//
// code_signing: its key usage must say digitalSignature, too (CA/Browser Forum's
// baseline, 7.1.2.3).
[[nodiscard]] Result<void> verify_chain(const Certificate& leaf,
                                        std::span<const Certificate> intermediates,
                                        std::span<const Certificate> roots, TimePoint time,
                                        Purpose purpose);

enum class CertificateKind { root_ca, issuing_ca, server, client, ocsp_responder, code_signer };

// What a certificate will say. Serial numbers are 159 random bits; signatures are ECDSA with
// SHA-256.
struct CertificateProfile {
  CertificateKind kind = CertificateKind::client;
  std::string common_name;
  std::string organization;
  std::string uri_name;                   // for client and server: the one URI SAN; may be empty
  std::string email_name;                 // for code_signer: the one rfc822Name; may be empty
  std::vector<std::string> dns_names;     // for server
  std::vector<std::string> ip_addresses;  // for server, textual
  std::string permitted_uri_domain;       // for issuing_ca: URI name constraint; may be empty
  // For client and server: where its revocation is told (see crypto/revocation.h); empty: nowhere.
  std::string revocation_url;
  TimePoint not_before;
  TimePoint not_after;
};

// root_ca: self-signed, `issuer` must be empty. Client leaves: CA:FALSE, critical digitalSignature,
// EKU clientAuth and serverAuth (SPIFFE X.509-SVID, 4.4). issuing_ca: pathlen 0. ocsp_responder:
// EKU OCSPSigning and id-pkix-ocsp-nocheck (RFC 6960, 4.2.2.2.1). code_signer: EKU codeSigning.
// Times are cut to seconds. Refuses CERT-PROFILE (names that are none, an issuer that may not sign
// or whose key is another, a certificate that would outlive its issuer) and KEY-SIGN. Without a
// common name the alternative names are critical.
[[nodiscard]] Result<Certificate> issue_certificate(const CertificateProfile& profile,
                                                    const PublicKey& subject_key,
                                                    const std::optional<Certificate>& issuer,
                                                    const PrivateKey& issuer_key);

// A PKCS #10 request whose self-signature has been verified.
struct CertificateRequest {
  PublicKey public_key;
  std::string subject;  // RFC 2253 text
  Bytes subject_der;
  std::vector<std::string> uri_names;  // of the requested subjectAltName
  std::size_t alternative_name_count = 0;
};

// At most 16 KiB of strict DER. Refuses CSR-SYNTAX, CSR-SIGNATURE (SHA-1 included), and KEY-FORMAT
// and KEY-WEAK for the key as PublicKey does.
[[nodiscard]] Result<CertificateRequest> parse_certificate_request(ByteView der);
// `uri_name` may be empty. Refuses CSR-SYNTAX for names that are none, and KEY-SIGN.
[[nodiscard]] Result<Bytes> make_certificate_request(const PrivateKey& key,
                                                     const std::string& common_name,
                                                     const std::string& uri_name);
// The subject of a certificate as DER, to compare with a request's (RFC 7030, 4.2.2).
[[nodiscard]] Bytes subject_der(const Certificate& certificate);

// Certificates alone in a degenerate CMS SignedData (RFC 7030, 4.1.3); 1 to 32 of them. It is a
// set: the order is lost. Refuse PKCS7-SYNTAX, a message with signers included, and CERT-SYNTAX.
[[nodiscard]] Result<Bytes> make_certs_only(std::span<const Certificate> certificates);
[[nodiscard]] Result<std::vector<Certificate>> parse_certs_only(ByteView der);

}  // namespace vedette::crypto
