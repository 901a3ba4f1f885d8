#include "identity/enrollment.h"

#include <algorithm>
#include <vector>

#include "crypto/tpm.h"
#include "identity/tpm_key_profile.h"

namespace vedette::identity {
namespace {

using crypto::Certificate;
using crypto::PublicKey;
using crypto::Sha256Digest;

constexpr std::size_t kChannelBindingOctets = 32;  // RFC 9266, 4.2
constexpr std::size_t kIdDigits = 20;

struct Admitted {
  DeviceId device;
  GroupId group;
  std::optional<SkuId> sku;
  Admission by;
  KeyKinds keys;
  std::string certificate_serial{};
  std::optional<Sha256Digest> maker_root{};
};

std::unexpected<Error> refuse_unknown(const Sha256Digest& endorsement, std::string cause) {
  const std::string hash = to_hex(endorsement);
  return refuse(
      "ENR-EK-UNKNOWN", "this device's TPM is not one that may enrol",
      "endorsement key " + hash + ": " + std::move(cause),
      "if the device is yours, run 'vedette device allow <device> --group <group> --ek-sha256 " +
          hash + "'");
}

// The issuers of a maker may be configured beside its root: each counts as an intermediate, and
// only what is self-signed as an anchor.
Result<std::vector<Certificate>> read_roots(std::span<const EndorsementRoot> roots) {
  std::vector<Certificate> certificates;
  for (const EndorsementRoot& root : roots) {
    VEDETTE_TRY(Certificate certificate, Certificate::from_der(root.certificate_der));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

// Of all that is configured, what a path from `leaf` could run over: by name, each once. More
// makers may be known than a path may have authorities.
std::vector<Certificate> issuers_above(const Certificate& leaf,
                                       std::span<const Certificate> known) {
  constexpr std::size_t kMost = 16;  // that verify_endorsement_chain takes
  std::vector<Certificate> path{leaf};
  for (std::size_t below = 0; below < path.size(); ++below)
    for (const Certificate& issuer : known)
      if (path.size() <= kMost && is_issuer_by_name(issuer, path[below]) &&
          std::ranges::find(path, issuer.fingerprint(), &Certificate::fingerprint) == path.end())
        path.push_back(issuer);
  path.erase(path.begin());
  return path;
}

// Those above `leaf` that a group's operators have configured: what another group's have is nothing
// to a root of this one.
std::vector<Certificate> issuers_of_group(const Certificate& leaf, const GroupId& group,
                                          std::span<const EndorsementRoot> roots,
                                          std::span<const Certificate> certificates) {
  std::vector<Certificate> known;
  for (std::size_t i = 0; i < roots.size(); ++i)
    if (roots[i].group == group) known.push_back(certificates[i]);
  return issuers_above(leaf, known);
}

Result<const EndorsementRoot*> admitting_root(const Certificate& leaf,
                                              const EnrollmentContext& context,
                                              const Sha256Digest& endorsement) {
  VEDETTE_TRY(const auto certificates, read_roots(context.roots));
  std::string cause = "none of the makers that are configured issued its certificate";
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const GroupId& group = context.roots[i].group;
    if (context.group_on_record && group != *context.group_on_record) continue;
    const auto issuers = issuers_of_group(leaf, group, context.roots, certificates);
    if (std::ranges::find(issuers, certificates[i].fingerprint(), &Certificate::fingerprint) ==
        issuers.end())
      continue;
    const auto verified =
        crypto::verify_endorsement_chain(leaf, issuers, std::span(certificates).subspan(i, 1),
                                         context.now, context.roots[i].tolerance);
    if (verified) return &context.roots[i];
    cause = describe(verified.error());
  }
  if (context.group_on_record)
    cause += "; of its group, " + context.group_on_record->str() + ", alone it may be";
  return refuse_unknown(endorsement, std::move(cause));
}

Result<Admitted> admit_by_root(const EnrollmentRequest& request, const EnrollmentContext& context,
                               const PublicKey& endorsement_key, const Sha256Digest& endorsement) {
  if (context.roots.empty())
    return refuse_unknown(endorsement, "not on the allow-list, and no maker's root is configured");
  if (!request.endorsement_certificate)
    return refuse_unknown(endorsement, "not on the allow-list, and without a certificate");
  const auto leaf = Certificate::from_der(*request.endorsement_certificate);
  if (!leaf)
    return refuse("ENR-EK-CERTIFICATE", "the endorsement key's certificate cannot be read",
                  describe(leaf.error()));
  const auto certified = crypto::endorsement_public_key(*leaf);
  if (!certified || !(*certified == endorsement_key))
    return refuse("ENR-EK-MISMATCH",
                  "the endorsement certificate is not for the endorsement key in use",
                  leaf->subject());
  VEDETTE_TRY(const EndorsementRoot* root, admitting_root(*leaf, context, endorsement));
  VEDETTE_TRY(DeviceId device, DeviceId::parse("ek-" + to_hex(endorsement).substr(0, kIdDigits)));
  return Admitted{std::move(device),
                  root->group,
                  root->sku,
                  Admission::endorsement_root,
                  root->keys,
                  leaf->serial_hex(),
                  crypto::sha256(root->certificate_der)};
}

Result<Admitted> admit(const EnrollmentRequest& request, const EnrollmentContext& context,
                       const PublicKey& endorsement_key, const Sha256Digest& endorsement) {
  // Compared here too: an entry for another EK must not admit by a caller's mistake.
  if (context.allowed && context.allowed->endorsement_sha256 == endorsement)
    return Admitted{context.allowed->device, context.allowed->group, context.allowed->sku,
                    Admission::allow_list, context.allowed->keys};
  return admit_by_root(request, context, endorsement_key, endorsement);
}

Result<void> check_channel(ByteView channel_binding) {
  if (channel_binding.size() == kChannelBindingOctets) return {};
  return refuse("ENR-CHANNEL", "the connection has no channel binding to compare with",
                std::to_string(channel_binding.size()) + " octets instead of 32",
                "enrol over TLS 1.3");
}

}  // namespace

Sha256Digest endorsement_sha256(const codec::TpmPublic& endorsement_key) {
  return crypto::sha256(endorsement_key.encoded);
}

Result<Verified<EnrollmentClaim>> verify_enrollment(const EnrollmentRequest& request,
                                                    const EnrollmentContext& context) {
  VEDETTE_TRY(const PublicKey endorsement_key, check_endorsement_key(request.endorsement_key));
  const Sha256Digest endorsement = endorsement_sha256(request.endorsement_key);
  VEDETTE_TRY(Admitted admitted, admit(request, context, endorsement_key, endorsement));

  VEDETTE_CHECK(check_attestation_key(request.attestation_key));
  VEDETTE_CHECK(check_channel(context.channel_binding));
  VEDETTE_TRY(StatedKey stated,
              verify_key_statement(request.device_key, {.attestation_key = request.attestation_key,
                                                        .freshness = context.channel_binding,
                                                        .allowed = admitted.keys}));
  VEDETTE_TRY(Bytes name, crypto::tpm_name(request.attestation_key));
  return Verified<EnrollmentClaim>(
      EnrollmentClaim::VerificationKey(),
      EnrollmentClaim{std::move(admitted.device), std::move(admitted.group), admitted.by,
                      endorsement, request.endorsement_key, request.attestation_key,
                      std::move(name), std::move(stated.key), stated.sha256,
                      std::move(admitted.sku), stated.kind, stated.boot,
                      std::move(admitted.certificate_serial), admitted.maker_root,
                      context.group_on_record ? std::nullopt : request.token_sha256});
}

}  // namespace vedette::identity
