#include "agent/contact.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::agent {
namespace {

class OneAnswer final : public platform::HttpClient {
 public:
  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    target = request.target;
    on_request(target);
    platform::HttpResponse response;
    response.body = to_bytes(answer);
    return response;
  }
  Result<platform::HttpResponse> download(
      const platform::HttpRequest& /*request*/,
      const std::function<Result<void>(ByteView)>& /*sink*/) override {
    return refuse("NET-CLOSED", "no file here");
  }
  Result<Bytes> channel_binding() override { return Bytes{}; }
  bool connected() override { return true; }

  std::string answer;
  std::string target;
  std::function<void(const std::string&)> on_request = [](const std::string&) {};
};

class MakeContact : public ::testing::Test {
 protected:
  std::string code(const std::string& answer) {
    client_.answer = answer;
    const auto contact = make_contact(client_, running_);
    if (!contact) return contact.error().code;
    return contact->doubt ? contact->doubt->code : "";
  }

  OneAnswer client_;
  std::vector<RunningModel> running_{{*ModelName::parse("voice"), 3},
                                     {*ModelName::parse("gauge"), 1}};
};

TEST_F(MakeContact, RefusesAnAnswerThatIsNoneOrAboutSomethingElse) {
  EXPECT_EQ(code("{}"), "JSON-MEMBER");
  EXPECT_EQ(code(R"({"wanted":false})"), "JSON-MEMBER") << "what is not told is not 'nothing'";
  EXPECT_EQ(code(R"({"wanted":false,"blocked":["voice:2"]})"), "HTTP-ANSWER");
  EXPECT_EQ(code(R"({"wanted":false,"blocked":[3]})"), "HTTP-ANSWER");
}

// What is heard of nothing here must not hide what is heard of something that runs.
TEST_F(MakeContact, ABlockBesideSomethingElseIsHeard) {
  client_.answer = R"({"wanted":false,"blocked":["voice:2",3,"gauge:1",null,"gauge:1","else:1"]})";
  const auto contact = make_contact(client_, running_);
  ASSERT_TRUE(contact) << describe(contact.error());
  EXPECT_EQ(contact->blocked, std::vector{running_.back()});
  ASSERT_TRUE(contact->doubt);
  EXPECT_EQ(contact->doubt->code, "HTTP-ANSWER");
}

TEST_F(MakeContact, RefusesToLeaveAModelUntold) {
  running_.clear();
  for (std::size_t i = 0; i < kMostModels; ++i)
    running_.push_back({*ModelName::parse("m" + std::to_string(i)), i + 1});
  EXPECT_EQ(code(R"({"wanted":false,"blocked":["m63:64"]})"), "");
  EXPECT_TRUE(client_.target.ends_with(",m63:64"));
  client_.target.clear();
  running_.push_back({*ModelName::parse("one-more"), 1});
  EXPECT_EQ(code(R"({"wanted":false,"blocked":[]})"), "AGT-MODELS");
  EXPECT_EQ(client_.target, "") << "nothing was asked";
}

// A request's target has 2 KiB.
TEST_F(MakeContact, LongNamesAreToldOfInSeveralRequests) {
  running_.clear();
  for (char c = 'a'; c <= 'z'; ++c)
    for (const char* end : {"1", "2"})
      running_.push_back({*ModelName::parse(std::string(60, c) + end), 18'000'000'000});
  std::vector<std::string> asked;
  client_.on_request = [&](const std::string& target) {
    asked.push_back(target);
    const std::string& about =
        asked.size() == 1 ? running_.front().model.str() : running_.back().model.str();
    client_.answer = R"({"wanted":)" + std::string(asked.size() == 2 ? "true" : "false") +
                     R"(,"blocked":)" +
                     (target.contains(about) ? R"([")" + about + R"(:18000000000"]})" : "[]}");
  };
  const auto contact = make_contact(client_, running_);
  ASSERT_TRUE(contact) << describe(contact.error());
  EXPECT_TRUE(contact->wanted);
  EXPECT_EQ(contact->blocked, (std::vector{running_.front(), running_.back()}));
  std::size_t told = 0;
  for (const std::string& target : asked) {
    EXPECT_LE(target.size(), 2048U);
    told += static_cast<std::size_t>(std::ranges::count(target, ','));
  }
  EXPECT_EQ(told + asked.size(), running_.size()) << "each once";
  EXPECT_GE(asked.size(), 2U);
}

// Off, restarted or stopped when its release was blocked: it has to hear of that to step back.
TEST(ConcernedRelease, IsTheOneThatRunsOrElseTheLastGood) {
  const ModelName voice = *ModelName::parse("voice");
  EXPECT_EQ(concerned(voice, std::nullopt, 0), std::nullopt) << "none ever ran";
  EXPECT_EQ(concerned(voice, 7, 7), (RunningModel{voice, 7}));
  EXPECT_EQ(concerned(voice, 6, 7), (RunningModel{voice, 6})) << "what runs is to stop";
  EXPECT_EQ(concerned(voice, std::nullopt, 7), (RunningModel{voice, 7}));
}

TEST(ContactThatFailed, MeansWhatItMeansForEveryOtherCall) {
  const auto of = [](const char* code) { return duty_after(Error{code, "", {}, {}}); };
  EXPECT_EQ(of("AUTH-REVOKED"), Outcome::revoked);
  EXPECT_EQ(of("AUTH-EPOCH"), Outcome::verdict_due);
  EXPECT_EQ(of("AUTH-KEY"), Outcome::certificate_due);
  for (const char* code :
       {"NET-CLOSED", "STORE-BUSY", "HTTP-ANSWER", "JSON-MEMBER", "AUTH-FORBIDDEN"})
    EXPECT_EQ(of(code), std::nullopt) << code << ": models go on, and it is asked again";
}

TEST_F(MakeContact, TellsWhatRunsAndHearsWhatIsBlocked) {
  client_.answer = R"({"wanted":true,"blocked":["gauge:1"]})";
  const auto contact = make_contact(client_, running_);
  ASSERT_TRUE(contact) << describe(contact.error());
  EXPECT_EQ(client_.target, "/v1/attestation/wanted?running=voice:3,gauge:1");
  EXPECT_TRUE(contact->wanted);
  ASSERT_EQ(contact->blocked.size(), 1U);
  EXPECT_EQ(contact->blocked.front(), running_.back());
  running_.clear();
  EXPECT_EQ(code(R"({"wanted":false,"blocked":[]})"), "");
  EXPECT_EQ(client_.target, "/v1/attestation/wanted");
}

}  // namespace
}  // namespace vedette::agent
