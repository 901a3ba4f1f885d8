// Manifests that other implementations made: what of them is read, and what they are refused for.
#include "attestation/corim/corim_sample.h"
#include "codec/base64.h"

namespace vedette::attestation::corim {
namespace {

using testing::StartsWith;

Bytes hex(std::string_view text) {
  return codec::from_hex(text).value();
}

std::string cause_of(const Bytes& unsigned_manifest) {
  const auto result = read(unsigned_manifest);
  return result.has_value() ? "" : result.error().code + " " + result.error().cause;
}

// github.com/veraison/corim, corim/example_profile_test.go: a profile of its own, sha-256-32.
TEST(PublishedCorim, RefusesVeraisonsProfileExampleForItsShortDigest) {
  EXPECT_THAT(cause_of(hex("d901f5a30063666f6f0181d901fa58a5a40065656e2d474201a100676578616d706c650"
                           "281a4006941434d45204c"
                           "74642e01d8207468747470733a2f2f61636d652e6578616d706c65028101206f3132332"
                           "046616b6520537472656574"
                           "04a1008182a100a300d8255031fb5abf023e4992aa4e95f9c1503bfa016941434d45204"
                           "c74642e026e526f61645275"
                           "6e6e657220322e3081a200d8255031fb5abf023e4992aa4e95f9c1503bfa01a10281820"
                           "644abcdef00037822687474"
                           "703a2f2f6578616d706c652e636f6d2f6578616d706c652d70726f66696c65")),
              StartsWith("CORIM-UNKNOWN digest algorithm 6"));
}

// github.com/veraison/corim, corim/unsignedcorim_test.go.
TEST(PublishedCorim, RefusesVeraisonsTrustAnchorsAndSoftwareTags) {
  EXPECT_THAT(cause_of(hex("d901f5a200777465737420636f72696d206964207769746820436f54530181d901fb589"
                           "6a301a20050ab0f44b1bfdc"
                           "4604ab4a30f80407ebcc01050281a101a100a10173576f7274686c657373205365612c2"
                           "0496e632e06a10081820258"
                           "5b3059301306072a8648ce3d020106082a8648ce3d03010703420004ad8a0c01da9eda0"
                           "253dc2bc27227d9c7213df8"
                           "df13e89cb9cdb7a8e4b62d9ce8a99a2d705c0f7f80db65c006d1091422b47fc611cbd46"
                           "869733d9c483884d5fe")),
              StartsWith("CORIM-UNKNOWN a CoTS tag"));
  EXPECT_THAT(
      cause_of(hex(
          "d901f5a20078197465737420636f72696d206964207769746820436f535749440181d901f9590179a8007820"
          "636f6d"
          "2e61636d652e727264323031332d63652d7370312d76342d312d352d300c0001783041434d4520526f616472"
          "756e6e"
          "6572204465746563746f72203230313320436f796f74652045646974696f6e205350310d65342e312e3505a5"
          "182b65"
          "747269616c182d6432303133182f66636f796f7465183473526f616472756e6e6572204465746563746f7218"
          "366373"
          "70310282a3181f745468652041434d4520436f72706f726174696f6e18206861636d652e636f6d1821820102"
          "a3181f"
          "75436f796f74652053657276696365732c20496e632e18206c6d79636f796f74652e636f6d18210404a21826"
          "781c77"
          "77772e676e752e6f72672f6c6963656e7365732f67706c2e7478741828676c6963656e736506a110a318186a"
          "727264"
          "65746563746f7218196d2570726f6772616d6461746125181aa111a318186e72726465746563746f722e6578"
          "65141a"
          "000820e80782015820a314fc2dc663ae7a6b6bc6787594057396e6b3f569cd50fd5ddb4d1bbafd2b6a")),
      StartsWith("CORIM-UNKNOWN a CoSWID tag"));
}

// The same file at an older commit (04a9e772), whose CoMID has its tag within the byte string and
// identifiers of the PSA profile of then.
TEST(PublishedCorim, RefusesVeraisonsOlderPsaExample) {
  const Bytes published =
      hex("a2006d7465737420636f72696d20696401815901a3d901faa40065656e2d474201a1005"
          "043bbe37f2e614b33aed353"
          "cff1428b160281a3006941434d45204c74642e01d8207468747470733a2f2f61636d652"
          "e6578616d706c6502830001"
          "0204a1008182a100a300d90258582061636d652d696d706c656d656e746174696f6e2d6"
          "9642d303030303030303031"
          "016441434d45026a526f616452756e6e657283a200d90259a30162424c0465322e312e3"
          "0055820acbb11c7e4da2172"
          "05523ce4ce1a245ae1a239ae3c6bfd9e7871f7e5d8bae86b01a102818201582087428fc"
          "522803d31065e7bce3cf03f"
          "e475096631e5e07bbd7a0fde60c4cf25c7a200d90259a3016450526f540465312e332e3"
          "5055820acbb11c7e4da2172"
          "05523ce4ce1a245ae1a239ae3c6bfd9e7871f7e5d8bae86b01a10281820158200263829"
          "989b6fd954f72baaf2fc64b"
          "c2e2f01d692d4de72986ea808f6e99813fa200d90259a3016441526f540465302e312e3"
          "4055820acbb11c7e4da2172"
          "05523ce4ce1a245ae1a239ae3c6bfd9e7871f7e5d8bae86b01a1028182015820a3a5e71"
          "5f0cc574a73c3f9bebb6bc2"
          "4f32ffd5b67b387244c2c909da779a1478");
  const Cbor manifest_map = codec::parse_cbor(published).value();
  EXPECT_THAT(cause_of(encode(manifest_map)), StartsWith("CORIM-SYNTAX a tag has another type"));
  const Bytes& inner = *manifest_map.find(1)->if_array()->front().if_bytes();
  const Cbor comid_map = *codec::parse_cbor(inner).value().content(506);
  EXPECT_THAT(read_cause(manifest(comid_map)), StartsWith("CORIM-UNKNOWN a class id with tag 600"));
}

// github.com/veraison/corim, comid/example_test.go (050969da), a CoMID: keys, and no values.
TEST(PublishedCorim, RefusesVeraisonsAttestationKeys) {
  const Bytes published =
      hex("a301a10078206d792d6e733a61636d652d726f616472756e6e65722d737570706c656d656e740281a3006941"
          "434d45204c"
          "74642e01d8207468747470733a2f2f61636d652e6578616d706c65028301000204a1038182a101d902264702"
          "deadbeefde"
          "ad81d9022a78b12d2d2d2d2d424547494e205055424c4943204b45592d2d2d2d2d0a4d466b77457759484b6f"
          "5a497a6a30"
          "43415159494b6f5a497a6a304441516344516741455731427671462b2f727938425761375a454d5531785959"
          "4848513842"
          "0a6c4c54344d46484f614f2b4943547449767245654570722f7366544150363648326843486462354845584b"
          "74524b6f64"
          "36514c634f4c504131513d3d0a2d2d2d2d2d454e44205055424c4943204b45592d2d2d2d2d");
  EXPECT_THAT(cause_of(encode(Cbor::Map{{0, "m"}, {1, Cbor::Array{Cbor::tagged(506, published)}}})),
              StartsWith("CORIM-UNKNOWN attest-key triples"));
}

// The payload of a signed firmware manifest in the tests of Intel's
// com.intel.bkp.fpgacerts.cbor.rim.
const std::string kIntel =
    "D901F5A4005051AC25B8DC58405CB4C94772120BA68A0181D901FA590126A301A100504714D26D0E044CD8BEE14EB5"
    "3541B8"
    "830281A200714669726D77617265206D616E696665737402810004A2008282A100A40169696E74656C2E636F6D0266"
    "416769"
    "6C65780300040081A101A201D9022800028182075830302E69BA6E3FAC340A57561234E88BFEB2FE373BCE4D4A28C2"
    "44809C"
    "B467C31CA39874CD0D3F346FCA2A9AE874A1D66B82A100A40169696E74656C2E636F6D02664167696C657803010400"
    "81A101"
    "A201D902280002818207583032883E2526F54EA21FBF99642A8F56E787A0319D1D0E2AF84C36352E9A760EE80EA6C4"
    "27098D"
    "17D26F65723C0C1C66EA018182A100A300D86F4C6086480186F84D010F0481480169696E74656C2E636F6D030181A1"
    "01A100"
    "A2007372656C656173652D323032332E32382E312E3101030282A100D820785C68747470733A2F2F747363692E696E"
    "74656C"
    "2E636F6D2F636F6E74656E742F495043532F63657274732F52494D5F5369676E696E675F6167696C65785F35574C32"
    "385479"
    "2D4E74613353693164523372616C51376A4648772E636572A100D820785C68747470733A2F2F747363692E696E7465"
    "6C2E63"
    "6F6D2F636F6E74656E742F495043532F63726C732F52494D5F5369676E696E675F6167696C65785F35574C32385479"
    "2D4E74"
    "613353693164523372616C51376A4648772E7872696D0381D86F4A6086480186F84D010F06";

TEST(PublishedCorim, RefusesIntelsManifestForItsDependencies) {
  EXPECT_THAT(cause_of(hex(kIntel)), StartsWith("CORIM-UNKNOWN manifests that this one depends"));
}

TEST(PublishedCorim, ReadsTheValuesOfIntelsManifest) {
  const Cbor whole = codec::parse_cbor(hex(kIntel)).value();
  const Cbor& tags = *whole.content(501)->find(1);
  const auto corim = read(encode(Cbor::Map{{0, "m"}, {1, tags}}));
  ASSERT_TRUE(corim.has_value()) << describe(corim.error());
  ASSERT_EQ((*corim)->reference.size(), 2U);
  const ReferenceTriple& second = (*corim)->reference[1];
  EXPECT_EQ(second.environment,
            (Environment{.vendor = "intel.com", .model = "Agilex", .layer = 1, .index = 0}));
  ASSERT_EQ(second.measurements.size(), 1U);
  EXPECT_EQ(second.measurements[0].svn, (Svn{.value = 0}));
  const std::vector<Digest> digests = {
      {crypto::Hash::sha384, hex("32883e2526f54ea21fbf99642a8f56e787a0319d1d0e2af84c36352e9a760ee8"
                                 "0ea6c427098d17d26f65723c0c1c66ea")}};
  EXPECT_EQ(second.measurements[0].digests, digests);
  ASSERT_EQ((*corim)->endorsed.size(), 1U);
  EXPECT_EQ((*corim)->endorsed[0].environment.class_id,
            ClassId(Oid{.encoded = hex("6086480186f84d010f048148")}));
  EXPECT_EQ((*corim)->endorsed[0].measurements[0].version,
            (Version{.text = "release-2023.28.1.1", .scheme = std::int64_t{3}}));
}

}  // namespace
}  // namespace vedette::attestation::corim
