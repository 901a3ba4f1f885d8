#include <algorithm>

#include "crypto/alternative_names.h"
#include "crypto/issuance.h"
#include "crypto/key_values.h"
#include "crypto/name_text.h"
#include "crypto/revocation.h"

namespace vedette::crypto {
namespace {

using BasicConstraintsHandle = std::unique_ptr<BASIC_CONSTRAINTS, FreeWith<BASIC_CONSTRAINTS_free>>;
using BitStringHandle = std::unique_ptr<ASN1_BIT_STRING, FreeWith<ASN1_BIT_STRING_free>>;
using OctetStringHandle = std::unique_ptr<ASN1_OCTET_STRING, FreeWith<ASN1_OCTET_STRING_free>>;
using AuthorityKeyIdHandle = std::unique_ptr<AUTHORITY_KEYID, FreeWith<AUTHORITY_KEYID_free>>;
using UsageHandle = std::unique_ptr<EXTENDED_KEY_USAGE, FreeWith<EXTENDED_KEY_USAGE_free>>;
using NameConstraintsHandle = std::unique_ptr<NAME_CONSTRAINTS, FreeWith<NAME_CONSTRAINTS_free>>;
using NullHandle = std::unique_ptr<ASN1_NULL, FreeWith<ASN1_NULL_free>>;
using DistributionPointsHandle = std::unique_ptr<CRL_DIST_POINTS, FreeWith<CRL_DIST_POINTS_free>>;
using AuthorityAccessHandle =
    std::unique_ptr<AUTHORITY_INFO_ACCESS, FreeWith<AUTHORITY_INFO_ACCESS_free>>;
using SubtreeHandle = std::unique_ptr<GENERAL_SUBTREE, FreeWith<GENERAL_SUBTREE_free>>;

constexpr int kSerialBits = 159;            // 20 octets, positive (RFC 5280, 4.1.2.2)
constexpr std::size_t kKeyIdentifier = 20;  // RFC 7093, 2, method 1: SHA-256 cut to 160 bits

// Bits of KeyUsage (RFC 5280, 4.2.1.3).
constexpr int kDigitalSignature = 0;
constexpr int kKeyCertSign = 5;
constexpr int kCrlSign = 6;

std::unexpected<Error> bad_profile(std::string cause) {
  return refuse("CERT-PROFILE", "a certificate cannot be issued like this", std::move(cause));
}

bool is_authority(CertificateKind kind) {
  return kind == CertificateKind::root_ca || kind == CertificateKind::issuing_ca;
}

void add(X509* certificate, int nid, void* value, bool critical) {
  require(X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1,
          "add an extension");
}

Result<void> check_issuer(const CertificateProfile& profile, const PublicKey& subject_key,
                          const std::optional<Certificate>& issuer, const PrivateKey& issuer_key) {
  if (field_bytes(issuer_key.public_key().type()) == 0)
    return bad_profile("the issuer's key is not an ECDSA key");
  if (profile.kind == CertificateKind::root_ca) {
    if (issuer.has_value()) return bad_profile("a root has no issuer");
    if (!(subject_key == issuer_key.public_key()))
      return bad_profile("a root is signed by its own key");
    return {};
  }
  if (!issuer.has_value()) return bad_profile("no issuer was given");
  if (!issuer->is_ca()) return bad_profile("the issuer is no certificate authority");
  // By their digests: reading the key anew would cost as much as signing with it.
  if (issuer->spki_sha256() != issuer_key.public_key().spki_sha256())
    return bad_profile("the issuer's key is another's");
  if (X509_get0_subject_key_id(native(*issuer)) == nullptr)
    return bad_profile("the issuer has no subject key identifier");
  if (profile.not_after > issuer->not_after())
    return bad_profile("it would outlive its issuer, which ends at " +
                       to_rfc3339(issuer->not_after()));
  return {};
}

Result<void> check_names(const CertificateProfile& profile) {
  const bool leaf = !is_authority(profile.kind);
  if (profile.not_after <= profile.not_before) return bad_profile("it ends before it starts");
  if ((!leaf || profile.kind == CertificateKind::ocsp_responder) && profile.common_name.empty())
    return bad_profile("an authority needs a common name");
  if (!profile.revocation_url.empty() && !is_uri_name(profile.revocation_url))
    return bad_profile("the URL of revocations " + profile.revocation_url);
  if (!profile.uri_name.empty() && (!leaf || !is_uri_name(profile.uri_name)))
    return bad_profile("the URI name " + profile.uri_name);
  if (!profile.email_name.empty() &&
      (profile.kind != CertificateKind::code_signer || !is_email_name(profile.email_name)))
    return bad_profile("the e-mail address " + profile.email_name);
  if (profile.kind != CertificateKind::server &&
      !(profile.dns_names.empty() && profile.ip_addresses.empty()))
    return bad_profile("host names are for servers");
  for (const std::string& name : profile.dns_names)
    if (!is_dns_name(name)) return bad_profile("the host name " + name);
  if (!profile.permitted_uri_domain.empty() &&
      (profile.kind != CertificateKind::issuing_ca || !is_dns_name(profile.permitted_uri_domain)))
    return bad_profile("the permitted domain " + profile.permitted_uri_domain);
  return {};
}

Result<void> set_subject(X509* certificate, const CertificateProfile& profile) {
  X509_NAME* const name = X509_get_subject_name(certificate);
  if (!add_name_entry(name, NID_organizationName, profile.organization) ||
      !add_name_entry(name, NID_commonName, profile.common_name))
    return bad_profile("a common name or organization of 1 to 64 UTF-8 characters is needed");
  return {};
}

void set_serial(X509* certificate) {
  const BignumHandle serial(BN_new());
  require(serial != nullptr, "make a number");
  do
    require(BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1,
            "draw a serial number");
  while (BN_is_zero(serial.get()) != 0);
  require(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr,
          "set a serial number");
}

void set_validity(X509* certificate, const CertificateProfile& profile) {
  require(ASN1_TIME_set(X509_getm_notBefore(certificate), to_unix_seconds(profile.not_before)) !=
                  nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(certificate), to_unix_seconds(profile.not_after)) !=
                  nullptr,
          "set a validity");
}

void add_basic_constraints(X509* certificate, CertificateKind kind) {
  const BasicConstraintsHandle constraints(BASIC_CONSTRAINTS_new());
  require(constraints != nullptr, "make basic constraints");
  constraints->ca = is_authority(kind) ? 0xFF : 0;
  if (kind == CertificateKind::issuing_ca) {
    constraints->pathlen = ASN1_INTEGER_new();
    require(constraints->pathlen != nullptr && ASN1_INTEGER_set(constraints->pathlen, 0) == 1,
            "set a path length");
  }
  add(certificate, NID_basic_constraints, constraints.get(), true);
}

void add_key_usage(X509* certificate, CertificateKind kind) {
  const BitStringHandle usage(ASN1_BIT_STRING_new());
  require(usage != nullptr, "make a key usage");
  const auto set = [&](int bit) {
    require(ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1, "set a key usage");
  };
  if (is_authority(kind)) {
    set(kKeyCertSign);
    set(kCrlSign);
  } else {
    set(kDigitalSignature);
  }
  add(certificate, NID_key_usage, usage.get(), true);
}

void add_extended_key_usage(X509* certificate, CertificateKind kind) {
  if (is_authority(kind)) return;
  const UsageHandle usages(EXTENDED_KEY_USAGE_new());
  require(usages != nullptr, "make an extended key usage");
  const auto push = [&](int nid) {
    // Built-in objects are static: freeing the stack leaves them alone.
    require(sk_ASN1_OBJECT_push(usages.get(), OBJ_nid2obj(nid)) > 0, "add a key usage");
  };
  switch (kind) {
    case CertificateKind::ocsp_responder:
      push(NID_OCSP_sign);
      break;
    case CertificateKind::code_signer:
      push(NID_code_sign);
      break;
    case CertificateKind::client:
      push(NID_server_auth);
      push(NID_client_auth);
      break;
    case CertificateKind::server:
      push(NID_server_auth);
      break;
    case CertificateKind::root_ca:
    case CertificateKind::issuing_ca:
      break;
  }
  add(certificate, NID_ext_key_usage, usages.get(), false);
}

void add_key_identifiers(X509* certificate, const std::optional<Certificate>& issuer) {
  const ASN1_BIT_STRING* const key = X509_get0_pubkey_bitstr(certificate);
  require(key != nullptr, "read a public key");
  const Sha256Digest digest =
      sha256({ASN1_STRING_get0_data(key), static_cast<std::size_t>(ASN1_STRING_length(key))});
  const OctetStringHandle identifier(ASN1_OCTET_STRING_new());
  require(identifier != nullptr &&
              ASN1_OCTET_STRING_set(identifier.get(), digest.data(), kKeyIdentifier) == 1,
          "make a key identifier");
  add(certificate, NID_subject_key_identifier, identifier.get(), false);
  const AuthorityKeyIdHandle authority(AUTHORITY_KEYID_new());
  require(authority != nullptr, "make an authority key identifier");
  authority->keyid = ASN1_OCTET_STRING_dup(
      issuer.has_value() ? X509_get0_subject_key_id(native(*issuer)) : identifier.get());
  require(authority->keyid != nullptr, "make an authority key identifier");
  add(certificate, NID_authority_key_identifier, authority.get(), false);
}

Result<void> add_alternative_names(X509* certificate, const CertificateProfile& profile) {
  const GeneralNamesHandle names(GENERAL_NAMES_new());
  require(names != nullptr, "make general names");
  if (!profile.uri_name.empty()) add_uri(names.get(), profile.uri_name);
  if (!profile.email_name.empty()) add_email(names.get(), profile.email_name);
  for (const std::string& name : profile.dns_names)
    add_dns_name(names.get(), name);
  for (const std::string& address : profile.ip_addresses)
    if (!add_ip_address(names.get(), address)) return bad_profile("the IP address " + address);
  const bool no_subject = X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0;
  if (sk_GENERAL_NAME_num(names.get()) == 0) {
    if (no_subject) return bad_profile("it would name nobody");
    return {};
  }
  // RFC 5280, 4.1.2.6: without a subject the alternative names are critical.
  add(certificate, NID_subject_alt_name, names.get(), no_subject);
  return {};
}

void add_name_constraints(X509* certificate, const std::string& domain) {
  if (domain.empty()) return;
  const NameConstraintsHandle constraints(NAME_CONSTRAINTS_new());
  SubtreeHandle subtree(GENERAL_SUBTREE_new());
  ASN1_IA5STRING* const host = ASN1_IA5STRING_new();
  require(constraints != nullptr && subtree != nullptr && host != nullptr &&
              ASN1_STRING_set(host, domain.data(), static_cast<int>(domain.size())) == 1,
          "make name constraints");
  GENERAL_NAME_set0_value(subtree->base, GEN_URI, host);
  constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  require(constraints->permittedSubtrees != nullptr &&
              sk_GENERAL_SUBTREE_push(constraints->permittedSubtrees, subtree.get()) > 0,
          "make name constraints");
  (void)subtree.release();
  add(certificate, NID_name_constraints, constraints.get(), true);
}

void add_ocsp_no_check(X509* certificate, CertificateKind kind) {
  if (kind != CertificateKind::ocsp_responder) return;
  const NullHandle null(ASN1_NULL_new());
  require(null != nullptr, "make a NULL");
  add(certificate, NID_id_pkix_OCSP_noCheck, null.get(), false);
}

void add_distribution_point(X509* certificate, const std::string& address) {
  const DistributionPointsHandle points(sk_DIST_POINT_new_null());
  DIST_POINT* const point = DIST_POINT_new();
  require(points != nullptr && point != nullptr && sk_DIST_POINT_push(points.get(), point) > 0,
          "make a distribution point");
  point->distpoint = new_distribution_point_name(address);
  add(certificate, NID_crl_distribution_points, points.get(), false);
}

void add_authority_access(X509* certificate, const std::string& address) {
  const AuthorityAccessHandle access(sk_ACCESS_DESCRIPTION_new_null());
  ACCESS_DESCRIPTION* const description = ACCESS_DESCRIPTION_new();
  const GeneralNamesHandle names(GENERAL_NAMES_new());
  require(access != nullptr && description != nullptr && names != nullptr &&
              sk_ACCESS_DESCRIPTION_push(access.get(), description) > 0,
          "make authority information access");
  add_uri(names.get(), address);
  GENERAL_NAME_free(description->location);
  description->location = sk_GENERAL_NAME_pop(names.get());
  description->method = OBJ_nid2obj(NID_ad_OCSP);
  add(certificate, NID_info_access, access.get(), false);
}

// RFC 5280, 4.2.1.13 and 4.2.2.1. The list is found by the serial number, which is drawn by now.
Result<void> add_revocation_addresses(X509* certificate, const std::string& url) {
  if (url.empty()) return {};
  VEDETTE_TRY(const unsigned shard, revocation_shard(serial_hex(certificate)));
  add_distribution_point(certificate, revocation_list_address(url, shard));
  add_authority_access(certificate, ocsp_address(url));
  return {};
}

Result<void> sign(X509* certificate, const PrivateKey& issuer_key) {
  if (X509_sign(certificate, native(issuer_key), message_digest(Hash::sha256)) > 0) return {};
  return refuse("KEY-SIGN", "the issuer's key could not sign", drain_errors());
}

}  // namespace

Result<Certificate> issue_certificate(const CertificateProfile& profile,
                                      const PublicKey& subject_key,
                                      const std::optional<Certificate>& issuer,
                                      const PrivateKey& issuer_key) {
  const ErrorQueueScope errors;
  VEDETTE_CHECK(check_names(profile));
  VEDETTE_CHECK(check_issuer(profile, subject_key, issuer, issuer_key));
  const CertificateHandle made(X509_new());
  X509* const certificate = made.get();
  require(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1,
          "start a certificate");
  set_public_key(certificate, subject_key);
  set_serial(certificate);
  set_validity(certificate, profile);
  VEDETTE_CHECK(set_subject(certificate, profile));
  const X509_NAME* const issuer_name =
      X509_get_subject_name(issuer ? native(*issuer) : certificate);
  require(X509_set_issuer_name(certificate, issuer_name) == 1, "set the issuer's name");
  add_basic_constraints(certificate, profile.kind);
  add_key_usage(certificate, profile.kind);
  add_extended_key_usage(certificate, profile.kind);
  add_key_identifiers(certificate, issuer);
  VEDETTE_CHECK(add_alternative_names(certificate, profile));
  add_name_constraints(certificate, profile.permitted_uri_domain);
  add_ocsp_no_check(certificate, profile.kind);
  VEDETTE_CHECK(add_revocation_addresses(certificate, profile.revocation_url));
  VEDETTE_CHECK(sign(certificate, issuer_key));
  return certificate_from_native(certificate);
}

Result<Certificate> issue_cross_certificate(const Certificate& subject, const Certificate& issuer,
                                            const PrivateKey& issuer_key, TimePoint not_before) {
  const ErrorQueueScope errors;
  if (!subject.is_ca()) return bad_profile("only an authority is certified by another");
  VEDETTE_TRY(const PublicKey key, subject.public_key());
  CertificateProfile profile;
  profile.kind = CertificateKind::issuing_ca;  // whose issuer is checked as this one's
  profile.not_before = not_before;
  profile.not_after = std::min(subject.not_after(), issuer.not_after());
  VEDETTE_CHECK(check_issuer(profile, key, issuer, issuer_key));
  if (profile.not_after <= not_before) return bad_profile("it ends before it starts");
  const CertificateHandle made(X509_new());
  X509* const certificate = made.get();
  require(certificate != nullptr && X509_set_version(certificate, X509_VERSION_3) == 1 &&
              X509_set_subject_name(certificate, X509_get_subject_name(native(subject))) == 1 &&
              X509_set_issuer_name(certificate, X509_get_subject_name(native(issuer))) == 1,
          "start a cross-certificate");
  set_public_key(certificate, key);
  set_serial(certificate);
  set_validity(certificate, profile);
  add_basic_constraints(certificate, CertificateKind::root_ca);
  add_key_usage(certificate, CertificateKind::root_ca);
  add_key_identifiers(certificate, issuer);
  VEDETTE_CHECK(sign(certificate, issuer_key));
  return certificate_from_native(certificate);
}

bool names_issuer(const Certificate& certificate, const Certificate& issuer) {
  return X509_check_issued(native(issuer), native(certificate)) == X509_V_OK;
}

bool is_issued_by(const Certificate& certificate, const Certificate& issuer) {
  const ErrorQueueScope errors;
  if (!names_issuer(certificate, issuer)) return false;
  EVP_PKEY* const key = X509_get0_pubkey(native(issuer));
  return key != nullptr && X509_verify(native(certificate), key) == 1;
}

}  // namespace vedette::crypto
