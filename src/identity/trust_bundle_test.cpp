// Group 13 of the identity attacks: rollover, and bundles that cannot go back.
#include "identity/trust_bundle.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/issuance.h"
#include "crypto/jws.h"
#include "identity/rollover_scene.h"

namespace vedette::identity {
namespace {

using codec::Json;
using crypto::PrivateKey;

class TrustBundles : public RolloverScene {
 protected:
  [[nodiscard]] Result<std::optional<SignedTrustBundle>> walk(
      std::optional<SignedTrustBundle> held, const std::vector<SignedTrustBundle>& bundles,
      std::optional<TimePoint> at = {}) const {
    std::vector<std::string> texts;
    for (const auto& bundle : bundles)
      texts.push_back(bundle.text());
    return walk_trust({.trust_domain = domain,
                       .held = std::move(held),
                       .anchors = std::span(&created.material.root, 1),
                       .now = at.value_or(now)},
                      texts);
  }
  [[nodiscard]] std::string code(const SignedTrustBundle& held,
                                 const SignedTrustBundle& next) const {
    return code_of(walk(held, {next}));
  }

  SignedTrustBundle second = root_rolled(first, b, a);
  SignedTrustBundle third = root_rolled(second, c, b);
};

TEST_F(TrustBundles, AnOlderOneIsRefused) {
  EXPECT_EQ(code(third, second), "BUNDLE-ROLLBACK");
  EXPECT_EQ(code(second, first), "BUNDLE-ROLLBACK");
}

TEST_F(TrustBundles, AnotherOfTheSameVersionIsRefused) {
  EXPECT_EQ(code(second, root_rolled(first, c, a)), "BUNDLE-FORK");
}

TEST_F(TrustBundles, OneThatSkipsAVersionIsRefused) {
  EXPECT_EQ(code(first, third), "BUNDLE-GAP");
  const auto skipped = edited(second, {a, b}, [](TrustBundle& next) { next.version = 3; });
  EXPECT_EQ(code(first, skipped.value()), "BUNDLE-GAP") << "signed by whoever has to";
}

TEST_F(TrustBundles, OneThatTheNewKeyAloneSignedIsRefused) {
  const auto alone = edited(second, {b}, [](TrustBundle&) {});
  EXPECT_EQ(code(first, alone.value()), "BUNDLE-SIGNATURE");
  const auto other = edited(second, {c, b}, [](TrustBundle&) {});
  EXPECT_EQ(code(first, other.value()), "BUNDLE-SIGNATURE");
}

TEST_F(TrustBundles, OneThatTheOldKeyAloneSignedIsRefused) {
  EXPECT_EQ(code_of(edited(second, {a}, [](TrustBundle&) {})), "BUNDLE-SIGNATURE");
  EXPECT_EQ(code_of(edited(second, {}, [](TrustBundle&) {})), "BUNDLE-SYNTAX");
}

// Whoever stole an issuing CA's key has that CA's certificates alone, each older than the bundle
// that retired it.
TEST_F(TrustBundles, AnIssuingAuthorityThatEndedIsRetiredAndStaysSoWhenItIsForgotten) {
  const auto& stolen = created.material.issuing;
  EXPECT_FALSE(is_retired(stolen, first.bundle(), now));
  const auto overlapping = issuing_rolled(first, a);
  EXPECT_FALSE(is_retired(stolen, overlapping.bundle(), now + kOverlap - Duration(1)));
  EXPECT_TRUE(is_retired(stolen, overlapping.bundle(), now + kOverlap));
  const auto at_once = issuing_rolled(first, a, Duration{0});
  EXPECT_TRUE(is_retired(stolen, at_once.bundle(), now));
  EXPECT_TRUE(is_retired(stolen, at_once.bundle(), now - std::chrono::hours(9)))
      << "a device whose time is behind knows by the bundle that it is later";
  const auto later = roll_issuing(at_once, PrivateKey::generate_p256().public_key(), a,
                                  now + std::chrono::hours(24 * 30), kOverlap)
                         .value();
  ASSERT_EQ(later.bundle().issuing.size(), 2U) << "the first one is not named any more";
  EXPECT_TRUE(is_retired(stolen, later.bundle(), now + std::chrono::hours(24 * 30)));
}

TEST_F(TrustBundles, AnAuthorityOfARolloverThatWasNotHeardOfIsNotRetired) {
  const auto next = issuing_rolled(first, a);
  EXPECT_FALSE(is_retired(next.bundle().issuing[0].certificate, first.bundle(), now));
  EXPECT_FALSE(is_retired(second.bundle().new_with_old[0], first.bundle(), now));
  EXPECT_FALSE(is_retired(second.bundle().old_with_new[0], second.bundle(), now));
  EXPECT_FALSE(is_retired(second.bundle().issuing[0].certificate, second.bundle(), now))
      << "the same key under the new root";
}

// OldWithNew lives as long as the old root would have: with that root's stolen key it would certify
// an issuing CA that is as young as its thief likes.
TEST_F(TrustBundles, AFormerRootsCrossCertificateIsRetiredWithThatRoot) {
  const auto& cross = second.bundle().old_with_new[0];
  EXPECT_FALSE(is_retired(cross, second.bundle(), now + kOverlap - Duration(1)));
  EXPECT_TRUE(is_retired(cross, second.bundle(), now + kOverlap));
  const auto at_once = root_rolled(first, b, a, Duration{0});
  const auto& ended = at_once.bundle().old_with_new[0];
  EXPECT_TRUE(is_retired(ended, at_once.bundle(), now));
  EXPECT_TRUE(is_retired(ended, at_once.bundle(), now - std::chrono::hours(9)));
  const TimePoint later = now + std::chrono::hours(24 * 30);
  const auto forgotten = roll_root(at_once, c, b, later, kOverlap).value();
  ASSERT_EQ(forgotten.bundle().roots.size(), 2U) << "the first one is not named any more";
  ASSERT_EQ(forgotten.bundle().old_with_new.size(), 2U);
  EXPECT_TRUE(is_retired(forgotten.bundle().old_with_new[1], forgotten.bundle(), later));
  EXPECT_FALSE(is_retired(forgotten.bundle().old_with_new[0], forgotten.bundle(), later))
      << "of a root in its overlap";
  const auto& b_by_a = forgotten.bundle().new_with_old[1];
  EXPECT_FALSE(is_retired(b_by_a, forgotten.bundle(), later));
  EXPECT_TRUE(is_retired(b_by_a, forgotten.bundle(), later + kOverlap))
      << "whichever root vouches for the key";
  EXPECT_FALSE(
      is_retired(forgotten.bundle().new_with_old[0], forgotten.bundle(), later + kOverlap));
  const auto unheard =
      crypto::issue_cross_certificate(created.material.root, at_once.bundle().root(), b, later);
  EXPECT_TRUE(is_retired(unheard.value(), at_once.bundle(), later)) << "whoever made it, and when";
}

TEST_F(TrustBundles, HandOutNoCrossCertificateOfARetiredRoot) {
  const auto hands_out = [](const TrustBundle& bundle, const crypto::Certificate& cross,
                            TimePoint at) {
    return std::ranges::any_of(bundle.intermediates_at(at), [&](const crypto::Certificate& other) {
      return other.fingerprint() == cross.fingerprint();
    });
  };
  const TrustBundle& bundle = second.bundle();
  EXPECT_TRUE(hands_out(bundle, bundle.old_with_new[0], now + kOverlap - Duration(1)));
  EXPECT_FALSE(hands_out(bundle, bundle.old_with_new[0], now + kOverlap));
  EXPECT_TRUE(hands_out(bundle, bundle.new_with_old[0], now + kOverlap))
      << "who knows the former root alone is led on by it";
  const TrustBundle at_once = root_rolled(first, b, a, Duration{0}).bundle();
  EXPECT_FALSE(hands_out(at_once, at_once.old_with_new[0], now - std::chrono::hours(9)));
}

// Whoever holds a bundle knows that it is no earlier than when the bundle was made.
TEST_F(TrustBundles, ARootThatHasEndedIsNotTrustedByAClockThatIsBehind) {
  const TrustBundle at_once = root_rolled(issuing_rolled(first, a), b, a, Duration{0}).bundle();
  EXPECT_EQ(at_once.roots_at(now - std::chrono::hours(9)).size(), 1U);
  EXPECT_EQ(at_once.issuing_at(TimePoint{}).size(), 1U);
  EXPECT_EQ(second.bundle().roots_at(TimePoint{}).size(), 2U) << "in its overlap then";
}

TEST_F(TrustBundles, AForeignRootIsRefused) {
  const auto foreign = CertificateAuthority::create(domain, now).value().material.root;
  const auto beside = edited(
      second, {a, b}, [&](TrustBundle& next) { next.roots.push_back({foreign, now + kOverlap}); });
  EXPECT_EQ(code(first, beside.value()), "BUNDLE-ROOT") << "whoever signed it";
  EXPECT_EQ(code_of(edited(
                second, {a, b},
                [&](TrustBundle& next) { next.roots[1].certificate = created.material.issuing; })),
            "BUNDLE-ROOT");
  EXPECT_EQ(code_of(edited(second, {a, b}, [](TrustBundle& next) { next.roots[1].until.reset(); })),
            "BUNDLE-ROOT");
  EXPECT_EQ(code_of(edited(second, {a, b},
                           [&](TrustBundle& next) { next.roots[0].until = now + kOverlap; })),
            "BUNDLE-ROOT");
  EXPECT_EQ(code_of(edited(second, {a, b},
                           [](TrustBundle& next) { next.roots.push_back(next.roots[1]); })),
            "BUNDLE-ROOT");
}

TEST_F(TrustBundles, AnIssuingAuthorityThatNoRootSignedIsRefused) {
  const auto foreign = CertificateAuthority::create(domain, now).value().material.issuing;
  EXPECT_EQ(code_of(edited(second, {a, b},
                           [&](TrustBundle& next) { next.issuing[0].certificate = foreign; })),
            "BUNDLE-ISSUING");
  EXPECT_EQ(code_of(edited(
                second, {a, b},
                [&](TrustBundle& next) { next.issuing.push_back({foreign, now + kOverlap}); })),
            "BUNDLE-ISSUING");
  EXPECT_EQ(code_of(edited(second, {a, b},
                           [&](TrustBundle& next) {
                             next.issuing[0].certificate = created.material.issuing;
                             next.issuing.pop_back();
                           })),
            "BUNDLE-ISSUING")
      << "the present one is the present root's";
  EXPECT_EQ(code_of(edited(
                second, {a, b},
                [](TrustBundle& next) { next.issuing.push_back({next.root(), next.expires_at}); })),
            "BUNDLE-ISSUING")
      << "a root is none";
}

TEST_F(TrustBundles, OneOfAnotherTrustDomainIsRefused) {
  const auto other =
      edited(second, {a, b}, [](TrustBundle& next) { next.trust_domain = "other.example"; });
  EXPECT_EQ(code(first, other.value()), "BUNDLE-DOMAIN");
}

TEST_F(TrustBundles, EveryChangedOctetIsRefused) {
  Json json = codec::parse_json(second.text()).value();
  std::string payload = second.payload();
  const std::size_t at = payload.find("\"version\":2");
  payload.at(at + 10) = '3';
  json.set("payload", codec::to_base64url(as_bytes(payload)));
  EXPECT_EQ(code_of(SignedTrustBundle::parse(codec::to_json(json))), "BUNDLE-SIGNATURE");
  EXPECT_EQ(code_of(SignedTrustBundle::parse(second.text() + "x")), "BUNDLE-SYNTAX");
  EXPECT_EQ(code_of(SignedTrustBundle::parse("{}")), "BUNDLE-SYNTAX");
  EXPECT_EQ(code_of(SignedTrustBundle::parse(std::string(kMaxTrustBundle + 1, ' '))),
            "BUNDLE-SYNTAX");
}

// A root's key signs nothing else of that type: another kind of token is no bundle's signature.
TEST_F(TrustBundles, ASignatureOfAnotherKindIsRefused) {
  Json json = codec::parse_json(first.text()).value();
  const std::string token = crypto::sign_jws({"JWT", {}}, first.payload(), a).value();
  Json signature;
  signature.set("protected", token.substr(0, token.find('.')));
  signature.set("signature", token.substr(token.rfind('.') + 1));
  json.set("signatures", Json::Array{signature});
  EXPECT_EQ(code_of(SignedTrustBundle::parse(codec::to_json(json))), "BUNDLE-SIGNATURE");
}

TEST_F(TrustBundles, WhoeverTrustsNoneOfTheirRootsTakesNone) {
  const auto stranger = CertificateAuthority::create(domain, now).value().material.root;
  const std::vector<std::string> texts{first.text(), second.text()};
  const auto walked = walk_trust(
      {.trust_domain = domain, .held = {}, .anchors = std::span(&stranger, 1), .now = now}, texts);
  EXPECT_EQ(code_of(walked), "BUNDLE-FOREIGN");
  EXPECT_EQ(code_of(walk({}, {second, third})), "BUNDLE-FOREIGN") << "former roots begin nothing";
}

TEST_F(TrustBundles, ABadOneAtTheEndSpoilsTheWalk) {
  const auto alone = edited(third, {c}, [](TrustBundle&) {});
  EXPECT_EQ(code_of(walk(first, {second, alone.value()})), "BUNDLE-SIGNATURE");
}

TEST_F(TrustBundles, TheNewestMustNotHaveExpired) {
  const TimePoint late = third.bundle().expires_at;
  EXPECT_EQ(code_of(walk(first, {second, third}, late)), "BUNDLE-EXPIRED");
  EXPECT_EQ(code_of(walk(first, {second, third}, late - Duration(1))), "");
  const auto stale =
      edited(second, {a, b}, [&](TrustBundle& next) { next.expires_at = now + kOverlap; });
  const auto newest = root_rolled(stale.value(), c, b);
  EXPECT_EQ(code_of(walk(first, {stale.value(), newest}, now + 2 * kOverlap)), "")
      << "a step on the way may have";
}

TEST_F(TrustBundles, AWalkOverTwoRolloversEndsAtTheThirdRoot) {
  for (const auto& held : {std::optional<SignedTrustBundle>(), std::optional(first)}) {
    const auto walked = walk(held, {first, second, third});
    ASSERT_TRUE(walked.has_value() && walked->has_value()) << code_of(walked);
    EXPECT_EQ((*walked)->bundle().version, 3U);
    EXPECT_EQ(*(*walked)->bundle().root().public_key(), c.public_key());
  }
}

TEST_F(TrustBundles, WhoeverIsGivenTheThirdRootBeginsThere) {
  const std::vector<std::string> texts{first.text(), second.text(), third.text()};
  const auto walked = walk_trust({.trust_domain = domain,
                                  .held = {},
                                  .anchors = std::span(&third.bundle().root(), 1),
                                  .now = now},
                                 texts);
  ASSERT_TRUE(walked.has_value() && walked->has_value()) << code_of(walked);
  EXPECT_EQ((*walked)->bundle().version, 3U);
}

TEST_F(TrustBundles, NothingNewIsNoNews) {
  const auto walked = walk(second, {second});
  ASSERT_TRUE(walked.has_value()) << code_of(walked);
  EXPECT_FALSE(walked->has_value());
  EXPECT_FALSE(walk(second, {}).value().has_value());
}

TEST_F(TrustBundles, ReadAsTheyWereWritten) {
  const auto again = SignedTrustBundle::parse(third.text());
  ASSERT_TRUE(again.has_value()) << code_of(again);
  EXPECT_EQ(again->payload(), third.payload());
  EXPECT_EQ(again->bundle().roots[1].until, now + kOverlap);
  EXPECT_EQ(again->bundle().new_with_old.size(), 2U);
}

class IssuerInForce : public RolloverScene {
 protected:
  [[nodiscard]] static CertificateAuthority opened(const AuthorityMaterial& material,
                                                   const TrustDomain& domain, TimePoint now) {
    return CertificateAuthority::open(domain, material, now).value();
  }
  [[nodiscard]] crypto::Certificate leaf_of(const CertificateAuthority& authority) const {
    return authority
        .issue_device(DeviceId::parse("drone").value(), b.public_key(), now, std::chrono::hours(24))
        .value();
  }
};

TEST_F(IssuerInForce, IsNoRetiredOneAndNoStranger) {
  const auto leaf = leaf_of(opened(created.material, domain, now));
  const auto key = created.material.issuing.spki_sha256();
  const TrustBundle rolled = issuing_rolled(first, a).bundle();
  EXPECT_EQ(code_of(check_issuer(leaf, key, rolled, now + kOverlap)), "PEER-ISSUER");
  EXPECT_EQ(code_of(check_issuer(leaf, key, rolled, now + kOverlap - Duration(1))), "");
  const TrustBundle cut = issuing_rolled(first, a, Duration{0}).bundle();
  EXPECT_EQ(code_of(check_issuer(leaf, key, cut, now)), "PEER-ISSUER");
  const auto foreign = CertificateAuthority::create(domain, now).value().material;
  const auto stranger = leaf_of(opened(foreign, domain, now));
  const auto foreign_key = foreign.issuing.spki_sha256();
  EXPECT_EQ(code_of(check_issuer(stranger, foreign_key, rolled, now)), "PEER-ISSUER");
  EXPECT_EQ(code_of(check_issuer(leaf, foreign_key, first.bundle(), now)), "PEER-ISSUER");
  EXPECT_EQ(code_of(check_issuer(leaf, {}, first.bundle(), now)), "PEER-ISSUER");
  EXPECT_EQ(code_of(check_issuer(leaf, key, first.bundle(), now)), "");
}

}  // namespace
}  // namespace vedette::identity
