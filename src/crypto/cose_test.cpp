#include "crypto/cose.h"

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "crypto/authority_sample.h"

namespace vedette::crypto {
namespace {

using codec::Cbor;

// A message with any headers, honestly signed over what it says.
Bytes signed_with(const PrivateKey& key, const Bytes& protected_header, Cbor unprotected_header,
                  std::string_view payload = "payload") {
  const Bytes signed_text =
      codec::to_cbor(Cbor::Array{"Signature1", protected_header, Bytes(), to_bytes(payload)});
  const Bytes der = key.sign(signed_text).value();
  return codec::to_cbor(
      Cbor::tagged(18, Cbor::Array{protected_header, std::move(unprotected_header),
                                   to_bytes(payload), ecdsa_der_to_raw(der, 32).value()}));
}

struct Cose : testing::Test {
  const PrivateKey key = PrivateKey::generate_p256();
  const PublicKey shown = key.public_key();

  [[nodiscard]] std::string code(const Bytes& message, const CoseSign1Options& options = {}) const {
    return code_of(verify_cose_sign1(message, shown, options));
  }
  [[nodiscard]] std::string code_with(Cbor::Map protected_header, Cbor::Map unprotected_header = {},
                                      const CoseSign1Options& options = {}) const {
    return code(signed_with(key, codec::to_cbor(std::move(protected_header)),
                            std::move(unprotected_header)),
                options);
  }
  [[nodiscard]] std::string code_of_parts(Cbor::Array parts) const {
    return code(codec::to_cbor(Cbor::tagged(18, std::move(parts))));
  }
};

TEST_F(Cose, RefusesWhatIsNoArrayOfFour) {
  const Bytes header = codec::to_cbor(Cbor::Map{{1, -7}});
  const Bytes rest(64, 1);
  EXPECT_EQ(code({}), "COSE-SYNTAX");
  EXPECT_EQ(code({0xD2}), "COSE-SYNTAX");
  EXPECT_EQ(code(codec::to_cbor(Cbor::tagged(18, 1))), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({header, Cbor::Map(), rest}), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({header, Cbor::Map(), rest, rest, rest}), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({Cbor::Map(), Cbor::Map(), rest, rest}), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({header, rest, rest, rest}), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({header, Cbor::Map(), "text", rest}), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({header, Cbor::Map(), rest, Cbor()}), "COSE-SYNTAX");
  EXPECT_EQ(code_of_parts({header, Cbor::Map(), rest, rest}), "COSE-SIGNATURE");
}

TEST_F(Cose, RefusesADetachedPayload) {
  const Bytes header = codec::to_cbor(Cbor::Map{{1, -7}});
  EXPECT_EQ(code_of_parts({header, Cbor::Map(), Cbor(), Bytes(64, 1)}), "COSE-SYNTAX");
}

TEST_F(Cose, RefusesAnotherTagThanAskedFor) {
  const Bytes tagged = sign_cose_sign1({}, as_bytes("x"), key).value();
  const Bytes bare = sign_cose_sign1({}, as_bytes("x"), key, {.tag = CoseTag::forbidden}).value();
  Bytes mac0 = tagged;
  mac0.front() = 0xD1;
  EXPECT_EQ(code(bare), "COSE-SYNTAX");
  EXPECT_EQ(code(mac0), "COSE-SYNTAX");
  EXPECT_EQ(code(mac0, {.tag = CoseTag::optional}), "COSE-SYNTAX");
  EXPECT_EQ(code(tagged, {.tag = CoseTag::forbidden}), "COSE-SYNTAX");
  EXPECT_EQ(code(bare, {.tag = CoseTag::forbidden}), "");
  EXPECT_EQ(code(bare, {.tag = CoseTag::optional}), "");
  EXPECT_EQ(code(tagged, {.tag = CoseTag::optional}), "");
  EXPECT_EQ(code(tagged), "");
}

TEST_F(Cose, RefusesAnAlgorithmThatIsNotTheKeysOrNotProtected) {
  EXPECT_EQ(code_with({{1, -7}}), "");
  for (const Cbor& other : {Cbor(-35), Cbor(-8), Cbor(-37), Cbor(5), Cbor("ES256"), Cbor()})
    EXPECT_EQ(code_with({{1, other}}), "COSE-ALGORITHM");
  EXPECT_EQ(code_with({}), "COSE-ALGORITHM");
  EXPECT_EQ(code_with({}, {{1, -7}}), "COSE-ALGORITHM");
  EXPECT_EQ(code(signed_with(key, {}, Cbor::Map{{1, -7}})), "COSE-ALGORITHM");
  const Bytes message = sign_cose_sign1({}, as_bytes("x"), key).value();
  const PublicKey other = PrivateKey::generate_ed25519().public_key();
  EXPECT_EQ(code_of(verify_cose_sign1(message, other)), "COSE-ALGORITHM");
}

TEST_F(Cose, RefusesOneLabelInBothHeaders) {
  EXPECT_EQ(code_with({{1, -7}}, {{1, -7}}), "COSE-HEADER");
  EXPECT_EQ(code_with({{1, -7}, {4, Bytes{1}}}, {{4, Bytes{2}}}), "COSE-HEADER");
  EXPECT_EQ(code_with({{1, -7}, {"x", 1}}, {{"x", 1}}), "COSE-HEADER");
  EXPECT_EQ(code_with({{1, -7}, {"x", 1}}, {{"y", 1}}), "");
}

TEST_F(Cose, RefusesMoreLabelsThanItCompares) {
  Cbor::Map labels{{1, -7}};
  while (labels.size() < 64)
    labels.emplace_back(static_cast<std::int64_t>(1000 + labels.size()), 1);
  Cbor::Map unprotected_labels(labels.begin() + 1, labels.end());
  EXPECT_EQ(code_with(labels), "");
  EXPECT_EQ(code_with({{1, -7}}, unprotected_labels), "");
  unprotected_labels.emplace_back("a", 1);
  unprotected_labels.emplace_back("b", 1);
  labels.emplace_back("c", 1);
  EXPECT_EQ(code_with(labels), "COSE-HEADER");
  EXPECT_EQ(code_with({{1, -7}}, unprotected_labels), "COSE-HEADER");
}

TEST_F(Cose, RefusesHeadersOfAnotherType) {
  EXPECT_EQ(code_with({{1, -7}, {3, -1}}), "COSE-HEADER");
  EXPECT_EQ(code_with({{1, -7}, {3, Bytes{1}}}), "COSE-HEADER");
  EXPECT_EQ(code_with({{1, -7}, {4, "text"}}), "COSE-HEADER");
  EXPECT_EQ(code(signed_with(key, {0x80}, Cbor::Map())), "COSE-HEADER");
  EXPECT_EQ(code(signed_with(key, {0xA2, 1, 0x26, 1, 0x26}, Cbor::Map())), "COSE-HEADER");
  EXPECT_EQ(code(signed_with(key, {0xA1, 1, 0x26, 0}, Cbor::Map())), "COSE-HEADER");
}

TEST_F(Cose, RefusesCriticalLabelsThatNobodyUnderstands) {
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{8}}, {8, 1}}), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{"x"}}, {"x", 1}}), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{8}}, {8, 1}}, {}, {.understood = {8}}), "");
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{1}}}), "");
}

TEST_F(Cose, RefusesAMalformedOrMisplacedCrit) {
  const CoseSign1Options knows{.understood = {8}};
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{}}, {8, 1}}, {}, knows), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {2, 8}, {8, 1}}, {}, knows), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{Bytes{8}}}, {8, 1}}, {}, knows), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{8}}}, {}, knows), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {2, Cbor::Array{8}}}, {{8, 1}}, knows), "COSE-CRITICAL");
  EXPECT_EQ(code_with({{1, -7}, {8, 1}}, {{2, Cbor::Array{8}}}, knows), "COSE-CRITICAL");
}

TEST_F(Cose, RefusesAnotherKeyPayloadHeaderOrExternalData) {
  const CoseHeader header{.content_type = "text/plain", .key_id = {1}, .others = {}};
  const Bytes good =
      sign_cose_sign1(header, as_bytes("payload"), key, {.external_aad = as_bytes("aad")}).value();
  ASSERT_EQ(code(good, {.external_aad = as_bytes("aad")}), "");
  EXPECT_EQ(code(good), "COSE-SIGNATURE");
  EXPECT_EQ(code(good, {.external_aad = as_bytes("aae")}), "COSE-SIGNATURE");
  EXPECT_EQ(code_of(verify_cose_sign1(good, PrivateKey::generate_p256().public_key(),
                                      {.external_aad = as_bytes("aad")})),
            "COSE-SIGNATURE");
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes changed = good;
    changed[i] ^= 1U;
    EXPECT_NE(code(changed, {.external_aad = as_bytes("aad")}), "") << i;
  }
}

TEST_F(Cose, RefusesToSignWithOtherKeysOrReservedLabels) {
  EXPECT_EQ(code_of(sign_cose_sign1({.others = {{1, -7}}}, {}, key)), "COSE-HEADER");
  EXPECT_EQ(code_of(sign_cose_sign1({.others = {{2, Cbor::Array{8}}}}, {}, key)), "COSE-HEADER");
  EXPECT_EQ(code_of(sign_cose_sign1({.others = {{4, Bytes{1}}}}, {}, key)), "COSE-HEADER");
  EXPECT_EQ(code_of(sign_cose_sign1({}, Bytes(1 << 20), key)), "COSE-SYNTAX");
}

TEST_F(Cose, TellsWhatNobodyVerifiedOnlyIfItIsWellFormed) {
  const Bytes message =
      signed_with(key, codec::to_cbor(Cbor::Map{{1, -7}, {3, "a/b"}}), Cbor::Map());
  EXPECT_EQ(code_of(read_unverified_cose_sign1({})), "COSE-SYNTAX");
  EXPECT_EQ(code_of(read_unverified_cose_sign1(message, CoseTag::forbidden)), "COSE-SYNTAX");
  const Bytes twice =
      signed_with(key, codec::to_cbor(Cbor::Map{{4, Bytes{1}}}), Cbor::Map{{4, Bytes{1}}});
  EXPECT_EQ(code_of(read_unverified_cose_sign1(twice)), "COSE-HEADER");
  const auto told = read_unverified_cose_sign1(message);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->payload, to_bytes("payload"));
  EXPECT_EQ(told->header.content_type, CoseContentType("a/b"));
}

TEST_F(Cose, GivesBackWhatWasSigned) {
  const CoseHeader header{.content_type = std::uint64_t{60},
                          .key_id = to_bytes("key-1"),
                          .others = {{8, Bytes{1, 2}}, {"note", 1}}};
  for (const PrivateKey& signer : {key, PrivateKey::generate_ed25519()}) {
    const Bytes message = sign_cose_sign1(header, as_bytes("payload"), signer).value();
    const auto verified = verify_cose_sign1(message, signer.public_key());
    ASSERT_TRUE(verified.has_value()) << describe(verified.error());
    EXPECT_EQ(as_text((*verified)->payload), "payload");
    EXPECT_EQ((*verified)->header, header);
    EXPECT_EQ((*verified)->header.find("note")->if_integer(), 1);
    EXPECT_EQ((*verified)->header.find(9), nullptr);
  }
}

// github.com/cose-wg/Examples, RFC 8152's own test files; the key "11" is theirs.
struct CoseWorkingGroup : testing::Test {
  static Bytes hex(std::string_view text) { return codec::from_hex(text).value(); }
  static PublicKey key_of(KeyType type, std::string_view x, std::string_view y) {
    return PublicKey::from_ec_point(type, codec::from_base64url(x).value(),
                                    codec::from_base64url(y).value())
        .value();
  }
  const PublicKey p256 = key_of(KeyType::ec_p256, "usWxHK2PmfnHKwXPS54m0kTcGJ90UiglWiGahtagnv8",
                                "IBOL-C3BttVivg-lSreASjpkttcsz-1rb7btKLv8EX4");
  [[nodiscard]] std::string code(std::string_view message,
                                 const CoseSign1Options& options = {}) const {
    return code_of(verify_cose_sign1(hex(message), p256, options));
  }
};

TEST_F(CoseWorkingGroup, RefusesTheirFailingExamples) {
  // sign1-tests/sign-fail-01.json: tag 998.
  EXPECT_EQ(
      code("D903E68443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176"
           "883766C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9B"
           "A939295B97C4BDB847782BFF384C5794"),
      "COSE-SYNTAX");
  // sign1-tests/sign-fail-02.json: a changed payload.
  EXPECT_EQ(
      code("D28443A10126A10442313154546869732069732074686520636F6E74656E742F5840EAE868ECC1768837"
           "66C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939"
           "295B97C4BDB847782BFF384C5794"),
      "COSE-SIGNATURE");
  // sign1-tests/sign-fail-03.json: alg -999.
  EXPECT_EQ(
      code("D28445A1013903E6A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176"
           "883766C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9B"
           "A939295B97C4BDB847782BFF384C5794"),
      "COSE-ALGORITHM");
  // sign1-tests/sign-fail-06.json: a protected header added.
  EXPECT_EQ(
      code("D28445A201260300A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176"
           "883766C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9B"
           "A939295B97C4BDB847782BFF384C5794"),
      "COSE-SIGNATURE");
}

TEST_F(CoseWorkingGroup, RefusesTheirExamplesWithoutAProtectedOrFittingAlgorithm) {
  // sign1-tests/sign-pass-01.json passes there: alg is unprotected.
  EXPECT_EQ(
      code("D28441A0A201260442313154546869732069732074686520636F6E74656E742E5840EAE868ECC1768837"
           "66C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E11A02E5F0344BF2D4EE5C7FD75A68A9F5E0B3"
           "CC1F1FC1409C189566586FF9D610"),
      "COSE-ALGORITHM");
  // ecdsa-examples/ecdsa-sig-04.json passes there: ES512 by a P-256 key.
  EXPECT_EQ(
      code("D28444A1013823A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC17688"
           "3766C5DC5BA5B8DCA25DAB3C2E56A551CE5705B793914348E14A37288571498A1B64BA08D2063B8749D7"
           "5CDC9D7F61EB752D23819473F6BD65"),
      "COSE-ALGORITHM");
}

TEST_F(CoseWorkingGroup, VerifiesTheirEs256Examples) {
  // sign1-tests/sign-pass-02.json: external data.
  constexpr std::string_view kExternal =
      "D28443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5B"
      "A5"
      "B8DCA25DAB3C2E56A551CE5705B793914348E155388B10C4F1B59A6733EAB416870A945111A4B2FBDBEF33A77234"
      "B1"
      "DEFF2F9B";
  const Bytes external = hex("11aa22bb33cc44dd55006699");
  EXPECT_EQ(code(kExternal), "COSE-SIGNATURE");
  EXPECT_EQ(code(kExternal, {.external_aad = external}), "");
  // sign1-tests/sign-pass-03.json: no tag.
  constexpr std::string_view kUntagged =
      "8443A10126A10442313154546869732069732074686520636F6E74656E742E5840EAE868ECC176883766C5DC5BA5"
      "B8"
      "DCA25DAB3C2E56A551CE5705B793914348E19F43D6C6BA654472DA301B645B293C9BA939295B97C4BDB847782BFF"
      "38"
      "4C5794";
  EXPECT_EQ(code(kUntagged), "COSE-SYNTAX");
  const auto verified = verify_cose_sign1(hex(kUntagged), p256, {.tag = CoseTag::optional});
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(as_text((*verified)->payload), "This is the content.");
  EXPECT_EQ((*verified)->header, CoseHeader());  // kid is unprotected there
}

TEST_F(CoseWorkingGroup, VerifiesTheirEs384Example) {
  // ecdsa-examples/ecdsa-sig-02.json.
  const PublicKey p384 =
      key_of(KeyType::ec_p384, "kTJyP2KSsBBhnb4kjWmMF7WHVsY55xUPgb7k64rDcjatChoZ1nvjKmYmPh5STRKc",
             "mM0weMVU2DKsYDxDJkEP9hZiRZtB8fPfXbzINZj_fF7YQRynNWedHEyzAJOX2e8s");
  constexpr std::string_view kExample =
      "D28444A1013822A104445033383454546869732069732074686520636F6E74656E742E5860B8F85EFF78C88F5351"
      "CE"
      "D2F1887B79B296490795594B62E41E22529BB90208B7D8CDDD4A46D0E9C986464D83D0A5D1EDF39B3E2C57503642"
      "30"
      "D0E8D76460D8808E76C83830FBBD1978CC174066EB437F17887979ECF027DCC9D51BAF6C4FD8C0";
  const auto verified = verify_cose_sign1(hex(kExample), p384);
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(as_text((*verified)->payload), "This is the content.");
  EXPECT_EQ(code(kExample), "COSE-ALGORITHM");
}

TEST_F(CoseWorkingGroup, VerifiesTheirEdDsaExample) {
  // eddsa-examples/eddsa-sig-01.json; the SubjectPublicKeyInfo is x behind RFC 8410's prefix.
  const PublicKey ed25519 =
      PublicKey::from_spki_der(
          hex("302a300506032b6570032100"
              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
          .value();
  constexpr std::string_view kExample =
      "D28445A201270300A10442313154546869732069732074686520636F6E74656E742E58407142FD2FF96D56DB85BE"
      "E9"
      "05A76BA1D0B7321A95C8C4D3607C5781932B7AFB8711497DFA751BF40B58B3BCC32300B1487F3DB34085EEF013BF"
      "08"
      "F4A44D6FEF0D";
  const auto verified = verify_cose_sign1(hex(kExample), ed25519);
  ASSERT_TRUE(verified.has_value()) << describe(verified.error());
  EXPECT_EQ(as_text((*verified)->payload), "This is the content.");
  EXPECT_EQ((*verified)->header.content_type, CoseContentType(std::uint64_t{0}));
  EXPECT_EQ(code(kExample), "COSE-ALGORITHM");
}

}  // namespace
}  // namespace vedette::crypto
