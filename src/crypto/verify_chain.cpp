#include <openssl/x509_vfy.h>

#include "crypto/endorsement.h"
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using VerifyHandle = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using UsageHandle = std::unique_ptr<EXTENDED_KEY_USAGE, FreeWith<EXTENDED_KEY_USAGE_free>>;
using ObjectHandle = std::unique_ptr<ASN1_OBJECT, FreeWith<ASN1_OBJECT_free>>;

struct FreeBorrowedStack {  // the certificates stay with their values
  void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using BorrowedStackHandle = std::unique_ptr<STACK_OF(X509), FreeBorrowedStack>;

constexpr std::size_t kMaxIntermediates = 16;
constexpr int kMaxDepth = 6;       // intermediates in one path
constexpr int kSecurityLevel = 2;  // 112 bits: no SHA-1, no RSA below 2048 bits
constexpr const char* kEndorsementKeyUsage = "2.23.133.8.1";  // tcg-kp-EKCertificate

const char* usage_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::tls_client:
      return "1.3.6.1.5.5.7.3.2";
    case Purpose::tls_server:
      return "1.3.6.1.5.5.7.3.1";
    case Purpose::endorsement_key:
      return kEndorsementKeyUsage;
    case Purpose::code_signing:
      return "1.3.6.1.5.5.7.3.3";
  }
  std::unreachable();
}

bool has_usage(const Certificate& certificate, const char* oid) {
  const UsageHandle usages(static_cast<EXTENDED_KEY_USAGE*>(
      X509_get_ext_d2i(native(certificate), NID_ext_key_usage, nullptr, nullptr)));
  if (usages == nullptr) return false;
  const ObjectHandle wanted(OBJ_txt2obj(oid, 1));
  require(wanted != nullptr, "make an object identifier");
  for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i)
    if (OBJ_cmp(sk_ASN1_OBJECT_value(usages.get(), i), wanted.get()) == 0) return true;
  return false;
}

// OpenSSL takes an absent key usage for every one.
bool may_sign(const Certificate& certificate) {
  return (X509_get_extension_flags(native(certificate)) & EXFLAG_KUSAGE) != 0 &&
         (X509_get_key_usage(native(certificate)) & KU_DIGITAL_SIGNATURE) != 0;
}

// OpenSSL takes an absent extended key usage for every purpose and a CA for a leaf; we do neither.
Result<void> check_leaf(const Certificate& leaf, Purpose purpose) {
  if (leaf.is_ca())
    return refuse("CERT-PURPOSE", "a certificate authority cannot be a party itself",
                  leaf.subject());
  if (!has_usage(leaf, usage_of(purpose)))
    return refuse("CERT-PURPOSE", "the certificate was not issued for this purpose",
                  std::string("no extended key usage ") + usage_of(purpose));
  if (purpose == Purpose::code_signing && !may_sign(leaf))
    return refuse("CERT-PURPOSE", "the certificate was not issued for this purpose",
                  "no key usage digitalSignature");
  return {};
}

std::string_view code_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "CERT-EXPIRED";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "CERT-NOT-YET-VALID";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return "CERT-UNTRUSTED";
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_CERT_REJECTED:
      return "CERT-PURPOSE";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return "CERT-WEAK";
    default:
      return "CERT-CHAIN";
  }
}

std::string sentence_of(std::string_view code) {
  if (code == "CERT-EXPIRED") return "a certificate of the chain has expired";
  if (code == "CERT-NOT-YET-VALID") return "a certificate of the chain is not valid yet";
  if (code == "CERT-UNTRUSTED") return "the certificate leads to no authority that is trusted here";
  if (code == "CERT-PURPOSE") return "the certificate was not issued for this purpose";
  if (code == "CERT-WEAK") return "the chain rests on a weak key or digest";
  return "the certificate chain is not valid";
}

std::string hint_of(std::string_view code) {
  if (code == "CERT-EXPIRED") return "renew it, and compare this machine's clock";
  if (code == "CERT-NOT-YET-VALID") return "compare this machine's clock";
  if (code == "CERT-UNTRUSTED") return "check which authorities are configured as roots";
  return {};
}

std::unexpected<Error> refusal_of(X509_STORE_CTX* context) {
  const int error = X509_STORE_CTX_get_error(context);
  const std::string_view code = code_of(error);
  std::string cause = X509_verify_cert_error_string(error);
  if (const X509* const culprit = X509_STORE_CTX_get_current_cert(context); culprit != nullptr)
    if (const auto certificate = certificate_from_native(culprit); certificate.has_value())
      cause += ": " + certificate->subject() + ", at depth " +
               std::to_string(X509_STORE_CTX_get_error_depth(context));
  return refuse(code, sentence_of(code), std::move(cause), hint_of(code));
}

// OpenSSL 3 builds no path for a leaf whose key it cannot load, as those named id-RSAES-OAEP. A
// stand-in walks the path instead: the same certificate, its key under the plain name. The maker
// did not sign that, so the leaf's own signature is checked by check_own_signature afterwards.
// Nothing when the leaf can walk itself.
Result<CertificateHandle> stand_in_for(const Certificate& leaf) {
  const auto key = endorsement_public_key(leaf);
  if (!key.has_value())
    return key.error().code == "KEY-WEAK"
               ? refuse("CERT-WEAK", "the endorsement key cannot be trusted", describe(key.error()))
               : refuse("CERT-PURPOSE", "the key is of no kind that endorsement keys are",
                        describe(key.error()));
  if (X509_get0_pubkey(native(leaf)) != nullptr) return CertificateHandle();
  CertificateHandle stand_in(X509_dup(native(leaf)));
  require(stand_in != nullptr && X509_set_pubkey(stand_in.get(), native(*key)) == 1,
          "copy a certificate");
  return stand_in;
}

bool is_signed_with_sha1(const X509* certificate) {
  int digest = NID_undef;
  return X509_get_signature_info(const_cast<X509*>(certificate),  // NOLINT(*-const-cast): 3.0's API
                                 &digest, nullptr, nullptr, nullptr) == 1 &&
         digest == NID_sha1;
}

// What is passed over at the leaf, and nowhere above it.
struct Leniency {
  bool stand_in = false;  // did not sign itself: see stand_in_for
  EndorsementTolerance tolerance;

  [[nodiscard]] bool passes_over(int error, const X509* leaf) const {
    switch (error) {
      case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return stand_in;
      case X509_V_ERR_CA_MD_TOO_WEAK:
        return tolerance.sha1_signature && leaf != nullptr && is_signed_with_sha1(leaf);
      case X509_V_ERR_CERT_HAS_EXPIRED:
        return tolerance.expired;
      default:
        return false;
    }
  }
};

int judge_leniently(int ok, X509_STORE_CTX* context) {
  const auto* const leniency = static_cast<const Leniency*>(X509_STORE_CTX_get_app_data(context));
  if (ok != 0 || X509_STORE_CTX_get_error_depth(context) != 0 ||
      !leniency->passes_over(X509_STORE_CTX_get_error(context),
                             X509_STORE_CTX_get_current_cert(context)))
    return ok;
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

Result<void> check_own_signature(const Certificate& leaf, X509_STORE_CTX* context) {
  const STACK_OF(X509)* const path = X509_STORE_CTX_get0_chain(context);
  const X509* const issuer = sk_X509_num(path) > 1 ? sk_X509_value(path, 1) : nullptr;
  EVP_PKEY* const key = issuer != nullptr ? X509_get0_pubkey(issuer) : nullptr;
  if (key == nullptr || X509_verify(native(leaf), key) != 1)
    return refuse("CERT-CHAIN", sentence_of("CERT-CHAIN"),
                  "the issuer did not sign " + to_hex(leaf.fingerprint()));
  return {};
}

CertificateStoreHandle store_of(std::span<const Certificate> roots) {
  CertificateStoreHandle store(X509_STORE_new());
  require(store != nullptr, "make a certificate store");
  for (const Certificate& root : roots)
    require(X509_STORE_add_cert(store.get(), native(root)) == 1, "add a root");
  return store;
}

BorrowedStackHandle stack_of(std::span<const Certificate> certificates) {
  BorrowedStackHandle stack(sk_X509_new_null());
  require(stack != nullptr, "make a certificate stack");
  for (const Certificate& certificate : certificates)
    require(sk_X509_push(stack.get(), native(certificate)) > 0, "add a certificate");
  return stack;
}

void set_rules(X509_STORE_CTX* context, TimePoint time, Purpose purpose) {
  X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(rules, to_unix_seconds(time));
  X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
  X509_VERIFY_PARAM_set_depth(rules, kMaxDepth);
  switch (purpose) {
    case Purpose::tls_client:
      require(X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT) == 1 &&
                  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT) == 1,
              "set a purpose");
      break;
    case Purpose::tls_server:
      require(X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_SERVER) == 1 &&
                  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT) == 1,
              "set a purpose");
      break;
    case Purpose::code_signing:  // what check_leaf looks for: OpenSSL 3.0 has no such purpose
      require(X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_X509_STRICT) == 1, "set a rule");
      break;
    // Not strict: TPM vendors' certificates lack key identifiers and key usages that RFC 5280 asks
    // for. Path, signatures, basic constraints and validity are checked all the same.
    case Purpose::endorsement_key:
      break;
  }
}

Result<void> verify_path(const Certificate& leaf, std::span<const Certificate> intermediates,
                         std::span<const Certificate> roots, TimePoint time, Purpose purpose,
                         EndorsementTolerance tolerance) {
  const ErrorQueueScope errors;
  if (intermediates.size() > kMaxIntermediates)
    return refuse("CERT-CHAIN", "there are too many intermediate certificates",
                  std::to_string(intermediates.size()));
  CertificateHandle stand_in;
  if (purpose == Purpose::endorsement_key) {
    VEDETTE_TRY(stand_in, stand_in_for(leaf));
  }
  X509* const walker = stand_in != nullptr ? stand_in.get() : native(leaf);
  const CertificateStoreHandle store = store_of(roots);
  const BorrowedStackHandle untrusted = stack_of(intermediates);
  const VerifyHandle context(X509_STORE_CTX_new());
  require(context != nullptr &&
              X509_STORE_CTX_init(context.get(), store.get(), walker, untrusted.get()) == 1,
          "start a chain verification");
  set_rules(context.get(), time, purpose);
  Leniency leniency{.stand_in = stand_in != nullptr, .tolerance = tolerance};
  require(X509_STORE_CTX_set_app_data(context.get(), &leniency) == 1, "start a verification");
  X509_STORE_CTX_set_verify_cb(context.get(), judge_leniently);
  if (X509_verify_cert(context.get()) != 1) return refusal_of(context.get());
  if (stand_in != nullptr) VEDETTE_CHECK(check_own_signature(leaf, context.get()));
  return check_leaf(leaf, purpose);
}

}  // namespace

Result<void> verify_chain(const Certificate& leaf, std::span<const Certificate> intermediates,
                          std::span<const Certificate> roots, TimePoint time, Purpose purpose) {
  return verify_path(leaf, intermediates, roots, time, purpose, {});
}

Result<void> verify_endorsement_chain(const Certificate& leaf,
                                      std::span<const Certificate> intermediates,
                                      std::span<const Certificate> roots, TimePoint time,
                                      EndorsementTolerance tolerance) {
  return verify_path(leaf, intermediates, roots, time, Purpose::endorsement_key, tolerance);
}

}  // namespace vedette::crypto
