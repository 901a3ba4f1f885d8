// What a manifest may say, and that all else refuses by its name.
#include "attestation/corim/corim_sample.h"

namespace vedette::attestation::corim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Cbor with(Cbor map, codec::CborKey key, Cbor value) {
  return map.set(std::move(key), std::move(value));
}

TEST(Manifest, RefusesEveryKindOfTripleThatItDoesNotRead) {
  const auto cause = [](std::int64_t kind) {
    return read_cause(manifest(
        comid(Cbor::Map{{0, Cbor::Array{good_triple()}}, {kind, Cbor::Array{good_triple()}}})));
  };
  EXPECT_THAT(cause(2), StartsWith("CORIM-UNKNOWN identity"));
  EXPECT_THAT(cause(3), StartsWith("CORIM-UNKNOWN attest-key"));
  EXPECT_THAT(cause(4), StartsWith("CORIM-UNKNOWN dependency"));
  EXPECT_THAT(cause(5), StartsWith("CORIM-UNKNOWN membership"));
  EXPECT_THAT(cause(6), StartsWith("CORIM-UNKNOWN CoSWID"));
  EXPECT_THAT(cause(7), StartsWith("CORIM-UNKNOWN key 7"));
  EXPECT_THAT(cause(8), StartsWith("CORIM-UNKNOWN conditional endorsement series"));
  EXPECT_THAT(cause(9), StartsWith("CORIM-UNKNOWN multi-environment"));
  EXPECT_THAT(cause(10), StartsWith("CORIM-UNKNOWN conditional endorsement"));
  EXPECT_THAT(cause(-1), StartsWith("CORIM-UNKNOWN key -1"));
}

TEST(Manifest, RefusesTagsOtherThanCoMid) {
  const auto cause = [](std::uint64_t tag) {
    return read_cause(Cbor::Map{{0, "m"},
                                {1, Cbor::Array{Cbor::tagged(506, codec::to_cbor(good_comid())),
                                                Cbor::tagged(tag, codec::to_cbor(good_comid()))}}});
  };
  EXPECT_THAT(cause(505), StartsWith("CORIM-UNKNOWN a CoSWID tag"));
  EXPECT_THAT(cause(507), StartsWith("CORIM-UNKNOWN a CoTS tag"));
  EXPECT_THAT(cause(508), StartsWith("CORIM-UNKNOWN a CoTL tag"));
  EXPECT_THAT(cause(999), StartsWith("CORIM-UNKNOWN a tag with tag 999"));
  EXPECT_THAT(cause(506), StartsWith("CORIM-SYNTAX two CoMIDs"));
}

TEST(Manifest, RefusesDependenciesLinksAndUnknownKeys) {
  const Cbor good = manifest(good_comid());
  EXPECT_EQ(read_code(good), "");
  EXPECT_THAT(read_cause(with(good, 2, Cbor::Array{1})), HasSubstr("UNKNOWN manifests"));
  EXPECT_THAT(read_cause(with(good, 6, 1)), HasSubstr("UNKNOWN key 6 of the manifest"));
  EXPECT_THAT(read_cause(with(good, "x", 1)), HasSubstr("UNKNOWN key 'x' of the manifest"));
  EXPECT_THAT(read_cause(manifest(with(good_comid(), 3, Cbor::Array{1}))),
              HasSubstr("UNKNOWN tags that a CoMID supplements"));
  EXPECT_THAT(read_cause(manifest(with(good_comid(), 5, 1))), HasSubstr("UNKNOWN key 5"));
}

TEST(Manifest, RefusesAProfileThatIsNotUnderstood) {
  const Cbor good = manifest(good_comid());
  EXPECT_THAT(read_cause(with(good, 3, Cbor::tagged(32, "https://p.example"))),
              HasSubstr("UNKNOWN profile 'https://p.example'"));
  EXPECT_THAT(read_cause(with(good, 3, Cbor::tagged(111, Bytes{0x2B}))),
              HasSubstr("UNKNOWN profile with OID (hex) 2b"));
  EXPECT_THAT(read_cause(with(good, 3, Cbor::Array{Cbor::tagged(111, Bytes{0x2B})})),
              HasSubstr("UNKNOWN a list of profiles"));
  EXPECT_EQ(code_of(verify_corim(encode(with(good, 3, Cbor::tagged(111, Bytes{0x2B}))),
                                 {.now = kNow,
                                  .understood_profiles = {Oid{.encoded = {0x2B}}},
                                  .insecure_accept_unsigned = true})),
            "");
}

TEST(Manifest, RefusesAManifestOutsideOfItsValidity) {
  const auto code = [](Cbor::Map validity) {
    return read_code(with(manifest(good_comid()), 4, std::move(validity)));
  };
  const Cbor now = Cbor::tagged(1, 1'800'000'000);
  EXPECT_EQ(code({{0, now}, {1, now}}), "");
  EXPECT_EQ(code({{1, Cbor::tagged(1, 1'799'999'999)}}), "CORIM-VALIDITY");
  EXPECT_EQ(code({{0, Cbor::tagged(1, 1'800'000'001)}, {1, Cbor::tagged(1, 1'900'000'000)}}),
            "CORIM-VALIDITY");
  EXPECT_EQ(code({{0, now}, {1, Cbor::tagged(1, 1'799'999'999)}}), "CORIM-SYNTAX");
  EXPECT_EQ(code({{0, now}}), "CORIM-SYNTAX");
  EXPECT_EQ(code({{1, 1'800'000'000}}), "CORIM-SYNTAX");
  EXPECT_EQ(code({{1, Cbor::tagged(1, std::int64_t{253'402'300'800})}}), "CORIM-SYNTAX");
  EXPECT_EQ(code({{1, Cbor::tagged(0, "2030-01-01T00:00:00Z")}}), "CORIM-UNKNOWN");
}

TEST(Manifest, RefusesWhatIsMissingEmptyOrOfAnotherType) {
  EXPECT_EQ(read_code(Cbor::Map{}), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(Cbor::Map{{0, "m"}}), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(Cbor::Map{{0, "m"}, {1, Cbor::Array{}}}), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(Cbor::Map{{0, "m"}, {1, Cbor::Array{Bytes{1}}}}), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(with(manifest(good_comid()), 0, Bytes(15, 1))), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(with(manifest(good_comid()), 0, Bytes(16, 1))), "");
  EXPECT_EQ(read_code(with(manifest(good_comid()), 0, 7)), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(with(manifest(good_comid()), 5, Cbor::Array{})), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(manifest(comid(Cbor::Map{}))), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(manifest(comid(Cbor::Map{{0, Cbor::Array{}}}))), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(manifest(Cbor::Map{{1, Cbor::Map{{0, "t"}}}})), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(manifest(with(good_comid(), 1, Cbor::Map{{1, 1}}))), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(manifest(with(good_comid(), 0, 1))), "CORIM-SYNTAX");
  EXPECT_EQ(read_code(manifest(Cbor(1))), "CORIM-SYNTAX");
}

TEST(Manifest, RefusesEnvironmentsThatSayNothingOrTheUnknown) {
  const auto cause = [](Cbor environment_map) {
    return triple_cause(triple(std::move(environment_map), measurement(1, 1)));
  };
  const auto of_class = [&](Cbor::Map members) {
    return cause(Cbor::Map{{0, std::move(members)}});
  };
  EXPECT_EQ(cause(environment()), "");
  EXPECT_THAT(cause(Cbor::Map{}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(of_class({}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Map{{3, 1}}), StartsWith("CORIM-UNKNOWN key 3"));
  EXPECT_THAT(of_class({{5, 1}}), StartsWith("CORIM-UNKNOWN key 5"));
  EXPECT_THAT(of_class({{0, Cbor::tagged(600, Bytes(32, 1))}}),
              StartsWith("CORIM-UNKNOWN a class id with tag 600"));
  EXPECT_THAT(of_class({{0, "text"}}), StartsWith("CORIM-SYNTAX"));
  for (const Bytes& oid : {Bytes{}, Bytes{0x2B, 0x80}, Bytes{0x80, 0x01}, Bytes(65, 1)})
    EXPECT_THAT(of_class({{0, Cbor::tagged(111, oid)}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(of_class({{0, Cbor::tagged(37, Bytes(15, 1))}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(of_class({{3, -1}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Map{{1, Cbor::tagged(550, Bytes(6, 1))}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Map{{1, Cbor::tagged(554, "key")}}),
              StartsWith("CORIM-UNKNOWN an instance with tag 554"));
  EXPECT_THAT(cause(Cbor::Map{{2, Cbor::tagged(111, Bytes{1})}}),
              StartsWith("CORIM-UNKNOWN a group with tag 111"));
}

TEST(Manifest, RefusesMeasuredValuesThatItDoesNotRead) {
  const auto cause = [](std::int64_t key) { return triple_cause(triple(measurement(key, 1))); };
  EXPECT_THAT(cause(6), HasSubstr("UNKNOWN the measured value mac-addr"));
  EXPECT_THAT(cause(7), HasSubstr("UNKNOWN the measured value ip-addr"));
  EXPECT_THAT(cause(8), HasSubstr("UNKNOWN the measured value serial-number"));
  EXPECT_THAT(cause(9), HasSubstr("UNKNOWN the measured value ueid"));
  EXPECT_THAT(cause(10), HasSubstr("UNKNOWN the measured value uuid"));
  EXPECT_THAT(cause(13), HasSubstr("UNKNOWN the measured value cryptokeys"));
  EXPECT_THAT(cause(15), HasSubstr("UNKNOWN the measured value int-range"));
  EXPECT_THAT(cause(12), HasSubstr("UNKNOWN key 12 of measured values"));
  EXPECT_THAT(cause(-70000), HasSubstr("UNKNOWN key -70000 of measured values"));
}

TEST(Manifest, RefusesDigestsThatCannotBeCompared) {
  const auto cause = [](Cbor list) {
    return triple_cause(triple(measurement(2, std::move(list))));
  };
  EXPECT_EQ(cause(Cbor::Array{digest(), digest(7, 48), digest(8, 64)}), "");
  EXPECT_EQ(cause(Cbor::Array{digest("sha-256"), digest("sha-384", 48), digest("sha-512", 64)}),
            "");
  EXPECT_THAT(cause(Cbor::Array{digest(6, 4)}), StartsWith("CORIM-UNKNOWN digest algorithm 6"));
  EXPECT_THAT(cause(Cbor::Array{digest(), digest("my-alg-id", 4)}),
              StartsWith("CORIM-UNKNOWN digest algorithm 'my-alg-id'"));
  EXPECT_THAT(cause(Cbor::Array{digest(1, 31)}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Array{digest(7, 32)}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Array{digest(1), digest("sha-256")}),
              StartsWith("CORIM-SYNTAX one list"));
  EXPECT_THAT(cause(Cbor::Array{}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Array{Cbor::Array{1}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(Cbor::Array{Cbor::Array{1, "text"}}), StartsWith("CORIM-SYNTAX"));
}

TEST(Manifest, RefusesMalformedValues) {
  const auto cause = [](std::int64_t key, Cbor value) {
    return triple_cause(triple(measurement(key, std::move(value))));
  };
  EXPECT_THAT(cause(0, "1.0"), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(0, Cbor::Map{{1, 1}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(1, -1), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(1, Cbor::tagged(553, -1)), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(1, Cbor::tagged(554, 1)), StartsWith("CORIM-UNKNOWN a security version with"));
  EXPECT_THAT(cause(3, Cbor::Map{}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(3, Cbor::Map{{3, 0}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(3, Cbor::Map{{10, true}}), StartsWith("CORIM-UNKNOWN key 10 of flags"));
  EXPECT_THAT(cause(4, Bytes{1}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(4, Cbor::tagged(563, Cbor::Array{Bytes{1}})), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(4, Cbor::tagged(563, Cbor::Array{Bytes{1}, Bytes{}})),
              StartsWith("CORIM-SYNTAX a mask"));
  EXPECT_THAT(cause(5, Bytes{1}), StartsWith("CORIM-SYNTAX a mask without"));
  EXPECT_THAT(cause(11, 1), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(14, Cbor::Map{}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(14, Cbor::Map{{-1, Cbor::Array{digest()}}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(cause(14, Cbor::Map{{0, digest()}}), StartsWith("CORIM-SYNTAX"));
}

TEST(Manifest, RefusesMalformedTriplesMeasurementsAndAuthorities) {
  const Cbor good = measurement(1, 1);
  EXPECT_THAT(triple_cause(Cbor::Array{environment()}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(Cbor::Array{environment(), Cbor::Array{}}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(Cbor::Array{environment(), good}), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(triple(Cbor::Map{{0, 1}})), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(triple(Cbor::Map{{1, Cbor::Map{}}})), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(triple(with(good, 3, 1))), StartsWith("CORIM-UNKNOWN key 3"));
  EXPECT_THAT(triple_cause(triple(with(good, 0, -1))), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(triple(with(good, 0, Cbor::tagged(601, Cbor::Map{})))),
              StartsWith("CORIM-UNKNOWN a measurement key with tag 601"));
  EXPECT_THAT(triple_cause(triple(with(good, 2, Cbor::Array{}))), StartsWith("CORIM-SYNTAX"));
  EXPECT_THAT(triple_cause(triple(with(good, 2, Cbor::Array{Cbor::tagged(557, digest())}))),
              StartsWith("CORIM-UNKNOWN an authorising key with tag 557"));
  EXPECT_THAT(triple_cause(triple(with(good, 2, Cbor::Array{Cbor::tagged(554, "rubbish")}))),
              StartsWith("CORIM-SYNTAX an authorising key: KEY-FORMAT"));
}

TEST(Manifest, ReadsTheOlderFormsOfRawValuesAndVersions) {
  const auto values = [](Cbor::Map members) {
    const Cbor map = triple(Cbor::Map{{1, std::move(members)}});
    return (*read(encode(manifest(comid(Cbor::Map{{1, Cbor::Array{map}}})))))
        ->endorsed.front()
        .measurements.front();
  };
  const Measurement masked = values({{4, Cbor::tagged(560, Bytes{1})}, {5, Bytes{0x0F}}});
  EXPECT_EQ(masked.raw, (RawValue{.value = {1}, .mask = Bytes{0x0F}}));
  EXPECT_EQ(values({{1, 3}}).svn, (Svn{.value = 3}));
  EXPECT_EQ(values({{1, Cbor::tagged(553, 3)}}).svn, (Svn{.value = 3, .is_minimum = true}));
}

}  // namespace
}  // namespace vedette::attestation::corim
