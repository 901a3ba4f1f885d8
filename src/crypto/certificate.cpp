#include "crypto/certificate.h"

#include <ctime>

#include "crypto/alternative_names.h"
#include "crypto/der.h"
#include "crypto/endorsement.h"
#include "crypto/key_values.h"
#include "crypto/name_text.h"
#include "crypto/pem.h"

namespace vedette::crypto {
namespace {

constexpr std::size_t kMaxDer = 64 << 10;
constexpr std::size_t kMaxBlocks = 256;
constexpr std::string_view kPemName = "CERTIFICATE";

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CERT-SYNTAX", "this is not a well-formed certificate", std::move(cause));
}

Result<void> check_form(ByteView der) {
  if (der.size() > kMaxDer) return malformed("larger than 64 KiB");
  if (!is_der(der)) return malformed("not DER, or octets behind it");
  return {};
}

Result<CertificateHandle> decode(ByteView der) {
  VEDETTE_CHECK(check_form(der));
  const unsigned char* in = der.data();
  CertificateHandle handle(d2i_X509(nullptr, &in, static_cast<long>(der.size())));
  if (handle == nullptr) return malformed(drain_errors());
  if (!equal(der_of<i2d_X509>(handle.get()), der)) return malformed("it encodes otherwise again");
  return handle;
}

Result<TimePoint> time_of(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return malformed("a validity that is no time");
  return from_unix_seconds(timegm(&fields));
}

Result<Certificate> from_block(const PemBlock& block) {
  if (block.name != kPemName) return malformed("a PEM block named " + block.name);
  return Certificate::from_der(block.der.expose());
}

// `der` is what `handle` encodes to.
Result<Certificate> describe_certificate(CertificateHandle handle, Bytes der) {
  // Reads every extension now, under no lock: later readers in many threads find them cached.
  (void)X509_check_purpose(handle.get(), -1, 0);
  if ((X509_get_extension_flags(handle.get()) & EXFLAG_INVALID) != 0)
    return malformed("an extension that cannot be read: " + drain_errors());
  VEDETTE_TRY(const TimePoint not_before, time_of(X509_get0_notBefore(handle.get())));
  VEDETTE_TRY(const TimePoint not_after, time_of(X509_get0_notAfter(handle.get())));
  int critical = 0;
  GeneralNamesHandle names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(handle.get(), NID_subject_alt_name, &critical, nullptr)));
  VEDETTE_TRY(auto alternatives, read_alternative_names(std::move(names), critical, "CERT-SYNTAX"));
  const Sha256Digest fingerprint = sha256(der);
  return Certificate(std::make_shared<const Certificate::Impl>(Certificate::Impl{
      .handle = std::move(handle),
      .der = std::move(der),
      .fingerprint = fingerprint,
      .not_before = not_before,
      .not_after = not_after,
      .uri_names = std::move(alternatives.uris),
      .email_names = std::move(alternatives.emails),
      .alternative_name_count = alternatives.count,
  }));
}

}  // namespace

Result<Certificate> Certificate::from_der(ByteView der) {
  const ErrorQueueScope errors;
  VEDETTE_TRY(CertificateHandle handle, decode(der));
  return describe_certificate(std::move(handle), to_bytes(der));
}

Result<Certificate> adopt_certificate(CertificateHandle handle) {
  const ErrorQueueScope errors;
  Bytes der = der_of<i2d_X509>(handle.get());
  VEDETTE_CHECK(check_form(der));
  return describe_certificate(std::move(handle), std::move(der));
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  VEDETTE_TRY(const auto blocks, read_pem(pem, 1, "CERT-SYNTAX"));
  return from_block(blocks.front());
}

Result<std::vector<Certificate>> Certificate::all_from_pem(std::string_view pem) {
  VEDETTE_TRY(const auto blocks, read_pem(pem, kMaxBlocks, "CERT-SYNTAX"));
  std::vector<Certificate> certificates;
  for (const PemBlock& block : blocks) {
    VEDETTE_TRY(auto certificate, from_block(block));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

const Bytes& Certificate::der() const {
  return impl_->der;
}
std::string Certificate::pem() const {
  return write_pem("CERTIFICATE", impl_->der);
}
const Sha256Digest& Certificate::fingerprint() const {
  return impl_->fingerprint;
}
TimePoint Certificate::not_before() const {
  return impl_->not_before;
}
TimePoint Certificate::not_after() const {
  return impl_->not_after;
}
std::vector<std::string> Certificate::uri_names() const {
  return impl_->uri_names;
}
std::vector<std::string> Certificate::email_names() const {
  return impl_->email_names;
}
std::size_t Certificate::alternative_name_count() const {
  return impl_->alternative_name_count;
}

Sha256Digest spki_sha256(const X509* certificate) {
  return sha256(der_of<i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(certificate)));
}

Sha256Digest Certificate::spki_sha256() const {
  return crypto::spki_sha256(impl_->handle.get());
}

Result<PublicKey> Certificate::public_key() const {
  return PublicKey::from_spki_der(
      der_of<i2d_X509_PUBKEY>(X509_get_X509_PUBKEY(impl_->handle.get())));
}

std::string Certificate::subject() const {
  return name_text(X509_get_subject_name(impl_->handle.get()));
}

std::string Certificate::serial_hex() const {
  return crypto::serial_hex(impl_->handle.get());
}

std::string serial_hex(const X509* certificate) {
  const BignumHandle serial(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  require(serial != nullptr, "read a serial number");
  Bytes octets(std::max<std::size_t>(1, static_cast<std::size_t>(BN_num_bytes(serial.get()))));
  (void)BN_bn2binpad(serial.get(), octets.data(), static_cast<int>(octets.size()));
  return (BN_is_negative(serial.get()) != 0 ? "-" : "") + to_hex(octets);
}

bool Certificate::is_ca() const {
  constexpr std::uint32_t kCa = EXFLAG_BCONS | EXFLAG_CA;
  return (X509_get_extension_flags(impl_->handle.get()) & kCa) == kCa;
}

Bytes subject_der(const Certificate& certificate) {
  return der_of<i2d_X509_NAME>(X509_get_subject_name(native(certificate)));
}

bool is_issuer_by_name(const Certificate& issuer, const Certificate& certificate) {
  return X509_NAME_cmp(X509_get_subject_name(native(issuer)),
                       X509_get_issuer_name(native(certificate))) == 0;
}

Result<PublicKey> endorsement_public_key(const Certificate& certificate) {
  const ErrorQueueScope errors;
  X509_PUBKEY* const spki = X509_get_X509_PUBKEY(native(certificate));
  ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* key = nullptr;
  int size = 0;
  require(X509_PUBKEY_get0_param(&algorithm, &key, &size, nullptr, spki) == 1, "read an SPKI");
  if (OBJ_obj2nid(algorithm) != NID_rsaesOaep) return certificate.public_key();
  auto* const copy =
      static_cast<unsigned char*>(OPENSSL_memdup(key, static_cast<std::size_t>(size)));
  const SpkiHandle plain(X509_PUBKEY_new());
  require(copy != nullptr && plain != nullptr &&
              X509_PUBKEY_set0_param(plain.get(), OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL,
                                     nullptr, copy, size) == 1,
          "rewrite an SPKI");
  return PublicKey::from_spki_der(der_of<i2d_X509_PUBKEY>(plain.get()));
}

}  // namespace vedette::crypto
