#include "agent/contact.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::agent {
namespace {

class OneAnswer final : public platform::HttpClient {
 public:
  Result<platform::HttpResponse> send(const platform::HttpRequest& request) override {
    target = request.target;
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
};

class MakeContact : public ::testing::Test {
 protected:
  std::string code(const std::string& answer) {
    client_.answer = answer;
    const auto contact = make_contact(client_, running_);
    return contact ? "" : contact.error().code;
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
