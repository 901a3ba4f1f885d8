#include "agent/local_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/echo_models.h"
#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

using platform::HttpRequest;
using platform::HttpResponse;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint32_t kAgent = 900;
constexpr std::uint32_t kCamera = 1001;
constexpr std::string_view kOne =
    R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[0.5,2]}]})";
constexpr std::string_view kTwo =
    R"({"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]},)"
    R"({"name":"y","datatype":"INT8","shape":[1],"data":[7]}]})";

class CountingWitness final : public InferenceWitness {
 public:
  Result<void> witness(const Inference& inference) override {
    if (refuses) return refuse("AGT-RECEIPTS-FULL", "no receipt can be kept");
    ++count;
    outputs = inference.outputs.size();
    if (then) then();
    return {};
  }

  int count = 0;
  std::size_t outputs = 0;
  bool refuses = false;
  std::function<void()> then;
};

class LocalApiTest : public testing::Test {
 protected:
  LocalApiTest() {
    models_.serve("echo", 3);
    models_.serve("busy", 1);
    models_.serve("dead", 1);
    believe();
  }

  void believe() {
    trust_.believe({.device = *DeviceId::parse("drone"),
                    .ear = "token",
                    .expires_at = clock_.now() + std::chrono::seconds(60),
                    .attest_again_at = clock_.now() + std::chrono::seconds(10),
                    .epoch = Epoch{3}});
  }

  HttpResponse ask_with(HttpRequest request, std::optional<std::uint32_t> uid = kAgent) {
    LocalApi api({.trust = trust_,
                  .models = models_,
                  .witness = witness_,
                  .policy = policy_,
                  .status = [] { return codec::Json(codec::Json::Object{{"phase", "serve"}}); },
                  .retry_after = {}});
    platform::Connection connection;
    if (uid) connection.credentials = platform::PeerCredentials{*uid, {}, std::nullopt};
    return api.handle(connection, request);
  }
  HttpResponse get(std::string target, std::optional<std::uint32_t> uid = kAgent) {
    return ask_with({"GET", std::move(target), {}, {}}, uid);
  }
  HttpResponse post(std::string target, std::string_view body,
                    std::optional<std::uint32_t> uid = kAgent) {
    return ask_with({"POST", std::move(target), {}, to_bytes(body)}, uid);
  }
  static std::string text(const HttpResponse& response) {
    return std::to_string(response.status) + " " + std::string(as_text(response.body));
  }
  void allow_camera(std::optional<std::vector<std::string>> outputs = {}) {
    policy_.rules.push_back({.id = "user camera",
                             .uid = kCamera,
                             .gid = {},
                             .models = {"echo"},
                             .outputs = std::move(outputs)});
  }

  FakeClock clock_;
  TrustState trust_{clock_};
  EchoModels models_;
  CountingWitness witness_;
  policy::LocalPolicy policy_{.owner = kAgent, .rules = {}};
};

TEST_F(LocalApiTest, RefusesStrangersBeforeAnythingElse) {
  for (const auto uid : {std::optional<std::uint32_t>(kCamera), std::optional<std::uint32_t>()}) {
    for (const char* model : {"echo", "none"})  // whether it is there is none of their business
      for (const char* verb : {"", "/ready", "/versions/3", "/versions/9"})
        EXPECT_EQ(get("/v2/models/" + std::string(model) + verb, uid).status, 403);
    EXPECT_EQ(post("/v2/models/echo/infer", kOne, uid).status, 403);
    EXPECT_EQ(post("/v2/models/echo/infer", "no JSON", uid).status, 403);
    EXPECT_EQ(get("/vedette/status", uid).status, 403);
    EXPECT_EQ(text(post("/v2/repository/index", "", uid)), "200 []");
  }
  EXPECT_EQ(models_.calls, 0);
}

TEST_F(LocalApiTest, RefusalNamesTheCallerAndTheWayToAllowIt) {
  const std::string refused = text(post("/v2/models/echo/infer", kOne, kCamera));
  EXPECT_THAT(refused, HasSubstr("AGT-CALLER-DENIED"));
  EXPECT_THAT(refused, HasSubstr("uid 1001, rule default-deny"));
  EXPECT_THAT(refused, HasSubstr("[[api.callers]]"));
  EXPECT_THAT(text(get("/v2/models/echo", std::nullopt)), HasSubstr("unknown caller"));
}

TEST_F(LocalApiTest, AnybodyMaySeeThatItLives) {
  for (const auto uid : {std::optional<std::uint32_t>(kCamera), std::optional<std::uint32_t>()}) {
    EXPECT_EQ(text(get("/v2/health/live", uid)), R"(200 {"live":true})");
    EXPECT_EQ(text(get("/v2/health/ready", uid)), R"(200 {"ready":true})");
    EXPECT_THAT(text(get("/v2", uid)), HasSubstr(R"("extensions":["binary_tensor_data"])"));
  }
}

TEST_F(LocalApiTest, RefusesWhatARuleDoesNotName) {
  allow_camera();
  EXPECT_EQ(post("/v2/models/echo/infer", kOne, kCamera).status, 200);
  EXPECT_EQ(post("/v2/models/busy/infer", kOne, kCamera).status, 403);
  EXPECT_EQ(post("/v2/models/echo/infer", kOne, kAgent).status, 403);
  EXPECT_THAT(text(post("/v2/repository/index", "", kCamera)), HasSubstr("echo"));
  EXPECT_THAT(text(post("/v2/repository/index", "", kCamera)), Not(HasSubstr("busy")));
}

TEST_F(LocalApiTest, ShowsOnlyTheOutputsThatARuleNames) {
  allow_camera(std::vector<std::string>{"y"});
  const std::string all = text(post("/v2/models/echo/infer", kTwo, kCamera));
  EXPECT_THAT(all, HasSubstr(R"("outputs":[{"name":"y")"));
  EXPECT_THAT(all, Not(HasSubstr(R"("name":"x")")));
  EXPECT_EQ(witness_.outputs, 1U);
  const std::string metadata = text(get("/v2/models/echo", kCamera));
  EXPECT_THAT(metadata.substr(metadata.find("outputs")), Not(HasSubstr(R"("name":"x")")));
  const int before = models_.calls;
  std::string named(kTwo);
  named.insert(named.size() - 1, R"(,"outputs":[{"name":"x"}])");
  EXPECT_THAT(text(post("/v2/models/echo/infer", named, kCamera)), HasSubstr("AGT-CALLER-DENIED"));
  EXPECT_EQ(models_.calls, before);
}

TEST_F(LocalApiTest, ShowsAnOutputOnlyToThoseWhomTheContractNames) {
  models_.serve("echo", 3, {{"x", {kCamera}}, {"y", {}}});
  policy_.rules.push_back(
      {.id = "everybody", .uid = {}, .gid = {}, .models = {"echo"}, .outputs = {}});
  const std::string seen = text(post("/v2/models/echo/infer", kTwo, kCamera));
  EXPECT_THAT(seen, HasSubstr(R"("name":"x")"));
  EXPECT_THAT(seen, Not(HasSubstr(R"("name":"y")")));
  const std::string hidden = text(post("/v2/models/echo/infer", kTwo, kAgent));
  EXPECT_THAT(hidden, HasSubstr(R"("outputs":[])"));
  const std::string metadata = text(get("/v2/models/echo", kAgent));
  EXPECT_THAT(metadata, HasSubstr(R"("outputs":[])"));
  std::string named(kTwo);
  named.insert(named.size() - 1, R"(,"outputs":[{"name":"x"}])");
  EXPECT_THAT(text(post("/v2/models/echo/infer", named, kAgent)), HasSubstr("AGT-CALLER-DENIED"));
}

TEST_F(LocalApiTest, RefusesWhileTheDeviceIsNotAttested) {
  trust_.withdraw({"ATT-PCR-MISMATCH", "something else was measured", {}, {}});
  EXPECT_EQ(get("/v2/health/ready").status, 503);
  EXPECT_EQ(get("/v2/models/echo/ready").status, 503);
  EXPECT_EQ(post("/v2/models/echo/infer", kOne).status, 503);
  EXPECT_THAT(text(post("/v2/repository/index", "")), Not(HasSubstr(R"("READY")")));
  EXPECT_EQ(models_.calls, 0);
}

TEST_F(LocalApiTest, RefusesAnAnswerWhoseTrustEndedMeanwhile) {
  witness_.then = [this] { trust_.withdraw({"ATT-X", "gone", {}, {}}); };
  EXPECT_EQ(post("/v2/models/echo/infer", kOne).status, 503);
}

TEST_F(LocalApiTest, RefusesAnAnswerThatNobodyCouldAccountFor) {
  witness_.refuses = true;
  EXPECT_EQ(post("/v2/models/echo/infer", kOne).status, 503);
}

TEST_F(LocalApiTest, RefusesOtherVersionsThanTheOneThatServes) {
  EXPECT_THAT(text(post("/v2/models/echo/versions/2/infer", kOne)), HasSubstr("AGT-NO-VERSION"));
  EXPECT_EQ(get("/v2/models/echo/versions/2").status, 404);
  EXPECT_EQ(get("/v2/models/echo/versions/2/ready").status, 404);
  EXPECT_EQ(get("/v2/models/echo/versions/two").status, 404);
  EXPECT_EQ(get("/v2/models/none").status, 404);
  EXPECT_EQ(get("/v2/models/echo/config").status, 404);
  EXPECT_EQ(get("/v2/models/echo/infer").status, 405);
  EXPECT_EQ(models_.calls, 0);
}

TEST_F(LocalApiTest, RefusesBodiesThatItCannotTrust) {
  HttpRequest request{"POST", "/v2/models/echo/infer", {}, to_bytes(kOne)};
  request.headers = {{"content-encoding", "gzip"}};
  EXPECT_EQ(ask_with(request).status, 415);
  const std::string length = std::to_string(kOne.size());
  request.headers = {{"inference-header-content-length", length}};
  EXPECT_EQ(ask_with(request).status, 200);
  request.headers = {{"inference-header-content-length", length},
                     {"inference-header-content-length", length}};
  EXPECT_EQ(ask_with(request).status, 400);
  request.headers = {{"inference-header-content-length", ""}};
  EXPECT_EQ(ask_with(request).status, 400);
}

TEST_F(LocalApiTest, SaysThatAModelIsBusyOrDead) {
  const auto busy = post("/v2/models/busy/infer", kOne);
  EXPECT_EQ(busy.status, 429);
  EXPECT_THAT(busy.headers,
              ::testing::Contains(std::pair<std::string, std::string>("Retry-After", "1")));
  EXPECT_EQ(post("/v2/models/dead/infer", kOne).status, 503);
  EXPECT_EQ(get("/v2/models/dead/ready").status, 503);
  EXPECT_EQ(get("/v2/models/busy/ready").status, 200);
  EXPECT_THAT(text(post("/v2/repository/index", "")),
              HasSubstr(R"({"name":"dead","version":"1","state":"UNAVAILABLE",)"));
}

TEST_F(LocalApiTest, LetsACallerShortenItsDeadlineAlone) {
  std::string body(kOne);
  body.insert(1, R"("parameters":{"timeout":20000},)");
  EXPECT_EQ(post("/v2/models/echo/infer", body).status, 200);
  EXPECT_EQ(models_.last_deadline.load(), std::chrono::milliseconds(20));
  body.replace(body.find("20000"), 5, "900000000");
  EXPECT_EQ(post("/v2/models/echo/infer", body).status, 200);
  EXPECT_EQ(models_.last_deadline.load(), std::chrono::milliseconds(500));
}

TEST_F(LocalApiTest, AnswersInJson) {
  const auto response = post("/v2/models/echo/versions/3/infer", kOne);
  EXPECT_EQ(text(response),
            R"(200 {"model_name":"echo","model_version":"3","outputs":[{"name":"x",)"
            R"("datatype":"FP32","shape":[1,2],"data":[0.5,2]}]})");
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(witness_.count, 1);
  EXPECT_EQ(text(get("/v2/models/echo/ready")), R"(200 {"ready":true})");
  EXPECT_EQ(text(get("/vedette/status")), R"(200 {"phase":"serve"})");
}

TEST_F(LocalApiTest, AnswersInBinary) {
  const std::string json =
      R"({"inputs":[{"name":"h","datatype":"FP16","shape":[1],)"
      R"("parameters":{"binary_data_size":2}}],"parameters":{"binary_data_output":true}})";
  const auto response =
      ask_with({"POST",
                "/v2/models/echo/infer",
                {{"inference-header-content-length", std::to_string(json.size())}},
                to_bytes(json + "\x01\x7e")});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/octet-stream");
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].first, "Inference-Header-Content-Length");
  const std::size_t json_bytes = std::stoul(response.headers[0].second);
  EXPECT_EQ(as_text(response.body).substr(json_bytes), "\x01\x7e");
}

}  // namespace
}  // namespace vedette::agent
