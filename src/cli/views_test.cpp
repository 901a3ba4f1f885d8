#include "cli/views.h"

#include <gtest/gtest.h>

#include "codec/base64.h"

namespace vedette::cli {
namespace {

using codec::Json;

Json json(std::string_view text) {
  return codec::parse_json(text).value();
}

TEST(Views, SurviveAnAnswerOfAnotherShape) {
  for (
      const char* text :
      {"{}", "[]", "null", R"({"devices":3,"releases":{},"registers":[],"receipts":"x"})",
       R"({"devices":[1],"releases":[null],"registers":{"0":1},"receipts":[[]],"entries":[{}]})"}) {
    const Json answer = json(text);
    for (const std::string& view :
         {devices_view(answer), releases_view(answer), reference_view(answer),
          receipts_view(with_claims(answer)), entries_view(answer)})
      EXPECT_TRUE(view.ends_with("\n"));
    (void)facts_view(answer);
  }
}

TEST(Views, DoNotLetAServerSteerTheTerminal) {
  const Json answer = json(R"({"devices":[{"id":"\u001b[2J","group":"a\nb"}]})");
  EXPECT_EQ(devices_view(answer).find('\033'), std::string::npos);
  EXPECT_NE(devices_view(answer).find("a b"), std::string::npos);
}

TEST(DevicesView, SaysWhatToDoWhenThereIsNone) {
  EXPECT_NE(devices_view(json(R"({"devices":[]})")).find("vedette device allow"),
            std::string::npos);
}

TEST(DevicesView, TellsStatusAndLastVerdict) {
  const Json answer = json(
      R"({"devices":[{"id":"gate-1","group":"gates","sku":"mk1","device_key":"tpm","status":"active",)"
      R"("epoch":2,)"
      R"("enrolled_at":"2026-11-23T12:00:00Z",)"
      R"("attestation":{"at":"2026-11-23T12:50:00Z","affirming":false}},)"
      R"({"id":"gate-2","group":"gates","status":"revoked","epoch":3,)"
      R"("enrolled_at":"2026-11-23T12:00:00Z"}]})");
  EXPECT_EQ(devices_view(answer),
            "DEVICE  GROUP  SKU  KEY  STATUS   EPOCH  ENROLLED              ATTESTED\n"
            "gate-1  gates  mk1  tpm  active   2      2026-11-23T12:00:00Z  contrary "
            "2026-11-23T12:50:00Z\n"
            "gate-2  gates  -    -    revoked  3      2026-11-23T12:00:00Z  never\n");
}

TEST(FactsView, NamesWhatLiesDeeper) {
  EXPECT_EQ(
      facts_view(json(R"({"id":"g","attestation":{"affirming":true,"registers":{"0":"ab"}}})")),
      "id                       g\n"
      "attestation.affirming    yes\n"
      "attestation.registers.0  ab\n");
}

TEST(ReleasesView, TellsSizeBlockingAndSuspicion) {
  const Json answer = json(
      R"({"releases":[{"model":"vad","release":3,"tier":"high","published_at":"t","blocked":true,)"
      R"("suspect_devices":2,)"
      R"("file":{"name":"vad.onnx","sha256":"ab","size":2313101}}]})");
  EXPECT_EQ(releases_view(answer),
            "MODEL  RELEASE  TIER  FILE      SIZE    PUBLISHED  STATE    SUSPECT       CONTRACT\n"
            "vad    3        high  vad.onnx  2.3 MB  t          blocked  by 2 devices  -\n");
}

TEST(ReleasesView, TellsWhetherDevicesGetARelease) {
  const auto view = [](const char* members) {
    return releases_view(json(std::string(R"({"releases":[{"model":"vad",)") + members + "}]}"));
  };
  EXPECT_TRUE(view(R"("pending":true,"blocked":false)").contains("awaits approval"));
  EXPECT_TRUE(view(R"("pending":true,"blocked":true)").contains("blocked"));
  EXPECT_TRUE(view(R"("pending":false,"blocked":false)").contains("given out"));
}

TEST(ReleasesView, TellsAContractThatIsStrictFromOneThatWidensAndOneThatIsRefused) {
  const std::string view = releases_view(
      json(R"({"releases":[{"contract":{"sha256":"0123456789abcdef","widenings":[]}},)"
           R"({"contract":{"sha256":"0123456789abcdef","widenings":["a","b"]}},)"
           R"({"contract":{"refused":"DSSE-SIGNATURE: altered"}},{"contract":7}]})"));
  EXPECT_TRUE(view.contains("0123456789ab, strict\n")) << view;
  EXPECT_TRUE(view.contains("0123456789ab, 2 widenings\n")) << view;
  EXPECT_TRUE(view.contains("REFUSED: DSSE-SIGNATURE: altered\n")) << view;
}

TEST(ReferenceView, HasALineForEachExactValue) {
  EXPECT_EQ(reference_view(json(R"({"registers":{"0":["aa","bb"],"7":[]}})")),
            "PART      OF  ACCEPTED\n"
            "register  0   aa\nregister  0   bb\nregister  7   none: nothing is accepted\n");
}

TEST(ReferenceView, CountsWhatIsTooMuchToRead) {
  const std::string digest(64, 'a');
  EXPECT_EQ(reference_view(json(R"({"boot":{"application":[")" + digest +
                                R"("],"secure-boot":["on"],"file":["1","2","3","4"]},)"
                                R"("ima":{"files":{"/usr/bin/x":["y"]},"buffers":{},)"
                                R"("excludes":["/var/log/*"],"keys":["PEM"]},)"
                                R"("runtime":{"model-release":["published"],"power":[],)"
                                R"("sandbox-profile":["*"]}})")),
            "PART     OF               ACCEPTED\n"
            "boot     application      1 value\n"
            "boot     secure-boot      on\n"
            "boot     file             4 values\n"
            "ima      files            1 file\n"
            "ima      buffers          0 buffers\n"
            "ima      excludes         /var/log/*\n"
            "ima      keys             1 key\n"
            "runtime  model-release    published\n"
            "runtime  power            none: nothing is accepted\n"
            "runtime  sandbox-profile  any\n");
}

TEST(ReferenceView, ReadsWhatANewerServerMightSay) {
  for (const char* text : {R"({"registers":7})", R"({"boot":[]})", R"({"ima":"x"})", "[]"})
    EXPECT_TRUE(reference_view(json(text)).starts_with("no reference values")) << text;
  EXPECT_TRUE(reference_view(json(R"({"boot":{"a":7},"registers":{"0":[1,[]]}})")).contains("7"));
}

TEST(WithClaims, ReadsNothingOutOfAMalformedJws) {
  for (const char* jws : {"", ".", "..", "a.b", "a.!.c", "a.AA.c", "a.bnVsbA.c"}) {
    Json receipt;
    receipt.set("id", "x").set("jws", jws);
    const Json answer = with_claims(Json::Object{{"receipts", Json::Array{receipt}}});
    EXPECT_TRUE(answer.find("receipts")->if_array()->front().find("claims")->is_null()) << jws;
  }
}

TEST(ReceiptsView, ShowsTheDevicesOwnClaims) {
  const std::string payload = R"({"sequence":7,"time":"2026-11-23T12:00:01Z"})";
  Json receipt;
  receipt.set("id", std::string(64, 'c')).set("device", "gate-1").set("model", "vad");
  receipt.set("release", 3).set("received_at", "2026-11-23T12:00:02Z");
  receipt.set("jws", "e30." + codec::to_base64url(as_bytes(payload)) + ".c2ln");
  const Json answer = with_claims(Json::Object{{"receipts", Json::Array{receipt}}});
  EXPECT_EQ(receipts_view(answer),
            "RECEIPT       DEVICE  MODEL  RELEASE  SEQUENCE  TIME                  RECEIVED\n"
            "cccccccccccc  gate-1  vad    3        7         2026-11-23T12:00:01Z  "
            "2026-11-23T12:00:02Z\n");
}

TEST(EntriesView, ShowsVerdictAndCode) {
  EXPECT_EQ(entries_view(json(R"({"entries":[{"index":4,"time":"t","kind":"attest",)"
                              R"("subject":"device/g","actor":"g","verdict":"refused",)"
                              R"("code":"ATT-PCR-MISMATCH"}]})")),
            "INDEX  TIME  KIND    SUBJECT   ACTOR  VERDICT  CODE\n"
            "4      t     attest  device/g  g      refused  ATT-PCR-MISMATCH\n");
}

}  // namespace
}  // namespace vedette::cli
