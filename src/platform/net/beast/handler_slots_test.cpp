// How many handlers run at once, and what they keep others from.
#include <algorithm>
#include <atomic>
#include <future>
#include <vector>

#include "platform/net/beast/loopback_fixture.h"

namespace vedette::platform {
namespace {

constexpr unsigned kSlots = 2;
constexpr unsigned kClients = 6;

// A server whose handlers wait until they are let go.
class HandlerSlotsTest : public testing::Test {
 protected:
  class Blocking final : public HttpHandler {
   public:
    Entry enter(const Connection& /*connection*/, const HttpRequest& request) override {
      if (request.target == "/at-the-door") return {text_response("turned away", 503), nullptr};
      return {};
    }
    HttpResponse handle(const Connection& /*connection*/, const HttpRequest& request) override {
      ++entered;
      most = std::max<unsigned>(most, ++inside);
      opened_.wait();
      --inside;
      return text_response(as_text(request.body));
    }
    void let_go() { door_.set_value(); }

    std::atomic<unsigned> entered = 0;
    std::atomic<unsigned> inside = 0;
    std::atomic<unsigned> most = 0;

   private:
    std::promise<void> door_;
    std::shared_future<void> opened_ = door_.get_future().share();
  };

  HandlerSlotsTest() {
    auto settings = plain_server();
    settings.handler_threads = kSlots;
    server_ = serve(settings, handler_);
  }

  std::unique_ptr<HttpClient> client() { return connect(plain_client(server_->port())); }

  std::future<Result<HttpResponse>> ask() {
    return std::async(std::launch::async, [this] { return client()->send(post("/", "hello")); });
  }

  std::vector<std::future<Result<HttpResponse>>> ask_until_full() {
    std::vector<std::future<Result<HttpResponse>>> answers;
    answers.reserve(kClients);
    for (unsigned i = 0; i < kClients; ++i)
      answers.push_back(ask());
    EXPECT_TRUE(eventually([&] { return handler_.inside == kSlots; }));
    return answers;
  }

  Blocking handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HandlerSlotsTest, ARequestOfADroppedConnectionThatWaitsReachesNoHandler) {
  auto answers = ask_until_full();
  std::this_thread::sleep_for(100ms);  // the others wait for their turn now
  EXPECT_EQ(server_->close_connections([](const Connection&) { return true; }), kClients);
  for (auto& answer : answers) {
    const auto result = answer.get();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, "NET-CLOSED");
  }
  handler_.let_go();
  EXPECT_TRUE(eventually([&] { return handler_.inside == 0; }));
  server_.reset();
  EXPECT_EQ(handler_.entered, kSlots);
}

TEST_F(HandlerSlotsTest, NoMoreThanTheirNumberRunAtOnceAndAllAreAnswered) {
  auto answers = ask_until_full();
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(handler_.entered, kSlots);
  handler_.let_go();
  for (auto& answer : answers)
    EXPECT_EQ(as_text(must(answer.get()).body), "hello");
  EXPECT_EQ(handler_.most, kSlots);
}

TEST_F(HandlerSlotsTest, HandlersThatBlockKeepNobodyFromTheDoor) {
  auto answers = ask_until_full();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(must(client()->send(get("/at-the-door"))).status, 503);
  EXPECT_EQ(handler_.entered, kSlots);
  handler_.let_go();
  for (auto& answer : answers)
    EXPECT_EQ(must(answer.get()).status, 200);
}

}  // namespace
}  // namespace vedette::platform
