#include "identity/key_certification.h"

#include <string>
#include <string_view>

#include "base/secret.h"
#include "crypto/tpm.h"

namespace vedette::identity {
namespace {

using codec::TpmAttest;
using codec::TpmCertifyInfo;
using codec::TpmPublic;
using codec::TpmQuoteInfo;

// One kind of statement: its name, and the codes of what can be wrong with it.
struct Form {
  std::string_view name;
  std::string_view signature;
  std::string_view magic;
  std::string_view type;
  std::string_view syntax;
  std::string_view signer;
  std::string_view binding;

  [[nodiscard]] std::string words(std::string_view before, std::string_view after) const {
    return std::string(before) + std::string(name) + std::string(after);
  }
};

constexpr Form kCertification{"certification",      "ENR-CERTIFY-SIGNATURE", "ENR-CERTIFY-MAGIC",
                              "ENR-CERTIFY-TYPE",   "ENR-CERTIFY-SYNTAX",    "ENR-CERTIFY-SIGNER",
                              "ENR-CERTIFY-BINDING"};
constexpr Form kQuote{"quote",
                      "ENR-QUOTE-SIGNATURE",
                      "ENR-QUOTE-MAGIC",
                      "ENR-QUOTE-TYPE",
                      "ENR-QUOTE-SYNTAX",
                      "ENR-QUOTE-SIGNER",
                      "ENR-QUOTE-BINDING"};

Result<void> check_signature(const Form& form, const TpmPublic& signer, ByteView attest,
                             ByteView signature) {
  const auto refused = [&](const Error& why) {
    return refuse(form.signature, form.words("the attestation key did not sign the ", ""),
                  describe(why));
  };
  const auto parsed = codec::parse_tpmt_signature(signature);
  if (!parsed) return refused(parsed.error());
  const auto verified = crypto::verify_tpm_signature(signer, attest, *parsed);
  if (!verified) return refused(verified.error());
  return {};
}

template <class Info>
Result<TpmAttest> parse_statement(const Form& form, ByteView attest) {
  auto parsed = codec::parse_tpms_attest(attest);
  if (parsed) {
    if (std::holds_alternative<Info>(parsed->info)) return *std::move(parsed);
    return refuse(form.type, form.words("the TPM's statement is not a ", " for a key"));
  }
  const Error& error = parsed.error();
  if (error.code == "TPM-MAGIC") return refuse(form.magic, error.message, error.cause);
  if (error.code == "TPM-ATTEST-TYPE") return refuse(form.type, error.message, error.cause);
  return refuse(form.syntax, form.words("the ", " is malformed"), describe(error));
}

Result<void> check_signer(const Form& form, const TpmPublic& signer,
                          const Bytes& qualified_signer) {
  VEDETTE_TRY(const Bytes name, crypto::tpm_name(signer));
  const bool same_form = qualified_signer.size() == name.size() &&
                         equal(ByteView(qualified_signer).first(2), ByteView(name).first(2));
  if (!same_form || qualified_signer == name)
    return refuse(form.signer,
                  form.words("the ", " names a signer that cannot be the attestation key"),
                  to_hex(qualified_signer));
  return {};
}

Result<void> check_name(const TpmPublic& certified, const TpmCertifyInfo& info) {
  VEDETTE_TRY(const Bytes name, crypto::tpm_name(certified));
  if (!equal(info.name, name))
    return refuse("ENR-CERTIFY-NAME", "the certification is of another key than the device key",
                  to_hex(info.name) + " instead of " + to_hex(name));
  return {};
}

Result<void> check_binding(const Form& form, const Bytes& extra_data,
                           const crypto::Sha256Digest& binding) {
  if (!equal_constant_time(extra_data, binding))
    return refuse(form.binding, form.words("the ", " was not made for this key and connection"),
                  "extraData differs from the binding of channel and device key",
                  "enrol again; if it happens every time, something between device and server "
                  "ends the TLS connection");
  return {};
}

// All that a certification and a quote have in common, but for the binding, which comes last.
template <class Info>
Result<TpmAttest> verify_statement(const Form& form, const TpmPublic& signer, ByteView attest,
                                   ByteView signature) {
  VEDETTE_CHECK(check_signature(form, signer, attest, signature));
  VEDETTE_TRY(TpmAttest parsed, parse_statement<Info>(form, attest));
  VEDETTE_CHECK(check_signer(form, signer, parsed.qualified_signer));
  return parsed;
}

}  // namespace

Result<void> verify_certification(const TpmPublic& signer, const TpmPublic& certified,
                                  ByteView attest, ByteView signature,
                                  const crypto::Sha256Digest& binding) {
  VEDETTE_TRY(const TpmAttest parsed,
              verify_statement<TpmCertifyInfo>(kCertification, signer, attest, signature));
  VEDETTE_CHECK(check_name(certified, std::get<TpmCertifyInfo>(parsed.info)));
  return check_binding(kCertification, parsed.extra_data, binding);
}

Result<codec::TpmClockInfo> verify_key_quote(const TpmPublic& signer, ByteView attest,
                                             ByteView signature,
                                             const crypto::Sha256Digest& binding) {
  VEDETTE_TRY(const TpmAttest parsed,
              verify_statement<TpmQuoteInfo>(kQuote, signer, attest, signature));
  VEDETTE_CHECK(check_binding(kQuote, parsed.extra_data, binding));
  return parsed.clock;
}

}  // namespace vedette::identity
