// Who signed a manifest, what for and until when; and that what is written is read back.
#include "attestation/corim/corim.h"

#include "attestation/corim/corim_sample.h"

namespace vedette::attestation::corim {
namespace {

struct SignedCorim : testing::Test {
  const crypto::PrivateKey key = crypto::PrivateKey::generate_p256();
  const std::vector<crypto::PublicKey> trusted = {
      crypto::PrivateKey::generate_ed25519().public_key(), key.public_key()};
  const Bytes good = encode(manifest(good_comid()));
  const Bytes meta = codec::to_cbor(Cbor::Map{{0, Cbor::Map{{0, "ACME"}}}});

  [[nodiscard]] CorimExpectation expected() const {
    return {.trusted_signers = trusted, .now = kNow};
  }
  [[nodiscard]] std::string code(const Bytes& bytes) const {
    return code_of(verify_corim(bytes, expected()));
  }
  [[nodiscard]] Bytes signed_with(Cbor::Map others, std::string type = std::string(kContentType),
                                  const Bytes& payload = {}) const {
    return crypto::sign_cose_sign1({.content_type = std::move(type), .others = std::move(others)},
                                   payload.empty() ? good : payload, key)
        .value();
  }
  [[nodiscard]] std::string code_with(Cbor::Map others) const {
    return code(signed_with(std::move(others)));
  }
};

TEST_F(SignedCorim, RefusesAnUnsignedOneUnlessNamedSo) {
  EXPECT_EQ(code(good), "CORIM-UNSIGNED");
  EXPECT_EQ(code_of(read(good)), "");
  EXPECT_FALSE((*read(good))->signer.has_value());
  // Accepting unsigned ones accepts no bad signature.
  const CorimExpectation insecure{.now = kNow, .insecure_accept_unsigned = true};
  EXPECT_EQ(code_of(verify_corim(signed_with({{8, meta}}), insecure)), "CORIM-SIGNATURE");
}

TEST_F(SignedCorim, RefusesASignerThatIsNotTrusted) {
  const Bytes bytes = sign_corim(good, {.name = "ACME"}, key).value();
  EXPECT_EQ(code(bytes), "");
  const std::vector<crypto::PublicKey> others(3, crypto::PrivateKey::generate_p256().public_key());
  EXPECT_EQ(code_of(verify_corim(bytes, {.trusted_signers = others, .now = kNow})),
            "CORIM-SIGNATURE");
  EXPECT_EQ(code_of(verify_corim(bytes, {.now = kNow})), "CORIM-SIGNATURE");
  const std::vector<crypto::PublicKey> many(65, key.public_key());
  EXPECT_EQ(code_of(verify_corim(bytes, {.trusted_signers = many, .now = kNow})),
            "CORIM-SIGNATURE");
}

TEST_F(SignedCorim, RefusesOctetsThatWereChanged) {
  const Bytes bytes = sign_corim(good, {.name = "ACME"}, key).value();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes changed = bytes;
    changed[i] ^= 1U;
    EXPECT_NE(code(changed), "") << i;
  }
  EXPECT_EQ(code({}), "CORIM-SIGNATURE");
}

TEST_F(SignedCorim, RefusesAnotherContentType) {
  EXPECT_EQ(code(signed_with({{8, meta}})), "");
  EXPECT_EQ(code(signed_with({{8, meta}}, "application/corim-unsigned+cbor")), "CORIM-TYPE");
  EXPECT_EQ(code(crypto::sign_cose_sign1({.others = {{8, meta}}}, good, key).value()),
            "CORIM-TYPE");
}

TEST_F(SignedCorim, RefusesAHashEnvelope) {
  for (const std::int64_t label : {258, 259, 260})
    EXPECT_EQ(code_with({{8, meta}, {label, 1}}), "CORIM-TYPE") << label;
}

TEST_F(SignedCorim, RefusesASignerWithoutOrWithTwoNames) {
  EXPECT_EQ(code_with({}), "CORIM-SIGNER");
  EXPECT_EQ(code_with({{15, Cbor::Map{{2, "subject"}}}}), "CORIM-SIGNER");
  EXPECT_EQ(code_with({{15, "ACME"}}), "CORIM-SIGNER");
  EXPECT_EQ(code_with({{15, Cbor::Map{{1, ""}}}}), "CORIM-SIGNER");
  EXPECT_EQ(code_with({{8, codec::to_cbor(Cbor::Map{{0, Cbor::Map{{0, ""}}}})}}), "CORIM-SIGNER");
  EXPECT_EQ(code_with({{8, meta}, {15, Cbor::Map{{1, "Other"}}}}), "CORIM-SIGNER");
  EXPECT_EQ(code_with({{8, meta}, {15, Cbor::Map{{1, "ACME"}}}}), "");
  EXPECT_EQ(code_with({{15, Cbor::Map{{1, "ACME"}, {77, 1}}}}), "");
}

TEST_F(SignedCorim, RefusesAMalformedMeta) {
  EXPECT_EQ(code_with({{8, Cbor::Map{{0, Cbor::Map{{0, "ACME"}}}}}}), "CORIM-SYNTAX");
  EXPECT_EQ(code_with({{8, codec::to_cbor(Cbor::Map{{0, Cbor::Map{}}})}}), "CORIM-SYNTAX");
  EXPECT_EQ(code_with({{8, codec::to_cbor(Cbor::Map{{1, 1}})}}), "CORIM-SYNTAX");
  EXPECT_EQ(code_with({{8, codec::to_cbor(Cbor::Map{{0, Cbor::Map{{0, "A"}, {9, 1}}}})}}),
            "CORIM-UNKNOWN");
}

TEST_F(SignedCorim, RefusesASignatureOutsideOfItsValidity) {
  const auto signed_for = [&](std::optional<TimePoint> start, TimePoint end) {
    return sign_corim(good, {.name = "ACME", .validity = Validity{start, end}}, key).value();
  };
  EXPECT_EQ(code(signed_for({}, kNow)), "");
  EXPECT_EQ(code(signed_for(kNow, kNow)), "");
  EXPECT_EQ(code(signed_for({}, kNow - std::chrono::seconds(1))), "CORIM-VALIDITY");
  EXPECT_EQ(code(signed_for(kNow + std::chrono::seconds(1), kNow + kDay)), "CORIM-VALIDITY");
  EXPECT_EQ(code_with({{15, Cbor::Map{{1, "ACME"}, {4, 1'799'999'999}}}}), "CORIM-VALIDITY");
  EXPECT_EQ(code_with({{15, Cbor::Map{{1, "ACME"}, {5, 1'800'000'001}}}}), "CORIM-VALIDITY");
  EXPECT_EQ(code_with({{8, meta}, {15, Cbor::Map{{1, "ACME"}, {4, 1}}}}), "CORIM-VALIDITY");
  EXPECT_EQ(code_with({{15, Cbor::Map{{1, "ACME"}, {4, -1}}}}), "CORIM-SYNTAX");
}

TEST_F(SignedCorim, RefusesAPayloadThatIsNoManifest) {
  EXPECT_EQ(code(signed_with({{8, meta}}, std::string(kContentType), {0xA0})), "CORIM-SYNTAX");
  EXPECT_EQ(code(signed_with({{8, meta}}, std::string(kContentType), Bytes{0xD9, 1, 0xF5})),
            "CORIM-SYNTAX");
  EXPECT_EQ(code_of(sign_corim({}, {.name = "ACME"}, key)), "CORIM-SYNTAX");
  EXPECT_EQ(code_of(sign_corim(good, {.name = ""}, key)), "CORIM-SYNTAX");
  EXPECT_EQ(code_of(sign_corim(good, {.name = "\xFF"}, key)), "CORIM-SYNTAX");
}

TEST_F(SignedCorim, RefusesToWriteWhatItWouldNotRead) {
  const auto changed = [](auto change) {
    Corim corim = full_manifest();
    change(corim);
    return code_of(write_corim(corim));
  };
  EXPECT_EQ(changed([](Corim&) {}), "");
  EXPECT_EQ(changed([](Corim& c) { c.tags.clear(); }), "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.tags.resize(2); }), "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.id = std::string(); }), "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.id = std::string("\xFF"); }), "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) {
              c.reference.clear();
              c.endorsed.clear();
            }),
            "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.reference[0].environment = {}; }), "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.reference[0].measurements[0] = {}; }), "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.reference[0].measurements[0].digests[0].value.pop_back(); }),
            "CORIM-SYNTAX");
  EXPECT_EQ(changed([](Corim& c) { c.reference[0].measurements[0].name = "\xC0\x80"; }),
            "CORIM-SYNTAX");
}

TEST_F(SignedCorim, IsToldWithoutBeingBelieved) {
  EXPECT_EQ(code_of(read_unverified_corim({})), "CORIM-SYNTAX");
  EXPECT_EQ(code_of(read_unverified_corim(signed_with({{8, meta}}, "text/plain"))), "CORIM-TYPE");
  EXPECT_EQ(code_of(read_unverified_corim(signed_with({}))), "CORIM-SIGNER");
  EXPECT_FALSE(read_unverified_corim(good)->signer.has_value());
  const Signer signer{.name = "ACME",
                      .validity = Validity{.not_after = kNow - std::chrono::hours(1)}};
  const auto told = read_unverified_corim(sign_corim(good, signer, key).value());
  ASSERT_TRUE(told.has_value()) << describe(told.error());
  EXPECT_EQ(told->signer, signer) << "its own word, and its time is over";
  EXPECT_FALSE(told->key.has_value());
}

TEST_F(SignedCorim, ReadsBackAllThatWasWrittenAndSigned) {
  const Corim written = full_manifest();
  const Signer signer{.name = "ACME",
                      .uri = "https://acme.example",
                      .validity = Validity{.not_before = kNow, .not_after = kNow + kDay}};
  const Bytes bytes = sign_corim(write_corim(written).value(), signer, key).value();
  CorimExpectation expectation = expected();
  EXPECT_EQ(code_of(verify_corim(bytes, expectation)), "CORIM-UNKNOWN");  // its profile
  expectation.understood_profiles = {*written.profile};
  const auto read_back = verify_corim(bytes, expectation);
  ASSERT_TRUE(read_back.has_value()) << describe(read_back.error());
  Corim full = written;
  full.signer = signer;
  full.key = key.public_key();
  EXPECT_EQ(**read_back, full);
}

}  // namespace
}  // namespace vedette::attestation::corim
