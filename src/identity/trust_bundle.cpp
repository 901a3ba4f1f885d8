#include "identity/trust_bundle.h"

#include <algorithm>
#include <iterator>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/issuance.h"
#include "crypto/jws.h"
#include "identity/authority.h"
#include "identity/trust_bundle_fields.h"

namespace vedette::identity {
namespace {

using codec::Json;
using crypto::Certificate;

constexpr std::size_t kMostSignatures = 4;

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("BUNDLE-SYNTAX", "the trust bundle is malformed", std::move(cause));
}

std::unexpected<Error> refuse_unsigned(std::string cause) {
  return refuse("BUNDLE-SIGNATURE",
                "the trust bundle is not signed by the root that has to sign it", std::move(cause));
}

bool has_ended(const TrustedAuthority& authority, TimePoint at) {
  return authority.until && at >= *authority.until;
}

std::vector<Certificate> trusted_at(const std::vector<TrustedAuthority>& authorities,
                                    TimePoint at) {
  std::vector<Certificate> trusted;
  for (const TrustedAuthority& authority : authorities)
    if (!has_ended(authority, at)) trusted.push_back(authority.certificate);
  return trusted;
}

bool names(const std::vector<Certificate>& certificates, const Certificate& wanted) {
  return std::ranges::any_of(certificates, [&](const Certificate& other) {
    return other.fingerprint() == wanted.fingerprint();
  });
}

// The root whose key `cross` carries.
const TrustedAuthority* root_under(const Certificate& cross, const TrustBundle& trust) {
  const auto found = std::ranges::find_if(trust.roots, [&](const TrustedAuthority& root) {
    return root.certificate.spki_sha256() == cross.spki_sha256();
  });
  return found == trust.roots.end() ? nullptr : &*found;
}

// The present one does not end, each former one does, and none stands there twice.
bool is_in_order(const std::vector<TrustedAuthority>& authorities) {
  for (std::size_t i = 0; i < authorities.size(); ++i) {
    if (authorities[i].until.has_value() != (i > 0)) return false;
    const auto same = [&](const TrustedAuthority& other) {
      return other.certificate.fingerprint() == authorities[i].certificate.fingerprint();
    };
    if (std::ranges::count_if(authorities, same) != 1) return false;
  }
  return true;
}

Result<void> check_roots(const TrustBundle& bundle) {
  const auto is_root = [](const TrustedAuthority& root) {
    return root.certificate.is_ca() && crypto::is_issued_by(root.certificate, root.certificate);
  };
  if (is_in_order(bundle.roots) && std::ranges::all_of(bundle.roots, is_root)) return {};
  return refuse("BUNDLE-ROOT", "the trust bundle names something as a root that is none",
                std::to_string(bundle.roots.size()) + " roots");
}

Result<void> check_issuing(const TrustBundle& bundle) {
  const auto is_signed = [&](const TrustedAuthority& issuing) {
    return issuing.certificate.is_ca() &&
           std::ranges::any_of(bundle.roots, [&](const TrustedAuthority& root) {
             return crypto::is_issued_by(issuing.certificate, root.certificate) &&
                    issuing.certificate.fingerprint() != root.certificate.fingerprint();
           });
  };
  const bool present_fits = crypto::is_issued_by(bundle.issuing.front().certificate, bundle.root());
  if (present_fits && is_in_order(bundle.issuing) && std::ranges::all_of(bundle.issuing, is_signed))
    return {};
  return refuse("BUNDLE-ISSUING",
                "the trust bundle names an issuing CA that none of its roots has signed",
                std::to_string(bundle.issuing.size()) + " issuing CAs");
}

Result<void> check_crosses(const std::vector<Certificate>& crosses) {
  for (const Certificate& cross : crosses)
    if (!cross.is_ca() || crypto::is_issued_by(cross, cross))
      return refuse_syntax("what is no cross-certificate: " + cross.subject());
  return {};
}

// One compact JWS of the general form.
Result<std::string> token_of(const Json& signature, const std::string& payload) {
  VEDETTE_CHECK(signature.only({"protected", "signature"}));
  VEDETTE_TRY(const std::string header, signature.string("protected"));
  VEDETTE_TRY(const std::string octets, signature.string("signature"));
  return header + "." + payload + "." + octets;
}

struct SignedText {
  std::string payload;
  std::vector<std::string> tokens;
};

Result<SignedText> read_signed_text(std::string_view text) {
  VEDETTE_TRY(const Json json, codec::parse_json(text, {.max_bytes = kMaxTrustBundle}));
  VEDETTE_CHECK(json.only({"payload", "signatures"}));
  VEDETTE_TRY(const std::string encoded, json.string("payload"));
  VEDETTE_TRY(const Json* signatures, json.array("signatures"));
  VEDETTE_TRY(const Bytes payload, codec::from_base64url(encoded));
  SignedText read{std::string(as_text(payload)), {}};
  if (signatures->if_array()->empty() || signatures->if_array()->size() > kMostSignatures)
    return refuse_syntax("not 1 to 4 signatures");
  for (const Json& signature : *signatures->if_array()) {
    VEDETTE_TRY(read.tokens.emplace_back(), token_of(signature, encoded));
  }
  return read;
}

// `header.payload.signature` as a member of the general form.
Json signature_of(const std::string& token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  Json json;
  json.set("protected", token.substr(0, first)).set("signature", token.substr(last + 1));
  return json;
}

bool begins_at(const TrustBundle& bundle, std::span<const Certificate> anchors) {
  return std::ranges::any_of(anchors, [&](const Certificate& anchor) {
    return anchor.fingerprint() == bundle.root().fingerprint();
  });
}

bool has_root(const TrustBundle& bundle, const TrustedAuthority& wanted) {
  return std::ranges::any_of(bundle.roots, [&](const TrustedAuthority& root) {
    return root.certificate.fingerprint() == wanted.certificate.fingerprint();
  });
}

Result<void> check_domain(const TrustBundle& bundle, const std::string& trust_domain) {
  if (bundle.trust_domain == trust_domain) return {};
  return refuse("BUNDLE-DOMAIN", "the trust bundle is of another trust domain",
                bundle.trust_domain + " instead of " + trust_domain);
}

Result<void> check_former_roots(const TrustBundle& held, const TrustBundle& next) {
  for (const TrustedAuthority& root : std::span(next.roots).subspan(1))
    if (!has_root(held, root))
      return refuse("BUNDLE-ROOT", "the trust bundle names a former root that was none",
                    to_hex(root.certificate.fingerprint()));
  return {};
}

}  // namespace

std::vector<Certificate> TrustBundle::roots_at(TimePoint now) const {
  return trusted_at(roots, std::max(now, issued_at));
}

std::vector<Certificate> TrustBundle::issuing_at(TimePoint now) const {
  return trusted_at(issuing, std::max(now, issued_at));
}

std::optional<TimePoint> TrustBundle::next_end(TimePoint now) const {
  std::optional<TimePoint> next;
  for (const auto* authorities : {&roots, &issuing})
    for (const TrustedAuthority& authority : *authorities)
      if (authority.until && *authority.until > now && (!next || *authority.until < *next))
        next = authority.until;
  return next;
}

std::vector<Certificate> TrustBundle::intermediates_at(TimePoint now) const {
  std::vector<Certificate> all = issuing_at(now);
  all.insert(all.end(), new_with_old.begin(), new_with_old.end());
  std::ranges::copy_if(old_with_new, std::back_inserter(all),
                       [&](const Certificate& cross) { return !is_retired(cross, *this, now); });
  return all;
}

Result<SignedTrustBundle> SignedTrustBundle::parse(std::string_view text) {
  auto read = read_signed_text(text);
  if (!read) return refuse_syntax(describe(read.error()));
  auto bundle = read_trust_bundle(read->payload);
  if (!bundle) return refuse_syntax(describe(bundle.error()));
  SignedTrustBundle made;
  made.text_ = text;
  made.payload_ = std::move(read->payload);
  made.tokens_ = std::move(read->tokens);
  made.bundle_ = *std::move(bundle);
  VEDETTE_CHECK(check_roots(made.bundle_));
  VEDETTE_CHECK(check_issuing(made.bundle_));
  VEDETTE_CHECK(check_crosses(made.bundle_.new_with_old));
  VEDETTE_CHECK(check_crosses(made.bundle_.old_with_new));
  VEDETTE_TRY(const crypto::PublicKey root, made.bundle_.root().public_key());
  if (!made.is_signed_by(root)) return refuse_unsigned("its own present root has not signed it");
  return made;
}

bool SignedTrustBundle::is_signed_by(const crypto::PublicKey& key) const {
  return std::ranges::any_of(tokens_, [&](const std::string& token) {
    return crypto::verify_jws(token, kTrustBundleType, key).has_value();
  });
}

Result<SignedTrustBundle> sign_trust_bundle(const TrustBundle& bundle,
                                            std::span<const crypto::PrivateKey> keys) {
  const std::string payload = write_trust_bundle(bundle);
  Json::Array signatures;
  for (const crypto::PrivateKey& key : keys) {
    const std::string id = to_hex(key.public_key().spki_sha256());
    VEDETTE_TRY(const std::string token, crypto::sign_jws({kTrustBundleType, id}, payload, key));
    signatures.push_back(signature_of(token));
  }
  Json json;
  json.set("payload", codec::to_base64url(as_bytes(payload)));
  json.set("signatures", std::move(signatures));
  return SignedTrustBundle::parse(codec::to_json(json));
}

Result<void> check_successor(const SignedTrustBundle& held, const SignedTrustBundle& next) {
  const TrustBundle& before = held.bundle();
  const TrustBundle& after = next.bundle();
  const std::string versions =
      "version " + std::to_string(after.version) + " after " + std::to_string(before.version);
  VEDETTE_CHECK(check_domain(after, before.trust_domain));
  if (after.version < before.version)
    return refuse("BUNDLE-ROLLBACK", "the trust bundle is older than the one that is held",
                  versions, "was the server restored from a backup?");
  if (after.version == before.version)
    return refuse("BUNDLE-FORK", "there is another trust bundle of this version", versions,
                  "whoever holds a root's key has signed two histories");
  if (after.version != before.version + 1)
    return refuse("BUNDLE-GAP", "the trust bundle does not follow the one that is held", versions);
  VEDETTE_TRY(const crypto::PublicKey root, before.root().public_key());
  if (!next.is_signed_by(root)) return refuse_unsigned(versions + ", without the former root");
  return check_former_roots(before, after);
}

Result<std::optional<SignedTrustBundle>> walk_trust(const TrustWalk& walk,
                                                    std::span<const std::string> bundles) {
  std::optional<SignedTrustBundle> current = walk.held;
  bool moved = false;
  for (const std::string& text : bundles) {
    VEDETTE_TRY(SignedTrustBundle next, SignedTrustBundle::parse(text));
    VEDETTE_CHECK(check_domain(next.bundle(), walk.trust_domain.str()));
    if (!current && !begins_at(next.bundle(), walk.anchors)) continue;
    if (current && current->payload() == next.payload()) continue;
    if (current) VEDETTE_CHECK(check_successor(*current, next));
    current = std::move(next);
    moved = true;
  }
  if (!current && !bundles.empty())
    return refuse("BUNDLE-FOREIGN", "no trust bundle begins at a root that is trusted here", {},
                  "bring the present root's certificate by a way that you trust");
  if (!moved) return std::nullopt;
  if (walk.now >= current->bundle().expires_at)
    return refuse("BUNDLE-EXPIRED", "the newest trust bundle has expired",
                  to_rfc3339(current->bundle().expires_at), "compare this machine's clock");
  return current;
}

bool is_retired(const Certificate& authority, const TrustBundle& trust, TimePoint now) {
  const TimePoint at = std::max(now, trust.issued_at);
  for (const TrustedAuthority& issuing : trust.issuing)
    if (issuing.certificate.fingerprint() == authority.fingerprint()) return has_ended(issuing, at);
  const TrustedAuthority* const root = root_under(authority, trust);
  if (root != nullptr) return has_ended(*root, at);
  if (names(trust.new_with_old, authority) || names(trust.old_with_new, authority)) return true;
  return authority.not_before() + kBackdating < trust.issued_at;
}

Result<void> check_issuer(const crypto::Certificate& leaf, const crypto::Sha256Digest& issuer_key,
                          const TrustBundle& trust, TimePoint now) {
  const TimePoint at = std::max(now, trust.issued_at);
  for (const TrustedAuthority& issuing : trust.issuing) {
    if (has_ended(issuing, at)) continue;
    if (issuing.certificate.spki_sha256() == issuer_key &&
        crypto::names_issuer(leaf, issuing.certificate))
      return {};
  }
  return refuse("PEER-ISSUER", "the certificate is not of an issuing CA that is in force",
                leaf.subject(), "renew it, or enrol again; an operator is given another one");
}

}  // namespace vedette::identity
